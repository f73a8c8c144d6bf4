/*
 * info_server.c — sections server, clients, cpu, modules, cluster.
 */
#include "core/base/atomic.h"
#include "io/admin/info/info.h"
#include "io/repl/repl.h"
#include "io/repl/role.h"

#include "core/base/clock.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/command/version.h"
#include "core/cmd/engine/push.h"
#include "core/store/lru.h"
#include "core/store/wait.h"
#include "io/admin/info/process.h"
#include "io/start/startup.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

static void system_lines(struct info *i)
{
    struct utsname u;

    if (uname(&u) == 0)
        info_format(i, "os:%s %s %s", u.sysname, u.release, u.machine);
    info_count(i, "arch_bits", sizeof(void *) * 8);
    info_text(i, "monotonic_clock", "POSIX clock_gettime");
    const char *backend = i->workers.backend ? i->workers.backend : "none";
    info_text(i, "multiplexing_api", strcmp(backend, "uring") == 0 ? "io_uring" : backend);
    info_text(i, "io_backend", backend);
    info_text(i, "atomicvar_api", "c11-builtin");
#if defined(__clang__)
    info_text(i, "gcc_version", "0.0.0");
    info_format(i, "clang_version:%d.%d.%d", __clang_major__, __clang_minor__,
                __clang_patchlevel__);
#else
    info_format(i, "gcc_version:%d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

static void listener_line(struct info *i, int number, const char *name, int64_t port)
{
    const struct config *c = i->config;
    buf_printf(i->out, "listener%d:name=%s", number, name);
    for (size_t b = 0; b < c->bind.n; b++)
        buf_printf(i->out, ",bind=%s", c->bind.v[b]);
    info_format(i, ",port=%" PRId64, port);
}

static void listener_lines(struct info *i)
{
    const struct config *c = i->config;
    int n = 0;

    if (c->port > 0)
        listener_line(i, n++, "tcp", c->port);
    if (c->unixsocket)
        info_format(i, "listener%d:name=unix,bind=%s", n++, c->unixsocket);
    if (c->tls_port > 0)
        listener_line(i, n, "tls", c->tls_port);
}

void info_server(struct info *i)
{
    const struct admin_parts *parts = &i->admin->parts;
    const int64_t now_us = clock_unix_us(), uptime_s = (now_us / 1000 - parts->started_ms) / 1000;

    info_text(i, "redis_version", REDIS_VERSION);
    info_text(i, "redis_git_sha1", "00000000");
    info_text(i, "redis_git_dirty", "0");
    info_format(i, "redis_build_id:%" PRIx64, startup_build_id());
    info_text(i, "redis_mode",
              i->config->sentinel_mode     ? "sentinel"
              : i->config->cluster_enabled ? "cluster"
                                           : "standalone");
    info_text(i, "server_name", "latchkey");
    info_text(i, "availability_zone",
              i->config->availability_zone ? i->config->availability_zone : "");
    info_text(i, "latchkey_version", LATCHKEY_VERSION);
    system_lines(i);
    info_number(i, "process_id", getpid());
    info_text(i, "process_supervised", parts->supervised ? parts->supervised : "no");
    info_text(i, "run_id", i->admin->run_id);
    info_number(i, "tcp_port", i->config->port ? i->config->port : i->config->tls_port);
    info_number(i, "server_time_usec", now_us);
    info_number(i, "uptime_in_seconds", uptime_s);
    info_number(i, "uptime_in_days", uptime_s / 86400);
    info_number(i, "hz", i->config->hz);
    info_number(i, "configured_hz", i->config->hz);
    info_count(i, "lru_clock", (uint64_t)(now_us / 1000000) & 0xffffff);
    info_text(i, "executable", parts->executable ? parts->executable : "");
    info_text(i, "config_file", i->config->config_file ? i->config->config_file : "");
    info_number(i, "io_threads_active", i->engine->fixed.worker_count > 1);
    info_count(i, "io_threads", i->engine->fixed.worker_count);
    info_count(i, "shards", i->engine->fixed.keyspace->count);
    listener_lines(i);
    if (i->engine->fixed.repl && repl_end_ms(i->engine->fixed.repl) >= 0)
        info_number(i, "shutdown_in_milliseconds", repl_end_ms(i->engine->fixed.repl));
}

/* The link to a master is a client, too. */
static bool info_has_link(const struct info *i)
{
    struct role_report role = {0};
    if (i->admin->parts.role)
        role_report(i->admin->parts.role, &role);
    return role.state == LINK_CONNECTED;
}

struct watching {
    uint64_t clients, keys;
};

static bool watching_add(void *ctx, struct session *s)
{
    struct watching *w = ctx;
    const uint32_t keys = load_relaxed(&s->shown.watched);
    w->clients += keys > 0;
    w->keys += keys;
    return true;
}

void info_clients(struct info *i)
{
    struct watching watching = {0};
    const struct admin_worker *w = &i->workers;
    const struct push_hub *h = i->engine->fixed.push;
    const struct wait_totals waits = wait_totals_get(i->engine->fixed.keyspace);

    const uint32_t replicas = i->engine->fixed.repl ? repl_count(i->engine->fixed.repl) : 0;
    const uint64_t clients = w->connections > replicas ? w->connections - replicas : 0;
    info_count(i, "connected_clients", clients + info_has_link(i));
    info_number(i, "cluster_connections", 0);
    info_number(i, "maxclients", i->config->maxclients);
    info_count(i, "client_recent_max_input_buffer", w->input_max);
    info_count(i, "client_recent_max_output_buffer", w->output_max);
    info_count(i, "blocked_clients", w->blocked);
    info_count(i, "tracking_clients", h ? load_relaxed(&h->tracking->clients) : 0);
    info_count(i, "pubsub_clients", w->subscribed);
    registry_each(i->engine->fixed.registry, watching_add, &watching);
    info_count(i, "watching_clients", watching.clients);
    info_number(i, "clients_in_timeout_table", 0);
    info_count(i, "total_watched_keys", watching.keys); /* for each who watches it */
    info_count(i, "total_blocking_keys", waits.keys);
    info_count(i, "total_blocking_keys_on_nokey", waits.keys_when_gone);
}

static void cpu_lines(struct info *i, const char *suffix, struct process_cpu cpu)
{
    info_format(i, "used_cpu_sys%s:%.6f", suffix, cpu.system_s);
    info_format(i, "used_cpu_user%s:%.6f", suffix, cpu.user_s);
}

void info_cpu(struct info *i)
{
    cpu_lines(i, "", process_cpu_self());
    cpu_lines(i, "_children", process_cpu_children());
    cpu_lines(i, "_main_thread", process_cpu_main_thread());
}

void info_modules(struct info *i)
{
    (void)i; /* there are none: the heading alone */
}

void info_cluster(struct info *i)
{
    info_number(i, "cluster_enabled", i->config->cluster_enabled);
}
