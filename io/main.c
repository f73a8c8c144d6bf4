/*
 * main.c — the composition root: makes the parts, binds them to each other, waits for the end.
 *
 *   configuration --> keyspace, commands, log --> workers --> sockets --> "Ready" … stop … "Bye"
 *
 * What a part needs of another it gets here, as a pointer or as a function; nothing is global.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/client/acl_user.h"
#include "core/cmd/client/latency.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/client/slowlog.h"
#include "core/cmd/command/absent.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/push.h"
#include "core/cmd/script/script.h"
#include "io/admin/admin.h"
#include "io/cluster/cluster_service.h"
#include "io/cluster/cmd_cluster.h"
#include "io/cluster/migrate.h"
#include "io/repl/failover.h"
#include "io/repl/repl.h"
#include "io/repl/role.h"
#include "io/saving/persistence.h"
#include "io/sentinel/service.h"
#include "io/start/check.h"
#include "io/start/startup.h"
#include "io/worker/tls_config.h"
#include "io/worker/worker.h"
#include "io/worker/worker_listen.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    LOG_SLOTS = 1 << 20, /* what a disk that hangs may gather: see persist/README.md */
    /* A batch, and the expiry between two batches; each unit may be two slots. */
    LOG_SLACK_PER_WORKER = 4 * DISPATCH_BATCH,
    LOG_BYTES_MAX = 256 << 20,
    WORKERS_MAX = SHARD_WORKERS,
};

/* A session of SHUTDOWN. */
struct stop_waiter {
    uint32_t worker;
    uint64_t session;
};

struct server {
    struct config_holder *config;
    struct engine engine;
    struct persistence *persistence;
    struct role *role;
    struct repl *repl;
    struct sentinel_service *sentinel; /* NULL: a server */
    struct worker_group *workers;
    struct admin *admin;
    struct tls_config *tls;
    struct cluster_service *cluster;
    struct stats *stats[WORKERS_MAX + 1]; /* of the workers, and of the link to a master */
    char *executable;
    int supervised;
    /* __atomic; not beside what is read under the lock, which a compiler may read with it. */
    uint32_t signalled; /* a signal has asked for the end */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool loaded;             /* __atomic: the data set of the start is there */
    bool stop;               /* lock */
    bool changes;            /* lock: CONFIG SET has replaced something that may be freed */
    bool unsettled;          /* lock: persistence wants to be settled */
    unsigned stop_flags;     /* lock: enum config_shutdown, of all who asked */
    struct buf stop_waiters; /* lock: struct stop_waiter, sessions that wait for the end */
    bool reload;             /* lock: wanted, as the next says */
    struct admin_reload reload_spec;
};

/* --- what parts ask of each other ------------------------------------------------------------ */

/* A load may take minutes, and nothing has changed that would have to be kept. */
static void end_amid_load(struct server *s)
{
    const struct config *c = config_current(s->config);
    startup_log_shutdown();
    if (c->unixsocket)
        unlink(c->unixsocket);
    startup_goodbye(startup_pidfile(c), s->supervised);
    _exit(0);
}

static void ask_to_stop(void *ctx, unsigned flags, uint32_t worker, uint64_t session_id)
{
    struct server *s = ctx;
    if (!load_acquire(&s->loaded))
        end_amid_load(s);
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    if (session_id)
        store_release(&s->signalled, 0);
    s->stop_flags |= s->sentinel ? flags | CONFIG_SHUTDOWN_NOSAVE : flags;
    if (session_id != 0) {
        const struct stop_waiter w = {worker, session_id};
        buf_append(&s->stop_waiters, &w, sizeof w);
    }
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void ask_to_settle(void *ctx)
{
    struct server *s = ctx;
    pthread_mutex_lock(&s->lock);
    s->unsettled = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static bool stop_waits(const struct server *s)
{
    return load_acquire(&s->signalled) && s->admin && admin_cron_paused(s->admin);
}

/* In lock. */
static void main_answer_stop(struct server *s)
{
    static const char error[] = "-ERR Errors trying to SHUTDOWN. Check logs.\r\n";
    const struct stop_waiter *w = (const struct stop_waiter *)(const void *)s->stop_waiters.data;
    for (size_t i = 0; i < s->stop_waiters.size / sizeof *w; i++)
        worker_group_answer(s->workers, w[i].worker, w[i].session, bytes_cstr(error));
    buf_release(&s->stop_waiters);
}

static void main_forget_stop(struct server *s)
{
    s->stop = false;
    s->stop_flags = 0;
    main_answer_stop(s);
    store_release(&s->signalled, 0);
}

static bool main_stay(void *ctx)
{
    struct server *s = ctx;
    pthread_mutex_lock(&s->lock);
    const bool waits = s->stop && stop_waits(s);
    if (waits)
        main_forget_stop(s);
    pthread_mutex_unlock(&s->lock);
    if (waits)
        trace_line(TRACE_NOTICE, "Shutdown manually aborted.");
    return waits || repl_stay(s->repl) || persistence_stay(s->persistence);
}

static bool main_ask_to_reload(void *ctx, const struct admin_reload *spec)
{
    struct server *s = ctx;
    pthread_mutex_lock(&s->lock);
    const bool free_now = !s->reload;
    if (free_now) {
        s->reload = true;
        s->reload_spec = *spec;
        pthread_cond_signal(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return free_now;
}

static void main_answer(void *ctx, uint32_t worker, uint64_t session_id, struct bytes reply)
{
    const struct server *s = ctx;
    worker_group_answer(s->workers, worker, session_id, reply);
}

static void ask_to_reclaim(void *ctx)
{
    struct server *s = ctx;
    pthread_mutex_lock(&s->lock);
    s->changes = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void slowlog_applied(void *ctx, const struct config *before, const struct config *after)
{
    (void)before;
    slowlog_set_max_count(ctx, (uint64_t)after->slowlog_max_len);
}

/* As elsewhere, signals are seen to by the periodic work, which DEBUG can pause. */
static void stop_by_signal(void *ctx, unsigned flags)
{
    struct server *s = ctx;
    store_release(&s->signalled, 1);
    ask_to_stop(ctx, flags, 0, 0);
}

static void main_process_follows(void *program, const struct config *before,
                                 const struct config *after)
{
    startup_title_follow(program, before, after);
    startup_signals_follow(after);
}

static void wake_worker(void *ctx, uint32_t worker)
{
    const struct server *s = ctx;
    if (worker < SHARD_WORKERS)
        worker_group_look(s->workers, worker);
    else
        role_look(s->role);
}

static void main_cron(void *ctx, int64_t now_ms)
{
    const struct server *s = ctx;
    if (admin_cron_paused(s->admin))
        return;
    admin_cron(s->admin, now_ms);
    startup_watch_period(config_current(s->config)->watchdog_period_ms);
    if (s->sentinel) {
        sentinel_service_cron(s->sentinel);
        return;
    }
    persistence_cron(s->persistence, now_ms);
    repl_cron(s->repl, now_ms);
}

static void report_worker(void *ctx, uint32_t worker, struct admin_worker *out)
{
    const struct server *s = ctx;
    const struct worker_report r = worker_group_report(s->workers, worker);
    *out = (struct admin_worker){.backend = r.backend,
                                 .connections = r.connections,
                                 .blocked = r.blocked,
                                 .subscribed = r.subscribed,
                                 .buffer_bytes = r.buffer_bytes,
                                 .input_max = r.input_max,
                                 .output_max = r.output_max,
                                 .reads = r.reads,
                                 .writes = r.writes,
                                 .cycles = r.cycles.count,
                                 .cycles_us = clock_ticks_to_ns(r.cycles.ticks) / 1000,
                                 .commands_us = clock_ticks_to_ns(r.cycles.command_ticks) / 1000,
                                 .cron_us = clock_ticks_to_ns(r.cycles.cron_ticks) / 1000,
                                 .cycle_us_max = clock_ticks_to_ns(r.cycles.ticks_max) / 1000,
                                 .cycle_commands_max = r.cycles.commands_max};
}

static void main_watch(void *ctx, uint64_t most_ns)
{
    const struct server *s = ctx;
    worker_group_alarm(s->workers, most_ns);
}

static bool main_bgsync(void *ctx)
{
    const struct server *s = ctx;
    return persistence_bgsync(s->persistence);
}

static void main_abort_sync(void *ctx)
{
    const struct server *s = ctx;
    persistence_abort_sync(s->persistence);
}

static bool main_has_file(void *ctx)
{
    const struct server *s = ctx;
    return persistence_has_file(s->persistence);
}

static void main_log_delay(void *ctx, int64_t delay_us)
{
    const struct server *s = ctx;
    persistence_delay_log(s->persistence, delay_us);
}

static void report_persistence(void *ctx, struct admin_persistence *out)
{
    const struct server *s = ctx;
    persistence_report(s->persistence, out);
}

static enum save_answer main_bgsave(void *ctx, bool schedule)
{
    const struct server *s = ctx;
    return persistence_bgsave(s->persistence, schedule);
}

static enum save_answer main_bgrewrite(void *ctx)
{
    const struct server *s = ctx;
    return persistence_bgrewrite(s->persistence);
}

static enum save_answer main_save(void *ctx, uint32_t worker, uint64_t session_id)
{
    const struct server *s = ctx;
    return persistence_save(s->persistence, worker, session_id);
}

/* --- commands -------------------------------------------------------------------------------- */

static struct command_index *make_commands(const struct config *c)
{
    const struct command *const more[] = {
        connection_commands,     auth_commands,    acl_commands,     client_commands,
        slowlog_commands,        monitor_commands, latency_commands, command_commands,
        cluster_client_commands, cluster_commands, migrate_commands};
    struct command_index *ix = command_index_new();
    uint32_t count;
    if (c->sentinel_mode)
        sentinel_begin_commands(ix);
    const struct command *const *tables = command_tables(&count);
    for (uint32_t i = 0; i < count; i++)
        command_index_add(ix, tables[i]);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        command_index_add(ix, more[i]);
    admin_add_commands(ix);
    role_add_commands(ix);
    repl_add_commands(ix);
    if (c->sentinel_mode)
        sentinel_limit_commands(ix);
    for (const struct config_directive *d = c->rename_commands; d; d = d->next) {
        int rc = command_index_rename(ix, d->argv[1], d->argv[2]);
        /* What was to be hidden or renamed is not here at all: as safe as the file wants it. */
        if (rc == LK_ENOKEY && command_is_absent(d->argv[1]))
            rc = command_index_find(ix, d->argv[2]) ? LK_EBUSY : LK_OK;
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
    config_provide(s->config, CONFIG_NEEDS_EVICTION);
    config_provide(s->config, CONFIG_NEEDS_PUBSUB);
    config_provide(s->config, CONFIG_NEEDS_REPLICA);
    config_provide(s->config, CONFIG_NEEDS_TLS);
    config_provide(s->config, CONFIG_NEEDS_SENTINEL);
    config_provide(s->config, CONFIG_NEEDS_CLUSTER);
    config_provide(s->config, CONFIG_NEEDS_TRACKING);
    config_provide(s->config, CONFIG_NEEDS_CLIENT_EVICTION);
    config_provide(s->config, CONFIG_NEEDS_SCRIPTS);
    const int rc = config_load_args(s->config, argc, argv, STDIN_FILENO, &text);
    if (rc == LK_OK)
        return;
    if (rc == LK_EIO)
        trace_line(TRACE_WARNING, "%.*s", (int)text.size, text.data);
    else
        fprintf(stderr, "%.*s", (int)text.size, text.data);
    exit(1);
}

static void open_log(const struct config *c)
{
    trace_set_level((enum trace_level)c->loglevel);
    if (c->sentinel_mode)
        trace_set_role('X');
    trace_set_file(c->logfile ? c->logfile : "");
    if (c->syslog_enabled)
        trace_set_syslog(true, c->syslog_ident, c->syslog_facility);
}

static void main_put_number(struct config_holder *h, const char *name, int64_t value)
{
    char digits[INT64_CHARS];
    struct buf error = {0};
    const struct bytes text = bytes_of(digits, int64_to_chars(value, digits));
    if (config_put(h, bytes_cstr(name), text, &error) != LK_OK)
        trace_line(TRACE_WARNING, "%s: %.*s", name, (int)error.size, error.data);
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
    struct engine *engine = &s->engine;
    /* A cluster has one database. */
    engine->fixed.keyspace =
        c->cluster_enabled
            ? keyspace_new_slotted(1)
            : keyspace_new((uint32_t)c->shards, (uint32_t)c->dispatch.limits.databases);
    /* With more workers than CPUs the holder of a lock may not be running: do not wait for it. */
    engine->fixed.keyspace->spin_ns = sysconf(_SC_NPROCESSORS_ONLN) >= (long)workers ? 2000 : 0;
    engine->fixed.commands = make_commands(c);
    engine->fixed.acl = acl_new(engine->fixed.commands);
    s->persistence = persistence_new(
        &(struct persistence_parts){.config = s->config,
                                    .engine = engine,
                                    .log_slots = LOG_SLOTS,
                                    .log_slack = (workers + 2) * LOG_SLACK_PER_WORKER,
                                    .log_bytes_max = LOG_BYTES_MAX,
                                    .ctx = s,
                                    .answer = main_answer,
                                    .ask_to_settle = ask_to_settle});
    s->repl = repl_new(&(struct repl_parts){.config = s->config,
                                            .engine = engine,
                                            .ctx = s,
                                            .bgsync = main_bgsync,
                                            .abort_sync = main_abort_sync,
                                            .has_file = main_has_file,
                                            .answer = main_answer,
                                            .ask_to_settle = ask_to_settle});
    persistence_set_stream(s->persistence, repl_sink(s->repl), repl_stream(s->repl));
    token_init(&engine->token);
    engine->fixed.slowlog = slowlog_new((uint64_t)c->slowlog_max_len);
    engine->fixed.latency = latency_new();
    config_register(s->config, CONFIG_HOOK_SLOWLOG,
                    &(struct config_hook){NULL, slowlog_applied, engine->fixed.slowlog});
    engine->fixed.push = push_hub_new();
    engine->fixed.scripts = script_hub_new();
    if (c->lua_enable_deprecated_api)
        script_hub_keep_deprecated(engine->fixed.scripts);
    engine->hooks.scripts = &script_engine_calls;
    engine->fixed.registry = registry_new(workers, wake_worker, s);
}

static void make_workers(struct server *s, const struct config *c)
{
    struct engine *engine = &s->engine;
    /* Workers look at engine->config from their first batch on, which needs admin; admin needs
     * their statistics.  So first the workers, then admin, then the threads. */
    const struct worker_setup setup = {.engine = engine,
                                       .config = s->config,
                                       .backend = (enum net_backend)c->io_backend,
                                       .tls = s->tls,
                                       .cron = main_cron,
                                       .cron_ctx = s};
    s->workers = worker_group_new(&setup, worker_count(c));
    const struct config_hook listens = worker_listen_hook(s->workers);
    config_register(s->config, CONFIG_HOOK_LISTEN, &listens);
    shard_set_retry_hook(worker_group_retry, s->workers);
    engine->fixed.push->wake = worker_group_pushed;
    engine->fixed.push->wake_ctx = s->workers;
    engine->hooks.served = worker_group_served;
    engine->hooks.served_ctx = s->workers;
    engine->hooks.pass = worker_group_pass;
    engine->hooks.pass_ctx = s->workers;
    engine->fixed.worker_count = worker_group_count(s->workers);
    engine->fixed.all_stats = s->stats;
    for (uint32_t i = 0; i < engine->fixed.worker_count; i++)
        s->stats[i] = worker_group_stats(s->workers, i);
    s->role = role_new(&(struct role_parts){s->config, engine, s->persistence,
                                            tls_config_holder(s->tls), failover_answered});
    s->stats[engine->fixed.worker_count] = role_stats(s->role);
    engine->fixed.stats_count = engine->fixed.worker_count + 1;
    s->admin = admin_new(
        &(struct admin_parts){.config = s->config,
                              .engine = engine,
                              .executable = s->executable,
                              .supervised = startup_supervised_name(s->supervised),
                              .ctx = s,
                              .shutdown = ask_to_stop,
                              .shutdown_abort = main_stay,
                              .reload = main_ask_to_reload,
                              .worker = report_worker,
                              .role = s->role,
                              .tls = tls_config_holder(s->tls),
                              .sentinel_info = c->sentinel_mode ? sentinel_service_info : NULL,
                              .config_replaced = ask_to_reclaim,
                              .persistence = report_persistence,
                              .bgsave = main_bgsave,
                              .bgrewrite = main_bgrewrite,
                              .save = main_save,
                              .log_delay = main_log_delay});
    if (!admin_load_users(s->admin))
        exit(1); /* it has said why */
}

static bool make_cluster(struct server *s)
{
    s->cluster =
        cluster_service_new(&(struct cluster_service_parts){.config = s->config,
                                                            .engine = &s->engine,
                                                            .role = s->role,
                                                            .repl = s->repl,
                                                            .tls = tls_config_holder(s->tls),
                                                            .ctx = s,
                                                            .answer = main_answer});
    return s->cluster != NULL;
}

static void see_to_changes(struct server *s)
{
    const bool changes = s->changes, unsettled = s->unsettled, reload = s->reload;
    const struct admin_reload spec = s->reload_spec;
    s->changes = s->unsettled = s->reload = false;
    pthread_mutex_unlock(&s->lock);
    if (unsettled) {
        persistence_settle(s->persistence);
        repl_settle(s->repl);
    }
    if (changes)
        admin_reclaim(s->admin);
    if (reload)
        persistence_reload(s->persistence, &spec);
    pthread_mutex_lock(&s->lock);
}

/* False: what had to be saved could not be, so it goes on. */
static bool may_end(struct server *s)
{
    unsigned flags = s->stop_flags;
    pthread_mutex_unlock(&s->lock);
    startup_log_shutdown();
    if (engine_end_scripts(&s->engine)) /* nothing can be saved or served any more */
        flags = CONFIG_SHUTDOWN_NOSAVE | CONFIG_SHUTDOWN_NOW | CONFIG_SHUTDOWN_FORCE;
    const bool well = repl_try_end(s->repl, flags & CONFIG_SHUTDOWN_NOW) &&
                      persistence_try_end(s->persistence, flags);
    if (!well)
        repl_go_on(s->repl);
    if (!well)
        engine_keep_scripts(&s->engine);
    pthread_mutex_lock(&s->lock);
    if (!well)
        main_forget_stop(s);
    return well;
}

/* In lock. */
static void wait_a_moment(struct server *s)
{
    enum { MOMENT_NS = 20000000 };
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += MOMENT_NS;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&s->changed, &s->lock, &at);
}

static void wait_for_the_end(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    for (;;) {
        if (s->stop && !stop_waits(s) && may_end(s))
            break;
        if (s->changes || s->unsettled || s->reload)
            see_to_changes(s);
        else if (s->stop && stop_waits(s))
            wait_a_moment(s);
        else if (!s->stop)
            pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
}

#ifdef LK_FREE_AT_END
/* For leak checkers; the system takes a large keyspace back in less time than it takes to free. */
static void free_all(struct server *s)
{
    shard_set_retry_hook(NULL, NULL);
    worker_group_free(s->workers);
    role_free(s->role);
    buf_release(&s->stop_waiters);
    if (s->sentinel)
        sentinel_service_free(s->sentinel);
    tls_config_free(s->tls);
    cluster_service_free(s->cluster);
    repl_free(s->repl);
    log_ring_free(s->engine.fixed.log);
    admin_free(s->admin);
    push_hub_free(s->engine.fixed.push);
    script_hub_free(s->engine.fixed.scripts);
    registry_free(s->engine.fixed.registry);
    slowlog_free(s->engine.fixed.slowlog);
    latency_free(s->engine.fixed.latency);
    token_release(&s->engine.token);
    keyspace_free(s->engine.fixed.keyspace);
    acl_free(s->engine.fixed.acl);
    command_index_free(s->engine.fixed.commands);
    config_holder_free(s->config);
    mem_strfree(s->executable);
}
#endif

static void main_end(struct server *s)
{
    const struct config *c = config_current(s->config);
    role_end(s->role);
    if (s->sentinel)
        sentinel_service_stop(s->sentinel);
    cluster_service_stop(s->cluster);
    worker_group_stop(s->workers);
    worker_group_join(s->workers);
    startup_signals_end();
    if (c->unixsocket) {
        trace_line(TRACE_NOTICE, "Removing the unix socket file.");
        unlink(c->unixsocket);
    }
    persistence_end(s->persistence); /* its log may still tell workers of room */
    startup_goodbye(startup_pidfile(c), s->supervised);
#ifdef LK_FREE_AT_END
    free_all(s);
#endif
}

int main(int argc, char **argv)
{
    struct server s = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    const int checked = check_run(argc, argv);
    if (checked >= 0)
        return checked;
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
    config_log_unmet(s.config);
    const int64_t clients = startup_limit_clients(c->maxclients);
    if (clients < 1)
        return 1;
    if (clients < c->maxclients) {
        main_put_number(s.config, "maxclients", clients);
        c = config_current(s.config);
    }
    startup_title_apply(c, argv[0]);
    startup_apply_process(c);
    config_register(s.config, CONFIG_HOOK_PROCESS,
                    &(struct config_hook){startup_oom_follow, main_process_follows, argv[0]});
    startup_signals_start(c, stop_by_signal, &s);
    s.tls = tls_config_new(s.config);
    if (!tls_config_begin(s.tls, c))
        exit(1);
    make_store(&s, c);
    make_workers(&s, c);
    if (c->sentinel_mode)
        s.sentinel =
            sentinel_make(&(struct sentinel_parts){s.config, &s.engine, tls_config_holder(s.tls)});
    if (!worker_listen_open(s.workers, c) || !make_cluster(&s))
        exit(1);
    startup_log_banner(c, worker_count(c), net_uring_usable(NULL) ? "uring" : "epoll");
    role_begin(s.role);
    persistence_begin(s.persistence);
    startup_watch_begin(&(struct startup_watch){main_watch, &s});
    worker_group_start(s.workers);
    startup_log_initialized();
    admin_has_started(s.admin);
    if (s.sentinel)
        sentinel_begin(s.sentinel, &s.engine);
    else if (!persistence_load(s.persistence))
        _exit(1); /* the log says why; workers run, and what was loaded is for nobody */
    store_release(&s.loaded, true);
    if (!s.sentinel)
        role_start(s.role);
    cluster_service_start(s.cluster);
    startup_ready(c, s.supervised);
    wait_for_the_end(&s);
    main_end(&s);
    return 0;
}
