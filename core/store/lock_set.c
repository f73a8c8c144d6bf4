#include "core/store/lock_set.h"

#include "core/base/rank.h"

struct lock_set *lock_set_new(const struct keyspace *ks)
{
    LK_ASSERT(ks->count <= LOCK_SET_MAX_SHARDS);
    const uint32_t words = (ks->count + 63) / 64;
    struct lock_set *l = mem_calloc(sizeof *l + words * sizeof(uint64_t));
    l->words = words;
    return l;
}

void lock_set_free(struct lock_set *l)
{
    mem_free(l, sizeof *l + l->words * sizeof(uint64_t));
}

void lock_set_clear(struct lock_set *l)
{
    if (LK_UNLIKELY(l->large))
        memset(l->bits, 0, l->words * sizeof l->bits[0]);
    l->large = false;
    l->count = 0;
}

static inline void lock_set_bit_on(struct lock_set *l, uint32_t shard)
{
    const uint64_t bit = UINT64_C(1) << (shard % 64);
    uint64_t *const word = &l->bits[shard / 64];
    l->count += !(*word & bit);
    *word |= bit;
}

static void become_large(struct lock_set *l)
{
    const uint32_t n = l->count;
    LK_ASSERT(!l->large && n <= LOCK_SET_FEW);
    l->large = true;
    l->count = 0;
    for (uint32_t i = 0; i < n; i++)
        lock_set_bit_on(l, l->few[1 + i]);
}

void lock_set_add_large(struct lock_set *l, uint32_t shard)
{
    LK_ASSERT(shard / 64 < l->words);
    if (!l->large && lock_set_has(l, shard))
        return;
    if (!l->large)
        become_large(l);
    lock_set_bit_on(l, shard);
}

bool lock_set_has(const struct lock_set *l, uint32_t shard)
{
    if (l->large)
        return l->bits[shard / 64] >> (shard % 64) & 1;
    uint32_t i = l->count;
    while (i > 0 && l->few[i] != shard)
        i--;
    return i > 0;
}

void lock_set_add_all(struct lock_set *l, const struct keyspace *ks)
{
    for (uint32_t i = 0; i < ks->count; i++)
        lock_set_add(l, i);
}

enum { WALKED_ALL = UINT32_MAX };

typedef bool lock_set_visit(void *ctx, struct shard *s);

LK_HOT_INLINE uint32_t walk_bits(const struct lock_set *l, struct keyspace *ks,
                                 lock_set_visit *visit, void *ctx)
{
    for (uint32_t w = 0; w < l->words; w++)
        for (uint64_t bits = l->bits[w]; bits; bits &= bits - 1) {
            const uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
            if (!visit(ctx, &ks->shards[i]))
                return i;
        }
    return WALKED_ALL;
}

/*
 * Visits shards in ascending order until visit says stop; the shard it stopped at, or WALKED_ALL.
 * One piece of code with visit.
 */
LK_HOT_INLINE uint32_t lock_set_walk(const struct lock_set *l, struct keyspace *ks,
                                     lock_set_visit *visit, void *ctx)
{
    if (LK_UNLIKELY(l->large))
        return walk_bits(l, ks, visit, ctx);
    struct shard *const shards = ks->shards;
    for (const uint16_t *i = l->few + 1, *const end = i + l->count; i < end; i++)
        if (!visit(ctx, &shards[*i]))
            return *i;
    return WALKED_ALL;
}

struct try_ctx {
    struct keyspace *ks;
    uint32_t worker;
};

static inline bool try_one(void *ctx, struct shard *s)
{
    const struct try_ctx *t = ctx;
    return shard_lock_or_ask(s, t->worker, t->ks->spin_ns);
}

static inline bool wait_one(void *ctx, struct shard *s)
{
    const struct try_ctx *t = ctx;
    while (!gate_is_busy(&t->ks->gate))
        if (shard_lock_within(s, LOCK_SET_SLICE_NS))
            return true;
    return shard_lock_or_ask(s, t->worker, 0);
}

struct unlock_ctx {
    uint64_t tell; /* whom */
    uint32_t end;  /* those below */
};

static inline bool unlock_one(void *ctx, struct shard *s)
{
    struct unlock_ctx *u = ctx;
    u->tell |= shard_unlock_quietly(s);
    return true;
}

static inline bool unlock_one_below(void *ctx, struct shard *s)
{
    struct unlock_ctx *u = ctx;
    return s->index < u->end && unlock_one(u, s);
}

/* Whoever waits is told once, when all of it is free. */
static LK_COLD void unlock_below(const struct lock_set *l, struct keyspace *ks, uint32_t end)
{
    struct unlock_ctx u = {0, end};
    lock_set_walk(l, ks, unlock_one_below, &u);
    shard_tell_retry(u.tell);
}

bool lock_set_try(const struct lock_set *l, struct keyspace *ks, uint32_t worker)
{
    struct try_ctx t = {ks, worker};
    const uint32_t stopped = lock_set_walk(l, ks, try_one, &t);
    if (LK_LIKELY(stopped == WALKED_ALL))
        return true;
    unlock_below(l, ks, stopped);
    return false;
}

bool lock_set_wait(const struct lock_set *l, struct keyspace *ks, uint32_t worker)
{
    struct try_ctx t = {ks, worker};
    rank_take(RANK_TOKEN, 0, RANK_SLEEPS);
    const uint32_t stopped = lock_set_walk(l, ks, wait_one, &t);
    rank_let_go(RANK_TOKEN); /* it sleeps for no other */
    if (stopped == WALKED_ALL)
        return true;
    unlock_below(l, ks, stopped);
    return false;
}

void lock_set_unlock(const struct lock_set *l, struct keyspace *ks)
{
    struct unlock_ctx u = {0, 0};
    lock_set_walk(l, ks, unlock_one, &u);
    if (LK_UNLIKELY(u.tell != 0))
        shard_tell_retry(u.tell);
}

struct each_ctx {
    void (*visit)(void *ctx, struct shard *s);
    void *ctx;
};

static bool each_one(void *ctx, struct shard *s)
{
    const struct each_ctx *e = ctx;
    e->visit(e->ctx, s);
    return true;
}

void lock_set_each(const struct lock_set *l, struct keyspace *ks,
                   void (*visit)(void *ctx, struct shard *s), void *ctx)
{
    struct each_ctx e = {visit, ctx};
    lock_set_walk(l, ks, each_one, &e);
}
