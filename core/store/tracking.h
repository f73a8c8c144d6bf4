/*
 * tracking.h — which clients have read a key and want to hear when it changes.
 *
 * Each shard has a map of such keys, by name alone: a key of another database with the same name
 * counts as the same, as clients are told names only.  A map is empty unless somebody tracks, and
 * its count is all that a writer looks at then (rule T2).
 *
 *   shard.tracked: key --> who, who, who …         who: trackers.h
 *
 * Whoever changes a key takes its entry out, under the shard's lock, and tells those in it; they
 * are told once, until they read the key again.
 *
 * What an entry remembers of clients that have gone is dropped when it is met, and by
 * tracking_sweep when there is much of it.
 *
 * Threads  under the lock of the shard, but for the totals and what is said of clients
 * Memory   56 bytes, the key, and 8 bytes a reader; an empty map has none
 * Cost     O(1) expected and one scan of the key's readers
 */
#ifndef LK_STORE_TRACKING_H
#define LK_STORE_TRACKING_H

#include "core/base/atomic.h"
#include "core/ds/name_map.h"
#include "core/store/prefixes.h"
#include "core/store/shard.h"
#include "core/store/trackers.h"

#include <pthread.h>

LK_BEGIN

struct tracking {
    struct trackers *trackers;
    struct prefixes *prefixes; /* of those that track by prefix and not by what they read */
    pthread_mutex_t mutex;     /* of what writers are shown: clients, and the engine's word */
    uint64_t clients;          /* __atomic: with tracking on */
    uint64_t keys;             /* __atomic: that are remembered … */
    uint64_t items;            /* __atomic: … and by how many clients each, added up */
    uint64_t dead;             /* __atomic: items of clients that have gone, about */
} __attribute__((aligned(LK_CACHE_LINE)));

struct tracked_key {
    struct name_node node; /* first; its name lies behind who */
    uint32_t count, capacity;
    uint64_t who[];
};

struct tracking *tracking_new(void);
void tracking_free(struct tracking *t); /* no key is remembered any more */

/* The client has read the key.  Returns true if the key was not remembered before. */
bool tracking_remember(struct tracking *t, struct shard *s, uint64_t hash, struct bytes key,
                       uint64_t who);

/* Takes a key out; NULL if nobody remembers it.  tracked_key_free when its readers are told. */
struct tracked_key *tracking_take(struct tracking *t, struct shard *s, uint64_t hash,
                                  struct bytes key);
/* Any key but this one, which one depends on random; NULL if there is no other. */
struct tracked_key *tracking_take_any(struct tracking *t, struct shard *s, uint64_t random,
                                      struct bytes but);
void tracked_key_free(struct tracked_key *k);
/* Of a key that was taken: this reader is told otherwise.  False: it is none. */
bool tracked_key_drop(struct tracked_key *k, uint64_t who);

/* Forgets all keys of the shard, without telling anybody.  t is NULL once nobody counts them. */
void tracking_clear(struct tracking *t, struct shard *s);

/* Drops what keys of the shard remember of clients that have gone. */
void tracking_sweep(struct tracking *t, struct shard *s);

/* A client goes, and so does its tracker. */
void tracking_forget_client(struct tracking *t, uint64_t who);

/* More than half of what is remembered is of clients that have gone, and it is worth a sweep. */
bool tracking_wants_sweep(const struct tracking *t);

static inline uint64_t tracking_count_keys(const struct tracking *t)
{
    return load_relaxed(&t->keys);
}

LK_END

#endif
