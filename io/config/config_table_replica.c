/*
 * config_table_replica.c — the rows of replication.
 *
 * Columns as in config_row.h.
 */
#include "io/config/config_row.h"

#define REPL    NEEDS(REPLICATION)
#define FOLLOWS NEEDS(REPLICA)

/* clang-format off */
static const struct config_row rows[] = {
    SPECIAL("replicaof", replicaof_host, "no one", replicaof, IMM | MUL | OWN | DEM,
            .alias = "slaveof", FOLLOWS),

    BYTES("masteruser", masteruser, "", NUL | SEC, .alias = "primaryuser", FOLLOWS),
    BYTES("masterauth", masterauth, "", NUL | SEC, .alias = "primaryauth", FOLLOWS),
    BOOL("replica-serve-stale-data", dispatch.replica.serve_stale_data, "yes", 0,
         .alias = "slave-serve-stale-data", FOLLOWS),
    BOOL("replica-read-only",        dispatch.replica.read_only, "yes", 0, .alias = "slave-read-only", FOLLOWS),
    BOOL("replica-ignore-maxmemory", dispatch.replica.ignore_maxmemory, "yes", 0,
         .alias = "slave-ignore-maxmemory", FOLLOWS),
    BOOL("replica-lazy-flush",       replica_lazy_flush, "no", 0, .alias = "slave-lazy-flush",
        FOLLOWS),

    BOOL("replica-announced",                replica_announced,                "yes", 0, FOLLOWS),
    BOOL("replica-ignore-disk-write-errors", replica_ignore_disk_write_errors, "no",  0, REPL),

    INT("replica-priority",       replica_priority, "100", 0, INT_32, 0, .alias = "slave-priority",
        FOLLOWS),
    STRING("replica-announce-ip", replica_announce_ip,    "",    NUL, .alias = "slave-announce-ip",
        FOLLOWS),
    INT("replica-announce-port",  replica_announce_port,  "0",   0, PORT_MAX, 0,
        .alias = "slave-announce-port", FOLLOWS),
    INT("min-replicas-to-write",  min_replicas_to_write,  "0",   0, INT_32, 0,
        .alias = "min-slaves-to-write", HOOK(REPL)),
    INT("min-replicas-max-lag",   min_replicas_max_lag_s, "10",  0, INT_32, 0,
        .alias = "min-slaves-max-lag", HOOK(REPL)),

    MEMORY("repl-backlog-size", repl_backlog_size,  "1mb",  1, INT_64, 0,
           .check = config_check_backlog, HOOK(REPL)),
    INT("repl-backlog-ttl",     repl_backlog_ttl_s, "3600", 0, INT_64, 0),

    BOOL("repl-disable-tcp-nodelay",       repl_disable_tcp_nodelay,        "no",       0),
    BOOL("repl-diskless-sync",             repl_diskless_sync,              "yes",      0),
    INT("repl-diskless-sync-delay",        repl_diskless_sync_delay_s,      "5", 0, INT_32, 0),
    INT("repl-diskless-sync-max-replicas", repl_diskless_sync_max_replicas, "0", 0, INT_32, 0),
    BOOL("dual-channel-replication-enabled", dual_channel_replication_enabled, "no",    0, REPL),
    ENUM("repl-diskless-load",             repl_diskless_load, "disabled", diskless_load, 0, FOLLOWS),

    INT("repl-ping-replica-period", repl_ping_replica_period_s, "10", 1, INT_32, 0,
        .alias = "repl-ping-slave-period", HOOK(REPL)),

    INT("repl-timeout",                repl_timeout_s,             "60",     1, INT_32, 0, HOOK(REPL)),
    ENUM("propagation-error-behavior", propagation_error_behavior, "ignore", propagation, 0, FOLLOWS),
};
/* clang-format on */

const struct config_table config_table_replica = TABLE(rows);
