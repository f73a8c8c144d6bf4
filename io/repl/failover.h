/*
 * failover.h — FAILOVER: a primary hands its role over to a replica and loses no write.
 *
 *   NONE --FAILOVER--> WAITS     writes are held back; the stream ends at X
 *   WAITS --a replica has acknowledged X, or FORCE and the time is over--> GOES
 *                                this server follows it, and says PSYNC id X + 1 FAILOVER
 *   GOES --FULLRESYNC, CONTINUE--> NONE     it is a replica
 *   WAITS, GOES --ABORT, the time is over, a refusal--> NONE     it is a primary, as before
 *
 * Nothing is written into the stream behind X: pauses hold back commands, expiry and eviction, and
 * the log thread says neither PING nor GETACK (H16).  So a target that has X is asked for X + 1,
 * and no data are sent a second time.
 *
 * The other side, a replica that is asked to take over, is in takeover.c.
 *
 * Threads  as each call says
 */
#ifndef LK_IO_REPL_FAILOVER_H
#define LK_IO_REPL_FAILOVER_H

#include "core/cmd/engine/dispatch.h"

LK_BEGIN

struct repl;

enum failover_state { FAILOVER_NONE, FAILOVER_WAITS, FAILOVER_GOES };

struct failover_wish {
    struct bytes host; /* data NULL: to whichever replica is there first */
    int64_t port;
    int64_t timeout_ms; /* 0: none */
    bool force;         /* when the time is over go on, and do not give up */
};

/* Any thread. */
enum failover_state failover_state(const struct repl *r);
const char *failover_state_name(const struct repl *r); /* as INFO says it */

/* In the closed gate.  NULL: it has begun; else the error line. */
const char *failover_begin(struct repl *r, const struct failover_wish *wish);
/* In the closed gate: this server is a primary and goes on; nothing if there is no failover. */
void failover_abort(struct repl *r, const char *why);

/* About ten times a second, by any one thread. */
void failover_cron(struct repl *r);
/* Outside the gate, by one thread: what cron, and acknowledgements, have asked for. */
void failover_settle(struct repl *r);
/* By the link, outside the gate: what the new primary has said to PSYNC … FAILOVER. */
void failover_answered(struct engine *e, bool taken);

/* --- takeover.c: a replica is asked to become the primary ------------------------------------- */

struct exec;
struct replica;

enum takeover {
    TAKEOVER_DONE,    /* it is one, and may answer PSYNC */
    TAKEOVER_LATER,   /* the worker is told when to ask again */
    TAKEOVER_REFUSED, /* the error line is written */
};

/* PSYNC id wanted FAILOVER of a session: also when it is told to ask again.  In the gate. */
enum takeover takeover_ask(struct exec *x, struct replica *p, struct bytes id, int64_t wanted);
/* As failover_cron and failover_settle. */
void takeover_cron(struct repl *r);
void takeover_settle(struct repl *r);

LK_END

#endif
