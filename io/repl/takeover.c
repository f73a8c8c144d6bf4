/*
 * takeover.c — a replica is asked by its primary to take over: PSYNC id offset FAILOVER.
 *
 *   worker: PSYNC --asks, waits--> main: closed gate, promotion --marker--> worker: PSYNC goes on
 *
 * The role changes in the closed gate, which PSYNC is not in; so the main thread does it, and the
 * session asks again when the log thread has come to the new history.  A replica that is yet to
 * apply what its primary wants to go on from, and is still connected with it, gets a moment for it.
 */
#include "core/base/atomic.h"
#include "core/base/trace.h"
#include "core/cmd/engine/client_info.h"
#include "core/store/keyspace.h"
#include "io/repl/failover.h"
#include "io/repl/repl_priv.h"
#include "io/repl/role.h"

#include <string.h>

enum { TAKEOVER_PATIENCE_MS = 1000 };

static void takeover_log_done(const struct exec *x)
{
    struct buf line = {0};
    client_info_append(&line, x->session, x->now_ms);
    trace_line(TRACE_NOTICE, "MASTER MODE enabled (failover request from '%.*s')",
               (int)line.size - 1, line.data);
    buf_release(&line);
}

/* The main thread shall do it; the first one who asks says where from. */
static void takeover_want(struct repl *r, const char *id, int64_t wanted, uint32_t worker)
{
    pthread_mutex_lock(&r->lock);
    if (!r->takeover.wanted) {
        r->takeover.offset = wanted - 1;
        r->takeover.until_ms = repl_now_ms() + TAKEOVER_PATIENCE_MS;
        memcpy(r->takeover.id, id, sizeof r->takeover.id);
        store_release(&r->takeover.wanted, 1);
    }
    r->takeover.workers |= UINT64_C(1) << worker;
    pthread_mutex_unlock(&r->lock);
    r->parts.ask_to_settle(r->parts.ctx);
}

enum takeover takeover_ask(struct exec *x, struct replica *p, struct bytes id, int64_t wanted)
{
    struct repl *r = repl_of(x);
    struct history h;
    if (p->takeover == REPLICA_NO_TAKEOVER)
        trace_line(TRACE_WARNING, "Failover request received for replid %.*s.", (int)id.size,
                   id.data);
    if (p->takeover == REPLICA_ASKS_TAKEOVER && !repl_is_replica(r)) {
        takeover_log_done(x);
        p->takeover = REPLICA_TAKEN_OVER; /* it may have to wait for the new history yet */
    }
    if (p->takeover == REPLICA_TAKEN_OVER)
        return TAKEOVER_DONE;
    p->takeover = REPLICA_NO_TAKEOVER;
    if (!repl_is_replica(r)) {
        reply_error(x->reply, "ERR PSYNC FAILOVER can't be sent to a master.");
        return TAKEOVER_REFUSED;
    }
    history_now(r, &h);
    if (!bytes_equal(id, bytes_cstr(h.id))) {
        reply_error(x->reply, "ERR PSYNC FAILOVER replid must match my replid.");
        return TAKEOVER_REFUSED;
    }
    p->takeover = REPLICA_ASKS_TAKEOVER;
    takeover_want(r, h.id, wanted, x->session->worker);
    return TAKEOVER_LATER;
}

void takeover_cron(struct repl *r)
{
    if (load_acquire(&r->takeover.wanted))
        r->parts.ask_to_settle(r->parts.ctx);
}

/* In repl.lock.  Is there nothing to wait for? */
static bool takeover_is_due(const struct repl *r, const struct role_report *now)
{
    return now->state != LINK_CONNECTED || now->offset >= r->takeover.offset ||
           repl_now_ms() >= r->takeover.until_ms;
}

/* In the closed gate. */
static void takeover_promote(struct repl *r, const char *id)
{
    struct engine *e = r->parts.engine;
    struct history h;
    history_now(r, &h);
    const bool loading = load_acquire(&e->saving.loading);
    if (repl_is_replica(r) && !loading && memcmp(h.id, id, sizeof h.id) == 0)
        role_lead(e->fixed.role);
}

void takeover_settle(struct repl *r)
{
    struct gate *gate = &r->parts.engine->fixed.keyspace->gate;
    char id[REPL_ID_CHARS + 1];
    struct role_report now;
    if (!load_acquire(&r->takeover.wanted))
        return;
    role_report(r->parts.engine->fixed.role, &now);
    pthread_mutex_lock(&r->lock);
    const bool due = takeover_is_due(r, &now);
    memcpy(id, r->takeover.id, sizeof id);
    pthread_mutex_unlock(&r->lock);
    if (!due)
        return;
    gate_close(gate);
    takeover_promote(r, id);
    gate_open(gate);
    pthread_mutex_lock(&r->lock);
    const uint64_t workers = r->takeover.workers;
    r->takeover.workers = 0;
    store_release(&r->takeover.wanted, 0);
    pthread_mutex_unlock(&r->lock);
    shard_tell_retry(workers);
}
