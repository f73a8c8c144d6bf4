/*
 * rdb_type.h — how each type of value is written and read.
 *
 *   type code | key | what write() makes, and read() takes
 *
 * The code is chosen before anything else is written, as it stands in front; a file then needs the
 * version that the code came with.
 *
 * Threads  as rdb_out and rdb_in
 */
#ifndef LK_PERSIST_RDB_TYPE_H
#define LK_PERSIST_RDB_TYPE_H

#include "persist/rdb/rdb_in.h"
#include "persist/rdb/rdb_out.h"

LK_BEGIN

struct rdb_type {
    /* The code to write this value under: enum rdb_value_code; see rdb_out.newest. */
    unsigned (*code)(const struct rdb_out *o, const struct value *v);
    void (*write)(struct rdb_out *o, const struct value *v);
    /*
     * Reads what was written under this code.  The value borrows inline bytes from the window or
     * from in->scratch, so it dies at the reader's next call; nodes are the caller's.  On errors
     * there is no value; of a collection without elements it is one of TYPE_NONE.
     */
    int (*read)(struct rdb_in *in, const struct rdb_code *code, struct value *out);
};

extern const struct rdb_type rdb_string, rdb_list, rdb_set, rdb_zset, rdb_hash, rdb_stream;

/* The code of a value, one byte, and what follows its key. */
void rdb_out_value_code(struct rdb_out *o, const struct value *v);
void rdb_out_value(struct rdb_out *o, const struct value *v);

/* Refuses codes that have no decoder, by name. */
LK_MUST_USE int rdb_in_value(struct rdb_in *in, unsigned code, struct value *out);

LK_END

#endif
