#include "core/store/lock_set.h"

#include "core/base/rank.h"

struct lock_set *lock_set_new(const struct keyspace *ks)
{
    const uint32_t words = (ks->count + 63) / 64;
    struct lock_set *l = mem_calloc(sizeof *l + words * sizeof(uint64_t));
    l->words = words;
    l->empty = true;
    return l;
}

void lock_set_free(struct lock_set *l)
{
    mem_free(l, sizeof *l + l->words * sizeof(uint64_t));
}

void lock_set_clear(struct lock_set *l)
{
    if (l->empty)
        return;
    memset(&l->bits[l->first], 0, (l->last - l->first + 1) * sizeof(uint64_t));
    l->empty = true;
    l->count = 0;
}

void lock_set_add_all(struct lock_set *l, const struct keyspace *ks)
{
    for (uint32_t i = 0; i < ks->count; i++)
        lock_set_add(l, i);
}

/*
 * Visits shards below `end` in ascending order until visit says stop; the shard it stopped at.  One
 * piece of code with visit.
 */
static inline __attribute__((always_inline)) uint32_t
lock_set_walk(const struct lock_set *l, struct keyspace *ks, uint32_t end,
              bool (*visit)(void *ctx, struct shard *s), void *ctx)
{
    for (uint32_t w = l->first; !l->empty && w <= l->last; w++)
        for (uint64_t bits = l->bits[w]; bits; bits &= bits - 1) {
            const uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
            if (i >= end || !visit(ctx, &ks->shards[i]))
                return i;
        }
    return end;
}

struct try_ctx {
    struct keyspace *ks;
    uint32_t worker;
};

static bool try_one(void *ctx, struct shard *s)
{
    const struct try_ctx *t = ctx;
    return shard_lock_or_ask(s, t->worker, t->ks->spin_ns);
}

static bool wait_one(void *ctx, struct shard *s)
{
    const struct try_ctx *t = ctx;
    while (!gate_is_busy(&t->ks->gate))
        if (shard_lock_within(s, LOCK_SET_SLICE_NS))
            return true;
    return shard_lock_or_ask(s, t->worker, 0);
}

static bool unlock_one(void *ctx, struct shard *s)
{
    *(uint64_t *)ctx |= shard_unlock_quietly(s);
    return true;
}

/* Whoever waits is told once, when all of it is free. */
static inline void unlock_below(const struct lock_set *l, struct keyspace *ks, uint32_t end)
{
    uint64_t workers = 0;
    lock_set_walk(l, ks, end, unlock_one, &workers);
    shard_tell_retry(workers);
}

bool lock_set_try(const struct lock_set *l, struct keyspace *ks, uint32_t worker)
{
    struct try_ctx t = {ks, worker};
    const uint32_t stopped = lock_set_walk(l, ks, ks->count, try_one, &t);
    if (stopped == ks->count)
        return true;
    unlock_below(l, ks, stopped);
    return false;
}

bool lock_set_wait(const struct lock_set *l, struct keyspace *ks, uint32_t worker)
{
    struct try_ctx t = {ks, worker};
    rank_take(RANK_TOKEN, 0, RANK_SLEEPS);
    const uint32_t stopped = lock_set_walk(l, ks, ks->count, wait_one, &t);
    rank_let_go(RANK_TOKEN); /* it sleeps for no other */
    if (stopped == ks->count)
        return true;
    unlock_below(l, ks, stopped);
    return false;
}

void lock_set_unlock(const struct lock_set *l, struct keyspace *ks)
{
    unlock_below(l, ks, ks->count);
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
    lock_set_walk(l, ks, ks->count, each_one, &e);
}
