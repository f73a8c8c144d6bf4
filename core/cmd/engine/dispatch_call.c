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
    d->batch.now_ticks = ticks;
    d->batch.now_ms = clock_unix_ms();
    d->batch.lru_now = lru_clock(d->batch.now_ms);
}

static void call_account(struct dispatcher *d, struct session *s, const struct command_info *c,
                         const struct args *a, uint32_t errors)
{
    const uint64_t now = clock_ticks(), ticks = now - d->batch.mark_ticks + s->turns.ticks;
    d->batch.mark_ticks = now;
    s->turns.ticks = 0;
    if (now - d->batch.now_ticks > d->batch.tick_stale && !session_has(s, SESSION_IN_EXEC))
        dispatch_read_clock(d, now);
    stats_call(&d->stats, c->id, ticks, d->batch.config->latency_tracking);
    stats_add(&d->stats.total_commands, 1);
    if (LK_UNLIKELY(errors)) {
        stats_add(&d->stats.commands[c->id].failed, 1);
        stats_error(&d->stats, bytes_of(s->reply.out.data + s->reply.error_at + 1,
                                        s->reply.out.size - s->reply.error_at - 1));
    }
    const int64_t limit = d->batch.config->slowlog_us;
    if (LK_UNLIKELY(limit >= 0 && d->engine->fixed.slowlog && !(c->flags & CMD_SKIP_SLOWLOG))) {
        const uint64_t us = clock_ticks_to_ns(ticks) / 1000;
        if (us >= (uint64_t)limit)
            slowlog_add(d->engine->fixed.slowlog, s,
                        &(struct secret_rule){c, d->batch.config->is_secret}, a,
                        d->batch.now_ms / 1000, us);
    }
    /* Whoever sets a directive finds it set with the next command, also of the same batch. */
    if (LK_UNLIKELY(c->flags & CMD_ADMIN))
        d->batch.config = __atomic_load_n(&d->engine->config, __ATOMIC_ACQUIRE);
}

enum outcome dispatch_call(struct dispatcher *d, struct session *s, const struct command_info *c,
                           const struct args *a)
{
    const uint32_t errors = s->reply.errors;
    exec_begin(d, s, c);
    const enum outcome outcome = c->row->run(&d->call.x, a);
    if (d->call.x.changes) {
        stats_add(&d->stats.changes, d->call.x.changes);
        if (d->batch.logging && d->unit.effects.mode == EFFECT_VERBATIM)
            effects_add(&d->unit.effects, d->call.x.db, a->v, a->n);
    }
    if (LK_UNLIKELY(d->scratch.capacity > SCRATCH_KEEP))
        buf_release(&d->scratch);
    if (LK_UNLIKELY(outcome == RUN_AGAIN || outcome == RUN_BLOCK)) {
        const uint64_t now = clock_ticks();
        if (outcome == RUN_AGAIN) {
            s->turns.ticks += now - d->batch.mark_ticks;
            s->turns.count++;
        }
        d->batch.mark_ticks = now;
        return outcome;
    }
    if (LK_UNLIKELY(session_in_turns(s)))
        session_end_turns(s);
    call_account(d, s, c, a, s->reply.errors - errors);
    return outcome;
}
