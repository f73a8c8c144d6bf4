/*
 * evict.h — which key goes when memory is short.
 *
 *   random shard --> random bucket --> its entries --> the best of them --> pool of 16
 *                                                            best of the pool --> verified: victim
 *
 * A pool remembers good candidates from sample to sample, so that after some rounds its best is
 * about the best of all keys.  Candidates may be used, changed or deleted meanwhile: whoever is
 * taken out of the pool is looked up again under his shard's lock, and must be as he was.
 *
 * Units    order: the smaller, the sooner it goes; seconds of last use, a counter, or a deadline
 * Threads  a struct evict belongs to one worker, which is inside the gate; no shard is waited for
 */
#ifndef LK_STORE_EVICT_H
#define LK_STORE_EVICT_H

#include "core/store/evict_rule.h"
#include "core/store/shard_write.h"

LK_BEGIN

enum { EVICT_POOL = 16, EVICT_SAMPLES_MAX = 64 };

struct evict_candidate {
    struct entry *entry; /* only to be compared with what lies in the table */
    uint64_t hash;
    int64_t order;
    int64_t sign; /* what its order was made of; a key that was used since has another */
    uint32_t db;
};

/* A worker's search; zeroed at first. */
struct evict {
    struct keyspace *ks;
    struct rng *rng;
    struct evict_rule rule; /* of the pool; evict_begin */
    uint32_t samples;       /* entries to look at for each victim, about */
    int64_t now_ms;
    uint32_t lfu_decay_minutes;
    uint32_t count;                          /* of pool */
    struct evict_candidate pool[EVICT_POOL]; /* the best one last */
};

/* Readies it for some victims; a pool of another rule is emptied. */
void evict_begin(struct evict *e, struct evict_rule rule);

enum evict_found {
    EVICT_VICTIM, /* the place's shard is locked, and is the caller's to unlock */
    EVICT_LATER,  /* others hold the locks */
    EVICT_NOBODY, /* no key may go */
};

/* Finds a key that may go; at->key lies in its entry.  Cost: a bucket and its entries. */
enum evict_found evict_find(struct evict *e, struct place *at);

/* What goes with the key of a place, about. */
size_t evict_bytes(const struct place *at);

LK_END

#endif
