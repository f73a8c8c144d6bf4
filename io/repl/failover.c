#include "io/repl/failover.h"

#include "core/base/atomic.h"
#include "core/base/trace.h"
#include "core/cmd/client/registry.h"
#include "core/store/keyspace.h"
#include "core/store/log_ring.h"
#include "io/repl/repl_priv.h"
#include "io/repl/role.h"

#include <stdio.h>
#include <string.h>

static struct role *failover_role(const struct repl *r)
{
    return r->parts.engine->fixed.role;
}

enum failover_state failover_state(const struct repl *r)
{
    return (enum failover_state)load_acquire(&r->failover.state);
}

const char *failover_state_name(const struct repl *r)
{
    static const char *const names[] = {[FAILOVER_NONE] = "no-failover",
                                        [FAILOVER_WAITS] = "waiting-for-sync",
                                        [FAILOVER_GOES] = "failover-in-progress"};
    return names[failover_state(r)];
}

static void failover_set(struct repl *r, enum failover_state state)
{
    store_release(&r->failover.state, (uint32_t)state);
}

/* --- the target ------------------------------------------------------------------------------ */

/* In repl.lock. */
static const struct replica *failover_find(const struct repl *r, struct bytes host, int64_t port)
{
    for (const struct replica *p = r->first; p; p = p->next)
        if (p->port == port && bytes_equal(host, bytes_cstr(p->ip)))
            return p;
    return NULL;
}

static bool failover_is_online(const struct replica *p)
{
    return (p->phase == REPLICA_LOADING || p->phase == REPLICA_ONLINE) && !p->dismissed;
}

/* In repl.lock.  NULL: it will do; else the error line. */
static const char *failover_refuse_target(const struct repl *r, const struct failover_wish *wish)
{
    if (!r->first)
        return "ERR FAILOVER requires connected replicas.";
    if (wish->force && (!wish->host.data || wish->timeout_ms == 0))
        return "ERR FAILOVER with force option requires both a timeout and target HOST and IP.";
    if (!wish->host.data)
        return NULL;
    const struct replica *p = failover_find(r, wish->host, wish->port);
    if (!p)
        return "ERR FAILOVER target HOST and PORT is not a replica.";
    return failover_is_online(p) ? NULL : "ERR FAILOVER target replica is not online.";
}

/* In repl.lock: somebody has all that was written, and is the one that is wanted. */
static const struct replica *failover_find_level(const struct repl *r)
{
    const int64_t end = r->failover.end;
    for (const struct replica *p = r->first; p; p = p->next) {
        const bool wanted = r->failover.any ||
                            (p->port == r->failover.port && strcmp(p->ip, r->failover.host) == 0);
        if (wanted && p->phase == REPLICA_ONLINE && !p->dismissed && p->ack >= end)
            return p;
    }
    return NULL;
}

/* Has the log thread come to the end of what was written, and asked the replicas for it? */
static bool failover_has_end(const struct repl *r)
{
    return !load_acquire(&r->failover.ask) && backlog_ticket(r->backlog) >= r->failover.ticket;
}

/* One that is level becomes the target. */
static bool failover_choose(struct repl *r)
{
    if (!failover_has_end(r))
        return false;
    pthread_mutex_lock(&r->lock);
    const struct replica *p = failover_find_level(r);
    if (p && r->failover.any) {
        snprintf(r->failover.host, sizeof r->failover.host, "%s", p->ip);
        r->failover.port = p->port;
        r->failover.any = false;
    }
    pthread_mutex_unlock(&r->lock);
    return p != NULL;
}

static bool failover_is_late(const struct repl *r)
{
    return r->failover.until_ms != 0 && repl_now_ms() >= r->failover.until_ms;
}

/* --- the steps: in the closed gate ----------------------------------------------------------- */

uint64_t repl_mark(struct repl *r)
{
    struct log_ring *log = r->parts.engine->fixed.log;
    if (!(load_acquire(&r->parts.engine->saving.log_active) & LOG_TO_REPL))
        return 0;
    const uint64_t mark = log_ring_put(log, LOG_CUT, NULL, 0, LOG_NO_DB, LOG_NO_DB);
    log_ring_wake(log);
    return mark;
}

bool repl_has_mark(const struct repl *r, uint64_t mark)
{
    return mark == 0 || backlog_ticket(r->backlog) >= mark;
}

static void failover_hold_writes(struct repl *r)
{
    struct engine *e = r->parts.engine;
    engine_pause(e, PAUSE_BY_FAILOVER, PAUSE_WRITES, INT64_MAX);
    r->failover.ticket = log_ring_put(e->fixed.log, LOG_CUT, NULL, 0, LOG_NO_DB, LOG_NO_DB);
    store_release(&r->failover.ask, 1);
    log_ring_wake(e->fixed.log);
}

static void failover_end(struct repl *r)
{
    struct engine *e = r->parts.engine;
    failover_set(r, FAILOVER_NONE);
    engine_pause_end(e, PAUSE_BY_FAILOVER);
    registry_wake_all(e->fixed.registry);
}

const char *failover_begin(struct repl *r, const struct failover_wish *wish)
{
    LK_ASSERT(load_relaxed(&r->parts.engine->fixed.keyspace->gate.closed));
    if (failover_state(r) != FAILOVER_NONE)
        return "ERR FAILOVER already in progress.";
    if (repl_is_replica(r))
        return "ERR FAILOVER is not valid when server is a replica.";
    pthread_mutex_lock(&r->lock);
    const char *error = failover_refuse_target(r, wish);
    pthread_mutex_unlock(&r->lock);
    if (error)
        return error;
    r->failover.any = !wish->host.data;
    r->failover.force = wish->force;
    r->failover.port = wish->port;
    snprintf(r->failover.host, sizeof r->failover.host, "%.*s", (int)wish->host.size,
             wish->host.data ? wish->host.data : "");
    const int64_t now_ms = repl_now_ms();
    r->failover.until_ms = wish->timeout_ms == 0                   ? 0
                           : wish->timeout_ms > INT64_MAX - now_ms ? INT64_MAX
                                                                   : now_ms + wish->timeout_ms;
    if (r->failover.any)
        trace_line(TRACE_NOTICE, "FAILOVER requested to any replica.");
    else
        trace_line(TRACE_NOTICE, "FAILOVER requested to %s:%lld.", r->failover.host,
                   (long long)r->failover.port);
    failover_hold_writes(r);
    failover_set(r, FAILOVER_WAITS);
    return NULL;
}

void failover_abort(struct repl *r, const char *why)
{
    const enum failover_state state = failover_state(r);
    if (state == FAILOVER_NONE)
        return;
    if (r->failover.any)
        trace_line(TRACE_NOTICE, "FAILOVER aborted: %s", why);
    else
        trace_line(TRACE_NOTICE, "FAILOVER to %s:%lld aborted: %s", r->failover.host,
                   (long long)r->failover.port, why);
    if (state == FAILOVER_GOES)
        role_lead(failover_role(r));
    failover_end(r);
}

/* From here on this server is a replica, of whoever is to be the primary. */
static void failover_go(struct repl *r)
{
    failover_set(r, FAILOVER_GOES);
    role_hand_over(failover_role(r), bytes_cstr(r->failover.host), (uint16_t)r->failover.port);
}

static void failover_step(struct repl *r)
{
    if (failover_state(r) != FAILOVER_WAITS)
        return; /* it was aborted meanwhile */
    if (failover_choose(r)) {
        trace_line(TRACE_NOTICE, "Failover target %s:%lld is synced, failing over.",
                   r->failover.host, (long long)r->failover.port);
        failover_go(r);
    } else if (failover_is_late(r) && r->failover.force) {
        trace_line(TRACE_NOTICE, "Failover to %s:%lld time out exceeded, failing over.",
                   r->failover.host, (long long)r->failover.port);
        failover_go(r);
    } else if (failover_is_late(r)) {
        failover_abort(r, "Replica never caught up before timeout");
    }
}

/* --- who calls them -------------------------------------------------------------------------- */

void failover_cron(struct repl *r)
{
    if (failover_state(r) == FAILOVER_WAITS)
        r->parts.ask_to_settle(r->parts.ctx);
}

void failover_settle(struct repl *r)
{
    struct gate *gate = &r->parts.engine->fixed.keyspace->gate;
    if (failover_state(r) != FAILOVER_WAITS)
        return;
    gate_close(gate);
    failover_step(r);
    gate_open(gate);
}

void failover_answered(struct engine *e, bool taken)
{
    struct repl *r = e->fixed.repl;
    gate_close(&e->fixed.keyspace->gate);
    if (failover_state(r) == FAILOVER_GOES && taken)
        failover_end(r);
    else if (failover_state(r) == FAILOVER_GOES)
        failover_abort(r, "Failover target rejected psync request");
    gate_open(&e->fixed.keyspace->gate);
}
