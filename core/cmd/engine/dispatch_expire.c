/*
 * dispatch_expire.c — deadlines fire whether anybody reads or not.
 *
 * Every worker looks after each n-th shard, a few times in 100 ms while any key has a deadline.  A
 * table knows its earliest deadline, so a shard with nothing due costs a lock and a load.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/unit.h"

enum { TICK_MS = 10, IDLE_TICK_MS = 100, PER_HOLD = 64 };

struct expiry {
    struct dispatcher *d;
    bool more; /* a value has more elements that are due than one call drops */
};

static void dispatch_expire_one(void *ctx, struct place *at)
{
    struct expiry *x = ctx;
    const int64_t own = entry_deadline(at->entry);
    if (LK_LIKELY(own != ENTRY_NO_DEADLINE && clock_passed(own, x->d->batch.now_ms)))
        exec_expire_entry(&x->d->call.x, at);
    else if (exec_expire_elements(&x->d->call.x, at))
        x->more = true;
}

/* True if more is due in this table. */
static bool expire_table(struct dispatcher *d, struct shard *s, struct shard_db db)
{
    struct expiry x = {d, false};
    d->call.db_in_use = db.db;
    const uint32_t gone =
        shard_expire(d->ks, s, db, d->batch.now_ms, PER_HOLD, dispatch_expire_one, &x);
    return gone == PER_HOLD || x.more;
}

struct progress {
    bool timed; /* some key has a deadline */
    bool more;
};

static const struct command_info no_command = {.row = &(const struct command){.name = ""}};

static void expire_shard(struct dispatcher *d, struct shard *s, struct progress *out)
{
    /* Each shard puts a slot of its own, so each asks. */
    if ((d->batch.logging && !log_ring_has_room(d->engine->fixed.log)) ||
        !dispatch_push_has_room(d) || !shard_try_lock(s)) {
        out->timed = true; /* come back at the next tick */
        return;
    }
    LK_ASSERT(d->unit.work == 0);
    exec_read_events(&d->call.x);
    d->unit.effects.apart = true;
    for (uint32_t i = 0; i < shard_db_count(s); i++) {
        const struct shard_db at = shard_db_at(s, i);
        out->more |= expire_table(d, s, at);
        out->timed |= at.table->deadlines > 0;
    }
    unit_end(d, &d->system, s);
    d->unit.effects.apart = false;
    shard_unlock(s);
}

bool dispatch_expire(struct dispatcher *d, uint32_t worker, uint32_t workers, int64_t budget_us,
                     int64_t *next_ms)
{
    *next_ms = d->batch.now_ms + IDLE_TICK_MS;
    if (load_relaxed(&d->engine->no_active_expire) || load_relaxed(&d->engine->saving.loading) ||
        dispatch_paused(d) != PAUSE_NOTHING)
        return false;
    if (engine_is_replica(d->engine)) {
        if (worker == 0 && own_keys_count(&d->engine->own_keys) > 0) {
            exec_begin(d, &d->system, &no_command);
            dispatch_expire_own(d);
        }
        return false;
    }
    /*
     * Cleared before the look: whoever sets a deadline and still sees the bit held the shard's lock
     * before that, and so is seen by the look; whoever comes later sets it again.
     */
    const uint64_t me = UINT64_C(1) << worker;
    const bool timed = load_relaxed(&d->ks->timed) & me;
    if (!timed && !d->expiry.timed)
        return false;
    if (timed)
        fetch_and_relaxed(&d->ks->timed, ~me);

    dispatch_unlock_one(d);
    exec_begin(d, &d->system, &no_command);
    struct progress p = {false, false};
    const uint64_t start = clock_ticks(), watched = dispatch_watch_begin(d);
    const uint32_t count = (d->ks->count - worker + workers - 1) / workers;
    for (uint32_t i = 0; i < count; i++) {
        expire_shard(d, &d->ks->shards[worker + d->expiry.next * workers], &p);
        d->expiry.next = d->expiry.next + 1 < count ? d->expiry.next + 1 : 0;
        if (clock_ticks_to_ns(clock_ticks() - start) > (uint64_t)budget_us * 1000) {
            p.more = true;
            p.timed = true;
            break;
        }
    }
    dispatch_watch_end(d, LATENCY_EXPIRE_CYCLE, watched);
    d->expiry.timed = p.timed;
    *next_ms = d->batch.now_ms + TICK_MS;
    return p.more;
}
