/*
 * rdb_in_priv.h — what the files of rdb_in share.
 */
#ifndef LK_PERSIST_RDB_IN_PRIV_H
#define LK_PERSIST_RDB_IN_PRIV_H

#include "persist/rdb/rdb_in.h"

LK_BEGIN

/* Has n bytes lie in the window; n <= capacity, or there is no source. */
LK_MUST_USE int rdb_in_fill_slow(struct rdb_in *in, size_t n);
static inline int rdb_in_fill(struct rdb_in *in, size_t n)
{
    /* Once something has failed, nothing more is read. */
    if (LK_LIKELY(in->end - in->at >= n && in->status == LK_OK))
        return LK_OK;
    return rdb_in_fill_slow(in, n);
}

/* Refuses a claim that more bytes follow than there can be. */
LK_MUST_USE int rdb_in_check_claim(struct rdb_in *in, uint64_t size);

/* *form is -1, or the form of a string that is kept otherwise. */
LK_MUST_USE int rdb_in_length_or_form(struct rdb_in *in, uint64_t *length, int *form);

LK_END

#endif
