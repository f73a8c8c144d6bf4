/*
 * dispatch_lock.h — the shards and the token that a command needs, taken, kept and given back.
 *
 * Threads  the dispatcher's worker, in the gate
 */
#ifndef LK_CMD_DISPATCH_LOCK_H
#define LK_CMD_DISPATCH_LOCK_H

#include "core/cmd/engine/dispatcher.h"

LK_BEGIN

/* --- dispatch_lock.c ------------------------------------------------------------------------- */

/* Hashes the keys of a command into d->keys.v. LK_ESYNTAX if they cannot be found. */
int dispatch_hash_keys(struct dispatcher *d, const struct command_info *c, const struct args *a);
/* Must every shard be held for this call? */
static inline bool dispatch_wants_all(const struct command_info *c, const struct args *a)
{
    return c->flags & CMD_ALL_SHARDS || (c->row->looks_up && c->row->looks_up(a));
}
/* With the token, waits for the held set; false: the token will come. */
bool dispatch_wait_with_token(struct dispatcher *d, struct session *s);

/* --- dispatch_turn.c ------------------------------------------------------------------------- */

/* A script needs the token.  False: the session is to be parked, and this worker will be told. */
bool dispatch_turn_begin(struct dispatcher *d);
/* Likewise, for a running script that waits anyhow: it asks as often as it likes. */
bool dispatch_turn_try(struct dispatcher *d);
/* It has ended, and never had it: nobody else waits with its place. */
void dispatch_turn_drop(struct dispatcher *d);
/* What comes next is no script. */
void dispatch_turn_end(struct dispatcher *d);
/* The gate has been entered, or is to be left: of a node that is queued. */
void dispatch_turn_enter(struct dispatcher *d);
void dispatch_turn_leave(struct dispatcher *d);
/* Nobody waits for it any more: of a service, or at the end. */
void dispatch_turn_give_up(struct dispatcher *d);

/* For so many commands a shard is kept; only a benchmark changes it. */
extern uint32_t dispatch_keep_commands;
/* Locks the one shard, keeping the one that is held if it is the same. */
bool dispatch_lock_one_slow(struct dispatcher *d, struct session *s, struct shard *shard);
static inline void dispatch_unlock_one(struct dispatcher *d)
{
    if (d->batch.kept)
        shard_unlock(d->batch.kept);
    d->batch.kept = NULL;
}
static inline bool dispatch_lock_one(struct dispatcher *d, struct session *s, struct shard *shard)
{
    LK_DEBUG_ASSERT(rank_holds(RANK_GATE) || d->held.exclusive);
    if (d->batch.kept == shard && ++d->batch.kept_commands < dispatch_keep_commands)
        return true;
    dispatch_unlock_one(d);
    if (LK_UNLIKELY(!shard_try_lock(shard)))
        return dispatch_lock_one_slow(d, s, shard);
    d->batch.kept = shard;
    d->batch.kept_commands = 0;
    return true;
}
void dispatch_reserve_refs(struct dispatcher *d, uint32_t n);
void dispatch_reserve_keys(struct dispatcher *d, uint32_t n);
/* Locks d->held.set for a session; false: parked. */
bool dispatch_lock_set(struct dispatcher *d, struct session *s);
void dispatch_unlock_set(struct dispatcher *d, struct session *s);
/*
 * For shard-by-shard walks: locks and unlocks unless the command holds all anyway.  False: it is
 * busy, and its next unlock tells this worker to retry.
 */
bool dispatch_visit_try(struct dispatcher *d, struct shard *s);
void dispatch_visit_unlock(struct dispatcher *d, struct shard *s);
/* Takes off their lists what the owner could not: at the begin of each batch. */
static inline bool dispatch_is_tidy(const struct dispatcher *d)
{
    return !d->left.waiters && !d->left.watches;
}
void dispatch_tidy(struct dispatcher *d);

LK_END

#endif
