/*
 * lock_set.h — several shards at once.
 *
 * A set is taken in ascending order by trying, so nobody who holds a shard waits for another one
 * (rule L1).  A set that keeps failing queues for the token: its holder alone waits while holding,
 * and since nobody else does, there is no cycle.
 *
 *   try all --fails--> release, ask, park --retry--> … three times … --> token --> wait for each
 *
 * Threads  a set belongs to one worker
 */
#ifndef LK_STORE_LOCK_SET_H
#define LK_STORE_LOCK_SET_H

#include "core/store/keyspace.h"

LK_BEGIN

enum { LOCK_SET_MAX_SHARDS = 65536, LOCK_SET_SLICE_NS = 1000000 };

/* A small one is a sorted array: walking bits costs more than all the rest of MGET's locks. */
enum { LOCK_SET_FEW = 16 };

struct lock_set {
    uint32_t words;                 /* of bits */
    uint32_t count;                 /* of shards */
    bool large;                     /* they are in bits, which are all 0 else; else in few */
    uint16_t few[1 + LOCK_SET_FEW]; /* from 1 on, ascending; 0 is where every search ends */
    uint64_t bits[];                /* one a shard */
};

struct lock_set *lock_set_new(const struct keyspace *ks);
void lock_set_free(struct lock_set *l);

void lock_set_clear(struct lock_set *l);
/* One that is no matter of a few. */
void lock_set_add_large(struct lock_set *l, uint32_t shard);
LK_HOT_INLINE void lock_set_add(struct lock_set *l, uint32_t shard)
{
    if (LK_UNLIKELY(l->count >= LOCK_SET_FEW)) {
        lock_set_add_large(l, shard);
        return;
    }
    uint16_t *const last = l->few + l->count, *at = last;
    for (; *at > shard; at--)
        at[1] = *at;
    if (LK_UNLIKELY(*at == shard) && at != l->few) { /* it is there already */
        memmove(at + 1, at + 2, (size_t)(last - at) * sizeof *at);
        return;
    }
    at[1] = (uint16_t)shard;
    l->count++;
}
void lock_set_add_all(struct lock_set *l, const struct keyspace *ks);
bool lock_set_has(const struct lock_set *l, uint32_t shard);
static inline uint32_t lock_set_count(const struct lock_set *l)
{
    return l->count;
}

/* All or none; on failure the worker's bit is in the shard that could not be had. */
bool lock_set_try(const struct lock_set *l, struct keyspace *ks, uint32_t worker);
/*
 * Waits for each, in slices; for the holder of the token.  False: somebody inside the gate is long
 * (gate_is_busy).  Then it holds none of them, and is told as after lock_set_try.
 */
bool lock_set_wait(const struct lock_set *l, struct keyspace *ks, uint32_t worker);
void lock_set_unlock(const struct lock_set *l, struct keyspace *ks);
/* Calls visit for each shard of the set, in ascending order. */
void lock_set_each(const struct lock_set *l, struct keyspace *ks,
                   void (*visit)(void *ctx, struct shard *s), void *ctx);

LK_END

#endif
