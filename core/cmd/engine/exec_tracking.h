/*
 * exec_tracking.h — a client that wants to hear of keys that change (CLIENT TRACKING).
 *
 *   off --on--> by what it reads (all of it; or with OPTIN, OPTOUT and CACHING some)   --off-->
 *       \-----> by the beginnings of keys (BCAST)
 *
 * Who it is to the keys that it has read stays the same from the first time until it goes.
 *
 * Threads  the worker that runs the session's command
 */
#ifndef LK_CMD_EXEC_TRACKING_H
#define LK_CMD_EXEC_TRACKING_H

#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/push.h"

LK_BEGIN

/* Of a session that has had tracking on. */
struct client_tracking {
    uint64_t redirect;      /* id of the client that hears for it; 0: itself */
    struct bytes *prefixes; /* owned, sorted */
    uint32_t count, capacity;
};

struct tracking_wish {
    uint32_t flags;       /* SESSION_TRACKING_BCAST, _OPTIN, _OPTOUT, _NOLOOP */
    uint64_t redirect;    /* 0: none */
    uint32_t redirect_to; /* the worker of that client */
    const struct bytes *prefixes;
    uint32_t count; /* of prefixes; 0 with BCAST: of all keys */
};

/* May be on already, in the same mode; prefixes are added to those that it has. */
void exec_tracking_on(struct exec *x, const struct tracking_wish *wish);
void exec_tracking_off(struct exec *x);

/* The session speaks another version now. */
void exec_tracking_note_version(struct exec *x);

/* Totals of the server; NULL without messages. */
const struct tracking *exec_tracking(const struct exec *x);

LK_END

#endif
