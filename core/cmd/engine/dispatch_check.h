/*
 * dispatch_check.h — all that is asked before a command may run: rows of checks, the user,
 * memory, slots, pauses.
 *
 * Threads  the dispatcher's worker
 */
#ifndef LK_CMD_DISPATCH_CHECK_H
#define LK_CMD_DISPATCH_CHECK_H

#include "core/base/atomic.h"
#include "core/cmd/client/acl_check.h"
#include "core/cmd/client/acl_log.h"
#include "core/cmd/engine/dispatcher.h"

LK_BEGIN

/* --- dispatch_check.c ------------------------------------------------------------------------ */

/* An unknown command that is an HTTP request: the connection must end without an answer. */
bool dispatch_is_attack(const struct dispatcher *d, const struct session *s, const struct args *a);

enum check_result {
    CHECK_NEXT, /* of a row: nothing to say */
    CHECK_RUN,
    CHECK_REFUSED, /* the error line is written, and a transaction under way will not be executed */
    CHECK_PARKED,  /* a pause is on */
    CHECK_QUEUED,  /* belongs into the transaction's queue */
};

/* What of checks is the case, for a session with these flags. */
static inline uint32_t dispatch_checks(const struct dispatcher *d, uint32_t flags, uint32_t checks)
{
    const uint32_t on = d->batch.checks | load_acquire(&d->engine->checks);
    /* SESSION_AUTHENTICATED and SESSION_FREE: the same bits. */
    return on & checks & ~(flags & (uint32_t)(CHECK_AUTH | CHECK_USER));
}

/*
 * Is maxmemory so far that all workers together cannot have come to it since this one looked?
 * Cost: the thread's counter is compared with a mark, where a look sums up what all have used.
 */
static inline bool dispatch_memory_is_far(const struct dispatcher *d)
{
    return mem_used_here() < d->eviction.far_until &&
           d->eviction.far_limit == d->batch.config->maxmemory;
}

enum check_result dispatch_check_rows(struct dispatcher *d, struct session *s,
                                      const struct command_info *c, const struct args *a);

/* Sessions that rows of checks ask about. */
enum { CHECK_SESSIONS = SESSION_MULTI | SESSION_SUBSCRIBER | SESSION_MONITOR | SESSION_REPLICA };

/* All that is asked before a command may run or be queued; c is NULL if it is unknown. */
static inline enum check_result dispatch_check(struct dispatcher *d, struct session *s,
                                               const struct command_info *c, const struct args *a)
{
    const uint32_t flags = load_relaxed(&s->flags);
    if (LK_LIKELY(c && !(dispatch_checks(d, flags, c->checks) | (flags & CHECK_SESSIONS)) &&
                  command_takes(c, a->n)))
        return CHECK_RUN;
    return dispatch_check_rows(d, s, c, a);
}

/* --- dispatch_user.c ------------------------------------------------------------------------- */

/*
 * May the session's user make this call, by the rules as they are now?  If not, the refusal is
 * counted and logged, and *at is the argument that it is about.
 */
enum acl_denial dispatch_ask_user_slow(struct dispatcher *d, struct session *s,
                                       const struct command_info *c, const struct args *a,
                                       enum acl_context context, uint32_t *at);
static inline enum acl_denial dispatch_ask_user(struct dispatcher *d, struct session *s,
                                                const struct command_info *c, const struct args *a,
                                                enum acl_context context, uint32_t *at)
{
    if (LK_LIKELY(session_has(s, SESSION_FREE | SESSION_LOADING | SESSION_MASTER)))
        return ACL_ALLOWED;
    return dispatch_ask_user_slow(d, s, c, a, context, at);
}

/* Counts a command that was refused, NULL: that is none; the error is the last line of the
 * session's reply. */
void dispatch_note_refused(struct dispatcher *d, const struct session *s,
                           const struct command_info *c);

/* Writes NOPERM, as to a client whose command it was. */
void dispatch_reply_denied(struct session *s, enum acl_denial denial, const struct command_info *c,
                           struct bytes arg);

/* --- dispatch_evict.c ------------------------------------------------------------------------ */

enum evict_outcome {
    EVICT_BELOW,   /* there is room */
    EVICT_RUNNING, /* there is not, but somebody is at it: the command may run */
    EVICT_FAILED,  /* there is not, and nothing can go */
};

/* Pays this worker's share of what is over the limit.  No unit is under way. */
enum evict_outcome dispatch_evict(struct dispatcher *d);

/* --- dispatch_redirect.c --------------------------------------------------------------------- */

/* Of a cluster, as it is now: each time the gate is entered. */
void dispatch_read_slots(struct dispatcher *d);

/*
 * A plain command whose slot is, by a look without the lock, certainly another node's: true, and
 * the reply says so and is counted.  False: nothing is known, and nothing was done.
 */
bool dispatch_moved(struct dispatcher *d, struct session *s, const struct command_info *c,
                    const struct shard *shard);

enum redirected {
    REDIRECT_NO,
    REDIRECT_DONE, /* it belongs elsewhere or may not run, and the reply says so */
    REDIRECT_WAIT, /* its slot is held: the session is parked, and the worker will be told */
};
/* locked: the shards of the command's keys are. */
enum redirected dispatch_redirect(struct dispatcher *d, struct session *s,
                                  const struct command_info *c, const struct args *a, bool locked);

/*
 * Of a blocked command that waits for keys: is its slot no longer served here, so that it is to end
 * with the error line that the second writes?  Its worker, holding no lock.
 */
bool dispatch_redirects_waiter(struct dispatcher *d, const struct session *s,
                               const struct command_info *c, const struct wait_node *nodes,
                               uint32_t count);
void dispatch_redirect_waiter(struct dispatcher *d, struct session *s,
                              const struct wait_node *nodes);

/* --- dispatch_pause.c ------------------------------------------------------------------------ */

/* What pauses hold back now. */
enum pause_what dispatch_paused(struct dispatcher *d);

LK_END

#endif
