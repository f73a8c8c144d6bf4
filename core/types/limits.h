/*
 * limits.h — how large a value may become before it leaves its compact encoding.
 *
 * The members are the directives of the same names (hash-max-listpack-entries …): an immutable
 * part of the configuration.
 */
#ifndef LK_TYPES_LIMITS_H
#define LK_TYPES_LIMITS_H

#include "core/base/attr.h"

#include <stdint.h>

LK_BEGIN

struct type_limits {
    uint64_t hash_max_listpack_entries, hash_max_listpack_value;
    uint64_t set_max_intset_entries, set_max_listpack_entries, set_max_listpack_value;
    uint64_t zset_max_listpack_entries, zset_max_listpack_value;
    int64_t list_max_listpack_size; /* entries of a node; -1 to -5: 4, 8, 16, 32, 64 KiB */
    uint64_t stream_node_max_bytes, stream_node_max_entries; /* 0: no limit */
};

LK_END

#endif
