/*
 * config_table_process.c — the rows of the process: log, title, signals, CPU lists.
 *
 * Columns as in config_row.h.
 */
#include "io/config/config_row.h"

/* clang-format off */
static const struct config_row rows[] = {
    BOOL("daemonize",  daemonize,  "no", IMM),
    ENUM("supervised", supervised, "no", supervised, IMM),
    STRING("pidfile",  pidfile,    "",   IMM | NUL),
    SPECIAL("dir",     dir,        ".",  dir, PRO | OWN | ALW),

    ENUM("loglevel",         loglevel,         "notice", loglevel, 0, HOOK(LOG)),
    STRING("logfile",        logfile,          "",       IMM),
    BOOL("syslog-enabled",   syslog_enabled,   "no",     IMM),
    STRING("syslog-ident",   syslog_ident,     "redis",  IMM),
    ENUM("syslog-facility",  syslog_facility,  "local0", facility, IMM),
    BOOL("always-show-logo", always_show_logo, "no",     IMM),

    BOOL("set-proc-title",        set_proc_title,      "yes", IMM),
    STRING("proc-title-template", proc_title_template, "{title} {listen-addr} {server-mode}", 0,
           .check = config_check_proc_title, HOOK(PROCESS)),
    STRING("availability-zone",   availability_zone,   "",    NUL | STO),
    BOOL("extended-redis-compatibility", extended_redis_compatibility, "no", STO),
    BOOL("enable-debug-assert",   enable_debug_assert, "no",  IMM | HID | STO),
    STRING("debug-context",       debug_context,       "",    HID | STO),
    STRING("locale-collate",      locale_collate,      "",    0),

    BOOL("crash-log-enabled",      crash_log_enabled,      "yes", 0),
    BOOL("crash-memcheck-enabled", crash_memcheck_enabled, "yes", STO),
    BOOL("use-exit-on-panic",      use_exit_on_panic,      "no",  HID | STO),
    BOOL("disable-thp",            disable_thp,            "yes", IMM),
    BOOL("jemalloc-bg-thread",     jemalloc_bg_thread,     "yes", STO),
    STRING("ignore-warnings",      ignore_warnings,        "",    STO),

    STRING("server-cpulist",      server_cpulist, "", IMM | NUL | STO, .alias = "server_cpulist"),
    STRING("bio-cpulist",         bio_cpulist,         "", IMM | NUL | STO, .alias = "bio_cpulist"),
    STRING("aof-rewrite-cpulist", aof_rewrite_cpulist, "", IMM | NUL | STO,
           .alias = "aof_rewrite_cpulist"),
    STRING("bgsave-cpulist",      bgsave_cpulist, "", IMM | NUL | STO, .alias = "bgsave_cpulist"),

    ENUM("oom-score-adj",           oom_score_adj,        "no",        oom, 0, HOOK(PROCESS)),
    SPECIAL("oom-score-adj-values", oom_score_adj_values, "0 200 800", oom_values, MUL,
            HOOK(PROCESS)),

    FLAGS("shutdown-on-sigint",  shutdown_on_sigint,  "default", shutdown, MUL,
          .check = config_check_sigint, HOOK(PROCESS)),
    FLAGS("shutdown-on-sigterm", shutdown_on_sigterm, "default", shutdown, MUL,
          .check = config_check_sigterm, HOOK(PROCESS)),

    INT("shutdown-timeout", shutdown_timeout_s, "10",  0, INT_32, 0, NEEDS(REPLICATION)),
    INT("hz",               hz,                 "10",  0, INT_32, 0, .check = config_check_hz),
    INT("watchdog-period",  watchdog_period_ms, "0",   0, INT_32, HID,
        .check = config_check_watchdog),
    BOOL("dynamic-hz",      dynamic_hz,         "yes", STO),

    INT("slowlog-log-slower-than",   dispatch.slowlog_us,   "10000", -1, INT_64, 0,
        .alias = "commandlog-execution-slower-than"),
    INT("slowlog-max-len",           slowlog_max_len,              "128",   0, INT_64, 0,
        .alias = "commandlog-execution-max-len", HOOK(SLOWLOG)),
    INT("commandlog-request-larger-than", commandlog_request_bytes, "1048576", -1, INT_64, STO),
    INT("commandlog-reply-larger-than", commandlog_reply_bytes, "1048576", -1, INT_64, STO),
    INT("commandlog-large-request-max-len", commandlog_request_max, "128", 0, INT_64, STO),
    INT("commandlog-large-reply-max-len", commandlog_reply_max, "128", 0, INT_64, STO),
    INT("latency-monitor-threshold", dispatch.latency_ms, "0",     0, INT_64, 0),
    BOOL("latency-tracking",         dispatch.latency_tracking,           "yes",   0),

    SPECIAL("latency-tracking-info-percentiles", latency_tracking_info_percentiles, "50 99 99.9",
            percentiles, MUL | OWN | ALW),
};
/* clang-format on */

const struct config_table config_table_process = TABLE(rows);
