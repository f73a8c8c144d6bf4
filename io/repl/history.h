/*
 * history.h — the history of this server's stream, read and changed.
 *
 * There is one, and the log thread has it: what changes it is a marker in the log, put in the
 * closed gate, so every byte of the stream belongs to exactly one history (H1).  What PSYNC, ACKs,
 * WAIT and INFO compare with is the copy that the log thread publishes when it comes to the marker.
 *
 *   closed gate: history_change --LOG_HISTORY--> log thread: the backlog's history, offset and
 * bytes
 *
 * Threads  history_now and history_end: any; history_change: whoever holds the gate closed;
 *          history_wait: outside the gate
 */
#ifndef LK_IO_REPL_HISTORY_H
#define LK_IO_REPL_HISTORY_H

#include "persist/repl/repl_state.h"

LK_BEGIN

struct repl;

enum history_step {
    HISTORY_PROMOTE,  /* goes on under a new id behind the last byte; the old one is the second */
    HISTORY_CONTINUE, /* +CONTINUE with another id: that takes the place of the new one */
    HISTORY_ADOPT,  /* a full sync was loaded: id, end and database are its; the backlog is empty */
    HISTORY_FOLLOW, /* becomes a replica: the stream goes on as it is, from its upstream's bytes */
    HISTORY_FORGET, /* there is no backlog any more: a new id, and no stream until one is wanted */
};

struct history_change {
    enum history_step step;
    char id[REPL_ID_CHARS + 1]; /* CONTINUE, ADOPT */
    int64_t end;                /* ADOPT */
    /*
     * The database in which the stream stands: of ADOPT, CONTINUE and FOLLOW that of the upstream's
     * stream, LOG_NO_DB if it is not known; else LOG_NO_DB, and the stream begins with a SELECT.
     */
    uint32_t db;
};

/* What the log thread has published: the history, and the end of the stream in it. */
int64_t history_now(struct repl *r, struct history *out); /* returns the end */
int64_t history_end(struct repl *r);

/*
 * In the closed gate.  Makes a backlog if there is none (but FORGET), and turns the stream on: from
 * here on the log has tickets.  All replicas of ours are dropped (H18); those that are
 * online are sent what stands before the marker first, where its bytes stay (PROMOTE, CONTINUE,
 * FOLLOW).  Returns the marker's ticket.
 */
uint64_t history_change(struct repl *r, const struct history_change *change);

/*
 * Has the log thread come to the last marker, and to all that was written when this was first
 * asked? Until then what history_now says may be over, and the backlog hold what it soon will not:
 * no replica is to be promised anything.  behind: 0 at first, then the asker's to keep.  False:
 * that worker is told to retry when the log thread has come further.  In the gate.
 */
bool history_is_told(struct repl *r, uint64_t *behind, uint32_t worker);

/* Until the log thread has come to that ticket; then history_now shows it.  Outside the gate. */
void history_wait(struct repl *r, uint64_t ticket);

LK_END

#endif
