/*
 * worker_timer.c — what happens without a client: expiry, retries, idle clients, pauses.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/trace.h"
#include "io/net/tls.h"
#include "io/worker/conn_feed.h"
#include "io/worker/worker_priv.h"

enum { CRON_MS = 100, EXPIRE_BUDGET_US = 1000, NS_PER_MS = 1000000 };

void worker_close_killed(struct worker *w)
{
    for (struct conn *c = w->conns, *next; c; c = next) {
        next = c->next;
        if (!c->closing && load_acquire(&c->session.kill))
            conn_close(w, c);
    }
}

void worker_look_at_sessions(struct worker *w)
{
    worker_close_killed(w);
    worker_look_at_unblocked(w);
    if (w->parked)
        conn_retry_parked(w); /* the end of a pause looks like this from here */
}

static void close_idle(struct worker *w, int64_t now_ms)
{
    const int64_t timeout_s = config_current(w->group->setup.config)->timeout_s;
    if (timeout_s == 0)
        return;
    for (struct conn *c = w->conns, *next; c; c = next) {
        next = c->next;
        if (!c->closing && !c->session.parked &&
            !session_has(&c->session, SESSION_BLOCKED | SESSION_REPLICA | SESSION_MASTER) &&
            now_ms - c->session.last_used_ms > timeout_s * 1000) {
            trace_line(TRACE_VERBOSE, "Closing idle client");
            conn_close(w, c);
        }
    }
}

static void take_figures(struct worker *w)
{
    struct worker_figures f = w->figures;
    f.buffer_bytes = f.input_max = f.output_max = 0;
    for (struct conn *c = w->conns; c; c = c->next) {
        const size_t in = c->in.capacity;
        const size_t aside = conn_output_bytes(c) - reply_size(&c->session.reply);
        const size_t out = c->session.reply.out.capacity + aside;
        if ((c->soft_limit_since_ms != 0 || c->sending) && !c->closing)
            conn_watch_output(w, c); /* nothing need be written for it to stay, or be too long */
        f.buffer_bytes += sizeof *c + in + out;
        f.input_max = in > f.input_max ? in : f.input_max;
        f.output_max = out > f.output_max ? out : f.output_max;
    }
    store_relaxed(&w->figures.buffer_bytes, f.buffer_bytes);
    store_relaxed(&w->figures.input_max, f.input_max);
    store_relaxed(&w->figures.output_max, f.output_max);
}

/* Connections that are sent a stream: is it still wanted, is too much of it due, is there more? */
static void tick_feeds(struct worker *w, int64_t now_ms)
{
    for (struct conn *c = w->feeds, *next; c; c = next) {
        next = c->feed_next;
        if (!c->feed->ops->tick(c->feed, now_ms))
            conn_close(w, c);
        else
            conn_watch_output(w, c);
        if (!c->closing && !c->sending)
            conn_dirty(w, c);
    }
}

/* What is above the limit of normal clients is not made first and thrown away then. */
static size_t worker_output_most(const struct config *config)
{
    const uint64_t hard = config->client_output_buffer_limit[CONFIG_CLIENT_NORMAL].hard;
    if (hard == 0 || hard > OUTPUT_THROTTLE)
        return OUTPUT_THROTTLE;
    return hard > SPARE_BUF_BYTES ? hard
                                  : SPARE_BUF_BYTES; /* less is not counted, nor paused for */
}

static void take_limits(struct worker *w, const struct config *config)
{
    w->config_seen = config;
    w->limits.bulk_max = config->dispatch.limits.bulk_max;
    w->query_limit = config->client_query_buffer_limit;
    w->output_most = worker_output_most(config);
    net_set_tls_turns(w->net, (uint32_t)config->max_new_tls_connections_per_cycle);
    worker_count_clients(w, worker_client_limit(config));
}

void worker_look_at_config(struct worker *w)
{
    const struct config *config = config_current(w->group->setup.config);
    if (LK_UNLIKELY(config != w->config_seen))
        take_limits(w, config);
}

static void worker_timer_cron(struct worker *w, int64_t now_ms)
{
    const struct worker_setup *setup = &w->group->setup;
    const struct config *config = config_current(setup->config);
    w->next_cron_ms = now_ms + CRON_MS;
    take_limits(w, config); /* a new configuration may lie where an old one lay */
    close_idle(w, now_ms);
    if (LK_UNLIKELY(w->feeds != NULL))
        tick_feeds(w, now_ms);
    if (w->cron_count++ % 10 == 0)
        take_figures(w); /* once a second: it looks at every connection */
    if (w->parked)
        conn_retry_parked(w); /* those that a pause held back; the others lose nothing */
    if (w->index == 0 && setup->cron)
        setup->cron(setup->cron_ctx, now_ms);
}

void worker_timers(struct worker *w)
{
    const int64_t now_ms = dispatcher_now_ms(w->dispatcher);
    if (now_ms >= w->next_cron_ms || now_ms < w->next_cron_ms - 10 * CRON_MS)
        worker_timer_cron(w, now_ms);
    if (w->expire_more || now_ms >= w->next_expire_ms || now_ms < w->next_expire_ms - 10 * CRON_MS)
        w->expire_more = dispatch_expire(w->dispatcher, w->index, w->group->count, EXPIRE_BUDGET_US,
                                         &w->next_expire_ms);
    w->evict_more = dispatch_evict_turn(w->dispatcher);
    dispatch_tracking_turn(w->dispatcher, w->index, w->group->count);
    worker_end_waits(w, now_ms);
    if (LK_UNLIKELY(dispatch_gate_due(w->dispatcher)))
        conn_retry_parked(w);
    const int64_t pause = w->parked ? dispatch_next_pause_end(w->dispatcher) : 0;
    if (pause && clock_after(pause) < w->next_cron_ms)
        w->next_cron_ms = clock_after(pause);
}

int64_t worker_timeout_ns(struct worker *w)
{
    if (w->ready_head || w->expire_more || w->evict_more)
        return 0;
    int64_t next = w->next_cron_ms < w->next_expire_ms ? w->next_cron_ms : w->next_expire_ms;
    if (worker_next_wait_ms(w) < next)
        next = worker_next_wait_ms(w);
    const int64_t again_ms = dispatch_gate_again_ms(w->dispatcher);
    if (again_ms != 0 && again_ms < next)
        next = again_ms;
    const int64_t wait_ms = next - clock_unix_ms();
    if (wait_ms <= 0)
        return 0;
    return (wait_ms < CRON_MS ? wait_ms : (int64_t)CRON_MS) * NS_PER_MS;
}
