/*
 * wait.h — keys that blocked commands wait for, in lists on their shard.
 *
 *   shard --> wait_key --> wait_key          one a key and database that somebody waits for
 *                |
 *                +--> node --> node --> …    one a waiter, in the order in which they came
 *
 * Whoever changes a key finds here who waits for it, while he holds the shard's lock; so nobody can
 * come in between.
 *
 * Threads  under the shard's lock
 */
#ifndef LK_STORE_WAIT_H
#define LK_STORE_WAIT_H

#include "core/store/keyspace.h"

LK_BEGIN

struct waiter; /* a blocked command: core/cmd/engine/waiter.h */
struct wait_node;

struct wait_key {
    struct wait_key *next, *prev; /* on the shard */
    struct shard *shard;
    struct wait_node *first, *last; /* in order of arrival */
    uint64_t hash;
    uint32_t db;
    uint32_t when_gone; /* nodes that want to know of its deletion, too */
    bool ready;         /* somebody is about to serve it, and lets go of it then */
    size_t key_size;
    char key[];
};

struct wait_node {
    struct wait_node *next, *prev;
    struct wait_key *key; /* NULL: in no list */
    struct waiter *waiter;
    uint64_t hash;        /* of the key, also when it is in no list any more */
    struct shard *target; /* whose lock a run of the waiter's command needs beside it, or NULL */
    bool when_gone;
};

/* Puts the node behind all that wait for the key.  waiter, target and when_gone are set. */
void wait_add(struct shard *s, uint32_t db, struct bytes key, uint64_t hash,
              struct wait_node *node);
void wait_drop(struct wait_node *node);

/* NULL if nobody waits for it.  Cost: the keys of this shard that are waited for. */
struct wait_key *wait_find(struct shard *s, uint32_t db, uint64_t hash, struct bytes key);

static inline struct bytes wait_key_name(const struct wait_key *k)
{
    return bytes_of(k->key, k->key_size);
}

/* Keys that somebody waits for, and those whose deletion he wants to know of.  Any thread. */
struct wait_totals {
    uint64_t keys, keys_when_gone;
};
struct wait_totals wait_totals_get(const struct keyspace *ks);

/* Whoever has set ready calls this when he is done with the key. */
void wait_let_go(struct wait_key *k);

LK_END

#endif
