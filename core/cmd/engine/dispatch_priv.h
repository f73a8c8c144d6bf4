/*
 * dispatch_priv.h — a batch from preparing it to its end: the steps that the files of the
 * dispatcher share.
 *
 * Threads  the dispatcher's worker
 */
#ifndef LK_CMD_DISPATCH_PRIV_H
#define LK_CMD_DISPATCH_PRIV_H

#include "core/base/atomic.h"
#include "core/cmd/client/latency.h"
#include "core/cmd/engine/dispatcher.h"

LK_BEGIN

/* --- dispatch.c ------------------------------------------------------------------------------ */

/* Rows, hashes, prefetches for a batch. */
void dispatch_prepare(struct dispatcher *d, struct pending *p, uint32_t n);
/* One of them; d->batch.kept may hold its shard's lock behind it. */
void dispatch_run_pending(struct dispatcher *d, struct pending *p);

/* --- dispatch_plain.c ------------------------------------------------------------------------ */

/*
 * Runs a command if nothing is special about it, its session and the server, or parks it.  With an
 * outcome other than RUN_DONE its end is still to be seen to.  False: nothing was done, and
 * dispatch_run_pending is to see to it.
 */
bool dispatch_run_plain(struct dispatcher *d, struct pending *p, enum outcome *outcome);

/* Who reads the log: changed in the gate only.  What a replica does itself is in no stream. */
static inline void dispatch_read_logging(struct dispatcher *d)
{
    const uint32_t to = load_acquire(&d->engine->saving.log_active);
    d->batch.logging = engine_is_replica(d->engine) ? to & ~(uint32_t)LOG_TO_REPL : to;
}

/* --- dispatch_latency.c ---------------------------------------------------------------------- */

/* Of something that the latency monitor watches; 0: nobody does. */
static inline uint64_t dispatch_watch_begin(const struct dispatcher *d)
{
    return LK_UNLIKELY(d->batch.config->latency_ms > 0) ? clock_ticks() : 0;
}
/* It took so long: a sample, if that is as long as the threshold. */
void dispatch_note_slow(struct dispatcher *d, enum latency_event event, uint64_t ticks) LK_COLD;
/* What began then is over: a sample, if it took as long as the threshold. */
void dispatch_watch_end(struct dispatcher *d, enum latency_event event, uint64_t begun_ticks);

/* --- dispatch_call.c ------------------------------------------------------------------------- */

/*
 * Counts a command that has waited and ends without being served.  Its answer is written; before it
 * the reply had so many errors, and its runs took so many ticks.
 */
void dispatch_account_wait(struct dispatcher *d, struct session *s, const struct command_info *c,
                           const struct args *a, uint64_t ticks, uint32_t errors);

/* --- dispatch_script.c ----------------------------------------------------------------------- */

/* dispatch_redirect.c: behind an error that says where a command belongs. */
void dispatch_end_redirected(struct dispatcher *d, struct pending *p);
/* Locks, runs and commits a row with CMD_SCRIPT; false: parked. */
bool dispatch_run_script(struct dispatcher *d, struct pending *p, enum outcome *outcome);
/* The same for EXEC with such rows in its queue; d->held.set is what it names. */
bool dispatch_run_scripts(struct dispatcher *d, struct pending *p, enum outcome *outcome);

/* --- dispatch_call.c ------------------------------------------------------------------------- */

/* The configuration as it is now. */
void dispatch_read_config(struct dispatcher *d);
/* The clock of the commands that follow; ticks: those of now. */
void dispatch_read_clock(struct dispatcher *d, uint64_t ticks);

/* Begins a unit: runs the command that it is named after, under its locks. */
enum outcome dispatch_call_unit(struct dispatcher *d, struct session *s,
                                const struct command_info *c, const struct args *a);

/*
 * Runs a command as part of the unit, under the locks of that, also from inside a handler, which
 * then goes on as if nothing had been: its struct exec, look-ups and effects are its own.  What the
 * command changes is committed with the unit.  No value is open for change; what the handler has in
 * x->scratch is lost.
 */
enum outcome dispatch_call_hashed(struct dispatcher *d, struct session *s,
                                  const struct command_info *c, const struct args *a,
                                  uint32_t keys); /* the first of d->keys are its own */
static inline enum outcome dispatch_call(struct dispatcher *d, struct session *s,
                                         const struct command_info *c, const struct args *a)
{
    return dispatch_call_hashed(d, s, c, a, 0);
}

LK_END

#endif
