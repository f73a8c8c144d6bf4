/*
 * call_run.h — runs one handler whose locks are held, and counts what it took.
 *
 * In a header, so that each of its few callers is one piece of code with it: dispatch_call.c for
 * commands in general, dispatch_plain.c for those of which nothing special is to be known.
 *
 * Threads  the worker that runs the command
 */
#ifndef LK_CMD_CALL_RUN_H
#define LK_CMD_CALL_RUN_H

#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/monitor.h"
#include "core/cmd/engine/unit.h"

LK_BEGIN

enum { SCRATCH_KEEP = 64 * 1024 };

/* dispatch_call.c: what is seldom to be said of a call. */
void call_note_failed(struct dispatcher *d, struct session *s, const struct command_info *c);
void call_note_slow(struct dispatcher *d, struct session *s, const struct command_info *c,
                    const struct args *a, uint64_t ticks);
/* It did not end, or waits: its time goes to its session, or to its waiter. */
void call_interrupted(struct dispatcher *d, struct session *s, const struct command_info *c,
                      const struct args *a, enum outcome outcome);

LK_HOT_INLINE void call_account(struct dispatcher *d, struct session *s,
                                const struct command_info *c, const struct args *a)
{
    const uint64_t now = clock_ticks(), ticks = now - d->batch.mark_ticks + s->slice.ticks;
    const uint64_t ns = clock_ticks_to_ns(ticks);
    d->batch.mark_ticks = now;
    s->slice.ticks = 0;
    stats_call(&d->stats, c->id, ticks, ns, d->batch.config->latency_tracking);
    if (LK_UNLIKELY(s->reply.errors != d->call.errors))
        call_note_failed(d, s, c);
    /* Whoever sets a directive finds it set, this command's own place in the slow log included. */
    if (LK_UNLIKELY(c->flags & CMD_ADMIN))
        dispatch_read_config(d);
    if (LK_UNLIKELY(ns >= d->batch.slow_ns))
        call_note_slow(d, s, c, a, ticks);
}

LK_HOT_INLINE enum outcome call_run(struct dispatcher *d, struct session *s,
                                    const struct command_info *c, const struct args *a)
{
    exec_begin(d, s, c);
    const enum outcome outcome = c->row->run(&d->call.x, a);
    if (d->call.x.changes) {
        stats_add(&d->stats.changes, d->call.x.changes);
        if (d->batch.logging && d->call.mode == EFFECT_VERBATIM)
            effects_add(&d->unit, d->call.x.db, a->v, a->n);
    }
    if (LK_UNLIKELY(session_has(s, SESSION_TRACKING)) && outcome != RUN_AGAIN)
        dispatch_remember(d, s, c, a);
    if (LK_UNLIKELY(d->scratch.capacity > SCRATCH_KEEP))
        buf_release(&d->scratch);
    if (LK_UNLIKELY(outcome == RUN_AGAIN || outcome == RUN_LATER || outcome == RUN_BLOCK ||
                    outcome == RUN_STRAYED)) {
        call_interrupted(d, s, c, a, outcome);
        return outcome;
    }
    if (LK_UNLIKELY(session_in_turns(s)))
        session_end_slices(s);
    call_account(d, s, c, a);
    if (LK_UNLIKELY(monitor_any(d->push)))
        monitor_note(d, s, c, a); /* of a wait that ends otherwise: it was shown when it began */
    return outcome;
}

LK_HOT_INLINE enum outcome call_run_unit(struct dispatcher *d, struct session *s,
                                         const struct command_info *c, const struct args *a)
{
    LK_ASSERT((d->unit.work & ~(uint32_t)(UNIT_ASIDE | UNIT_RAW)) == 0);
    const enum outcome outcome = call_run(d, s, c, a);
    if (LK_UNLIKELY(d->batch.mark_ticks - d->batch.now_ticks > d->batch.tick_stale))
        dispatch_read_clock(d, d->batch.mark_ticks);
    return outcome;
}

LK_END

#endif
