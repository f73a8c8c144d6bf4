#include "core/cmd/engine/engine.h"

#include "core/base/clock.h"
#include "core/cmd/command/command_index.h"
#include "core/store/keyspace.h"

#include <time.h>

static void engine_set_check(struct engine *e, uint32_t check, bool on)
{
    if (on)
        __atomic_fetch_or(&e->checks, check, __ATOMIC_RELEASE);
    else
        __atomic_fetch_and(&e->checks, ~check, __ATOMIC_RELEASE);
}

void engine_set_loading(struct engine *e, bool on)
{
    __atomic_store_n(&e->saving.loading, on, __ATOMIC_RELEASE);
    engine_set_check(e, CHECK_LOADING, on);
}

void engine_set_loading_beside(struct engine *e, bool on)
{
    engine_set_check(e, CHECK_LOADING_BESIDE, on);
}

bool engine_is_loading(const struct engine *e)
{
    const uint32_t checks = __atomic_load_n(&e->checks, __ATOMIC_ACQUIRE);
    return checks & (CHECK_LOADING | CHECK_LOADING_BESIDE);
}

void engine_set_busy(struct engine *e, const char *line)
{
    __atomic_store_n(&e->busy.line, line, __ATOMIC_RELEASE);
    engine_set_check(e, CHECK_BUSY, line != NULL);
}

void engine_look_again(const struct engine *e)
{
    shard_tell_retry((UINT64_C(1) << e->fixed.worker_count) - 1);
}

bool engine_end_scripts(struct engine *e)
{
    const struct timespec moment = {0, 1000000};
    __atomic_store_n(&e->busy.ending, 1, __ATOMIC_SEQ_CST);
    while (gate_is_busy(&e->fixed.keyspace->gate))
        nanosleep(&moment, NULL);
    return __atomic_load_n(&e->busy.broken, __ATOMIC_ACQUIRE) != 0;
}

void engine_keep_scripts(struct engine *e)
{
    __atomic_store_n(&e->busy.ending, 0, __ATOMIC_SEQ_CST);
}

void engine_set_replica(struct engine *e, bool on)
{
    __atomic_store_n(&e->role.replica, on, __ATOMIC_RELEASE);
    engine_set_check(e, CHECK_READONLY, on);
}

void engine_set_link_down(struct engine *e, bool on)
{
    __atomic_store_n(&e->role.link_down, on, __ATOMIC_RELEASE);
    engine_set_check(e, CHECK_STALE, on);
}

void engine_set_clustered(struct engine *e)
{
    engine_set_check(e, CHECK_CHANNELS, true);
}

void engine_show_events(struct engine *e, uint32_t mask, uint32_t events)
{
    LK_ASSERT((events & ~mask) == 0);
    uint32_t was = __atomic_load_n(&e->hooks.events, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&e->hooks.events, &was, (was & ~mask) | events, true,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        ;
}

void engine_set_write_fault(struct engine *e, const char *line)
{
    __atomic_store_n(&e->saving.write_fault, line, __ATOMIC_RELEASE);
    engine_set_check(e, CHECK_FAULT, line != NULL);
}

void engine_set_few_replicas(struct engine *e, bool on)
{
    const uint32_t now = __atomic_load_n(&e->checks, __ATOMIC_RELAXED);
    if (((now & CHECK_REPLICAS) != 0) == on)
        return;
    if (on)
        __atomic_fetch_or(&e->checks, CHECK_REPLICAS, __ATOMIC_RELEASE);
    else
        __atomic_fetch_and(&e->checks, ~(uint32_t)CHECK_REPLICAS, __ATOMIC_RELEASE);
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
        on |= pause_checks[__atomic_load_n(&e->pause[i].what, __ATOMIC_RELAXED)];
    __atomic_fetch_and(&e->checks, ~(pause_checks[PAUSE_ALL] & ~on), __ATOMIC_RELEASE);
    __atomic_fetch_or(&e->checks, on, __ATOMIC_RELEASE);
}

void engine_pause(struct engine *e, enum pause_purpose purpose, enum pause_what what,
                  int64_t until_ms)
{
    LK_ASSERT(purpose < PAUSE_PURPOSES && what <= PAUSE_ALL);
    __atomic_store_n(&e->pause[purpose].until_ms, until_ms, __ATOMIC_RELAXED);
    __atomic_store_n(&e->pause[purpose].what, what, __ATOMIC_RELEASE);
    engine_note_pauses(e);
}

void engine_pause_end(struct engine *e, enum pause_purpose purpose)
{
    engine_pause(e, purpose, PAUSE_NOTHING, 0);
}

static bool pause_is_on(const struct engine *e, int purpose, int64_t now_ms)
{
    return __atomic_load_n(&e->pause[purpose].what, __ATOMIC_ACQUIRE) != PAUSE_NOTHING &&
           !clock_passed(__atomic_load_n(&e->pause[purpose].until_ms, __ATOMIC_RELAXED), now_ms);
}

enum pause_what engine_paused(const struct engine *e, int64_t now_ms)
{
    enum pause_what strictest = PAUSE_NOTHING;
    for (int i = 0; i < PAUSE_PURPOSES; i++) {
        const enum pause_what what = __atomic_load_n(&e->pause[i].what, __ATOMIC_ACQUIRE);
        if (what > strictest && pause_is_on(e, i, now_ms))
            strictest = what;
    }
    return strictest;
}

int64_t engine_next_pause_end(const struct engine *e, int64_t now_ms)
{
    int64_t next = 0;
    for (int i = 0; i < PAUSE_PURPOSES; i++) {
        const int64_t until = __atomic_load_n(&e->pause[i].until_ms, __ATOMIC_RELAXED);
        if (pause_is_on(e, i, now_ms) && (next == 0 || until < next))
            next = until;
    }
    return next;
}
