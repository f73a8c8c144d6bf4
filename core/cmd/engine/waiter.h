/*
 * waiter.h — a command that waits for keys, from when it blocks until its client goes on.
 *
 *   exec_wait    copies the command and puts a node into the list of each of its keys
 *   writer       under his locks: claims the wait, runs its command in its place, and sends it to
 *                its owner, who finds the reply in it
 *   owner        ends it, unless a writer has it; then its client goes on, at once
 *
 * Two writers of two of its keys may want it at once: the state of `wait` says who has it.  The
 * owner takes its nodes out of all lists, each under its shard's lock if that is free; a waiter
 * with nodes in busy shards is kept by the dispatcher, which tries again (dispatch_tidy).
 *
 * Threads  a writer owns it while it is claimed; session is the owner worker's, and nobody else
 *          looks at it; the rest is fixed
 */
#ifndef LK_CMD_WAITER_H
#define LK_CMD_WAITER_H

#include "core/base/inbox.h"
#include "core/cmd/engine/dispatch.h"
#include "core/store/wait.h"

LK_BEGIN

struct waiter {
    struct inbox_node message; /* first: how it comes back to its owner */
    struct wait wait;          /* whose it is, and whose client's */
    struct session *session;   /* NULL: its client goes on, or its connection has gone */
    struct waiter *next_left;  /* among those that the owner could not take off all lists */
    const struct command_info *cmd;
    struct args args; /* a copy, in one block */
    size_t args_bytes;
    struct session stand_in; /* database, protocol and reply of the session, for who serves it */
    uint64_t ticket;         /* of what serving it has logged */
    unsigned type;
    int64_t deadline_ms; /* 0: none */
    bool null_array;
    bool hushed; /* CLIENT REPLY: nobody wants to hear the answer */
    uint32_t count;
    struct wait_node nodes[]; /* one a key */
};

/* --- for a worker ---------------------------------------------------------------------------- */

/* When the session's wait ends by itself; 0: never.  The session is blocked. */
int64_t waiter_deadline(const struct session *s);

/* Whose waiter came back served; NULL if the connection has gone. */
static inline struct session *waiter_session(const struct inbox_node *message)
{
    return ((const struct waiter *)message)->session;
}

/*
 * A waiter has come back served: its session has its reply and goes on.  Frees the waiter.  Inside
 * dispatch_enter and _leave.
 */
void waiter_finish(struct dispatcher *d, struct inbox_node *message);

/*
 * Ends the wait of a session that waits for no key (exec_wait with a count of 0) by this answer, a
 * whole reply.  False: it does not wait so any more.
 */
bool waiter_answer(struct dispatcher *d, struct session *s, struct bytes reply);

/* Ends a wait for another reason.  Unless that is done, the session is still blocked. */
enum wait_end waiter_end(struct dispatcher *d, struct session *s, enum session_unblock how);

static inline struct waiter *waiter_of_wait(struct wait *w)
{
    return (struct waiter *)(void *)((char *)w - offsetof(struct waiter, wait));
}

LK_END

#endif
