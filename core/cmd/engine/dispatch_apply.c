/*
 * dispatch_apply.c — commands that were accepted elsewhere: of a log, and of a master.
 *
 * They come from one session, in order, and nothing refuses them.  Who runs them is a service: it
 * may wait, where a worker parks the session, but outside the gate and holding nothing.
 */
#include "core/base/atomic.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/transaction.h"
#include "core/cmd/engine/unit.h"

enum { SLICE_NS = 1000000 };

/* A service stands in nobody's way while it waits; in slices, come what may. */
static void sleep_till_told(struct dispatcher *d, uint32_t seen)
{
    dispatch_leave(d);
    shard_service_wait(d->worker, seen, SLICE_NS);
    dispatch_enter(d);
}

enum applied { APPLIED, APPLIED_ERROR, APPLIED_NOT };

static bool apply_is_passed_on(const struct dispatcher *d)
{
    return load_relaxed(&d->engine->saving.log_active) & LOG_TO_REPL;
}

void dispatch_pass_on(struct dispatcher *d, struct bytes raw)
{
    if (!apply_is_passed_on(d))
        return;
    d->unit.raw = raw;
    d->unit.raw_first_db = LOG_NO_DB;
    unit_put_raw(d, LOG_NO_DB);
}

/* The bytes are put with the unit, under its locks. */
static void apply_take_raw(struct dispatcher *d, const struct session *s, struct bytes raw)
{
    if (raw.size == 0 || !apply_is_passed_on(d))
        return;
    d->unit.raw = raw;
    d->unit.raw_first_db = s->db;
    d->unit.work |= UNIT_RAW;
}

/*
 * A stream says what the data are, functions and moving slots among them, and not what the server
 * is to do.
 */
static bool apply_is_order(const struct session *s, const struct pending *p)
{
    const uint32_t flags = p->cmd ? dispatch_flags(s, p->cmd) : 0;
    return (flags & (CMD_ADMIN | CMD_PUBSUB) && !(flags & CMD_MAY_REPLICATE)) ||
           flags & CMD_NO_AUTH || (flags & CMD_EXCLUSIVE && !(flags & CMD_WRITE));
}

static enum applied apply_refuse(struct dispatcher *d, struct pending *p)
{
    struct session *s = p->session;
    if (session_has(s, SESSION_MULTI))
        multi_discard(s);
    reply_error(&s->reply, "ERR '%s' of a replication stream is not obeyed", p->cmd->name);
    p->state = PENDING_DONE;
    if (d->unit.work & UNIT_RAW)
        unit_put_raw(d, s->db);
    return APPLIED_ERROR;
}

/* What would close a client's connection is an error of a master's. */
static enum applied apply_stay(struct dispatcher *d, struct pending *p)
{
    struct session *s = p->session;
    session_set(s, SESSION_CLOSE_AFTER, false);
    reply_error(&s->reply, "ERR a replication stream does not end with a command");
    p->state = PENDING_DONE;
    if (d->unit.work & UNIT_RAW)
        unit_put_raw(d, s->db);
    return APPLIED_ERROR;
}

/* follow may be NULL: then it waits for as long as it takes. */
static enum applied apply_one(struct dispatcher *d, struct pending *p,
                              const struct follower *follow, struct bytes raw)
{
    struct session *s = p->session;
    const uint32_t errors = s->reply.errors;
    const uint32_t logging = d->batch.logging;
    for (;;) {
        const uint32_t seen = d->worker >= SHARD_WORKERS ? shard_service_word(d->worker) : 0;
        s->parked = false;
        apply_take_raw(d, s, raw);
        if (follow && LK_UNLIKELY(apply_is_order(s, p)))
            return apply_refuse(d, p);
        dispatch_run_pending(d, p);
        if (follow && LK_UNLIKELY(p->state == PENDING_CLOSE)) {
            if (!load_acquire(&s->kill))
                return apply_stay(d, p);
            d->unit.work = 0; /* the link ends as a client; what was not run comes again */
            return APPLIED_NOT;
        }
        if (LK_LIKELY(p->state != PENDING_PARKED)) {
            if (LK_UNLIKELY(d->unit.work & UNIT_RAW))
                unit_put_raw(d, s->db); /* it was refused, and has changed nothing */
            return s->reply.errors == errors ? APPLIED : APPLIED_ERROR;
        }
        d->unit.work = 0;
        dispatch_unlock_one(d);
        if (d->worker < SHARD_WORKERS)
            continue; /* a test's: nobody else is there */
        sleep_till_told(d, seen);
        if (!follow)
            d->batch.logging = logging;
        else if (!follow->go_on(follow->ctx))
            return APPLIED_NOT;
    }
}

static enum applied apply_batch(struct dispatcher *d, struct session *s, const struct args *a,
                                uint32_t n, const struct follower *follow, uint32_t *done)
{
    struct pending p[DISPATCH_BATCH];
    const struct bytes none = {NULL, 0};
    enum applied last = APPLIED;
    uint32_t i = 0;
    LK_ASSERT(n <= DISPATCH_BATCH);
    for (uint32_t j = 0; j < n; j++)
        p[j] = (struct pending){.session = s, .args = a[j]};
    dispatch_prepare(d, p, n);
    while (i < n && (last = apply_one(d, &p[i], follow,
                                      follow && follow->raw ? follow->raw[i] : none)) == APPLIED)
        i++;
    dispatch_unlock_one(d);
    dispatch_turn_end(d);
    *done = i;
    return last;
}

int dispatch_apply(struct dispatcher *d, struct session *s, const struct args *a, uint32_t n,
                   uint32_t *done)
{
    const uint32_t logging = d->batch.logging;
    session_set(s, SESSION_LOADING, true);
    d->batch.logging = 0;
    const enum applied last = apply_batch(d, s, a, n, NULL, done);
    d->batch.logging = logging;
    return last == APPLIED ? LK_OK : LK_EFORMAT;
}

int dispatch_follow(struct dispatcher *d, struct session *s, const struct args *a, uint32_t n,
                    const struct follower *follow, uint32_t *done)
{
    LK_ASSERT(session_has(s, SESSION_MASTER) && d->worker >= SHARD_WORKERS);
    switch (apply_batch(d, s, a, n, follow, done)) {
    case APPLIED:
        return LK_OK;
    case APPLIED_ERROR:
        return LK_EFORMAT;
    default:
        shard_tell_retry(token_leave(&d->engine->token, &s->token));
        dispatch_turn_give_up(d);
        s->parked = false;
        s->lock_failures = 0;
        session_end_slices(s);
        return LK_EBUSY;
    }
}
