/*
 * dispatch_evict.c — who takes memory at the limit pays for it first.
 *
 *   used - limit = over --> over - claimed = debt --> a bite is claimed --> keys go, the claim
 * falls
 *                                                                       --> what is left goes back
 *
 * The claim is shared, so that several workers free the excess once, each another part (E1).  A
 * worker frees at least what it has itself added since it looked last; beyond that it stops when
 * its time is up, and the command runs: timers go on.  A key goes as any key that is deleted: a
 * unit of its own under its shard's lock, which is tried and never waited for.
 *
 * It frees no more than was over when it began.  What a victim's end is told to those who track it
 * or listen takes memory until it is sent, and may take more than the victim had: that must not
 * cost the next one (A2).  So while it is on its way all workers together free what was over
 * before, and each what it adds itself.
 *
 * Far below the limit nobody looks: who has looked gives itself a part of what is free, so small
 * that all of them together stay below, and compares its own thread's counter with that.
 *
 * What is used does not count what eviction cannot free or frees already (A2, S8, E4): what only a
 * view holds, the log, what waits for lazy free or for the end of a batch, and clients that go
 * because they take too much themselves: they go before any key does.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/unit.h"
#include "core/store/lazy_free.h"
#include "core/store/reclaim.h"
#include "core/store/view.h"

enum {
    BITE = 256 * 1024,
    FAR = 1024 * 1024,
    TURN_NS = 50000,   /* a step of tenacity, up to 10; from there on 15 percent more a step */
    OWN_NS = 10000000, /* for what the worker itself has added it may take so long at least */
    TENACITY_STEPS = 10,
    TENACITY_MAX = 100, /* however long it takes */
    TICK_MS = 100,
    TOLD_MS = 50, /* for so long it is taken to be on its way */
};

size_t dispatch_uncounted_bytes(const struct engine *e)
{
    const struct keyspace *ks = e->fixed.keyspace;
    const struct log_ring *log = e->fixed.log;
    const int64_t leaving = load_relaxed(&e->eviction.leaving);
    return view_held_bytes(ks) + lazy_free_pending_bytes(ks->lazy) + reclaim_pending_bytes() +
           (log ? log_ring_memory_bytes(log) : 0) + (leaving > 0 ? (size_t)leaving : 0) +
           load_relaxed(&e->stream_bytes);
}

size_t dispatch_counted_bytes(const struct engine *e)
{
    const size_t used = mem_used(), apart = dispatch_uncounted_bytes(e);
    return used > apart ? used - apart : 0;
}

static int64_t bytes_over(const struct dispatcher *d)
{
    return (int64_t)(dispatch_counted_bytes(d->engine) - d->batch.config->maxmemory);
}

/* --- how long it is over --------------------------------------------------------------------- */

static void note_over(struct dispatcher *d, bool over)
{
    int64_t *since = &d->engine->eviction.since_ms, was = load_relaxed(since);
    if (LK_LIKELY(over == (was != 0)))
        return;
    const int64_t now = over ? d->batch.now_ms : 0;
    if (__atomic_compare_exchange_n(since, &was, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) &&
        !over && d->batch.now_ms > was)
        fetch_add_relaxed(&d->engine->eviction.total_ms, (uint64_t)(d->batch.now_ms - was));
}

void dispatch_exceeded_ms(const struct engine *e, int64_t now_ms, uint64_t *current_ms,
                          uint64_t *total_ms)
{
    const int64_t since = load_relaxed(&e->eviction.since_ms);
    *current_ms = since != 0 && now_ms > since ? (uint64_t)(now_ms - since) : 0;
    *total_ms = load_relaxed(&e->eviction.total_ms) + *current_ms;
}

/* --- what victims' ends are told ------------------------------------------------------------- */

/* Before the unit of a victim ends. */
static void note_told(struct dispatcher *d)
{
    if (LK_UNLIKELY(d->unit.work & (UNIT_INVALID | UNIT_MESSAGES) || d->changed_keys.count > 0))
        store_relaxed(&d->engine->eviction.told_ms, d->batch.now_ms);
}

static bool told_is_on_its_way(const struct dispatcher *d)
{
    const int64_t told_ms = load_relaxed(&d->engine->eviction.told_ms);
    return LK_UNLIKELY(told_ms != 0 && d->batch.now_ms - told_ms < TOLD_MS);
}

/* What was over before anybody was told, and has not gone since, with what the worker added. */
static int64_t reason_before_told(const struct dispatcher *d, int64_t over, int64_t own)
{
    const int64_t left = load_relaxed(&d->engine->eviction.debt);
    const int64_t reason = (left > 0 ? left : 0) + (own > 0 ? own : 0);
    return reason < over ? reason : over;
}

/* How much of what is over is a reason to evict. */
static int64_t reason_to_pay(struct dispatcher *d, int64_t over, int64_t own)
{
    if (told_is_on_its_way(d))
        return reason_before_told(d, over, own);
    store_relaxed(&d->engine->eviction.debt, over);
    return over;
}

/* --- one key --------------------------------------------------------------------------------- */

static const struct command_info no_command = {.row = &(const struct command){.name = ""}};

/* Room in the log is asked for before each: each puts a slot. */
static enum evict_found evict_one(struct dispatcher *d, size_t *bytes)
{
    if (d->batch.logging && !log_ring_has_room(d->engine->fixed.log))
        return EVICT_LATER; /* the command will ask, too, and be parked */
    if (!dispatch_push_has_room(d))
        return EVICT_LATER;
    struct place at;
    const enum evict_found found = evict_find(&d->eviction.search, &at);
    if (found != EVICT_VICTIM)
        return found;
    LK_ASSERT(d->unit.work == 0);
    exec_read_events(&d->call.x);
    struct shard *s = at.shard;
    const uint32_t db = at.db;
    *bytes = evict_bytes(&at);
    d->call.db_in_use = db;
    exec_evict_entry(&d->call.x, &at);
    *bytes += shard_trim(d->ks, s, db);
    note_told(d);
    unit_end(d, &d->system, s);
    shard_unlock(s);
    return EVICT_VICTIM;
}

/* --- a worker's share ------------------------------------------------------------------------ */

/* A worker at work: what it has to free, and by when. */
struct paying {
    struct dispatcher *d;
    int64_t own;  /* bytes that it has added itself and not freed yet */
    int64_t left; /* of what it has reason to free */
    uint64_t start_ticks;
    uint64_t turn_ns; /* 0: no end */
};

static uint64_t turn_ns(int64_t tenacity)
{
    if (tenacity >= TENACITY_MAX)
        return 0;
    double ns = (double)TURN_NS * (double)(tenacity < TENACITY_STEPS ? tenacity : TENACITY_STEPS);
    for (int64_t i = TENACITY_STEPS; i < tenacity; i++)
        ns *= 1.15;
    return (uint64_t)ns + 1;
}

static bool time_is_up(const struct paying *p)
{
    if (p->turn_ns == 0)
        return false;
    const uint64_t ns = clock_ticks_to_ns(clock_ticks() - p->start_ticks);
    return ns > p->turn_ns && (p->own <= 0 || ns > OWN_NS);
}

/*
 * Claims a bite of what is over and nobody has claimed; 0: there is none.  Once somebody was told,
 * what is over falls less than what was freed, and what others have claimed must not be claimed
 * again for that.
 */
static int64_t claim_bite(struct paying *p)
{
    struct dispatcher *d = p->d;
    int64_t *claimed = &d->engine->eviction.claimed, was = load_relaxed(claimed);
    for (;;) {
        const int64_t over = bytes_over(d);
        const int64_t reason = told_is_on_its_way(d) ? reason_before_told(d, over, p->own) : over;
        const int64_t debt = reason - was, most = p->left < BITE ? p->left : (int64_t)BITE;
        const int64_t bite = debt < most ? debt : most;
        if (bite <= 0)
            return 0;
        if (__atomic_compare_exchange_n(claimed, &was, was + bite, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return bite;
    }
}

static void claim_falls(struct dispatcher *d, int64_t bytes)
{
    fetch_sub_relaxed(&d->engine->eviction.claimed, bytes);
}

/* Frees a bite.  Not a victim: why it has stopped; what it has not freed goes back. */
static enum evict_found pay_bite(struct paying *p, int64_t bite)
{
    struct dispatcher *d = p->d;
    enum evict_found found = EVICT_VICTIM;
    while (bite > 0 && found == EVICT_VICTIM) {
        size_t bytes = 0;
        found = evict_one(d, &bytes);
        const int64_t freed = (int64_t)bytes < bite ? (int64_t)bytes : bite;
        claim_falls(d, freed);
        bite -= freed;
        p->own -= (int64_t)bytes;
        p->left -= (int64_t)bytes;
        fetch_sub_relaxed(&d->engine->eviction.debt, (int64_t)bytes);
        if (found == EVICT_VICTIM && time_is_up(p))
            found = EVICT_LATER;
    }
    claim_falls(d, bite);
    return found;
}

static enum evict_outcome pay_all(struct paying *p)
{
    struct dispatcher *d = p->d;
    for (;;) {
        const int64_t bite = claim_bite(p);
        if (bite == 0)
            return p->left > 0 && bytes_over(d) > 0 ? EVICT_RUNNING : EVICT_BELOW;
        const enum evict_found found = pay_bite(p, bite);
        if (found == EVICT_LATER)
            return EVICT_RUNNING;
        if (found == EVICT_NOBODY)
            return bytes_over(d) > 0 ? EVICT_FAILED : EVICT_BELOW;
    }
}

static void begin_search(struct dispatcher *d)
{
    const struct dispatch_config *c = d->batch.config;
    struct evict *e = &d->eviction.search;
    e->ks = d->ks;
    e->rng = &d->rng;
    e->samples = c->eviction.samples < EVICT_SAMPLES_MAX ? (uint32_t)c->eviction.samples
                                                         : (uint32_t)EVICT_SAMPLES_MAX;
    e->now_ms = d->batch.now_ms;
    e->lfu_decay_minutes = (uint32_t)c->limits.lfu_decay_minutes;
    evict_begin(e, c->eviction.rule);
}

static LK_COLD enum evict_outcome dispatch_evict_pay(struct dispatcher *d, int64_t over)
{
    if (d->batch.config->eviction.rule.by == EVICT_NOTHING)
        return EVICT_FAILED;
    struct paying p = {.d = d,
                       .own = mem_used_here() - d->eviction.here,
                       .start_ticks = clock_ticks(),
                       .turn_ns = turn_ns(d->batch.config->eviction.tenacity)};
    if (p.own > over)
        p.own = over;
    p.left = reason_to_pay(d, over, p.own);
    if (p.left == 0)
        return EVICT_BELOW;
    dispatch_unlock_one(d);
    begin_search(d);
    exec_begin(d, &d->system, &no_command);
    const uint64_t watched = dispatch_watch_begin(d);
    reclaim_collect(RECLAIM_KEPT); /* pages of tables that shrink, of the batches before */
    const enum evict_outcome outcome = pay_all(&p);
    dispatch_watch_end(d, LATENCY_EVICTION_CYCLE, watched);
    return outcome;
}

/*
 * While a pause is on nothing may go, and nobody is blamed for that: he is held back.  A replica
 * has what its master has, which evicts for both.
 */
static bool may_evict(struct dispatcher *d)
{
    return !(engine_is_replica(d->engine) && d->batch.config->replica.ignore_maxmemory) &&
           !load_relaxed(&d->engine->saving.loading) && dispatch_paused(d) == PAUSE_NOTHING;
}

/* Each worker has a part of a quarter of what is free, if that is worth it. */
static void note_far(struct dispatcher *d, int64_t free_bytes)
{
    const int64_t parts = 4 * ((int64_t)d->engine->fixed.worker_count + 1);
    d->eviction.far_limit = d->batch.config->maxmemory;
    d->eviction.far_until = free_bytes > FAR ? d->eviction.here + free_bytes / parts : INT64_MIN;
}

enum evict_outcome dispatch_evict(struct dispatcher *d)
{
    const int64_t over = bytes_over(d);
    enum evict_outcome outcome = EVICT_BELOW;
    if (LK_UNLIKELY(over > 0) && may_evict(d))
        outcome = dispatch_evict_pay(d, over);
    note_over(d, over > 0 && outcome != EVICT_BELOW);
    d->eviction.here = mem_used_here();
    note_far(d, -over);
    return outcome;
}

bool dispatch_evict_turn(struct dispatcher *d)
{
    const uint64_t limit = d->batch.config->maxmemory;
    if (LK_LIKELY(!d->eviction.more && limit == d->eviction.limit &&
                  (limit == 0 || d->batch.now_ms < d->eviction.next_ms)))
        return false;
    if (limit != d->eviction.limit)
        d->eviction.here = mem_used_here(); /* what it added before was within another limit */
    d->eviction.limit = limit;
    d->eviction.next_ms = d->batch.now_ms + TICK_MS;
    d->eviction.more = limit != 0 && dispatch_evict(d) == EVICT_RUNNING;
    if (limit == 0)
        note_over(d, false);
    return d->eviction.more;
}
