/*
 * unit.h — what a command and all it runs commit at once: effects, messages, invalidations.
 *
 * Threads  the unit's worker, under the unit's locks
 */
#ifndef LK_CMD_UNIT_H
#define LK_CMD_UNIT_H

#include "core/base/atomic.h"
#include "core/cmd/engine/dispatcher.h"

LK_BEGIN

/* --- effects.c ------------------------------------------------------------------------------- */

/* Adds a command to what the unit logs.  Somebody reads the log. */
void effects_add(struct unit *u, uint32_t db, const struct bytes *argv, uint32_t n);
/* Adds one that the replicas alone are told. They read the log. */
void effects_add_to_replicas(struct unit *u, uint32_t db, const struct bytes *argv, uint32_t n);
/*
 * Puts what was added, at least one command, into one slot of the log, or two where the replicas
 * are told more than the file; returns the last ticket.  to: who reads the log.
 */
uint64_t effects_put(struct effects *e, struct log_ring *log, uint32_t to);

/* --- unit.c ---------------------------------------------------------------------------------- */

void unit_commit(struct dispatcher *d, struct session *s, struct shard *only);
void unit_rest_on_set(struct dispatcher *d, struct session *s);
/* Nobody is told what the unit has done, nor what else is done before the gate is entered again. */
void unit_abandon(struct dispatcher *d);
void unit_release(struct unit *u, struct log_ring *log);
/* Puts unit.raw, whose stream stands in db behind it. */
void unit_put_raw(struct dispatcher *d, uint32_t db);

/* unit_message.c: as publication_add, for the running unit; last: as publication_add_last. */
uint64_t unit_add_message(struct dispatcher *d, enum message_kind kind, struct bytes channel,
                          struct bytes payload, bool last);

/* What the session is told shows what these shards hold. */
static inline void unit_rest(struct dispatcher *d, struct session *s, const struct shard *only)
{
    if (!d->batch.logging)
        return;
    if (!only)
        unit_rest_on_set(d, s);
    else if (only->ticket > s->ticket)
        s->ticket = only->ticket;
}

/*
 * Ends a unit of session s: commits what it has to, under its locks, which are those of one shard,
 * or of the held set if only is NULL.  What the session is told shows what these shards hold, so it
 * waits for their last change to be durable (P4).
 */
static inline void unit_end(struct dispatcher *d, struct session *s, struct shard *only)
{
    if (d->unit.work)
        unit_commit(d, s, only);
    unit_rest(d, s, only);
}

/* --- dispatch_push.c ------------------------------------------------------------------------- */

void aside_begin(struct dispatcher *d);
void aside_take(struct dispatcher *d); /* under the command's locks */
/* Delivers what was taken, and puts the reply, which begins at the place, behind it. */
void aside_end(struct dispatcher *d, struct session *s, struct reply_place *reply);

/* May keys go, with what is told of that?  For who cannot be parked: one load. */
static inline bool dispatch_push_has_room(const struct dispatcher *d)
{
    return !d->push || load_relaxed(&d->push->full) == 0;
}

/* --- unit_invalidation.c --------------------------------------------------------------------- */

/* The key has changed, by whom (0: by the server): those who have read it will hear of it. */
void unit_invalidate(struct dispatcher *d, struct shard *s, uint64_t hash, struct bytes key,
                     uint64_t by);
/* All keys are gone, under the locks of all shards. */
void unit_invalidate_all(struct dispatcher *d);
/* How many more keys are remembered than tracking-table-max-keys allows. */
uint64_t dispatch_keys_over(const struct dispatcher *d);
/* Forgets some key of the shard, but not this one; false if there is none. */
bool unit_forget_any(struct dispatcher *d, struct shard *s, struct bytes but);
/* A message of the kinds MESSAGE_INVALIDATE and MESSAGE_UNTOLD. */
void invalidation_deliver(struct dispatcher *d, struct message *m);

/* --- broadcast.c ----------------------------------------------------------------------------- */

/* The key has changed: clients with such a prefix hear of it when the loop ends. */
void broadcast_note(struct dispatcher *d, uint64_t hash, struct bytes key, uint64_t by);
void broadcast_release(struct dispatcher *d);
void dispatch_broadcast(struct dispatcher *d);

/* --- dispatch_tracking.c --------------------------------------------------------------------- */

/* There are too many keys: some go at once, and this worker's sessions hear of it now. */
void dispatch_forget_some(struct dispatcher *d);

/* --- dispatch_remember.c --------------------------------------------------------------------- */

/* Remembers what the session's command has read, under its locks.  The session tracks. */
void dispatch_remember(struct dispatcher *d, struct session *s, const struct command_info *c,
                       const struct args *a);
/* exec_tracking.c: the session is about to go. */
void session_forget_tracking(struct dispatcher *d, struct session *s);

LK_END

#endif
