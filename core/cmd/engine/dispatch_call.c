/*
 * dispatch_call.c — runs one handler whose locks are held, and counts what it took.
 *
 * Dispatch calls it for each command, which begins a unit; EXEC for each command of its queue, and
 * a writer for each waiter that it serves, as parts of theirs.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/client/acl_check.h"
#include "core/cmd/client/secret.h"
#include "core/cmd/client/slowlog.h"
#include "core/cmd/engine/call_run.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/waiter.h"
#include "core/store/lru.h"

/* How long a call must take for somebody to hear of it. */
static uint64_t read_slow_ns(const struct engine *e, const struct dispatch_config *config)
{
    uint64_t slow = UINT64_MAX;
    if (config->slowlog_us >= 0 && e->fixed.slowlog && config->slowlog_us <= INT64_MAX / 1000)
        slow = (uint64_t)config->slowlog_us * 1000;
    if (config->latency_ms > 0 && config->latency_ms <= INT64_MAX / 1000000 &&
        (uint64_t)config->latency_ms * 1000000 < slow)
        slow = (uint64_t)config->latency_ms * 1000000;
    return slow;
}

void dispatch_read_config(struct dispatcher *d)
{
    const struct dispatch_config *config = load_acquire(&d->engine->config);
    d->batch.config = config;
    const struct acl *acl = d->engine->fixed.acl;
    d->batch.checks = CHECK_SHAPE | CHECK_USER | (acl && !acl_is_open(acl) ? CHECK_AUTH : 0u) |
                      (config->maxmemory > 0 ? CHECK_MEMORY : 0u);
    d->batch.slow_ns = read_slow_ns(d->engine, config);
}

void dispatch_read_clock(struct dispatcher *d, uint64_t ticks)
{
    d->batch.now_ticks = ticks;
    d->batch.now_ms = clock_unix_ms();
    d->batch.lru_now = lru_clock(d->batch.now_ms);
}

LK_COLD void call_note_failed(struct dispatcher *d, struct session *s, const struct command_info *c)
{
    stats_add(&d->stats.commands[c->id].failed, 1);
    stats_error(&d->stats,
                bytes_of(s->reply.out.data + s->reply.error_at + 1,
                         s->reply.out.size - s->reply.error_at - 1),
                c->flags & CMD_SCRIPT);
}

/* A command of a script is its caller's; one that the server gives itself is nobody's. */
LK_COLD void call_note_slow(struct dispatcher *d, struct session *s, const struct command_info *c,
                            const struct args *a, uint64_t ticks)
{
    if (d->batch.config->latency_ms > 0)
        dispatch_note_slow(d, c->flags & CMD_FAST ? LATENCY_FAST_COMMAND : LATENCY_COMMAND, ticks);
    const int64_t limit = d->batch.config->slowlog_us;
    if (limit < 0 || !d->engine->fixed.slowlog || c->flags & CMD_SKIP_SLOWLOG ||
        session_has(s, SESSION_SERVICE))
        return;
    const uint64_t us = clock_ticks_to_ns(ticks) / 1000;
    if (us >= (uint64_t)limit)
        slowlog_add(d->engine->fixed.slowlog, s == &d->script.stand_in ? d->script.caller : s,
                    &(struct secret_rule){c, d->batch.config->is_secret}, a, d->batch.now_ms / 1000,
                    us);
}

void dispatch_account_wait(struct dispatcher *d, struct session *s, const struct command_info *c,
                           const struct args *a, uint64_t ticks, uint32_t errors)
{
    d->call.errors = errors;
    d->batch.mark_ticks = clock_ticks();
    s->slice.ticks = ticks;
    call_account(d, s, c, a);
}

LK_COLD void call_interrupted(struct dispatcher *d, struct session *s, const struct command_info *c,
                              const struct args *a, enum outcome outcome)
{
    const uint64_t now = clock_ticks();
    /* Whoever runs a command that waits to its end counts it, with all that it took. */
    struct session *last = outcome == RUN_BLOCK && s->waiter ? &s->waiter->stand_in : s;
    last->slice.ticks += now - d->batch.mark_ticks;
    s->slice.count += outcome != RUN_BLOCK;
    d->batch.mark_ticks = now;
    if (outcome == RUN_BLOCK && LK_UNLIKELY(monitor_any(d->push)))
        monitor_note(d, s, c, a);
}

enum outcome dispatch_call_unit(struct dispatcher *d, struct session *s,
                                const struct command_info *c, const struct args *a)
{
    return call_run_unit(d, s, c, a);
}

/* One moment for the whole unit: the clock stands still.  Its time is the outer command's too. */
enum outcome dispatch_call_hashed(struct dispatcher *d, struct session *s,
                                  const struct command_info *c, const struct args *a, uint32_t keys)
{
    LK_ASSERT(!d->call.edit.open);
    const struct call outer = d->call;
    const uint64_t mark_ticks = d->batch.mark_ticks;
    const uint32_t errors = s->reply.errors;
    d->call.key_count = keys;
    d->call.key_next = 0;
    d->batch.mark_ticks = clock_ticks();
    const enum outcome outcome = call_run(d, s, c, a);
    d->call = outer;
    if (outer.x.session == s)
        d->call.errors += s->reply.errors - errors; /* those are counted */
    exec_forget(&d->call.x);
    d->batch.mark_ticks = mark_ticks;
    return outcome;
}
