/*
 * script_busy.h — scripts that have become long, and what others may do about them.
 *
 *   runs ──busy-reply-threshold──> long: others are answered -BUSY ──> its end
 *                                   │ SCRIPT KILL, FUNCTION KILL: if it has not written
 *                                   └> killed, unwinds
 *
 * A script that writes and one that is killed exclude one another: whichever comes first changes
 * the state, and the other sees it.
 *
 * Threads  begin, end and write: the script's own; the others any.  The hub's lock is a leaf.
 */
#ifndef LK_CMD_SCRIPT_BUSY_H
#define LK_CMD_SCRIPT_BUSY_H

#include "core/cmd/script/script_priv.h"

LK_BEGIN

enum busy_state { BUSY_RUNS, BUSY_WROTE, BUSY_KILLED };

struct busy_script {
    struct busy_script *next;
    uint32_t state;   /* __atomic: enum busy_state */
    bool function;    /* of a library; else EVAL */
    bool from_master; /* nobody may kill it */
    char *name;
    struct buf words; /* of its command: a reply's array */
    int64_t begun_ns;
};

/* The running script is long from now on: it is logged, others are refused. */
void busy_script_begin(struct vm *vm);
void busy_script_end(struct vm *vm);

/* A command that writes is about to run.  False: it has been killed. */
bool busy_script_write(struct busy_script *b);
bool busy_script_is_killed(const struct busy_script *b);

/* SCRIPT KILL, or FUNCTION KILL. */
enum outcome busy_script_kill(struct script_hub *h, struct exec *x, bool functions);

/*
 * Begins the answer to FUNCTION STATS: the map's head, and what runs.  False: a script runs that is
 * no function, and the answer says so.
 */
bool busy_script_show(struct script_hub *h, struct exec *x);

LK_END

#endif
