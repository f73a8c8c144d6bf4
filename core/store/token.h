/*
 * token.h — the right to wait for shards while holding some: one has it at a time.
 *
 * It is a queue, and its head has the token.  A command that wants it parks and is told when its
 * turn comes.  Commands that come one behind the other on a worker (scripts) have one place for all
 * of them, a turn, so that the token is not handed over for each.
 *
 *   take --first--> has it ──────────────────────────────> leave --> the next one is told
 *        \--else--> queued … told --comes, takes--> has it
 *                              \--has not come yet--> turns go before it
 *
 * Who is told may be asleep, or amid a long command.  So that the token need not lie idle for as
 * long, a turn may go before one that was told and has not come.  Who has come, and found it taken,
 * is not passed again until TOKEN_WAITED_NS after it was told.
 *
 * Threads  any; a node belongs to one thread.  The lock is a leaf.
 */
#ifndef LK_STORE_TOKEN_H
#define LK_STORE_TOKEN_H

#include "core/base/atomic.h"
#include "core/base/attr.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

enum {
    TOKEN_TURN_NS = 50000,    /* for so long a turn goes on though others want the token */
    TOKEN_WAITED_NS = 200000, /* so long the next one, who has come before, has to take it */
    TOKEN_SPIN_NS = 10000,    /* so long it waits awake for the end of a turn that is over */
};

struct token_node {
    struct token_node *next;
    uint32_t worker;
    bool queued; /* its thread's alone, as the others are the lock's */
    bool told;   /* that it is its turn, and has not come since */
    bool came;   /* and found that somebody had gone before it */
};

struct token {
    pthread_mutex_t lock;
    struct token_node *head, *tail; /* head: __atomic */
    bool taken;                     /* the head has come for it */
    const struct token_node *last;  /* who had it last; it may be gone */
    uint64_t since;                 /* ticks: when that began */
    uint64_t told_at;               /* ticks: when the head was told */
    uint32_t urged;                 /* __atomic: somebody has come for it since it was taken */
};

void token_init(struct token *t);
void token_release(struct token *t);
/* Queues if it is not queued; true if the node now holds the token. */
bool token_take(struct token *t, struct token_node *node, uint32_t worker);
/* Leaves the queue, from anywhere in it; returns the mask of the worker to tell, or 0. */
uint64_t token_leave(struct token *t, struct token_node *node);

/* --- turns ----------------------------------------------------------------------------------- */

enum token_answer {
    TOKEN_MINE,
    TOKEN_TAKEN, /* its worker will be told */
    TOKEN_KEPT, /* likewise; nobody has it now, and the one it is kept for may be long: ask again */
};
/*
 * As token_take; it may go before others that have been told, and waits awake, for a moment, for
 * the end of a turn that is over.  Once it leaves, who waited for that turn beside it is its
 * worker's to remember.
 */
enum token_answer token_take_turn(struct token *t, struct token_node *node, uint32_t worker);
/* Of the one that has the token: has it had its turn, and does somebody wait? */
bool token_turn_is_over(const struct token *t);
/* Is it the head?  Of a queued node, by its thread. */
static inline bool token_is_at(const struct token *t, const struct token_node *node)
{
    return load_acquire(&t->head) == node;
}

LK_END

#endif
