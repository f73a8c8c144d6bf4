/*
 * exec_priv.h — look-ups, expiry and slices of the running command, for exec*.c and dispatch*.c.
 *
 * Threads  the worker that runs the command, with the locks of its keys
 */
#ifndef LK_CMD_EXEC_PRIV_H
#define LK_CMD_EXEC_PRIV_H

#include "core/base/atomic.h"
#include "core/cmd/engine/dispatcher.h"

LK_BEGIN

/* --- exec.c ---------------------------------------------------------------------------------- */

/* What others want to hear, as it is now: for who began before it had the lock. */
static inline void exec_read_events(struct exec *x)
{
    x->events = load_relaxed(&x->dispatcher->engine->hooks.events);
}

/* Readies x for a command of session s. */
static inline void exec_begin(struct dispatcher *d, struct session *s, const struct command_info *c)
{
    struct exec *x = &d->call.x;
    x->cmd = c->row;
    x->container = c->parent ? c->parent->row : NULL;
    x->session = s;
    x->reply = &s->reply;
    x->db = s->db;
    x->now_ms = d->batch.now_ms;
    x->changes = 0;
    x->dispatcher = d;
    exec_read_events(x);
    x->admin = d->engine->fixed.admin;
    x->scratch = &d->scratch;
    d->scratch.size = 0;
    d->call.db_in_use = s->db;
    d->call.errors = s->reply.errors;
    d->call.mode = EFFECT_VERBATIM;
    d->call.found.at.key.data = NULL;
    d->call.key_next = 0;
}

uint64_t exec_hash(struct exec *x, struct bytes key);
/* Looks key up; an expired one is deleted first and is then not there. */
struct found *exec_locate(struct exec *x, struct bytes key);
void exec_forget(struct exec *x); /* the last look-up is stale */
void exec_changed(struct exec *x, struct shard *s, struct bytes key);
/* Drops the entry of a place, which has expired, with its DEL in the effects. */
void exec_expire_entry(struct exec *x, struct place *at);
/* Drops the entry of a place for want of memory, with its DEL or UNLINK in the effects. */
void exec_evict_entry(struct exec *x, struct place *at);
/* Drops it because its slot is another node's; who waits for the key is not told. */
void exec_drain_entry(struct exec *x, struct place *at);

/*
 * dispatch_expire_own.c, of a replica: looks at some keys of its own clients.  The call has begun,
 * no lock is held.
 */
void dispatch_expire_own(struct dispatcher *d);

/* --- exec_slice.c ---------------------------------------------------------------------------- */

void session_end_slices(struct session *s);
static inline bool session_in_turns(const struct session *s)
{
    return s->slice.count != 0 || s->slice.state != NULL;
}

/* --- exec_elements.c ------------------------------------------------------------------------- */

/*
 * Drops elements that are due from the value of a place, with a line of their own in the effects;
 * the key goes with the last of them.  True: as many as one call takes.
 */
bool exec_expire_elements(struct exec *x, struct place *at);

LK_END

#endif
