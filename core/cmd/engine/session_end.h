/*
 * session_end.h — the end of a session, and RESET.
 *
 * A session stands below the engine, but what it may leave behind does not: watches in shards, a
 * queue of commands, a long command that is half done.
 *
 * Threads  the worker that owns the session; it holds no shard lock
 */
#ifndef LK_CMD_SESSION_END_H
#define LK_CMD_SESSION_END_H

#include "core/cmd/client/session.h"

LK_BEGIN

struct dispatcher;

/*
 * Frees all that the session has.  It must wait for no key, watch none and not queue for the token:
 * see dispatch_forget.
 */
void session_release(struct session *s);

/* Back to a fresh session of the default user, as RESET does: no transaction, no watches, RESP2. */
void session_reset(struct dispatcher *d, struct session *s);

/* Has a watched key changed?  Any thread inside the gate, for a session that cannot go away. */
bool session_watch_is_dirty(const struct session *s);

LK_END

#endif
