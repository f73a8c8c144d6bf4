#include "core/cmd/engine/engine.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/command/command_index.h"
#include "core/store/keyspace.h"

#include <time.h>

static void engine_set_check(struct engine *e, uint32_t check, bool on)
{
    if (on)
        fetch_or_release(&e->checks, check);
    else
        fetch_and_release(&e->checks, ~check);
}

void engine_set_loading(struct engine *e, bool on)
{
    store_release(&e->saving.loading, on);
    engine_set_check(e, CHECK_LOADING, on);
}

void engine_set_loading_beside(struct engine *e, bool on)
{
    engine_set_check(e, CHECK_LOADING_BESIDE, on);
}

bool engine_is_loading(const struct engine *e)
{
    const uint32_t checks = load_acquire(&e->checks);
    return checks & (CHECK_LOADING | CHECK_LOADING_BESIDE);
}

void engine_set_busy(struct engine *e, const char *line)
{
    store_release(&e->busy.line, line);
    engine_set_check(e, CHECK_BUSY, line != NULL);
}

void engine_look_again(const struct engine *e)
{
    shard_tell_retry((UINT64_C(1) << e->fixed.worker_count) - 1);
}

bool engine_end_scripts(struct engine *e)
{
    const struct timespec moment = {0, 1000000};
    store_seq_cst(&e->busy.ending, 1);
    while (gate_is_busy(&e->fixed.keyspace->gate))
        nanosleep(&moment, NULL);
    return load_acquire(&e->busy.broken) != 0;
}

void engine_keep_scripts(struct engine *e)
{
    store_seq_cst(&e->busy.ending, 0);
}

void engine_set_replica(struct engine *e, bool on)
{
    store_release(&e->role.replica, on);
    engine_set_check(e, CHECK_READONLY, on);
}

void engine_set_link_down(struct engine *e, bool on)
{
    store_release(&e->role.link_down, on);
    engine_set_check(e, CHECK_STALE, on);
}

void engine_set_clustered(struct engine *e)
{
    engine_set_check(e, CHECK_CHANNELS, true);
}

void engine_show_events(struct engine *e, uint32_t mask, uint32_t events)
{
    LK_ASSERT((events & ~mask) == 0);
    uint32_t was = load_relaxed(&e->hooks.events);
    while (!__atomic_compare_exchange_n(&e->hooks.events, &was, (was & ~mask) | events, true,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        ;
}

void engine_set_write_fault(struct engine *e, const char *line)
{
    store_release(&e->saving.write_fault, line);
    engine_set_check(e, CHECK_FAULT, line != NULL);
}

void engine_set_few_replicas(struct engine *e, bool on)
{
    const uint32_t now = load_relaxed(&e->checks);
    if (((now & CHECK_REPLICAS) != 0) == on)
        return;
    if (on)
        fetch_or_release(&e->checks, CHECK_REPLICAS);
    else
        fetch_and_release(&e->checks, ~(uint32_t)CHECK_REPLICAS);
}

static const uint32_t pause_checks[] = {
    [PAUSE_NOTHING] = 0,
    [PAUSE_WRITES] = CHECK_PAUSE_WRITES,
    [PAUSE_ALL] = CHECK_PAUSE_ALL | CHECK_PAUSE_WRITES,
};

/* Bits of a pause that is over by the clock stay on until somebody pauses or ends a pause. */
static void engine_note_pauses(struct engine *e)
{
    uint32_t on = 0;
    for (int i = 0; i < PAUSE_PURPOSES; i++)
        on |= pause_checks[load_relaxed(&e->pause[i].what)];
    fetch_and_release(&e->checks, ~(pause_checks[PAUSE_ALL] & ~on));
    fetch_or_release(&e->checks, on);
}

void engine_pause(struct engine *e, enum pause_purpose purpose, enum pause_what what,
                  int64_t until_ms)
{
    LK_ASSERT(purpose < PAUSE_PURPOSES && what <= PAUSE_ALL);
    store_relaxed(&e->pause[purpose].until_ms, until_ms);
    store_release(&e->pause[purpose].what, what);
    engine_note_pauses(e);
}

void engine_pause_end(struct engine *e, enum pause_purpose purpose)
{
    engine_pause(e, purpose, PAUSE_NOTHING, 0);
}

static bool pause_is_on(const struct engine *e, int purpose, int64_t now_ms)
{
    return load_acquire(&e->pause[purpose].what) != PAUSE_NOTHING &&
           !clock_passed(load_relaxed(&e->pause[purpose].until_ms), now_ms);
}

enum pause_what engine_paused(const struct engine *e, int64_t now_ms)
{
    enum pause_what strictest = PAUSE_NOTHING;
    for (int i = 0; i < PAUSE_PURPOSES; i++) {
        const enum pause_what what = load_acquire(&e->pause[i].what);
        if (what > strictest && pause_is_on(e, i, now_ms))
            strictest = what;
    }
    return strictest;
}

int64_t engine_next_pause_end(const struct engine *e, int64_t now_ms)
{
    int64_t next = 0;
    for (int i = 0; i < PAUSE_PURPOSES; i++) {
        const int64_t until = load_relaxed(&e->pause[i].until_ms);
        if (pause_is_on(e, i, now_ms) && (next == 0 || until < next))
            next = until;
    }
    return next;
}
