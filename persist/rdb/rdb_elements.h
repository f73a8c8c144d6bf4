/*
 * rdb_elements.h — what the codecs of collections share: packed lists in a string, strings one by
 * one, and how a refusal is put.
 *
 * Memory   what is read lies in the window or in in->element, and ends with the next call
 */
#ifndef LK_PERSIST_RDB_ELEMENTS_H
#define LK_PERSIST_RDB_ELEMENTS_H

#include "core/ds/listpack.h"
#include "persist/rdb/rdb_in.h"

LK_BEGIN

/* Each is one string, checked whole; *count is how many elements (of a zipmap: pairs) it has. */
LK_MUST_USE int rdb_in_listpack(struct rdb_in *in, const char *of, struct bytes *out,
                                size_t *count);
LK_MUST_USE int rdb_in_ziplist(struct rdb_in *in, const char *of, struct bytes *out, size_t *count);
LK_MUST_USE int rdb_in_zipmap(struct rdb_in *in, struct bytes *out, size_t *count);

LK_MUST_USE int rdb_in_element(struct rdb_in *in, struct bytes *out);
/* Two strings, one behind the other. */
LK_MUST_USE int rdb_in_pair(struct rdb_in *in, struct bytes out[2]);

/*
 * How the making of a value went.  LK_EFORMAT is put as "a set …" and what is wrong with it, and
 * LK_ENOMEM too gets a message; LK_OK and what the reader has said already pass.
 */
LK_MUST_USE int rdb_in_made(struct rdb_in *in, int rc, const char *fault);

/* The text of an element of a ziplist, which is a number or borrowed. */
static inline struct bytes rdb_text_of(const struct listpack_value *v, char digits[INT64_CHARS])
{
    return v->s.data ? v->s : bytes_of(digits, int64_to_chars(v->number, digits));
}

/* There are no elements. */
static inline int rdb_in_nothing(struct value *out)
{
    out->type = TYPE_NONE;
    return LK_OK;
}

LK_END

#endif
