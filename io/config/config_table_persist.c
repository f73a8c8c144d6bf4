/*
 * config_table_persist.c — the rows of RDB and AOF.
 *
 * Columns as in config_row.h.
 */
#include "io/config/config_row.h"

/* clang-format off */
static const struct config_row rows[] = {
    SPECIAL("save",                    save, "3600 1 300 100 60 10000", save, MUL | OWN | ALW),
    STRING("dbfilename", dbfilename, "dump.rdb", PRO, .check = config_check_dbfilename),
    BOOL("rdbcompression",             rdbcompression,             "yes",      0),
    BOOL("rdbchecksum",                rdbchecksum,                "yes",      IMM),
    BOOL("rdb-del-sync-files",         rdb_del_sync_files,         "no",       0,
        NEEDS(REPLICATION)),
    BOOL("rdb-save-incremental-fsync", rdb_save_incremental_fsync, "yes",      0),

    INT("rdb-key-save-delay", rdb_key_save_delay_us, "0", INT32_MIN, INT_32, HID),
    INT("key-load-delay",     key_load_delay_us,     "0", INT32_MIN, INT_32, HID),

    INT("loading-process-events-interval-bytes", loading_process_events_interval_bytes, "2097152",
        1024, INT_32, HID),

    BOOL("stop-writes-on-bgsave-error", stop_writes_on_bgsave_error, "yes", 0),
    ENUM("sanitize-dump-payload",       sanitize_dump_payload,       "no",  sanitize, 0),

    BOOL("appendonly",                appendonly,                "no",       0, HOOK(AOF)),
    STRING("appendfilename",          appendfilename,            "appendonly.aof", IMM,
           .check = config_check_appendfilename),
    STRING("appenddirname",           appenddirname,             "appendonlydir", IMM,
           .check = config_check_appenddirname),
    ENUM("appendfsync",               appendfsync,               "everysec", fsync, 0, HOOK(AOF)),
    BOOL("no-appendfsync-on-rewrite", no_appendfsync_on_rewrite, "no",       0),

    INT("auto-aof-rewrite-percentage",    auto_aof_rewrite_percentage,   "100",  0, INT_32, 0),
    MEMORY("auto-aof-rewrite-min-size",   auto_aof_rewrite_min_size,     "64mb", 0, INT_64, 0),
    BOOL("aof-load-truncated",            aof_load_truncated,            "yes",  0),
    MEMORY("aof-load-corrupt-tail-max-size", aof_load_corrupt_tail_max_size, "0", 0, INT_64, 0),
    BOOL("aof-use-rdb-preamble",          aof_use_rdb_preamble,          "yes",  0),
    BOOL("aof-rewrite-incremental-fsync", aof_rewrite_incremental_fsync, "yes",  0),
    BOOL("aof-timestamp-enabled",         aof_timestamp_enabled,         "no",   0, HOOK(AOF)),
    BOOL("aof-disable-auto-gc",           aof_disable_auto_gc,           "no",   0),
};
/* clang-format on */

const struct config_table config_table_persist = TABLE(rows);
