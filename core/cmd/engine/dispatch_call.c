/*
 * dispatch_call.c — runs one handler whose locks are held, and counts what it took.
 *
 * Dispatch calls it for each command, which begins a unit; EXEC for each command of its queue, and
 * a writer for each waiter that it serves, as parts of theirs.
 */
#include "core/base/clock.h"
#include "core/cmd/client/secret.h"
#include "core/cmd/client/slowlog.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/monitor.h"
#include "core/cmd/engine/waiter.h"
#include "core/store/lru.h"

enum { SCRATCH_KEEP = 64 * 1024 };

void dispatch_read_config(struct dispatcher *d)
{
    const struct dispatch_config *config = __atomic_load_n(&d->engine->config, __ATOMIC_ACQUIRE);
    d->batch.config = config;
    const struct acl *acl = d->engine->fixed.acl;
    d->batch.checks = CHECK_SHAPE | CHECK_USER | (acl && !acl_is_open(acl) ? CHECK_AUTH : 0u) |
                      (config->maxmemory > 0 ? CHECK_MEMORY : 0u);
}

void dispatch_read_clock(struct dispatcher *d, uint64_t ticks)
{
    d->batch.now_ticks = ticks;
    d->batch.now_ms = clock_unix_ms();
    d->batch.lru_now = lru_clock(d->batch.now_ms);
}

static void call_account(struct dispatcher *d, struct session *s, const struct command_info *c,
                         const struct args *a)
{
    const uint64_t now = clock_ticks(), ticks = now - d->batch.mark_ticks + s->slice.ticks;
    d->batch.mark_ticks = now;
    s->slice.ticks = 0;
    stats_call(&d->stats, c->id, ticks, d->batch.config->latency_tracking);
    stats_add(&d->stats.total_commands, 1);
    if (LK_UNLIKELY(s->reply.errors != d->call.errors)) {
        stats_add(&d->stats.commands[c->id].failed, 1);
        stats_error(&d->stats, bytes_of(s->reply.out.data + s->reply.error_at + 1,
                                        s->reply.out.size - s->reply.error_at - 1));
    }
    if (LK_UNLIKELY(d->batch.config->latency_ms > 0))
        dispatch_note_slow(d, c->flags & CMD_FAST ? LATENCY_FAST_COMMAND : LATENCY_COMMAND, ticks);
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
        dispatch_read_config(d);
}

void dispatch_account_wait(struct dispatcher *d, struct session *s, const struct command_info *c,
                           const struct args *a, uint64_t ticks, uint32_t errors)
{
    d->call.errors = errors;
    d->batch.mark_ticks = clock_ticks();
    s->slice.ticks = ticks;
    call_account(d, s, c, a);
}

static enum outcome call_run(struct dispatcher *d, struct session *s, const struct command_info *c,
                             const struct args *a)
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
        const uint64_t now = clock_ticks();
        /* Whoever runs a command that waits to its end counts it, with all that it took. */
        struct session *last = outcome == RUN_BLOCK && s->waiter ? &s->waiter->stand_in : s;
        last->slice.ticks += now - d->batch.mark_ticks;
        s->slice.count += outcome != RUN_BLOCK;
        d->batch.mark_ticks = now;
        if (outcome == RUN_BLOCK && LK_UNLIKELY(monitor_any(d->push)))
            monitor_note(d, s, c, a);
        return outcome;
    }
    if (LK_UNLIKELY(session_in_turns(s)))
        session_end_slices(s);
    call_account(d, s, c, a);
    if (LK_UNLIKELY(monitor_any(d->push)))
        monitor_note(d, s, c, a); /* of a wait that ends otherwise: it was shown when it began */
    return outcome;
}

enum outcome dispatch_call_unit(struct dispatcher *d, struct session *s,
                                const struct command_info *c, const struct args *a)
{
    LK_ASSERT((d->unit.work & ~(uint32_t)(UNIT_ASIDE | UNIT_RAW)) == 0);
    const enum outcome outcome = call_run(d, s, c, a);
    if (d->batch.mark_ticks - d->batch.now_ticks > d->batch.tick_stale)
        dispatch_read_clock(d, d->batch.mark_ticks);
    return outcome;
}

/* One moment for the whole unit: the clock stands still.  Its time is the outer command's too. */
enum outcome dispatch_call(struct dispatcher *d, struct session *s, const struct command_info *c,
                           const struct args *a)
{
    LK_ASSERT(!d->call.edit.open);
    const struct call outer = d->call;
    const uint64_t mark_ticks = d->batch.mark_ticks;
    const uint32_t errors = s->reply.errors;
    d->call.key_count = 0;
    d->batch.mark_ticks = clock_ticks();
    const enum outcome outcome = call_run(d, s, c, a);
    d->call = outer;
    if (outer.x.session == s)
        d->call.errors += s->reply.errors - errors; /* those are counted */
    exec_forget(&d->call.x);
    d->batch.mark_ticks = mark_ticks;
    return outcome;
}
