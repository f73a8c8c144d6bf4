/*
 * watch.h — keys that transactions watch, in a list on their shard.
 *
 * A writer marks the watchers of the key it changes while it holds the shard's lock; EXEC reads the
 * marks under the locks of all watched shards, so no change is missed and none is seen twice.
 *
 * Threads  under the shard's lock; the mark is atomic, as watchers of one session sit on many
 * shards
 */
#ifndef LK_STORE_WATCH_H
#define LK_STORE_WATCH_H

#include "core/store/keyspace.h"

LK_BEGIN

struct watch_node {
    struct watch_node *next, *prev; /* on the shard */
    struct shard *shard;
    uint32_t *dirty; /* __atomic: of the session */
    uint64_t hash;
    uint32_t db;
    bool absent; /* expired already when the watch began: a later expiry is no change */
    size_t key_size;
    char key[];
};

struct watch_node *watch_new(struct shard *s, uint32_t db, struct bytes key, uint64_t hash,
                             uint32_t *dirty);
void watch_drop(struct watch_node *w); /* takes it off its shard and frees it */

void watch_mark_slow(struct shard *s, uint32_t db, struct bytes key);
static inline void watch_mark(struct shard *s, uint32_t db, struct bytes key)
{
    if (LK_UNLIKELY(s->watched != 0))
        watch_mark_slow(s, db, key);
}

/* The same for a key whose deadline has passed: no change for those who found it expired. */
void watch_mark_expired_slow(struct shard *s, uint32_t db, struct bytes key);
static inline void watch_mark_expired(struct shard *s, uint32_t db, struct bytes key)
{
    if (LK_UNLIKELY(s->watched != 0))
        watch_mark_expired_slow(s, db, key);
}

/* All keys of a database are about to go. */
void watch_mark_flushed(struct shard *s, uint32_t db);
/* Two databases are about to be swapped; a key that has expired at now_ms is as good as none. */
void watch_mark_swapped(struct shard *s, uint32_t a, uint32_t b, int64_t now_ms);

LK_END

#endif
