/*
 * repl.c — replication as a whole: the parts, the clock, what INFO is told.
 */
#include "io/repl/repl.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/store/keyspace.h"
#include "core/store/log_ring.h"
#include "io/repl/failover.h"
#include "io/repl/repl_priv.h"
#include "io/repl/role.h"

#include <string.h>
#include <unistd.h>

static void repl_applied(void *ctx, const struct config *before, const struct config *after)
{
    struct repl *r = ctx;
    if (before && before->repl_ping_replica_period_s != after->repl_ping_replica_period_s &&
        r->parts.engine->fixed.log)
        log_ring_wake(r->parts.engine->fixed.log); /* the next one may be due sooner */
    if (r->parts.engine->fixed.role)
        role_set_timeout(r->parts.engine->fixed.role, after->repl_timeout_s);
    backlog_set_size(r->backlog, after->repl_backlog_size);
    copies_see_to_writes(r, after);
}

struct repl *repl_new(const struct repl_parts *parts)
{
    struct repl *r = mem_new(struct repl);
    r->parts = *parts;
    pthread_mutex_init(&r->lock, NULL);
    pthread_mutex_init(&r->acks.lock, NULL);
    const struct backlog_options options = {.size = repl_config(r)->repl_backlog_size,
                                            .round = acks_round,
                                            .eager = acks_eager,
                                            .ctx = r,
                                            /* Who lags must not cost the others their keys. */
                                            .beyond = &parts->engine->stream_bytes};
    r->backlog = backlog_new(&options);
    r->sink = backlog_sink(r->backlog);
    full_sync_init(r);
    parts->engine->fixed.repl = r;
    parts->engine->hooks.hurry = acks_hurry;
    parts->engine->hooks.hurry_ctx = r;
    config_register(parts->config, CONFIG_HOOK_REPL, &(struct config_hook){NULL, repl_applied, r});
    return r;
}

void repl_free(struct repl *r)
{
    r->parts.engine->hooks.hurry = NULL;
    LK_ASSERT(!r->first);
    acks_release(r);
    buf_release(&r->sync.slot_states);
    backlog_free(r->backlog);
    pthread_mutex_destroy(&r->lock);
    pthread_mutex_destroy(&r->acks.lock);
    mem_delete(r);
}

const struct log_sink *repl_sink(const struct repl *r)
{
    return &r->sink;
}

const struct saver_stream *repl_stream(const struct repl *r)
{
    return &r->stream;
}

uint32_t repl_count(const struct repl *r)
{
    return load_relaxed(&r->count);
}

bool repl_all_speak(struct repl *r, uint32_t version)
{
    bool all = repl_count(r) > 0;
    if (!all)
        return false;
    pthread_mutex_lock(&r->lock);
    for (const struct replica *p = r->first; p; p = p->next)
        all &= p->version >= version || p->dismissed;
    pthread_mutex_unlock(&r->lock);
    return all;
}

size_t repl_backlog_bytes(struct repl *r)
{
    struct backlog_state s;
    backlog_state_get(r->backlog, &s);
    return s.held;
}

/* --- now and then ---------------------------------------------------------------------------- */

static bool repl_has_replicas(const struct repl *r)
{
    return repl_count(r) > 0;
}

/* A backlog that nobody has used for repl-backlog-ttl goes; never on a replica. */
static void see_to_backlog(struct repl *r, const struct config *c)
{
    struct backlog_state s;
    backlog_state_get(r->backlog, &s);
    if (!s.on || repl_has_replicas(r) || repl_is_replica(r) || c->repl_backlog_ttl_s == 0) {
        r->without_since_ms = 0;
        return;
    }
    const int64_t now = repl_now_ms();
    if (r->without_since_ms == 0)
        r->without_since_ms = now;
    if (now - r->without_since_ms <= c->repl_backlog_ttl_s * 1000)
        return;
    r->without_since_ms = now;
    store_release(&r->wants_settle, 1);
    r->parts.ask_to_settle(r->parts.ctx);
}

/* Who follows a primary serves nobody but with that one's history. */
static void see_to_role(struct repl *r)
{
    if (repl_may_serve(r) || !repl_has_replicas(r))
        return;
    pthread_mutex_lock(&r->lock);
    for (struct replica *p = r->first; p; p = p->next)
        if (!p->dismissed && !load_acquire(&r->follows))
            replica_dismiss(p);
    pthread_mutex_unlock(&r->lock);
}

void repl_cron(struct repl *r, int64_t now_ms)
{
    const struct config *c = repl_config(r);
    (void)now_ms;
    see_to_role(r);
    failover_cron(r);
    takeover_cron(r);
    full_sync_abandon(r);
    full_sync_look(r);
    copies_see_to_writes(r, c);
    see_to_backlog(r, c);
    acks_cron(r);
}

static void repl_forget_backlog(struct repl *r)
{
    if (!exchange_acq_rel(&r->wants_settle, 0))
        return;
    struct gate *gate = &r->parts.engine->fixed.keyspace->gate;
    gate_close(gate);
    /* Somebody may have come, or the role have changed, since it was asked. */
    if (!repl_has_replicas(r) && !repl_is_replica(r)) {
        const struct history_change forget = {.step = HISTORY_FORGET, .db = LOG_NO_DB};
        history_change(r, &forget);
        trace_line(TRACE_NOTICE,
                   "Replication backlog freed after %lld seconds without connected replicas.",
                   (long long)repl_config(r)->repl_backlog_ttl_s);
    }
    gate_open(gate);
}

void repl_settle(struct repl *r)
{
    failover_settle(r);
    takeover_settle(r);
    repl_forget_backlog(r);
}

/* --- what INFO says of it -------------------------------------------------------------------- */

void repl_catch_up(struct repl *r)
{
    enum { LOOKS = 20, LOOK_US = 100 };
    struct log_ring *log = r->parts.engine->fixed.log;
    if (!(load_relaxed(&r->parts.engine->saving.log_active) & LOG_TO_REPL))
        return;
    const uint64_t last = log_ring_last_ticket(log);
    if (backlog_ticket(r->backlog) >= last)
        return;
    log_ring_wake(log);
    for (int i = 0; i < LOOKS && backlog_ticket(r->backlog) < last; i++)
        usleep(LOOK_US);
}

void repl_report_get(struct repl *r, struct repl_report *out)
{
    *out = (struct repl_report){.good_replicas = load_relaxed(&r->good_replicas)};
    const bool passed = repl_has_history(r); /* asked first: what is behind it is shown as it is */
    backlog_state_get(r->backlog, &out->backlog);
    pthread_mutex_lock(&r->lock);
    if (LK_UNLIKELY(!passed && r->foretold && strcmp(out->backlog.history.id, r->next_id) != 0))
        history_shift(&out->backlog.history, r->next_id, out->backlog.end);
    out->replicas = r->count;
    out->sync_full = r->sync_full;
    out->sync_partial_ok = r->sync_partial_ok;
    out->sync_partial_err = r->sync_partial_err;
    pthread_mutex_unlock(&r->lock);
}

void repl_reset_stats(struct repl *r)
{
    pthread_mutex_lock(&r->lock);
    r->sync_full = r->sync_partial_ok = r->sync_partial_err = 0;
    pthread_mutex_unlock(&r->lock);
}

static struct repl_replica repl_show(const struct replica *p)
{
    const int64_t heard_ms = replica_heard_ms(p);
    return (struct repl_replica){.ip = p->ip ? p->ip : p->name,
                                 .state = replica_state_name(p->phase),
                                 .port = p->port,
                                 .offset = p->ack,
                                 .lag_s = heard_ms ? (repl_now_ms() - heard_ms) / 1000 : 0,
                                 .online = p->phase >= REPLICA_LOADING};
}

void repl_each_replica(struct repl *r, void (*visit)(void *ctx, const struct repl_replica *one),
                       void *ctx)
{
    pthread_mutex_lock(&r->lock);
    for (const struct replica *p = r->first; p; p = p->next) {
        const struct repl_replica one = repl_show(p);
        visit(ctx, &one);
    }
    pthread_mutex_unlock(&r->lock);
}
