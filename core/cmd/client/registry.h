/*
 * registry.h — the sessions of all workers.
 *
 * CLIENT LIST and CLIENT KILL look at sessions of other workers.  A session is in one of
 * REGISTRY_STRIPES lists, chosen by its id, each with a lock of its own: an id is found under one
 * lock, and a walk over all of them holds each only for its share.
 *
 *   id % 64:   0: 64 - 128 - 192     1: 1 - 65 - 129     …     63: 63 - 127
 *
 * Killing is a flag that the owner tests before each command, and a wake, so that it also looks
 * when nothing arrives.
 *
 * Threads  any.  While a visit runs the session cannot go away; its names may be read, and fields
 *          that its owner stores atomically.  The stripes' locks are leaves.
 * Memory   the registry owns no session; one is removed before it is released
 */
#ifndef LK_CMD_REGISTRY_H
#define LK_CMD_REGISTRY_H

#include "core/cmd/client/session.h"

LK_BEGIN

enum { REGISTRY_STRIPES = 64 };

struct registry;

/* wake makes a worker look at kill and unblock of its sessions; it must not call the registry. */
struct registry *registry_new(uint32_t workers, void (*wake)(void *ctx, uint32_t worker),
                              void *ctx);
void registry_free(struct registry *r); /* no session is left in it */

/* The id is set and unique. */
void registry_add(struct registry *r, struct session *s);
void registry_remove(struct registry *r, struct session *s);
uint64_t registry_count(const struct registry *r);

/* A visit returns false to end the walk.  Sessions come in no particular order. */
typedef bool registry_visit(void *ctx, struct session *s);

/* Calls visit for every session, under its stripe's lock.  r may be NULL: there are none. */
void registry_each(struct registry *r, registry_visit *visit, void *ctx);
/* Calls visit for the session with that id; false if there is none. */
bool registry_find(struct registry *r, uint64_t id, registry_visit *visit, void *ctx);

/*
 * Replaces a text in s->registry; an empty one goes away.  By the owner of s; r may be NULL, then
 * nobody else looks.
 */
void registry_set_text(struct registry *r, struct session *s, char **field, struct bytes text);

/*
 * Who the session works for from now on; NULL: asked nothing.  Takes no reference of the caller's.
 * By the owner of s, inside the gate; r may be NULL.
 */
void registry_set_user(struct registry *r, struct session *s, struct acl_user *user);

/* Inside a visit: the owner closes the session soon, and runs no further command of it. */
void registry_kill(struct registry *r, struct session *s);
/*
 * Inside a visit: false if the session is not blocked, was told already, or waits for an answer
 * that will come: such a wait ends otherwise by UNBLOCK_ROLE only, which ends the connection, too.
 * So no answer can meet a later wait of its session.
 */
bool registry_unblock(struct registry *r, struct session *s, enum session_unblock how);
/* Makes every worker look, for what is neither: the end of a pause. */
void registry_wake_all(struct registry *r);

LK_END

#endif
