/*
 * exec_script.h — what the handler of a script asks of the engine.
 *
 * A script runs commands of which its own words tell little.  The shards of the keys that it names
 * are held when its handler begins; those of other keys are locked when a command of it names them.
 *
 *   exec_script_begin ─ exec_script_call ─ exec_script_call ─ … ─ exec_script_end
 *
 * A script that may wait for a lock holds the token (core/store/lock_set.h).  One without it that
 * cannot have a lock at once is unwound and run again with the token, as if it had never begun; so
 * it can only if it has written nothing yet.
 *
 * Threads  the worker that runs the script
 */
#ifndef LK_CMD_EXEC_SCRIPT_H
#define LK_CMD_EXEC_SCRIPT_H

#include "core/cmd/command/command_index.h"
#include "core/cmd/engine/exec.h"

LK_BEGIN

/* Which shards a call touches, beside those of the keys that it names. */
enum script_reach {
    REACH_DECLARED, /* none */
    REACH_EARLY,    /* others too, but once it has written only those that it has */
    REACH_ANY,
};

/* What dispatch asks of whoever runs scripts. */
struct script_calls {
    /* As far as is known.  REACH_ANY takes the token before it begins. */
    enum script_reach (*reach)(struct dispatcher *d, const struct command_info *c,
                               const struct args *a);
    /*
     * What is asked before it may run (enum command_check), by what the script says of itself.  Of
     * a call whose arity is right; also amid another script.
     */
    uint32_t (*checks)(struct dispatcher *d, const struct command_info *c, const struct args *a);
    /* The script waits for a lock, which may be for long.  False: it is to end. */
    bool (*look)(void *who);
    /* The dispatcher ends: frees what exec_script_vm has kept; never called with NULL. */
    void (*free_vm)(void *vm);
};

/* A word of the dispatcher for whoever runs scripts; NULL at first. */
void **exec_script_vm(struct dispatcher *d);

/*
 * The session that a script's commands run on: it has the caller's user, database and age of
 * protocol 2, and a reply of its own.  Valid until exec_script_end.  who: for script_calls.look.
 */
struct session *exec_script_begin(struct exec *x, void *who);
void exec_script_end(struct exec *x);

/*
 * Runs a command of the script under its locks; what it says is in the stand-in's reply.  False: it
 * touched a shard that cannot be had.  Then the handler returns RUN_STRAYED at once, and nothing
 * that it did remains.  to: enum log_to, who of those that read the log is told what it changes.
 */
bool exec_script_call(struct exec *x, const struct command_info *c, const struct args *a,
                      uint32_t to);

/*
 * May the caller's user not make this call?  It is counted and logged then, and the line, which
 * begins with '-', is in error, which may be NULL.
 */
bool exec_script_denied(struct exec *x, const struct command_info *c, const struct args *a,
                        struct buf *error);
/*
 * In a cluster: why a command's keys are none for this node's script, or, if it has to keep to one
 * slot, none for that; NULL: they are.  Before exec_script_call.
 */
const char *exec_script_slot_fault(struct exec *x, const struct command_info *c,
                                   const struct args *a, bool one_slot);
bool exec_script_in_cluster(const struct exec *x);
/* The script names this key: where it has to keep to one slot, it is this one's. */
void exec_script_name_slot(struct exec *x, struct bytes key);
/* A replica without its master, which is not to serve what may be out of date? */
bool exec_script_is_stale(const struct exec *x);
/* May it wait for locks, and use what only one script at a time uses? */
bool exec_script_may_wait(const struct exec *x);
/*
 * Two scripts have written and wait for one another: this one is to end with an error, and what it
 * has done stays.  Behind exec_script_call that was false.
 */
bool exec_script_gave_way(const struct exec *x);
/* What it has begun cannot be begun anew, though it has written nothing; it holds the token. */
void exec_script_stay(struct exec *x);
/* It has run for long, and should not begin anew if that can be helped. */
void exec_script_set_long(struct exec *x, bool is_long);
/* Which shards has it touched so far? */
enum script_reach exec_script_reached(const struct exec *x);
/* The wall clock in us; it stands still while a script runs, from the first time that it asks. */
int64_t exec_clock_us(struct exec *x);
/* Was memory over its limit when the script began? */
bool exec_script_is_over_limit(const struct exec *x);
/*
 * A call that was not made is counted, and the line that says why; c is NULL if it is unknown.  And
 * a script that answers with an error that has been counted where it was made has failed.
 */
void exec_script_note_refused(struct exec *x, const struct command_info *c, struct bytes line);
void exec_script_note_failed(struct exec *x, const struct args *a);
/* Why may no command write, as an error line; NULL: it may. */
const char *exec_script_write_fault(const struct exec *x);

/* --- scripts that are long (dispatch_pass.c) ------------------------------------------------- */

/* For how long it has run, and after which time a script is long (0: never), in ms. */
int64_t exec_script_age_ms(const struct exec *x);
int64_t exec_script_patience_ms(const struct exec *x);
/* Whose script it is: clients', or what a master or a file has sent. */
bool exec_script_is_clients(const struct exec *x);
bool exec_script_is_loaded(const struct exec *x);
/* Is the server about to end? */
bool exec_script_must_end(const struct exec *x);
uint64_t exec_script_age_ticks(const struct exec *x);
/*
 * Between two commands of the script, on its worker: others of the worker's connections are seen to
 * for a moment, and the batch ends with the running command.
 */
void exec_script_pass(struct exec *x);
/* The server ends amid a script that has written: nobody is told of it, and nothing is saved. */
void exec_script_break(struct exec *x);
struct engine *exec_script_engine(const struct exec *x);

/* Shows a script's own call to monitors: before its commands, as clients expect. */
void exec_script_show(struct exec *x, const struct args *a);

const struct command_info *exec_find_command(const struct exec *x, const struct args *a);
uint32_t exec_worker(const struct exec *x);

LK_END

#endif
