/*
 * keyspace.h — all keys of all databases, cut into shards.
 *
 * Shapes   shards: a power of two, 64 … 65536; databases 1 … 2^31 - 1
 * Threads  see shard.h; the fields below are fixed after keyspace_new, but where they say so
 */
#ifndef LK_STORE_KEYSPACE_H
#define LK_STORE_KEYSPACE_H

#include "core/base/hash.h"
#include "core/base/hash_slot.h"
#include "core/store/gate.h"
#include "core/store/shard.h"
#include "core/types/value.h"

LK_BEGIN

struct lazy_free;
struct view;

struct keyspace {
    struct shard *shards;
    uint32_t count; /* of shards */
    uint32_t bits;  /* count == 1 << bits */
    uint32_t databases;
    bool slotted;        /* shards are the hash slots of a cluster */
    uint32_t spin_ns;    /* how long a worker tries for a lock; 0 when there are more than CPUs */
    uint64_t timed;      /* __atomic: workers that have not looked since a deadline was set */
    uint32_t epoch;      /* changed in the gate, by a cut */
    uint32_t view_epoch; /* of the open view, else 0; set in the gate, cleared by view_close */
    struct view *view;   /* the same */
    size_t view_held;    /* __atomic, relaxed: bytes held only for the view */
    struct lazy_free *lazy;
    struct gate gate;
};

struct keyspace *keyspace_new(uint32_t shards, uint32_t databases);
/* A shard for each hash slot of a cluster. */
struct keyspace *keyspace_new_slotted(uint32_t databases);
/* An empty one of the same shape, whose tables may change places with those of the other. */
struct keyspace *keyspace_new_like(const struct keyspace *ks);
void keyspace_free(struct keyspace *ks); /* no view open, nobody inside the gate */

/*
 * The hash of a key: its shard, its position in the table and its tag are bits of it.  In a cluster
 * the shard is the slot, so the table of a shard is the index of the slot's keys.
 */
static inline uint64_t keyspace_hash_of(const struct keyspace *ks, struct bytes key, uint64_t hash)
{
    if (LK_LIKELY(!ks->slotted))
        return hash;
    return (uint64_t)hash_slot(key) << (64 - HASH_SLOT_BITS) | hash >> HASH_SLOT_BITS;
}

static inline uint64_t keyspace_hash(const struct keyspace *ks, struct bytes key)
{
    return keyspace_hash_of(ks, key, hash_bytes(key));
}

static inline struct shard *keyspace_shard(const struct keyspace *ks, uint64_t hash)
{
    return &ks->shards[hash >> (64 - ks->bits)];
}

/* All keys of all databases: in the closed gate. */
void keyspace_clear(struct keyspace *ks);

/*
 * In the closed gate of ks, with no view open: each gets the keys of the other, which was made with
 * as many shards and databases, and which nobody else knows.  Watches and waits stay with ks.
 */
void keyspace_exchange(struct keyspace *ks, struct keyspace *other);

/* --- under the shard's lock ------------------------------------------------------------------ */

/* For the tables of shards: the earliest deadline among the elements of an entry's value. */
int64_t shard_inner_deadline(const struct entry *e);

/*
 * Empties the database in this shard; returns how many keys went.  lazy: their memory follows in
 * the background; else it is given back now, but for values of many blocks and what a view reads.
 */
uint64_t shard_flush(struct keyspace *ks, struct shard *s, uint32_t db, bool lazy);

/*
 * Gives back what a database without keys still has in this shard, unless a view is open; returns
 * how many bytes.  For who is short of memory: an empty table is else kept for the next key.
 */
size_t shard_trim(struct keyspace *ks, struct shard *s, uint32_t db);

/* Under the locks of all shards: each database gets the keys of the other. */
void shard_swap(struct keyspace *ks, struct shard *s, uint32_t a, uint32_t b);

LK_END

#endif
