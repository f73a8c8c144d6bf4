/*
 * dispatch_call.c — runs one handler whose locks are held, and counts what it took.
 *
 * Dispatch calls it for each command, EXEC for each command of its queue, and a writer for each
 * waiter that it serves.
 */
#include "core/base/clock.h"
#include "core/cmd/client/secret.h"
#include "core/cmd/client/slowlog.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/store/lru.h"

enum { SCRATCH_KEEP = 64 * 1024 };

void dispatch_read_clock(struct dispatcher *d, uint64_t ticks)
{
    d->now_ticks = ticks;
    d->now_ms = clock_unix_ms();
    d->lru_now = lru_clock(d->now_ms);
}

static void call_account(struct dispatcher *d, struct session *s, const struct command_info *c,
                         const struct args *a, uint32_t errors)
{
    const uint64_t now = clock_ticks(), ticks = now - d->mark_ticks + s->turns.ticks;
    d->mark_ticks = now;
    s->turns.ticks = 0;
    if (now - d->now_ticks > d->tick_stale && !session_has(s, SESSION_IN_EXEC))
        dispatch_read_clock(d, now);
    stats_call(&d->stats, c->id, ticks, d->config->latency_tracking);
    stats_add(&d->stats.total_commands, 1);
    if (LK_UNLIKELY(errors)) {
        stats_add(&d->stats.commands[c->id].failed, 1);
        stats_error(&d->stats, bytes_of(s->reply.out.data + s->reply.error_at + 1,
                                        s->reply.out.size - s->reply.error_at - 1));
    }
    const int64_t limit = d->config->slowlog_us;
    if (LK_UNLIKELY(limit >= 0 && d->shared->slowlog && !(c->flags & CMD_SKIP_SLOWLOG))) {
        const uint64_t us = clock_ticks_to_ns(ticks) / 1000;
        if (us >= (uint64_t)limit)
            slowlog_add(d->shared->slowlog, s, &(struct secret_rule){c, d->config->is_secret}, a,
                        d->now_ms / 1000, us);
    }
    /* Whoever sets a directive finds it set with the next command, also of the same batch. */
    if (LK_UNLIKELY(c->flags & CMD_ADMIN))
        d->config = __atomic_load_n(&d->shared->config, __ATOMIC_ACQUIRE);
}

enum outcome dispatch_call(struct dispatcher *d, struct session *s, const struct command_info *c,
                           const struct args *a)
{
    const uint32_t errors = s->reply.errors;
    exec_begin(d, s, c);
    const enum outcome outcome = c->row->run(&d->x, a);
    if (d->x.changes) {
        stats_add(&d->stats.changes, d->x.changes);
        if (d->logging && d->effects.mode == EFFECT_VERBATIM)
            effects_add(&d->effects, d->x.db, a->v, a->n);
    }
    if (LK_UNLIKELY(d->scratch.capacity > SCRATCH_KEEP))
        buf_release(&d->scratch);
    if (LK_UNLIKELY(outcome == RUN_AGAIN || outcome == RUN_BLOCK)) {
        const uint64_t now = clock_ticks();
        if (outcome == RUN_AGAIN) {
            s->turns.ticks += now - d->mark_ticks;
            s->turns.count++;
        }
        d->mark_ticks = now;
        return outcome;
    }
    if (LK_UNLIKELY(session_in_turns(s)))
        session_end_turns(s);
    call_account(d, s, c, a, s->reply.errors - errors);
    return outcome;
}
