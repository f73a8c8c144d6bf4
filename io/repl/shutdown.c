/*
 * shutdown.c — the end waits for replicas: what was acknowledged to clients is with them (H20).
 *
 *   writes held back --CUT marker--> X --GETACK--> all online replicas: ACK >= X, or the timeout
 *
 * Threads  repl_try_end: the main thread, outside the gate
 */
#include "core/base/atomic.h"
#include "core/base/trace.h"
#include "core/cmd/client/registry.h"
#include "core/store/keyspace.h"
#include "io/repl/repl_priv.h"

#include <unistd.h>

enum { LOOK_US = 10000 };

static void shutdown_pause(struct repl *r, bool on, struct backlog_mark *mark)
{
    struct engine *e = r->parts.engine;
    gate_close(&e->fixed.keyspace->gate);
    engine_pause(e, PAUSE_BY_SHUTDOWN, on ? PAUSE_WRITES : PAUSE_NOTHING, INT64_MAX);
    if (mark) {
        log_ring_put(e->fixed.log, LOG_CUT, mark, 0, LOG_NO_DB, LOG_NO_DB);
        log_ring_wake(e->fixed.log);
    }
    gate_open(&e->fixed.keyspace->gate);
    r->end.paused = on;
    if (!on && e->fixed.registry)
        registry_wake_all(e->fixed.registry);
}

struct lagging {
    uint32_t online, behind;
};

static struct lagging shutdown_count(struct repl *r, int64_t end, bool say)
{
    struct lagging n = {0};
    pthread_mutex_lock(&r->lock);
    for (const struct replica *p = r->first; p; p = p->next) {
        if (p->phase < REPLICA_LOADING || p->phase == REPLICA_DONE || p->dismissed)
            continue;
        n.online++;
        if (p->ack >= end)
            continue;
        n.behind++;
        if (say)
            trace_line(TRACE_NOTICE,
                       "Lagging replica %s reported offset %lld behind master, lag=%lld, state=%s.",
                       p->name, (long long)(end - p->ack),
                       (long long)((repl_now_ms() - replica_heard_ms(p)) / 1000),
                       replica_state_name(p->phase));
    }
    pthread_mutex_unlock(&r->lock);
    return n;
}

/* Where the stream stands when nobody writes. */
static int64_t shutdown_hold(struct repl *r)
{
    struct backlog_mark mark = {0};
    shutdown_pause(r, true, &mark);
    backlog_mark_wait(&mark);
    return mark.end;
}

static void shutdown_wait(struct repl *r, int64_t end)
{
    trace_line(TRACE_NOTICE, "Waiting for replicas before shutting down.");
    store_release(&r->acks.once, 1);
    log_ring_wake(r->parts.engine->fixed.log);
    while (shutdown_count(r, end, false).behind > 0 && repl_end_ms(r) > 0 &&
           !load_seq_cst(&r->end.undone))
        usleep(LOOK_US);
}

bool repl_try_end(struct repl *r, bool now)
{
    if (now || repl_is_replica(r) || repl_config(r)->shutdown_timeout_s == 0 ||
        shutdown_count(r, 0, false).online == 0)
        return true;
    store_seq_cst(&r->end.undone, 0);
    store_relaxed(&r->end.until_ms, repl_now_ms() + repl_config(r)->shutdown_timeout_s * 1000);
    store_seq_cst(&r->end.waiting, 1);
    const int64_t end = shutdown_hold(r);
    if (shutdown_count(r, end, false).behind > 0)
        shutdown_wait(r, end);
    store_seq_cst(&r->end.waiting, 0);
    if (load_seq_cst(&r->end.undone)) {
        trace_line(TRACE_WARNING, "Shutdown manually aborted.");
        return false;
    }
    const struct lagging n = shutdown_count(r, end, true);
    if (n.online > 0)
        trace_line(TRACE_NOTICE, "%u of %u replicas are in sync when shutting down.",
                   n.online - n.behind, n.online);
    return true;
}

void repl_go_on(struct repl *r)
{
    if (r->end.paused)
        shutdown_pause(r, false, NULL);
}

int64_t repl_end_ms(const struct repl *r)
{
    if (!load_acquire(&r->end.waiting))
        return -1;
    const int64_t left = load_relaxed(&r->end.until_ms) - repl_now_ms();
    return left > 0 ? left : 0;
}

bool repl_stay(struct repl *r)
{
    if (!load_seq_cst(&r->end.waiting))
        return false;
    store_seq_cst(&r->end.undone, 1);
    return true;
}
