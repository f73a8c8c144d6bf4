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
 * A wait of several keys has a node in several shards, so its state says whose it is:
 *
 *              +--> SERVED        by the writer who claimed it and had something for it
 *   WAITS <--> CLAIMED            by a writer, for no longer than one command
 *     |        +--> LEFT ---> SERVED, or ENDED by that writer: its client has gone meanwhile
 *     +------> ENDED              by its owner: time, CLIENT UNBLOCK, the end of the connection
 *
 * Nobody sleeps to end a wait: a node whose shard is busy stays in its list, skipped by everybody,
 * until its owner's next try or until a writer who meets it takes it off.  The object a node lies
 * in lives until all its nodes are off.
 *
 * Threads  lists under the shard's lock; the state by any thread that may reach the wait
 */
#ifndef LK_STORE_WAIT_H
#define LK_STORE_WAIT_H

#include "core/base/atomic.h"
#include "core/store/client_cell.h"
#include "core/store/keyspace.h"

LK_BEGIN

enum wait_state { WAIT_WAITS, WAIT_CLAIMED, WAIT_LEFT, WAIT_SERVED, WAIT_ENDED };

/* A blocked command, as lists on shards see it; the rest of it is core/cmd/engine/waiter.h. */
struct wait {
    uint32_t state; /* __atomic: enum wait_state */
    struct client_cell *client;
};
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
    struct wait *wait;
    uint64_t hash;        /* of the key, also when it is in no list any more */
    struct shard *target; /* whose lock a run of the waiter's command needs beside it, or NULL */
    bool when_gone;
};

/* Puts the node behind all that wait for the key.  wait, target and when_gone are set. */
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

/* --- whose it is ----------------------------------------------------------------------------- */

/*
 * For a writer who holds the lock of one of its nodes.  Waits while another writer has it, which is
 * for no longer than one command of this wait; false: it is over.
 */
bool wait_claim(struct wait *w);
/* Behind wait_claim: its client was killed, or its wait called off, and that has been answered. */
static inline bool wait_is_called_off(const struct wait *w)
{
    return client_cell_is_called_off(w->client);
}
/*
 * Ends the claim.  True: it is over, and the caller sends it to its owner, whose it is: it was
 * served, or its client has gone.  False: it waits on.
 */
bool wait_release(struct wait *w, bool served);
/* No list has any more use for it. */
static inline bool wait_is_over(const struct wait *w)
{
    return load_acquire(&w->state) >= WAIT_SERVED;
}

enum wait_end {
    WAIT_END_DONE,   /* nobody can claim it any more */
    WAIT_END_LATER,  /* a writer has it just now: ask again in the next loop */
    WAIT_END_SERVED, /* it was served, and comes back by itself */
    WAIT_END_STAYS,  /* what was asked for is no reason to end it */
};
/* For the owner: the client goes on, or wants to. */
enum wait_end wait_end(struct wait *w);
/* For the owner: the client goes.  False: a writer has it, or had it, and sends it home. */
bool wait_leave(struct wait *w);

LK_END

#endif
