/*
 * worker.c — the loop, and the group of workers.
 *
 * Worker 0 accepts, and gives each socket to the worker with the fewest connections.
 */
#include "io/worker/worker.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/sched.h"
#include "core/base/trace.h"
#include "core/store/reclaim.h"
#include "io/start/startup.h"
#include "io/worker/worker_priv.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* --- the loop -------------------------------------------------------------------------------- */

static struct worker *least_busy(struct worker_group *g)
{
    struct worker *best = g->workers[0];
    for (uint32_t i = 1; i < g->count; i++)
        if (load_relaxed(&g->workers[i]->connections) < load_relaxed(&best->connections))
            best = g->workers[i];
    return best;
}

static void worker_accepted(struct worker *w, const struct net_event *e)
{
    const struct listener *l = &w->group->listeners[e->tag];
    if (e->fd < 0 && load_acquire(&l->state) == LISTENER_CONDEMNED)
        return;
    if (e->fd < 0) {
        trace_line(TRACE_WARNING, "Accepting client connection: %s", strerror(-e->error));
        return;
    }
    struct worker_group *g = w->group;
    const enum listener_kind kind = l->kind;
    struct worker *owner = least_busy(g);
    fetch_add_relaxed(&g->connections, 1);
    fetch_add_relaxed(&owner->connections, 1);
    if (owner == w) {
        conn_accept(w, e->fd, kind);
        return;
    }
    worker_hand_over(owner, e->fd, kind);
}

void worker_take_sockets(struct worker *w)
{
    for (struct inbox_node *n = inbox_drain(&w->inbox), *next; n; n = next) {
        next = n->next;
        struct handover *h = (struct handover *)n;
        conn_accept(w, h->fd, h->kind);
        mem_delete(h);
    }
}

static void worker_woken(struct worker *w)
{
    worker_take_sockets(w);
    worker_take_served(w);
    worker_take_answers(w);
    if (exchange_acq_rel(&w->look, 0))
        worker_look_at_sessions(w);
    if (exchange_acq_rel(&w->retry, 0)) {
        conn_retry_parked(w);
        conn_release_held(w);
        if (LK_UNLIKELY(w->feeds != NULL))
            conn_feed_look(w);
    }
    if (LK_UNLIKELY(w->index == 0 && load_relaxed(&w->group->relisten)) &&
        exchange_acq_rel(&w->group->relisten, 0))
        worker_listen_look(w);
}

void worker_handle(struct worker *w, const struct net_event *e)
{
    struct conn *c = (struct conn *)e->conn;
    switch (e->kind) {
    case NET_ACCEPT:
        worker_accepted(w, e);
        break;
    case NET_DATA:
        stats_add(&w->figures.reads, 1);
        conn_data(w, c, e->data);
        break;
    case NET_EOF:
        c->eof = true;
        if (e->error)
            conn_close(w, c);
        else
            conn_dirty(w, c); /* replies to what it sent still go out */
        break;
    case NET_SENT:
        stats_add(&w->figures.writes, 1);
        conn_sent(w, c, e->error);
        break;
    case NET_CLOSED:
        conn_free(w, c);
        break;
    case NET_WAKE:
        break;
    }
}

static void store_larger(uint64_t *most, uint64_t value)
{
    if (value > *most)
        store_relaxed(most, value);
}

struct turn {
    uint64_t begin, timers, run, ran; /* ticks: when each part began */
    uint64_t commands;                /* that had been run before */
};

static void loop_count(struct worker *w, const struct turn *t)
{
    struct worker_cycles *c = &w->figures.cycles;
    const uint64_t ticks = clock_ticks() - t->begin;
    store_relaxed(&w->figures.awake_since, 0);
    stats_add(&c->count, 1);
    stats_add(&c->ticks, ticks);
    stats_add(&c->cron_ticks, t->run - t->timers);
    stats_add(&c->command_ticks, t->ran - t->run);
    store_larger(&c->ticks_max, ticks);
    store_larger(&c->commands_max, w->stats->total_commands - t->commands);
}

static void loop_once(struct worker *w)
{
    const int n = net_wait(w->net, w->events, WORKER_EVENTS, worker_timeout_ns(w));
    struct turn t = {.begin = clock_ticks(), .commands = w->stats->total_commands};
    store_relaxed(&w->figures.awake_since, t.begin);
    dispatch_enter(w->dispatcher);
    worker_look_at_config(w);
    for (int i = 0; i < n; i++)
        worker_handle(w, &w->events[i]);
    worker_woken(w);
    t.timers = clock_ticks();
    worker_evict_clients(w); /* who is over by what he has sent has it not run; before keys go */
    worker_timers(w);
    t.run = clock_ticks();
    worker_run_ready(w);
    t.ran = clock_ticks();
    worker_look_at_config(w); /* CONFIG SET holds before it is answered */
    worker_evict_clients(w);
    dispatch_deliver(w->dispatcher);
    conn_flush_all(w);
    worker_evict_clients(w);
    dispatch_leave(w->dispatcher);
    loop_count(w, &t);
}

static bool worker_owes(const struct worker *w)
{
    for (const struct conn *c = w->conns; c; c = c->next)
        if ((c->sending || c->held) && !c->closing)
            return true;
    return false;
}

/* Nothing is run any more; replies go out, also as they become durable, for up to a second. */
static void finish_output(struct worker *w)
{
    const int64_t end_ns = clock_mono_ns() + 1000000000;
    while (worker_owes(w) && clock_mono_ns() < end_ns) {
        const int n = net_wait(w->net, w->events, WORKER_EVENTS, 10000000);
        dispatch_enter(w->dispatcher);
        for (int i = 0; i < n; i++) {
            const struct net_event *e = &w->events[i];
            if (e->kind == NET_SENT || e->kind == NET_CLOSED || (e->kind == NET_EOF && e->error))
                worker_handle(w, e);
            else if (e->kind == NET_ACCEPT && e->fd >= 0)
                close(e->fd);
        }
        if (exchange_acq_rel(&w->retry, 0)) {
            conn_release_held(w);
            conn_feed_look(w); /* what is held may wait for replicas */
        }
        conn_flush_all(w);
        dispatch_leave(w->dispatcher);
    }
}

/* Who sees its connection end finds nobody to connect to. */
static void worker_await_unheard(struct worker *w)
{
    const struct timespec moment = {0, 100000};
    if (w->index == 0)
        store_release(&w->group->unheard, 1);
    while (!load_acquire(&w->group->unheard))
        nanosleep(&moment, NULL);
}

static void worker_finish(struct worker *w)
{
    finish_output(w);
    worker_await_unheard(w);
    dispatch_enter(w->dispatcher);
    for (struct conn *c = w->conns; c; c = c->next)
        conn_close(w, c);
    worker_take_served(w); /* nobody serves its connections any more */
    dispatch_leave(w->dispatcher);
    for (int rounds = 0; w->conns && rounds < 100; rounds++) {
        const int n = net_wait(w->net, w->events, WORKER_EVENTS, 10000000);
        for (int i = 0; i < n; i++)
            if (w->events[i].kind == NET_CLOSED)
                conn_free(w, (struct conn *)w->events[i].conn);
            else if (w->events[i].kind == NET_ACCEPT && w->events[i].fd >= 0)
                close(w->events[i].fd);
    }
}

static struct net *worker_make_net(struct worker *w, uint32_t conns_hint)
{
    const struct worker_setup *setup = &w->group->setup;
    return setup->net_new ? setup->net_new(setup->net_ctx, setup->backend, conns_hint)
                          : net_new(setup->backend, conns_hint);
}

static void *worker_run(void *arg)
{
    struct worker *w = arg;
    const struct config *config = config_current(w->group->setup.config);
    startup_crash_thread();
    sched_be_prompt();
    w->net = worker_make_net(w, (uint32_t)config->maxclients / w->group->count);
    if (!w->net) {
        trace_line(TRACE_WARNING, "Worker %u has no network: %s", w->index, strerror(errno));
        exit(1);
    }
    store_release(&w->backend, net_backend_name(w->net));
    worker_look_at_config(w);
    if (w->index == 0)
        worker_listen_look(w);
    pthread_barrier_wait(&w->group->started);
    while (!load_acquire(&w->group->stopping))
        loop_once(w);
    if (w->index == 0)
        worker_listen_end(w);
    worker_finish(w);
    reclaim_flush();
    /* A net belongs to its thread; nobody wakes it once all loops have ended. */
    pthread_barrier_wait(&w->group->ended);
    store_seq_cst(&w->group->deaf, 1);
    while (load_seq_cst(&w->group->wakers) > 0)
        sched_yield();
    net_free(w->net);
    w->net = NULL;
    return NULL;
}

/* --- the group ------------------------------------------------------------------------------- */

/* A message has been put behind a session's replies. */
static void worker_pushed(void *ctx, struct session *s)
{
    conn_dirty(ctx, conn_of_session(s));
}

static struct session *worker_find_session(void *ctx, uint64_t id)
{
    struct conn *c = conn_of_id(id_table_find(&((const struct worker *)ctx)->ids, id));
    return c && !c->closing ? &c->session : NULL;
}

static struct worker *worker_new(struct worker_group *g, uint32_t index)
{
    struct worker *w = mem_new(struct worker);
    w->group = g;
    w->index = index;
    w->dispatcher = dispatcher_new(g->setup.engine, index);
    w->stats = dispatcher_stats(w->dispatcher);
    dispatch_on_output(w->dispatcher, worker_pushed, worker_find_session, w);
    dispatch_on_slots_left(w->dispatcher, worker_slots_left);
    inbox_init(&w->inbox);
    inbox_init(&w->served);
    inbox_init(&w->answers);
    worker_frame_init(w);
    return w;
}

struct worker_group *worker_group_new(const struct worker_setup *setup, uint32_t count)
{
    LK_ASSERT(count >= 1 && count <= SHARD_WORKERS);
    struct worker_group *g = mem_new(struct worker_group);
    g->setup = *setup;
    g->count = count;
    g->workers = mem_calloc(count * sizeof(struct worker *));
    pthread_barrier_init(&g->started, NULL, count + 1);
    pthread_barrier_init(&g->ended, NULL, count);
    for (uint32_t i = 0; i < count; i++)
        g->workers[i] = worker_new(g, i);
    return g;
}

void worker_group_start(struct worker_group *g)
{
    /* Signals are the main thread's. */
    sigset_t all, before;
    sigfillset(&all);
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&all, faults[i]); /* a worker's own crash is to be reported */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (uint32_t i = 0; i < g->count; i++)
        LK_ASSERT(pthread_create(&g->workers[i]->thread, NULL, worker_run, g->workers[i]) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_barrier_wait(&g->started);
}

void worker_group_stop(struct worker_group *g)
{
    store_release(&g->stopping, 1);
    for (uint32_t i = 0; i < g->count; i++)
        worker_wake(g->workers[i]);
}

void worker_group_join(struct worker_group *g)
{
    for (uint32_t i = 0; i < g->count; i++)
        pthread_join(g->workers[i]->thread, NULL);
}

/*
 * Waiters that another worker served when theirs had taken its last look.  All threads have ended,
 * so none follows.
 */
static void take_late(struct worker *w)
{
    dispatch_enter(w->dispatcher);
    worker_take_served(w);
    dispatch_leave(w->dispatcher);
}

void worker_group_free(struct worker_group *g)
{
    for (uint32_t i = 0; i < g->count; i++)
        take_late(g->workers[i]);
    for (uint32_t i = 0; i < g->count; i++) {
        struct worker *w = g->workers[i];
        for (struct inbox_node *n = inbox_drain(&w->inbox), *next; n; n = next) {
            next = n->next;
            close(((struct handover *)n)->fd);
            mem_delete((struct handover *)n);
        }
        outgoing_free_all(w);
        worker_frame_release(w);
        worker_release_waits(w);
        id_table_release(&w->ids);
        dispatcher_free(w->dispatcher);
        mem_delete(w);
    }
    pthread_barrier_destroy(&g->started);
    pthread_barrier_destroy(&g->ended);
    mem_free(g->workers, g->count * sizeof(struct worker *));
    mem_delete(g);
}

uint32_t worker_group_count(const struct worker_group *g)
{
    return g->count;
}

struct stats *worker_group_stats(struct worker_group *g, uint32_t worker)
{
    return g->workers[worker]->stats;
}

struct worker_report worker_group_report(const struct worker_group *g, uint32_t worker)
{
    const struct worker *w = g->workers[worker];
    const struct worker_figures *f = &w->figures;
    return (struct worker_report){
        .backend = load_acquire(&w->backend),
        .connections = load_relaxed(&w->connections),
        .blocked = stats_read(&f->blocked),
        .subscribed = dispatch_subscriber_count(w->dispatcher),
        .buffer_bytes = stats_read(&f->buffer_bytes),
        .input_max = stats_read(&f->input_max),
        .output_max = stats_read(&f->output_max),
        .reads = stats_read(&f->reads),
        .writes = stats_read(&f->writes),
        .cycles = {.count = stats_read(&f->cycles.count),
                   .ticks = stats_read(&f->cycles.ticks),
                   .command_ticks = stats_read(&f->cycles.command_ticks),
                   .cron_ticks = stats_read(&f->cycles.cron_ticks),
                   .ticks_max = stats_read(&f->cycles.ticks_max),
                   .commands_max = stats_read(&f->cycles.commands_max)},
    };
}

void worker_group_alarm(struct worker_group *g, uint64_t most_ns)
{
    const uint64_t now = clock_ticks();
    for (uint32_t i = 0; i < g->count; i++) {
        struct worker *w = g->workers[i];
        const uint64_t since = stats_read(&w->figures.awake_since);
        if (since == 0 || since == w->alarmed || now < since ||
            clock_ticks_to_ns(now - since) <= most_ns)
            continue;
        w->alarmed = since;
        pthread_kill(w->thread, SIGALRM);
    }
}

uint32_t worker_group_connections(const struct worker_group *g)
{
    return load_relaxed(&g->connections);
}
