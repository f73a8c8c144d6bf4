/*
 * dispatch_tracking.c — how much of what clients have read is kept in mind.
 *
 * At its ticks a worker forgets keys of its shards while there are more of them than
 * tracking-table-max-keys, and sweeps out what is remembered of clients that have gone.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/unit.h"

enum { FORGET_A_HOLD = 64, TICK_MS = 100, BUSY_TICK_MS = 10, BUDGET_US = 1000 };

/* One shard's share of what is over; false: it was busy, or there is no room to tell of it. */
static bool forget_in(struct dispatcher *d, struct shard *s)
{
    if (!dispatch_push_has_room(d) || !shard_try_lock(s))
        return false;
    LK_ASSERT(d->unit.work == 0);
    uint64_t over = dispatch_keys_over(d);
    for (int i = 0; over > 0 && i < FORGET_A_HOLD; i++, over--)
        if (!unit_forget_any(d, s, bytes_of(NULL, SIZE_MAX)))
            break;
    unit_end(d, &d->system, s);
    shard_unlock(s);
    return true;
}

static bool sweep_in(struct dispatcher *d, struct shard *s)
{
    if (!shard_try_lock(s))
        return false;
    tracking_sweep(d->push->tracking, s);
    shard_unlock(s);
    return true;
}

static bool has_tracked(const struct shard *s)
{
    return load_relaxed(&s->tracked.count) != 0;
}

/* A round over this worker's shards; true: there is more to do at once. */
static bool tracking_round(struct dispatcher *d, uint32_t worker, uint32_t workers,
                           bool (*visit)(struct dispatcher *d, struct shard *s))
{
    const uint64_t start = clock_ticks();
    const uint32_t count = (d->ks->count - worker + workers - 1) / workers;
    for (uint32_t i = 0; i < count; i++) {
        struct shard *s = &d->ks->shards[worker + d->tracking.next * workers];
        d->tracking.next = d->tracking.next + 1 < count ? d->tracking.next + 1 : 0;
        if (has_tracked(s))
            visit(d, s);
        if (clock_ticks_to_ns(clock_ticks() - start) > (uint64_t)BUDGET_US * 1000)
            return true;
    }
    return false;
}

enum { FORGET_SHARDS = 1024 };

void dispatch_forget_some(struct dispatcher *d)
{
    dispatch_unlock_one(d);
    for (uint32_t i = 0; i < FORGET_SHARDS && dispatch_keys_over(d) > 0; i++) {
        d->tracking.anywhere = (d->tracking.anywhere + 1) % d->ks->count;
        if (has_tracked(&d->ks->shards[d->tracking.anywhere]))
            forget_in(d, &d->ks->shards[d->tracking.anywhere]);
    }
    dispatch_deliver(d);
}

void dispatch_tracking_turn(struct dispatcher *d, uint32_t worker, uint32_t workers)
{
    if (LK_LIKELY(d->batch.now_ms < d->tracking.next_ms) || !d->push)
        return;
    d->tracking.next_ms = d->batch.now_ms + TICK_MS;
    if (tracking_count_keys(d->push->tracking) == 0)
        return;
    dispatch_unlock_one(d);
    if (dispatch_keys_over(d) > 0) {
        tracking_round(d, worker, workers, forget_in);
        if (dispatch_keys_over(d) > 0)
            d->tracking.next_ms = d->batch.now_ms + BUSY_TICK_MS;
    } else if (tracking_wants_sweep(d->push->tracking)) {
        tracking_round(d, worker, workers, sweep_in);
    }
}
