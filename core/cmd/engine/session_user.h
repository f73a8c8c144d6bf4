/*
 * session_user.h — for whom a session works.
 *
 * Threads  the worker that owns the session
 */
#ifndef LK_CMD_SESSION_USER_H
#define LK_CMD_SESSION_USER_H

#include "core/cmd/client/acl_log.h"
#include "core/cmd/engine/dispatch.h"

LK_BEGIN

/*
 * A session that has just begun, or was RESET, is the default user's, and needs AUTH unless he is
 * on and has no password.  The session is in the registry.
 */
void session_begin_user(const struct engine *e, struct session *s);

/*
 * The session is that user's from now on, as if he had given his password; false, and nothing is
 * changed: there is none of that name who is on.  Inside the gate.
 */
bool session_take_user(const struct engine *e, struct session *s, struct bytes name);

/*
 * Counts and logs that something was refused: what, object says, and user to whom.  The engine has
 * users.  Inside the gate.
 */
void session_note_denied(struct dispatcher *d, const struct session *s, enum acl_denial denial,
                         enum acl_context context, struct bytes object, struct bytes user);

LK_END

#endif
