/*
 * dispatch_wait.h — keys that somebody waits for, and the serving of who waits.
 *
 * Threads  the worker that wrote them, under the locks of its command
 */
#ifndef LK_CMD_DISPATCH_WAIT_H
#define LK_CMD_DISPATCH_WAIT_H

#include "core/cmd/engine/dispatcher.h"

LK_BEGIN

/* --- dispatch_ready.c ------------------------------------------------------------------------ */

/* A key was written or deleted: if somebody waits for it, he will be served. */
void dispatch_note_ready_slow(struct dispatcher *d, struct shard *s, uint32_t db, uint64_t hash,
                              struct bytes key);
static inline void dispatch_note_ready(struct dispatcher *d, struct shard *s, uint32_t db,
                                       uint64_t hash, struct bytes key)
{
    if (LK_UNLIKELY(s->waiting != 0))
        dispatch_note_ready_slow(d, s, db, hash, key);
}
/* The same for all keys of a database in this shard that somebody waits for. */
void dispatch_note_db_ready(struct dispatcher *d, struct shard *s, uint32_t db);

/* --- dispatch_serve.c ------------------------------------------------------------------------ */

/* Serves who waits for the noted keys, still under the locks of the command that wrote them. */
void dispatch_serve(struct dispatcher *d);
void waiter_tidy(struct dispatcher *d); /* tries those in d->left again */
/* The connection is gone: nobody waits any more. */
void waiter_forget(struct dispatcher *d, struct session *s);
/* Sends the served to their owners; what serving them has logged has its ticket. */
void dispatch_send_served(struct dispatcher *d);

/*
 * The set has every shard that serving waiters of its shards can need; else those that are missing
 * are added, and false is returned.  The set is locked before, and unlocked if it is false.
 */
bool dispatch_closed_for_waiters(struct dispatcher *d);

/* Those that are missing for it, at most DISPATCH_MISSING_MAX of them at a time; how many. */
enum { DISPATCH_MISSING_MAX = 64 };
uint32_t dispatch_missing_for_waiters(struct dispatcher *d, uint32_t *shards);

/* dispatch_lock_waiters.c: locks d->held.set with those shards; false: parked. */
bool dispatch_lock_for_waiters(struct dispatcher *d, struct pending *p);

LK_END

#endif
