/*
 * config_table_net.c — the rows of listening, connections, threads, TLS and access.
 *
 * Columns: kind and name, member, first value; then bounds, choices, flags (config_row.h).
 */
#include "io/config/config_row.h"

#define SECURE HOOK(TLS), NEEDS(TLS)

/* clang-format off */
static const struct config_row rows[] = {
    INT("port",                port,             "6379",   0, PORT_MAX, 0, HOOK(LISTEN)),
    SPECIAL("bind",            bind,             "* -::*", bind, MUL | OWN, HOOK(LISTEN)),
    STRING("bind-source-addr", bind_source_addr, "",       NUL, NEEDS(REPLICA)),
    STRING("unixsocket",       unixsocket,       "",       IMM | NUL),
    STRING("unixsocketgroup",  unixsocketgroup,  "",       IMM | NUL),
    OCTAL("unixsocketperm",    unixsocketperm,   "0",      0777, IMM),
    INT("tcp-backlog",         tcp_backlog,      "511",    0, INT_32, IMM),
    INT("tcp-keepalive",       tcp_keepalive_s,  "300",    0, INT_32, 0),
    INT("timeout",             timeout_s,        "0",      0, INT_32, 0),
    INT("socket-mark-id",      socket_mark_id,   "0",      0, UINT_32, IMM),
    INT("maxclients",          maxclients,       "10000",  1, UINT_32, 0, HOOK(CLIENTS)),

    INT("max-new-connections-per-cycle",     max_new_connections_per_cycle,     "10", 1, 1000, 0),
    INT("max-new-tls-connections-per-cycle", max_new_tls_connections_per_cycle, "1",  1, 1000, 0,
        NEEDS(TLS)),

    BOOL("protected-mode",                protected_mode,             "yes",   0),
    MEMORY("client-query-buffer-limit",   client_query_buffer_limit,  "1gb",   MB, INT_64, 0),
    MEMORY("proto-max-bulk-len",          dispatch.limits.bulk_max, "512mb", MB, INT_64, 0),
    SPECIAL("client-output-buffer-limit", client_output_buffer_limit,
            "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60", buffer_limit, MUL),
    PERCENT("maxmemory-clients",          maxmemory_clients,          "0",     0,
        NEEDS(CLIENT_EVICTION)),

    ENUM("io-backend",          io_backend,          "auto", io_backend, IMM),
    INT("io-threads",           io_threads_wanted,   "0", 0, 1024, IMM, .shown = PLAIN(io_threads)),
    INT("shards",               shards_wanted,       "0",    0, 65536, IMM, .shown = PLAIN(shards),
        .check = config_check_shards),
    BOOL("io-threads-do-reads", io_threads_do_reads, "no",   IMM | STO),
    INT("events-per-io-thread", events_per_io_thread, "2",   0, INT_32, HID | STO),
    INT("prefetch-batch-max-size", prefetch_batch_max_size, "16", 0, 128, STO),

    INT("tls-port",                    tls_port,                    "0",     0, PORT_MAX, DEM,
        HOOK(LISTEN), NEEDS(TLS)),
    STRING("tls-cert-file",            tls_cert_file,               "",      NUL | VOL, SECURE),
    STRING("tls-key-file",             tls_key_file,                "",      NUL | VOL, SECURE),
    BYTES("tls-key-file-pass",         tls_key_file_pass,           "",      NUL | SEC, SECURE),
    STRING("tls-client-cert-file",     tls_client_cert_file,        "",      NUL | VOL, SECURE),
    STRING("tls-client-key-file",      tls_client_key_file,         "",      NUL | VOL, SECURE),
    BYTES("tls-client-key-file-pass",  tls_client_key_file_pass,    "",      NUL | SEC, SECURE),
    STRING("tls-dh-params-file",       tls_dh_params_file,          "",      NUL | VOL, SECURE),
    STRING("tls-ca-cert-file",         tls_ca_cert_file,            "",      NUL | VOL, SECURE),
    STRING("tls-ca-cert-dir",          tls_ca_cert_dir,             "",      NUL | VOL, SECURE),
    STRING("tls-protocols",            tls_protocols,               "",      NUL, SECURE),
    STRING("tls-ciphers",              tls_ciphers,                 "",      NUL, SECURE),
    STRING("tls-ciphersuites",         tls_ciphersuites,            "",      NUL, SECURE),
    ENUM("tls-auth-clients",           tls_auth_clients,            "yes",   tls_clients, 0, SECURE),
    ENUM("tls-auth-clients-user",      tls_auth_clients_user,       "off",   tls_user, 0, NEEDS(TLS)),
    BOOL("tls-replication",            tls_replication,             "no",    DEM, SECURE),
    BOOL("tls-cluster",                tls_cluster,                 "no",    DEM, SECURE),
    BOOL("tls-prefer-server-ciphers",  tls_prefer_server_ciphers,   "no",    0, SECURE),
    BOOL("tls-session-caching",        tls_session_caching,         "yes",   0, SECURE),
    INT("tls-session-cache-size",      tls_session_cache_size,      "20480", 0, INT_32, 0, SECURE),
    INT("tls-session-cache-timeout",   tls_session_cache_timeout_s, "300",   0, INT_32, 0, SECURE),

    BYTES("requirepass",             dispatch.requirepass, "",    NUL | SEC, HOOK(USERS)),
    STRING("aclfile",                aclfile,                  "", IMM),
    ENUM("acl-pubsub-default",       acl_pubsub_default,       "resetchannels", channels, 0,
        HOOK(USERS)),
    INT("acllog-max-len",            acllog_max_len,           "128", 0, INT_64, 0,
        HOOK(USERS)),
    ENUM("enable-debug-command",     enable_debug_command,     "no",  access, IMM),
    ENUM("enable-protected-configs", enable_protected_configs, "no",  access, IMM),
    ENUM("enable-module-command",    enable_module_command,    "no",  access, IMM, NEEDS(MODULES)),
    BOOL("hide-user-data-from-log",  hide_user_data_from_log,  "no",  0),
};
/* clang-format on */

const struct config_table config_table_net = TABLE(rows);
