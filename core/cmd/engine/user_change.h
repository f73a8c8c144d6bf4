/*
 * user_change.h — new rules for users, and what follows for those who are connected.
 *
 *   put, remove … --> user_change_end: every session knows, or is killed
 *
 * The gate is closed from before the first change to behind the end, so no command runs by rules of
 * which a part is old, and none of a deleted user runs after the answer.  Killed are the sessions
 * of users that are gone, and those that hear a channel which their user may no longer hear.
 *
 * Threads  whoever has closed the gate
 */
#ifndef LK_CMD_USER_CHANGE_H
#define LK_CMD_USER_CHANGE_H

#include "core/cmd/client/acl_user.h"
#include "core/cmd/engine/engine.h"

LK_BEGIN

struct user_change {
    const struct engine *engine;
    const struct session *self; /* who asks: his connection ends behind the reply.  NULL: nobody */
    bool visit;                 /* sessions have to be looked at */
    bool killed_self;
};

/* As acl_put and acl_remove. */
void user_change_put(struct user_change *c, struct bytes name, struct acl_rules *rules);
void user_change_remove(struct user_change *c, struct acl_user *u);

/* Tells the sessions, or closes them. */
void user_change_end(struct user_change *c);

LK_END

#endif
