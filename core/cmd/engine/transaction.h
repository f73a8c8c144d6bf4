/*
 * transaction.h — MULTI, EXEC and WATCH: the queue, its locks, and what it watches.
 *
 * Threads  the session's worker
 */
#ifndef LK_CMD_TRANSACTION_H
#define LK_CMD_TRANSACTION_H

#include "core/cmd/engine/dispatcher.h"

LK_BEGIN

/* --- transaction.c --------------------------------------------------------------------------- */

struct multi_state;
void multi_free(struct multi_state *m);
/* Queues a command between MULTI and EXEC. */
void multi_queue(struct session *s, const struct command_info *c, const struct args *a);
/* The flags of all queued commands together. */
uint32_t multi_flags(const struct session *s);
uint32_t multi_checks(const struct session *s); /* likewise: enum command_check */
/* Makes d->held.set what EXEC must hold: the keys of queued commands and of watches. */
void multi_lock_set(struct dispatcher *d, struct session *s);
/* Calls each for the queued commands, in order. */
void multi_each(struct session *s,
                void (*each)(void *ctx, const struct command_info *c, const struct args *a),
                void *ctx);
/* Ends the transaction's queue; watches stay. */
void multi_discard(struct session *s);

/* The row's flags; those of EXEC with the flags of all that it will run. */
uint32_t dispatch_flags(const struct session *s, const struct command_info *c);

command_run transaction_exec; /* EXEC: dispatch gives it the locks of all it will run */

/* --- watches.c ------------------------------------------------------------------------------- */

/* Watches nothing any more, holding no lock; nodes on busy shards follow later. */
void session_unwatch(struct dispatcher *d, struct session *s);
void watches_tidy(struct dispatcher *d); /* tries those in d->left again */
/* Adds what EXEC must hold for its watches to d->held.set. */
void watches_lock_set(struct dispatcher *d, const struct session *s);
/* Has anything changed?  Drops all of them; every watched shard is locked, or nobody runs. */
bool watches_end(struct exec *x);
command_run watch_run, unwatch_run;

LK_END

#endif
