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

struct lock_set {
    uint32_t words;       /* of bits */
    uint32_t first, last; /* words in use: first..last */
    uint32_t count;       /* of shards */
    bool empty;
    uint64_t bits[]; /* one a shard */
};

struct lock_set *lock_set_new(const struct keyspace *ks);
void lock_set_free(struct lock_set *l);

void lock_set_clear(struct lock_set *l);
static inline void lock_set_add(struct lock_set *l, uint32_t shard)
{
    const uint32_t word = shard / 64;
    const uint64_t bit = UINT64_C(1) << (shard % 64);
    l->count += !(l->bits[word] & bit);
    l->bits[word] |= bit;
    if (l->empty || word < l->first)
        l->first = word;
    if (l->empty || word > l->last)
        l->last = word;
    l->empty = false;
}
void lock_set_add_all(struct lock_set *l, const struct keyspace *ks);
static inline bool lock_set_has(const struct lock_set *l, uint32_t shard)
{
    return l->bits[shard / 64] >> (shard % 64) & 1;
}
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
