/*
 * config.h — one state of the configuration: every directive as a typed field.
 *
 * A snapshot never changes.  CONFIG SET builds a new one and swaps the holder's pointer
 * (io/config/config_holder.h), so a reader takes the pointer once and sees one state throughout.
 *
 *   config_current(holder) --> struct config --> strings and lists, shared between snapshots
 *
 * Shapes   a const char * is NULL when the directive is unset, or a string that holds no NUL: a
 *          name for the system; struct bytes may be empty and holds any bytes: a secret; an enum's
 * number is its position in its list below Units    *_s seconds, *_ms milliseconds, *_us
 * microseconds; sizes are bytes Threads  any thread may read a snapshot Memory   everything
 * reachable from a snapshot lives as long as the snapshot
 */
#ifndef LK_IO_CONFIG_H
#define LK_IO_CONFIG_H

#include "core/cmd/engine/dispatch_config.h"

LK_BEGIN

enum { CONFIG_BIND_MAX = 16 };

/* Equal to enum net_backend. */
enum config_io_backend { CONFIG_IO_AUTO, CONFIG_IO_URING, CONFIG_IO_EPOLL };
enum config_access { CONFIG_ACCESS_NO, CONFIG_ACCESS_YES, CONFIG_ACCESS_LOCAL };
enum config_policy {
    CONFIG_VOLATILE_LRU,
    CONFIG_VOLATILE_LFU,
    CONFIG_VOLATILE_RANDOM,
    CONFIG_VOLATILE_TTL,
    CONFIG_ALLKEYS_LRU,
    CONFIG_ALLKEYS_LFU,
    CONFIG_ALLKEYS_RANDOM,
    CONFIG_NOEVICTION
};
enum config_fsync { CONFIG_FSYNC_EVERYSEC, CONFIG_FSYNC_ALWAYS, CONFIG_FSYNC_NO };
enum config_supervised {
    CONFIG_SUPERVISED_UPSTART,
    CONFIG_SUPERVISED_SYSTEMD,
    CONFIG_SUPERVISED_AUTO,
    CONFIG_SUPERVISED_NO
};
enum config_sanitize { CONFIG_SANITIZE_NO, CONFIG_SANITIZE_YES, CONFIG_SANITIZE_CLIENTS };
enum config_diskless_load { CONFIG_LOAD_DISK, CONFIG_LOAD_ON_EMPTY_DB, CONFIG_LOAD_SWAPDB };
enum config_oom_adjust { CONFIG_OOM_NO, CONFIG_OOM_RELATIVE, CONFIG_OOM_ABSOLUTE };
enum config_acl_channels { CONFIG_ALLCHANNELS, CONFIG_RESETCHANNELS };
enum config_endpoint { CONFIG_ENDPOINT_IP, CONFIG_ENDPOINT_HOSTNAME, CONFIG_ENDPOINT_UNKNOWN };
enum config_tls_clients {
    CONFIG_TLS_CLIENTS_NO,
    CONFIG_TLS_CLIENTS_YES,
    CONFIG_TLS_CLIENTS_OPTIONAL
};
enum config_tls_user { CONFIG_TLS_USER_OFF, CONFIG_TLS_USER_CN, CONFIG_TLS_USER_URI };
enum config_propagation {
    CONFIG_PROPAGATION_IGNORE,
    CONFIG_PROPAGATION_PANIC,
    CONFIG_PROPAGATION_PANIC_ON_REPLICAS
};

/* Bits of shutdown-on-sigint and shutdown-on-sigterm; 0 is "default". */
enum config_shutdown {
    CONFIG_SHUTDOWN_SAVE = 1,
    CONFIG_SHUTDOWN_NOSAVE = 2,
    CONFIG_SHUTDOWN_NOW = 4,
    CONFIG_SHUTDOWN_FORCE = 8
};

/* Bits of notify-keyspace-events, each with its letter. */
enum config_notify {
    CONFIG_NOTIFY_GENERIC = 1 << 0,    /* g */
    CONFIG_NOTIFY_STRING = 1 << 1,     /* $ */
    CONFIG_NOTIFY_LIST = 1 << 2,       /* l */
    CONFIG_NOTIFY_SET = 1 << 3,        /* s */
    CONFIG_NOTIFY_HASH = 1 << 4,       /* h */
    CONFIG_NOTIFY_ZSET = 1 << 5,       /* z */
    CONFIG_NOTIFY_EXPIRED = 1 << 6,    /* x */
    CONFIG_NOTIFY_EVICTED = 1 << 7,    /* e */
    CONFIG_NOTIFY_STREAM = 1 << 8,     /* t */
    CONFIG_NOTIFY_MODULE = 1 << 9,     /* d */
    CONFIG_NOTIFY_ALL = (1 << 10) - 1, /* A */
    CONFIG_NOTIFY_NEW = 1 << 10,       /* n */
    CONFIG_NOTIFY_KEYSPACE = 1 << 11,  /* K */
    CONFIG_NOTIFY_KEYEVENT = 1 << 12,  /* E */
    CONFIG_NOTIFY_MISS = 1 << 13       /* m */
};

/* Indexes of client_output_buffer_limit. */
enum config_client_class { CONFIG_CLIENT_NORMAL, CONFIG_CLIENT_REPLICA, CONFIG_CLIENT_PUBSUB };

struct config_buffer_limit {
    uint64_t hard, soft; /* 0 is no limit */
    int64_t soft_seconds;
};

struct config_save_point {
    int64_t seconds, changes;
};

struct config_strings {
    const char *const *v;
    size_t n;
};

struct config_save_points {
    const struct config_save_point *v;
    size_t n;
};

struct config_doubles {
    const double *v;
    size_t n;
};

/*
 * A line of the file that is not a setting but an order to another part: rename-command, user,
 * loadmodule, sentinel.  In the order of the file; the same list in all snapshots of a holder.
 */
struct config_directive {
    const struct config_directive *next;
    const char *text; /* the line */
    int line;         /* its number, for config_directive_fatal */
    size_t argc;
    const struct bytes *argv; /* argv[0] is the directive */
};

struct config {
    struct dispatch_config dispatch; /* what commands read; some rows point into it */

    /* Where it came from. */
    const char *config_file; /* absolute; NULL without a file */
    bool sentinel_mode;
    const struct config_directive *rename_commands, *users, *modules, *sentinel_lines;

    /* Listening and connections. */
    int64_t port, tls_port, tcp_backlog, tcp_keepalive_s, timeout_s, maxclients;
    struct config_strings bind;
    const char *bind_source_addr, *unixsocket, *unixsocketgroup;
    int64_t unixsocketperm, socket_mark_id;
    bool protected_mode;
    int64_t max_new_connections_per_cycle, max_new_tls_connections_per_cycle;
    uint64_t client_query_buffer_limit;
    struct config_buffer_limit client_output_buffer_limit[3]; /* enum config_client_class */
    int64_t maxmemory_clients; /* bytes; negative: minus the percent of maxmemory; 0: no limit */

    /* Threads and shards: wanted as set (0: not said), the plain name as it is in effect. */
    int64_t io_threads, io_threads_wanted, shards, shards_wanted;
    int io_backend; /* enum config_io_backend */
    bool io_threads_do_reads;
    int64_t events_per_io_thread, prefetch_batch_max_size;

    /* TLS. */
    const char *tls_cert_file, *tls_key_file, *tls_client_cert_file, *tls_client_key_file;
    const char *tls_dh_params_file;
    struct bytes tls_key_file_pass, tls_client_key_file_pass;
    const char *tls_ca_cert_file, *tls_ca_cert_dir, *tls_protocols, *tls_ciphers;
    const char *tls_ciphersuites;
    bool tls_replication, tls_cluster, tls_prefer_server_ciphers, tls_session_caching;
    int tls_auth_clients;      /* enum config_tls_clients */
    int tls_auth_clients_user; /* enum config_tls_user */
    int64_t tls_session_cache_size, tls_session_cache_timeout_s;

    /* Who may do what. */
    const char *aclfile;
    int acl_pubsub_default; /* enum config_acl_channels */
    int64_t acllog_max_len;
    int enable_debug_command, enable_protected_configs, enable_module_command; /* config_access */
    bool hide_user_data_from_log;

    /* The process. */
    bool daemonize, always_show_logo, set_proc_title, syslog_enabled, disable_thp;
    bool crash_log_enabled, crash_memcheck_enabled, use_exit_on_panic, jemalloc_bg_thread;
    const char *pidfile, *logfile, *syslog_ident, *proc_title_template, *locale_collate;
    const char *dir; /* absolute: the working directory */
    const char *ignore_warnings, *availability_zone, *debug_context;
    bool extended_redis_compatibility, enable_debug_assert;
    const char *server_cpulist, *bio_cpulist, *aof_rewrite_cpulist, *bgsave_cpulist;
    int loglevel;                                /* enum trace_level */
    int syslog_facility;                         /* as syslog(3) takes it */
    int supervised;                              /* enum config_supervised */
    int oom_score_adj;                           /* enum config_oom_adjust */
    int64_t oom_score_adj_values[3];             /* master, replica, child */
    int shutdown_on_sigint, shutdown_on_sigterm; /* enum config_shutdown */
    int64_t shutdown_timeout_s, watchdog_period_ms, hz;
    bool dynamic_hz;

    /* Data. */
    int maxmemory_policy; /* enum config_policy */
    int64_t active_expire_effort;
    bool lazyfree_lazy_expire, lazyfree_lazy_server_del;
    int64_t list_compress_depth;
    bool activerehashing, activedefrag;
    uint64_t active_defrag_ignore_bytes;
    int64_t active_defrag_threshold_lower, active_defrag_threshold_upper;
    int64_t active_defrag_cycle_min, active_defrag_cycle_max, active_defrag_max_scan_fields;
    int64_t active_defrag_cycle_us;
    int notify_keyspace_events; /* enum config_notify */
    bool lua_enable_deprecated_api, import_mode;

    /* Watching it. */
    int64_t slowlog_max_len;
    int64_t commandlog_request_bytes, commandlog_reply_bytes; /* negative: off */
    int64_t commandlog_request_max, commandlog_reply_max;
    struct config_doubles latency_tracking_info_percentiles;

    /* Files. */
    struct config_save_points save;
    const char *dbfilename, *appendfilename, *appenddirname;
    bool rdbcompression, rdbchecksum, rdb_del_sync_files, rdb_save_incremental_fsync;
    bool stop_writes_on_bgsave_error, appendonly, no_appendfsync_on_rewrite, aof_load_truncated;
    bool aof_use_rdb_preamble, aof_rewrite_incremental_fsync, aof_timestamp_enabled;
    bool aof_disable_auto_gc;
    int appendfsync;           /* enum config_fsync */
    int sanitize_dump_payload; /* enum config_sanitize */
    int64_t auto_aof_rewrite_percentage;
    uint64_t auto_aof_rewrite_min_size, aof_load_corrupt_tail_max_size;
    int64_t rdb_key_save_delay_us, key_load_delay_us; /* negative: so many keys a microsecond */
    int64_t loading_process_events_interval_bytes;

    /* Replication. */
    const char *replicaof_host; /* NULL: a master */
    int64_t replicaof_port;
    const char *replica_announce_ip;
    struct bytes masteruser, masterauth;
    bool replica_announced;
    bool replica_lazy_flush, replica_ignore_disk_write_errors, repl_disable_tcp_nodelay;
    bool repl_diskless_sync, dual_channel_replication_enabled;
    int repl_diskless_load;         /* enum config_diskless_load */
    int propagation_error_behavior; /* enum config_propagation */
    int64_t repl_diskless_sync_delay_s, repl_diskless_sync_max_replicas, repl_timeout_s;
    int64_t repl_ping_replica_period_s, repl_backlog_ttl_s, replica_priority;
    int64_t replica_announce_port, min_replicas_to_write, min_replicas_max_lag_s;
    uint64_t repl_backlog_size;

    /* Cluster. */
    bool cluster_enabled, cluster_require_full_coverage, cluster_replica_no_failover;
    bool cluster_allow_reads_when_down, cluster_allow_pubsubshard_when_down;
    bool cluster_allow_replica_migration;
    const char *cluster_config_file, *cluster_announce_ip, *cluster_announce_hostname;
    const char *cluster_announce_human_nodename;
    const char *cluster_announce_client_ipv4, *cluster_announce_client_ipv6;
    int64_t cluster_blacklist_ttl_s, cluster_ping_interval_ms;
    int64_t cluster_manual_failover_timeout_ms;
    bool cluster_slot_stats_enabled;
    int64_t cluster_node_timeout_ms, cluster_migration_barrier, cluster_replica_validity_factor;
    int64_t cluster_port, cluster_announce_port, cluster_announce_tls_port;
    int64_t cluster_announce_bus_port;
    uint64_t cluster_link_sendbuf_limit;
    int cluster_preferred_endpoint_type; /* enum config_endpoint */
};

LK_END

#endif
