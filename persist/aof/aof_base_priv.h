/*
 * aof_base_priv.h — how each type of value is told in commands, for aof_base*.c.
 */
#ifndef LK_PERSIST_AOF_BASE_PRIV_H
#define LK_PERSIST_AOF_BASE_PRIV_H

#include "core/types/value.h"
#include "persist/aof/aof_words.h"

LK_BEGIN

/* The commands that make this value under that key, which does not exist before them. */
typedef void aof_base_writer(struct rdb_out *o, struct bytes key, const struct value *v);

aof_base_writer aof_base_string, aof_base_list, aof_base_set, aof_base_zset, aof_base_hash,
    aof_base_stream;

LK_END

#endif
