/*
 * main.c — the composition root: makes the parts, binds them to each other, waits for the end.
 *
 *   configuration --> keyspace, commands, log --> workers --> sockets --> "Ready" … stop … "Bye"
 *
 * What a part needs of another it gets here, as a pointer or as a function; nothing is global.
 */
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/cmd/registry.h"
#include "core/cmd/slowlog.h"
#include "core/cmd/tables.h"
#include "core/cmd/tables_server.h"
#include "io/admin/admin.h"
#include "io/listen.h"
#include "io/startup.h"
#include "io/worker.h"
#include "persist/log_thread.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LOG_SLOTS = 1 << 16,
    LOG_SLACK_PER_WORKER = 2 * DISPATCH_BATCH, /* a batch, and the expiry between two batches */
    LOG_BYTES_MAX = 256 << 20,
    WORKERS_MAX = 64,
};

struct server {
    struct config_holder *config;
    struct dispatch_shared shared;
    struct log_thread *log;
    struct worker_group *workers;
    struct admin *admin;
    struct listen_set tcp, local;
    struct stats *stats[WORKERS_MAX];
    char *executable;
    int supervised;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop;    /* lock */
    bool changes; /* lock: CONFIG SET has replaced something that may be freed */
};

/* --- what parts ask of each other ------------------------------------------------------------ */

static bool ask_to_stop(void *ctx, unsigned flags)
{
    (void)flags; /* there is nothing to save */
    struct server *s = ctx;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return true;
}

static void config_applied(void *ctx, const struct config *before, const struct config *after)
{
    struct server *s = ctx;
    if (before->slowlog_max_len != after->slowlog_max_len)
        slowlog_set_max_count(s->shared.slowlog, (uint64_t)after->slowlog_max_len);
    pthread_mutex_lock(&s->lock);
    s->changes = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void stop_by_signal(void *ctx, unsigned flags)
{
    ask_to_stop(ctx, flags);
}

static void wake_worker(void *ctx, uint32_t worker)
{
    const struct server *s = ctx;
    worker_group_look(s->workers, worker);
}

static void cron(void *ctx, int64_t now_ms)
{
    const struct server *s = ctx;
    if (!admin_cron_paused(s->admin))
        admin_cron(s->admin, now_ms);
}

static void report_worker(void *ctx, uint32_t worker, struct admin_worker *out)
{
    const struct server *s = ctx;
    const struct worker_report r = worker_group_report(s->workers, worker);
    *out = (struct admin_worker){.backend = r.backend,
                                 .connections = r.connections,
                                 .blocked = r.blocked,
                                 .buffer_bytes = r.buffer_bytes,
                                 .input_max = r.input_max,
                                 .output_max = r.output_max,
                                 .reads = r.reads,
                                 .writes = r.writes};
}

static uint64_t log_offset(void *ctx)
{
    const struct server *s = ctx;
    return log_thread_offset(s->log);
}

/* --- commands -------------------------------------------------------------------------------- */

static struct command_index *make_commands(const struct config *c)
{
    const struct command *const tables[] = {
        string_commands,  string_set_commands, string_range_commands, string_multi_commands,
        counter_commands, lcs_commands,        key_commands,          expire_commands,
        ttl_commands,     rename_commands,     copy_commands,         scan_commands,
        object_commands,  flush_commands,      transaction_commands,  connection_commands,
        auth_commands,    client_commands,     slowlog_commands,      latency_commands,
        command_commands, geo_commands,        geo_search_commands,
    };
    struct command_index *ix = command_index_new();
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        command_index_add(ix, tables[i]);
    admin_add_commands(ix);
    for (const struct config_directive *d = c->rename_commands; d; d = d->next) {
        const int rc = command_index_rename(ix, d->argv[1], d->argv[2]);
        if (rc == LK_OK)
            continue;
        struct buf error = {0};
        config_directive_fatal(d,
                               rc == LK_ENOKEY ? "No such command in rename-command"
                                               : "Target command name already exists",
                               &error);
        fprintf(stderr, "%.*s", (int)error.size, error.data);
        exit(1);
    }
    return ix;
}

/* --- start and end --------------------------------------------------------------------------- */

/* --version and --help need no server; a configuration that is wrong must not have one. */
static void read_configuration(struct server *s, int argc, char **argv)
{
    struct buf text = {0};
    switch (config_request_of(argc, argv)) {
    case CONFIG_REQUEST_VERSION:
        startup_version_text(&text);
        break;
    case CONFIG_REQUEST_HELP:
        startup_help_text(argv[0], &text);
        break;
    default:
        break;
    }
    if (text.size > 0) {
        fwrite(text.data, 1, text.size, stdout);
        exit(0);
    }
    s->config = config_holder_new();
    const int rc = config_load_args(s->config, argc, argv, STDIN_FILENO, &text);
    if (rc == LK_OK)
        return;
    if (rc == LK_EIO)
        log_line(LOG_WARNING, "%.*s", (int)text.size, text.data);
    else
        fprintf(stderr, "%.*s", (int)text.size, text.data);
    exit(1);
}

static void open_log(const struct config *c)
{
    log_set_level((enum log_level)c->loglevel);
    log_set_file(c->logfile ? c->logfile : "");
    if (c->syslog_enabled)
        log_set_syslog(true, c->syslog_ident, c->syslog_facility);
}

static void put_number(struct config_holder *h, const char *name, int64_t value)
{
    char digits[INT64_CHARS];
    struct buf error = {0};
    const struct bytes text = bytes_of(digits, int64_to_chars(value, digits));
    if (config_put(h, bytes_cstr(name), text, &error) != LK_OK)
        log_line(LOG_WARNING, "%s: %.*s", name, (int)error.size, error.data);
    buf_release(&error);
}

static uint32_t worker_count(const struct config *c)
{
    return c->io_threads > WORKERS_MAX ? (uint32_t)WORKERS_MAX : (uint32_t)c->io_threads;
}

static void make_store(struct server *s, const struct config *c)
{
    const uint32_t workers = worker_count(c);
    hash_seed_random();
    table_due_base(clock_unix_ms());
    struct dispatch_shared *shared = &s->shared;
    shared->keyspace = keyspace_new((uint32_t)c->shards, (uint32_t)c->databases);
    /* With more workers than CPUs the holder of a lock may not be running: do not wait for it. */
    shared->keyspace->spin_ns = sysconf(_SC_NPROCESSORS_ONLN) >= (long)workers ? 2000 : 0;
    shared->commands = make_commands(c);
    shared->log = log_ring_new(LOG_SLOTS, workers * LOG_SLACK_PER_WORKER, LOG_BYTES_MAX);
    s->log = log_thread_new(shared->log, NULL, 0);
    shared->log_active = c->appendonly;
    if (c->appendonly)
        log_line(LOG_WARNING, "WARNING appendonly is yes, but this version writes no file: changes "
                              "are ordered and counted, and lost when the server ends");
    token_init(&shared->token);
    shared->slowlog = slowlog_new((uint64_t)c->slowlog_max_len);
    shared->registry = registry_new(workers, wake_worker, s);
}

static void make_workers(struct server *s, const struct config *c)
{
    struct dispatch_shared *shared = &s->shared;
    /* Workers look at shared->config from their first batch on, which needs admin; admin needs
     * their statistics.  So first the workers, then admin, then the threads. */
    const struct worker_setup setup = {.shared = shared,
                                       .config = s->config,
                                       .backend = (enum net_backend)c->io_backend,
                                       .cron = cron,
                                       .cron_ctx = s};
    s->workers = worker_group_new(&setup, worker_count(c));
    shard_set_retry_hook(worker_group_retry, s->workers);
    shared->worker_count = worker_group_count(s->workers);
    shared->all_stats = s->stats;
    for (uint32_t i = 0; i < shared->worker_count; i++)
        s->stats[i] = worker_group_stats(s->workers, i);
    s->admin = admin_new(&(struct admin_parts){.config = s->config,
                                               .shared = shared,
                                               .executable = s->executable,
                                               .supervised = startup_supervised_name(s->supervised),
                                               .ctx = s,
                                               .shutdown = ask_to_stop,
                                               .worker = report_worker,
                                               .config_applied = config_applied,
                                               .log_offset = log_offset});
}

static bool open_sockets(struct server *s, const struct config *c)
{
    const struct listen_tcp_config tcp = {.addresses = c->bind.v,
                                          .address_count = c->bind.n,
                                          .port = (uint16_t)c->port,
                                          .backlog = (int)c->tcp_backlog,
                                          .mark = (uint32_t)c->socket_mark_id,
                                          .kind = "tcp"};
    listen_check_backlog((int)c->tcp_backlog);
    if (c->port != 0 && listen_tcp(&s->tcp, &tcp) != 0)
        return false; /* it has said why */
    if (c->unixsocket &&
        listen_unix(&s->local, c->unixsocket, (mode_t)c->unixsocketperm, (int)c->tcp_backlog) != 0)
        return false;
    if (s->tcp.count + s->local.count == 0) {
        log_line(LOG_WARNING, "Configured to not listen anywhere, exiting.");
        return false;
    }
    for (uint32_t i = 0; i < s->tcp.count; i++)
        worker_group_listen(s->workers, s->tcp.fd[i], false);
    for (uint32_t i = 0; i < s->local.count; i++)
        worker_group_listen(s->workers, s->local.fd[i], true);
    return true;
}

static void wait_for_the_end(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        pthread_cond_wait(&s->changed, &s->lock);
        if (!s->changes)
            continue;
        s->changes = false;
        pthread_mutex_unlock(&s->lock);
        gate_close(&s->shared.keyspace->gate);
        admin_reclaim(s->admin);
        gate_open(&s->shared.keyspace->gate);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

#ifdef LK_FREE_AT_END
/* For leak checkers; the system takes a large keyspace back in less time than it takes to free. */
static void free_all(struct server *s)
{
    shard_set_retry_hook(NULL, NULL);
    worker_group_free(s->workers);
    log_ring_free(s->shared.log);
    admin_free(s->admin);
    registry_free(s->shared.registry);
    slowlog_free(s->shared.slowlog);
    token_release(&s->shared.token);
    keyspace_free(s->shared.keyspace);
    command_index_free(s->shared.commands);
    config_holder_free(s->config);
    mem_strfree(s->executable);
}
#endif

static void end(struct server *s)
{
    const struct config *c = config_current(s->config);
    startup_log_shutdown();
    worker_group_stop(s->workers);
    worker_group_join(s->workers);
    startup_signals_end();
    listen_close(&s->tcp);
    listen_close(&s->local);
    if (c->unixsocket) {
        log_line(LOG_NOTICE, "Removing the unix socket file.");
        unlink(c->unixsocket);
    }
    log_thread_end(s->log); /* it may still tell workers of room */
    startup_goodbye(startup_pidfile(c), s->supervised);
#ifdef LK_FREE_AT_END
    free_all(s);
#endif
}
int main(int argc, char **argv)
{
    struct server s = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    argv = startup_title_init(argv);
    s.executable = startup_executable();
    read_configuration(&s, argc, argv);
    const struct config *c = config_current(s.config);
    open_log(c);
    s.supervised = startup_supervise(c);
    startup_log_begin(c, argc > 1, argv[0]);
    if (c->daemonize && s.supervised == CONFIG_SUPERVISED_NO && startup_daemonize() != LK_OK)
        return 1;
    const char *pidfile = startup_pidfile(c);
    if (pidfile)
        startup_pidfile_write(pidfile);
    startup_crash_install(c->logfile ? c->logfile : "");
    startup_log_warnings(c);
    const int64_t clients = startup_limit_clients(c->maxclients);
    if (clients < 1)
        return 1;
    if (clients < c->maxclients) {
        put_number(s.config, "maxclients", clients);
        c = config_current(s.config);
    }
    startup_title_apply(c, argv[0]);
    startup_apply_process(c);
    startup_signals_start(c, stop_by_signal, &s);
    make_store(&s, c);
    make_workers(&s, c);
    if (!open_sockets(&s, c))
        return 1;
    startup_log_banner(c, worker_count(c), net_uring_usable(NULL) ? "uring" : "epoll");
    worker_group_start(s.workers);
    startup_log_initialized();
    startup_ready(c, s.supervised);
    wait_for_the_end(&s);
    end(&s);
    return 0;
}
