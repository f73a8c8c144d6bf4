#include "core/store/shard.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/futex.h"
#include "core/base/sched.h"
#include "core/store/keyspace.h"
#include "core/store/reclaim.h"

static void (*retry_hook)(void *ctx, uint64_t workers);
static void *retry_ctx;

void shard_set_retry_hook(void (*retry)(void *ctx, uint64_t workers), void *ctx)
{
    retry_hook = retry;
    retry_ctx = ctx;
}

static const uint64_t workers_mask = (UINT64_C(1) << SHARD_WORKERS) - 1;

/* One line each: services need not hear one another. */
static struct {
    _Alignas(LK_CACHE_LINE) uint32_t word; /* __atomic: counts what it was told */
} services[SHARD_ASKERS - SHARD_WORKERS];

static LK_COLD void tell_services(uint64_t askers)
{
    for (uint64_t left = askers >> SHARD_WORKERS; left; left &= left - 1) {
        uint32_t *word = &services[__builtin_ctzll(left)].word;
        fetch_add_release(word, 1);
        futex_wake(word, 1);
    }
}

void shard_tell_retry(uint64_t askers)
{
    if ((askers & workers_mask) && retry_hook)
        retry_hook(retry_ctx, askers & workers_mask);
    if (LK_UNLIKELY(askers & ~workers_mask))
        tell_services(askers);
}

uint32_t shard_service_word(uint32_t service)
{
    LK_ASSERT(service >= SHARD_WORKERS && service < SHARD_ASKERS);
    return load_acquire(&services[service - SHARD_WORKERS].word);
}

void shard_service_wait(uint32_t service, uint32_t seen, int64_t timeout_ns)
{
    LK_ASSERT(service >= SHARD_WORKERS && service < SHARD_ASKERS);
    (void)futex_wait(&services[service - SHARD_WORKERS].word, seen, timeout_ns);
}

static bool spin_lock(struct shard *s, uint64_t spin_ns)
{
    if (spin_ns == 0)
        return false;
    const uint64_t start = clock_ticks();
    do {
        for (int i = 0; i < 16; i++) {
            if (load_relaxed(&s->lock) == 0 && shard_try_lock(s))
                return true;
            sched_pause_cpu();
        }
    } while (clock_ticks_to_ns(clock_ticks() - start) < spin_ns);
    return false;
}

#ifdef LK_DEBUG
bool shard_is_mine(const struct shard *s)
{
    return load_relaxed(&s->holder) == rank_thread();
}

void shard_note_taken(struct shard *s)
{
    rank_take(RANK_SHARD, s->index, RANK_TRIES);
    store_relaxed(&s->holder, rank_thread());
}

void shard_note_let_go(struct shard *s)
{
    LK_ASSERT(shard_is_mine(s));
    store_relaxed(&s->holder, 0);
    rank_let_go(RANK_SHARD);
}
#endif

/* Takes it if it is free, or sleeps until it may be, at most for that long (-1: no limit). */
static bool sleep_once(struct shard *s, int64_t timeout_ns)
{
    if (exchange_acquire(&s->lock, 2) == 0) {
        shard_note_taken(s);
        return true;
    }
    (void)futex_wait(&s->lock, 2, timeout_ns);
    return false;
}

void shard_lock(struct shard *s)
{
    rank_ask(RANK_SHARD, s->index, RANK_SLEEPS);
    if (LK_LIKELY(shard_try_lock(s)) || spin_lock(s, 2000))
        return;
    while (!sleep_once(s, -1)) {
    }
}

bool shard_lock_within(struct shard *s, int64_t timeout_ns)
{
    rank_ask(RANK_SHARD, s->index, RANK_SLEEPS);
    return LK_LIKELY(shard_try_lock(s)) || spin_lock(s, 2000) || sleep_once(s, timeout_ns) ||
           shard_try_lock(s);
}

bool shard_lock_or_ask_slow(struct shard *s, uint32_t worker, uint64_t spin_ns)
{
    LK_DEBUG_ASSERT(worker < SHARD_ASKERS);
    if (spin_lock(s, spin_ns))
        return true;
    fetch_or_seq_cst(&s->interested, UINT64_C(1) << worker);
    uint32_t free = 0;
    const bool locked =
        __atomic_compare_exchange_n(&s->lock, &free, 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    if (locked)
        shard_note_taken(s);
    return locked;
}

uint64_t shard_unlock_quietly_slow(struct shard *s, uint32_t word)
{
    LK_ASSERT(word != 0);
    if (word == 2)
        futex_wake(&s->lock, 1);
    return exchange_seq_cst(&s->interested, 0);
}

void shard_unlock_slow(struct shard *s, uint32_t word)
{
    shard_tell_retry(shard_unlock_quietly_slow(s, word));
}

int64_t shard_inner_deadline(const struct entry *e)
{
    struct value v;
    value_of_entry(e, &v);
    return value_next_deadline(&v);
}

struct table *shard_own_table(struct keyspace *ks, struct shard *s, uint32_t db)
{
    struct table *t = shard_table(s, db);
    if (LK_LIKELY(t != NULL))
        return t;
    t = mem_new(struct table);
    table_init(t, (uint8_t)ks->bits, (uint8_t)(s->index * 7 + db));
    if (ks->slotted)
        table_set_hash_high(t, s->index);
    t->retire = reclaim_retire;
    t->inner_deadline = shard_inner_deadline;
    /* Born while a view is open: the view has nothing to see in it. */
    t->epoch = ks->epoch;
    const size_t n = s->others_count;
    s->others = mem_realloc(s->others, n * sizeof *s->others, (n + 1) * sizeof *s->others);
    size_t at = n;
    while (at > 0 && s->others[at - 1].db > db) {
        s->others[at] = s->others[at - 1];
        at--;
    }
    s->others[at] = (struct shard_db){db, t};
    s->others_count++;
    return t;
}
