/*
 * config_table_data.c — the rows of keys and values: memory, encodings, expiry, scripts.
 *
 * Columns as in config_row.h.
 */
#include "io/config/config_row.h"

#define LIMITS dispatch.limits
#define TYPES  dispatch.limits.types

/* clang-format off */
static const struct config_row rows[] = {
    INT("databases",                   LIMITS.databases,            "16",         1, INT_32, IMM),
    MEMORY("maxmemory",                dispatch.maxmemory,          "0",          0, UINT_64, 0,
           HOOK(MEMORY)),
    ENUM("maxmemory-policy",           maxmemory_policy,            "noeviction", policy, 0,
         .check = config_check_policy, NEEDS(EVICTION)),
    INT("maxmemory-samples",           dispatch.eviction.samples,  "5",          1, INT_32, 0,
        NEEDS(EVICTION)),
    INT("maxmemory-eviction-tenacity", dispatch.eviction.tenacity, "10",         0, 100, 0,
        NEEDS(EVICTION)),
    INT("lfu-log-factor",              LIMITS.lfu_log_factor,       "10",         0, INT_32, 0),
    INT("lfu-decay-time",              LIMITS.lfu_decay_minutes,    "1",          0, INT_32, 0),
    INT("active-expire-effort",        active_expire_effort,        "1",          1, 10, 0),
    BOOL("lazyfree-lazy-eviction",     dispatch.eviction.lazy,      "no",         0,
        NEEDS(EVICTION)),
    BOOL("lazyfree-lazy-expire",       lazyfree_lazy_expire,        "no",         0),
    BOOL("lazyfree-lazy-server-del",   lazyfree_lazy_server_del,    "no",         0),
    BOOL("lazyfree-lazy-user-del",     LIMITS.lazy_user_del,        "no",         0),
    BOOL("lazyfree-lazy-user-flush",   LIMITS.lazy_user_flush,      "no",         0),

    COUNT("hash-max-listpack-entries", TYPES.hash_max_listpack_entries, "512",  0, INT_64, 0,
        .alias = "hash-max-ziplist-entries"),
    MEMORY("hash-max-listpack-value",  TYPES.hash_max_listpack_value,   "64",   0, INT_64, 0,
           .alias = "hash-max-ziplist-value"),
    INT("list-max-listpack-size",      TYPES.list_max_listpack_size,    "-2",   INT32_MIN,
        INT_32, 0,
        .alias = "list-max-ziplist-size"),
    INT("list-compress-depth",         list_compress_depth,             "0",    0, INT_32, 0),
    COUNT("set-max-intset-entries",    TYPES.set_max_intset_entries,    "512",  0, INT_64, 0),
    COUNT("set-max-listpack-entries",  TYPES.set_max_listpack_entries,  "128",  0, INT_64, 0),
    MEMORY("set-max-listpack-value",   TYPES.set_max_listpack_value,    "64",   0, INT_64, 0),
    COUNT("zset-max-listpack-entries", TYPES.zset_max_listpack_entries, "128",  0, INT_64, 0,
        .alias = "zset-max-ziplist-entries"),
    MEMORY("zset-max-listpack-value",  TYPES.zset_max_listpack_value,   "64",   0, INT_64, 0,
           .alias = "zset-max-ziplist-value"),
    MEMORY("stream-node-max-bytes",    TYPES.stream_node_max_bytes,     "4096", 0, INT_64, 0),
    COUNT("stream-node-max-entries",   TYPES.stream_node_max_entries,   "100",  0, INT_64, 0),
    MEMORY("hll-sparse-max-bytes",     LIMITS.hll_sparse_max_bytes,     "3000", 0, INT_64, 0),

    BOOL("activerehashing",              activerehashing,               "yes",   STO),
    BOOL("activedefrag",                 activedefrag,                  "no",    STO),
    MEMORY("active-defrag-ignore-bytes", active_defrag_ignore_bytes,    "100mb", 1, INT_64, STO),
    INT("active-defrag-threshold-lower", active_defrag_threshold_lower, "10",    0, 1000, STO),
    INT("active-defrag-threshold-upper", active_defrag_threshold_upper, "100",   0, 1000, STO),
    INT("active-defrag-cycle-min",       active_defrag_cycle_min,       "1",     1, 99, STO),
    INT("active-defrag-cycle-max",       active_defrag_cycle_max,       "25",    1, 99, STO),
    INT("active-defrag-cycle-us",        active_defrag_cycle_us,        "500",   0, 100000, STO),
    INT("active-defrag-max-scan-fields", active_defrag_max_scan_fields, "1000",  1, INT_64, STO),

    INT("tracking-table-max-keys",    dispatch.tracking_table_max_keys, "1000000", 0, INT_64, 0,
        NEEDS(TRACKING)),
    SPECIAL("notify-keyspace-events", notify_keyspace_events,  "",        notify, 0, HOOK(EVENTS),
        NEEDS(PUBSUB)),

    INT("busy-reply-threshold",       dispatch.busy_ms,          "5000", 0, INT_64, 0,
        .alias = "lua-time-limit", NEEDS(SCRIPTS)),
    BOOL("import-mode",               import_mode,               "no",   STO),
    BOOL("lua-enable-deprecated-api", lua_enable_deprecated_api, "no",   IMM | HID,
         .alias = "lua-enable-insecure-api", NEEDS(SCRIPTS)),
};
/* clang-format on */

const struct config_table config_table_data = TABLE(rows);
