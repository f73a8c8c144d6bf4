/*
 * admin.c — the part that knows the others: its life, its configuration, its periodic look.
 *
 * Dispatch reads its part of the configuration through one pointer, so that a batch costs one load.
 * CONFIG SET swaps that pointer; what it replaces stays readable until admin_reclaim.
 */
#include "io/admin/admin_priv.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/trace.h"
#include "core/cmd/client/acl_user.h"
#include "core/store/view.h"
#include "io/admin/info/process.h"
#include "io/admin/info/totals.h"
#include "io/start/startup.h"

#include <inttypes.h>

/* --- what follows from the configuration ------------------------------------------------------ */

/* Letters to classes: the first ten stand in the same order, n and m are the other way round. */
static uint32_t wanted_events(int notify)
{
    if (!(notify & (CONFIG_NOTIFY_KEYSPACE | CONFIG_NOTIFY_KEYEVENT)))
        return 0;
    uint32_t events = (uint32_t)notify & CONFIG_NOTIFY_ALL;
    if (notify & CONFIG_NOTIFY_NEW)
        events |= EVENT_NEW;
    if (notify & CONFIG_NOTIFY_MISS)
        events |= EVENT_MISS;
    if (notify & CONFIG_NOTIFY_KEYSPACE)
        events |= EVENT_KEYSPACE;
    if (notify & CONFIG_NOTIFY_KEYEVENT)
        events |= EVENT_KEYEVENT;
    return events;
}

_Static_assert((int)CONFIG_NOTIFY_GENERIC == (int)EVENT_GENERIC &&
                   (int)CONFIG_NOTIFY_MODULE == (int)EVENT_MODULE,
               "the classes stand in the order of the letters");

static void engine_applied(void *ctx, const struct config *before, const struct config *after)
{
    const struct admin *a = ctx;

    (void)before;
    store_release(&a->parts.engine->config, &after->dispatch);
    if (a->parts.config_replaced)
        a->parts.config_replaced(a->parts.ctx);
}

static void events_applied(void *ctx, const struct config *before, const struct config *after)
{
    const struct admin *a = ctx;

    (void)before;
    engine_show_events(a->parts.engine, EVENT_PUBLISHED,
                       wanted_events(after->notify_keyspace_events));
}

static void log_applied(void *ctx, const struct config *before, const struct config *after)
{
    (void)ctx;
    (void)before;
    trace_set_level((enum trace_level)after->loglevel);
}

static void memory_applied(void *ctx, const struct config *before, const struct config *after)
{
    const size_t used = mem_used();
    const uint64_t limit = after->dispatch.maxmemory;

    (void)ctx;
    (void)before;
    if (limit == 0 || limit >= used)
        return;
    trace_line(TRACE_WARNING,
               "WARNING: the new maxmemory value set via CONFIG SET (%" PRIu64
               ") is smaller than the current memory usage (%zu): keys will be evicted or writes "
               "refused, as maxmemory-policy says.",
               limit, used);
}

/* More clients need more descriptors; the workers' listeners and files need some, too. */
static const char *prepare_clients(void *ctx, const struct config *before,
                                   const struct config *after)
{
    (void)ctx;
    if (after->maxclients <= before->maxclients ||
        startup_allow_clients(after->maxclients) >= after->maxclients)
        return NULL;
    return "The operating system is not able to handle the specified number of clients";
}

static void register_hooks(struct admin *a)
{
    struct config_holder *h = a->parts.config;
    const struct config *c = config_current(h);

    config_register(h, CONFIG_HOOK_ENGINE, &(struct config_hook){NULL, engine_applied, a});
    config_register(h, CONFIG_HOOK_CLIENTS, &(struct config_hook){prepare_clients, NULL, a});
    config_register(h, CONFIG_HOOK_MEMORY, &(struct config_hook){NULL, memory_applied, a});
    config_register(h, CONFIG_HOOK_LOG, &(struct config_hook){NULL, log_applied, a});
    config_register(h, CONFIG_HOOK_EVENTS, &(struct config_hook){NULL, events_applied, a});
    a->parts.engine->config = &c->dispatch;
    log_applied(a, c, c);
    events_applied(a, c, c);
    admin_begin_users(a);
}

void admin_reclaim(struct admin *a)
{
    struct gate *gate = &a->parts.engine->fixed.keyspace->gate;

    if (config_replaced(a->parts.config) < ADMIN_REPLACED_MAX)
        return;
    gate_close(gate);
    config_reclaim(a->parts.config);
    if (a->parts.engine->fixed.acl)
        acl_reclaim(a->parts.engine->fixed.acl);
    gate_open(gate);
}

/* --- life ------------------------------------------------------------------------------------ */

static void random_id(char out[RUN_ID_CHARS + 1])
{
    uint8_t raw[RUN_ID_CHARS / 2];

    rng_system(raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++) {
        out[2 * i] = "0123456789abcdef"[raw[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
    }
    out[RUN_ID_CHARS] = '\0';
}

struct admin *admin_new(const struct admin_parts *parts)
{
    struct admin *a = mem_new(struct admin);

    a->parts = *parts;
    if (a->parts.started_ms == 0)
        a->parts.started_ms = clock_unix_ms();
    random_id(a->run_id);
    register_hooks(a);
    a->parts.engine->fixed.admin = a;
    a->startup_bytes = mem_used();
    a->sampled.peak_bytes = a->startup_bytes;
    return a;
}

void admin_has_started(struct admin *a)
{
    store_relaxed(&a->startup_bytes, mem_used());
}

void admin_free(struct admin *a)
{
    a->parts.engine->config = NULL;
    a->parts.engine->fixed.admin = NULL;
    mem_delete(a);
}

const char *admin_run_id(const struct admin *a)
{
    return a->run_id;
}

/* --- the periodic look ----------------------------------------------------------------------- */

static void raise_to(uint64_t *peak, uint64_t value)
{
    uint64_t old = load_relaxed(peak);
    while (old < value && !__atomic_compare_exchange_n(peak, &old, value, true, __ATOMIC_RELAXED,
                                                       __ATOMIC_RELAXED))
        ;
}

uint64_t admin_peak_bytes(struct admin *a)
{
    raise_to(&a->sampled.peak_bytes, mem_used());
    return load_relaxed(&a->sampled.peak_bytes);
}

static void look_at_view(struct admin *a, int64_t now_ms)
{
    const uint64_t held = view_held_bytes(a->parts.engine->fixed.keyspace);
    const bool open = load_relaxed(&a->parts.engine->fixed.keyspace->view_epoch) != 0;

    raise_to(&a->sampled.held_peak_bytes, held);
    if (!open)
        store_relaxed(&a->sampled.held_since_ms, 0);
    else if (a->sampled.held_since_ms == 0)
        store_relaxed(&a->sampled.held_since_ms, (uint64_t)now_ms);
}

static void sample_cycles(struct admin *a, int64_t now_ms)
{
    uint64_t cycles = 0, us = 0;

    for (uint32_t w = 0; a->parts.worker && w < a->parts.engine->fixed.worker_count; w++) {
        struct admin_worker one = {0};
        a->parts.worker(a->parts.ctx, w, &one);
        cycles += one.cycles;
        us += one.cycles_us;
    }
    rate_sample(&a->sampled.cycles, cycles, now_ms);
    rate_sample(&a->sampled.cycles_us, us, now_ms);
}

void admin_cron(struct admin *a, int64_t now_ms)
{
    struct stats *totals = mem_new(struct stats);

    totals_add_counters(a->parts.engine, totals);
    rate_sample(&a->sampled.commands, totals->total_commands, now_ms);
    rate_sample(&a->sampled.input, totals->net_in, now_ms);
    rate_sample(&a->sampled.output, totals->net_out, now_ms);
    mem_delete(totals);
    sample_cycles(a, now_ms);
    admin_peak_bytes(a);
    store_relaxed(&a->sampled.rss_bytes, process_rss_bytes());
    look_at_view(a, now_ms);
}

bool admin_cron_paused(const struct admin *a)
{
    return load_relaxed(&a->cron_paused);
}
