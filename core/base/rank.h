/*
 * rank.h — the order in which a thread takes its locks, checked in debug builds.
 *
 *   gate --> token --> shards, ascending --> channel stripes, ascending --> one leaf --> log ring
 *            \__ out of order only by trying __/
 *
 * Whoever keeps to the order can be in no circle of threads that wait for one another.  Each
 * thread notes what it holds, and taking something asks whether that may still be taken; the first
 * that may not ends the process with the rule that it broke.  Release builds note and ask nothing.
 *
 * Threads  any; each knows only its own locks
 */
#ifndef LK_BASE_RANK_H
#define LK_BASE_RANK_H

#include "core/base/attr.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

enum rank {
    RANK_GATE,        /* inside, beside others */
    RANK_GATE_CLOSED, /* alone */
    RANK_TOKEN,       /* may sleep for a shard while it holds others */
    RANK_SHARD,       /* index: the shard's */
    RANK_STRIPE,      /* of channels; index: the stripe's */
    RANK_LEAF,        /* any mutex under which no other lock is taken */
    RANK_RING,        /* a put into the log's ring, which waits for nobody */
    RANKS,
};

enum rank_how { RANK_SLEEPS, RANK_TRIES };

/* What a thread holds of one rank. */
struct rank_held {
    uint32_t count;
    uint32_t last; /* the highest index among them, or among those that were held with them */
};

struct ranks {
    struct rank_held held[RANKS];
};

/* The rule that taking it would break, by a thread that holds what r says; NULL: it may. */
const char *rank_rule(const struct ranks *r, enum rank rank, uint32_t index, enum rank_how how);

void rank_note_taken(struct ranks *r, enum rank rank, uint32_t index);
void rank_note_let_go(struct ranks *r, enum rank rank);

#ifdef LK_DEBUG
/* May the calling thread take it? */
void rank_ask(enum rank rank, uint32_t index, enum rank_how how);
/* It takes it, or lets go.  Whoever may sleep for it takes or asks before that. */
void rank_take(enum rank rank, uint32_t index, enum rank_how how);
void rank_let_go(enum rank rank);
bool rank_holds(enum rank rank); /* any of that rank */
uint32_t rank_thread(void);      /* a number of the calling thread's own; never 0 */
#else
static inline void rank_ask(enum rank rank, uint32_t index, enum rank_how how)
{
    (void)rank, (void)index, (void)how;
}
static inline void rank_take(enum rank rank, uint32_t index, enum rank_how how)
{
    (void)rank, (void)index, (void)how;
}
static inline void rank_let_go(enum rank rank)
{
    (void)rank;
}
#endif

/* --- leaves ---------------------------------------------------------------------------------- */

/* Who holds one takes no other lock, and neither waits nor writes. */
static inline void leaf_lock(pthread_mutex_t *leaf)
{
    rank_take(RANK_LEAF, 0, RANK_SLEEPS);
    pthread_mutex_lock(leaf);
}

/* False: somebody else holds it. */
static inline bool leaf_try_lock(pthread_mutex_t *leaf)
{
    rank_ask(RANK_LEAF, 0, RANK_TRIES);
    if (pthread_mutex_trylock(leaf) != 0)
        return false;
    rank_take(RANK_LEAF, 0, RANK_TRIES);
    return true;
}

static inline void leaf_unlock(pthread_mutex_t *leaf)
{
    pthread_mutex_unlock(leaf);
    rank_let_go(RANK_LEAF);
}

LK_END

#endif
