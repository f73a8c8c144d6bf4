/*
 * worker_clients.c — what clients take, kept below maxmemory-clients.
 *
 * A worker adds up its connections as it flushes them.  Whoever finds that all workers together are
 * over the limit looks at all clients, one thread at a time, and marks the largest until the others
 * fit; those that are marked already do not count, so one excess is paid once.  Their workers close
 * them as if CLIENT KILL had named them.
 *
 *   read, flush --> worker's sum --> sum of all over the limit? --> largest first: kill --> its
 *                                                                                        worker
 *
 * It is looked at before what has come is run, so that who is over by his command has it not run;
 * behind each round, as a pipeline may ask for much, and keys must not go for what clients take;
 * behind the flush, for replies that nobody reads; and when the limit changes, before the reply
 * that tells so leaves.  Then the others have not counted what they have, and all are looked at.
 */
#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/client/registry.h"
#include "io/worker/worker_priv.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>

/* Of rounds whose replies take more than this part of the limit only so few are run at once. */
enum { BIG_SHARE = 64, BATCH_OF_BIG = 4 };

uint64_t worker_client_limit(const struct config *config)
{
    if (config->maxmemory_clients >= 0)
        return (uint64_t)config->maxmemory_clients;
    const double percent = (double)-config->maxmemory_clients;
    return (uint64_t)((double)config->dispatch.maxmemory * percent / 100);
}

void conn_count_memory(struct worker *w, struct conn *c)
{
    const bool counts = !c->closing && !session_has(&c->session, SESSION_REPLICA | SESSION_MASTER);
    const uint64_t bytes = counts ? session_bytes(&c->session) : 0;
    if (bytes == c->counted_bytes)
        return;
    store_relaxed(&w->client_bytes, w->client_bytes + bytes - c->counted_bytes);
    w->clients_grew |= bytes > c->counted_bytes;
    c->counted_bytes = bytes;
}

void worker_count_clients(struct worker *w, uint64_t limit)
{
    w->clients_unseen |= limit != w->client_limit;
    w->client_limit = limit;
    w->batch_most = DISPATCH_BATCH;
    for (struct conn *c = w->conns; limit > 0 && c; c = c->next)
        conn_count_memory(w, c);
    w->clients_grew = true;
}

void worker_count_round(struct worker *w, uint32_t n)
{
    const uint64_t before = w->client_bytes;
    for (uint32_t i = 0; i < n; i++) {
        struct conn *c = w->framing.framed[i].conn;
        conn_count_memory(w, c);
    }
    w->batch_most =
        w->client_bytes > before + w->client_limit / BIG_SHARE ? BATCH_OF_BIG : DISPATCH_BATCH;
    worker_evict_clients(w);
}

static uint64_t all_client_bytes(const struct worker_group *g)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < g->count; i++)
        sum += load_relaxed(&g->workers[i]->client_bytes);
    return sum;
}

/* --- the largest go -------------------------------------------------------------------------- */

struct client_size {
    uint64_t bytes, id;
};

struct client_sizes {
    struct client_size *v;
    uint32_t count, capacity;
    uint64_t sum; /* of all that stay, those that may not be evicted too */
};

static bool client_sizes_add(void *ctx, struct session *s)
{
    struct client_sizes *all = ctx;
    if (load_relaxed(&s->kill) || session_has(s, SESSION_CLOSE_AFTER) ||
        session_has(s, SESSION_REPLICA | SESSION_MASTER))
        return true;
    const struct client_size one = {session_bytes(s), s->id};
    all->sum += one.bytes;
    if (session_has(s, SESSION_NO_EVICT))
        return true;
    if (all->count == all->capacity) {
        const uint32_t more = all->capacity ? all->capacity * 2 : 64;
        all->v = mem_realloc(all->v, all->capacity * sizeof *all->v, more * sizeof *all->v);
        all->capacity = more;
    }
    all->v[all->count++] = one;
    return true;
}

static int larger_first(const void *a, const void *b)
{
    const struct client_size *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static bool client_kill_visit(void *ctx, struct session *s)
{
    struct engine *e = ctx;
    const uint64_t bytes = session_bytes(s);
    trace_line(TRACE_NOTICE, "Evicting client: id=%" PRIu64 " addr=%s tot-mem=%" PRIu64, s->id,
               s->registry.peer, bytes);
    if (s->evicted_bytes == 0) {
        s->evicted_bytes = bytes;
        fetch_add_relaxed(&e->eviction.leaving, (int64_t)bytes);
    }
    registry_kill(e->fixed.registry, s);
    return false;
}

void conn_has_left(struct worker *w, const struct conn *c)
{
    struct engine *e = w->group->setup.engine;
    if (LK_UNLIKELY(c->session.evicted_bytes != 0))
        fetch_sub_relaxed(&e->eviction.leaving, (int64_t)c->session.evicted_bytes);
}

/* One thread at a time. */
static void evict_largest(struct worker *w)
{
    struct registry *r = w->group->setup.engine->fixed.registry;
    /* As it is now: this thread may have slept since it last looked. */
    const uint64_t limit = worker_client_limit(config_current(w->group->setup.config));
    struct client_sizes all = {0};
    if (limit > 0)
        registry_each(r, client_sizes_add, &all);
    if (all.sum > limit && all.count > 0)
        qsort(all.v, all.count, sizeof *all.v, larger_first);
    for (uint32_t i = 0; i < all.count && all.sum > limit; i++)
        if (registry_find(r, all.v[i].id, client_kill_visit, w->group->setup.engine)) {
            all.sum -= all.v[i].bytes;
            stats_add(&w->stats->evicted_clients, 1);
        }
    mem_free(all.v, all.capacity * sizeof *all.v);
}

void worker_evict_clients(struct worker *w)
{
    struct worker_group *g = w->group;
    if (LK_LIKELY(w->client_limit == 0 || !w->clients_grew) ||
        (!w->clients_unseen && all_client_bytes(g) <= w->client_limit))
        return;
    while (exchange_acquire(&g->evicting, 1)) {
        if (!w->clients_unseen && all_client_bytes(g) <= 2 * w->client_limit)
            return; /* somebody is at it, and will see this one's too, or the next cron does */
        /* He may have begun with the limit before, or sleep; it is one walk over all. */
        sched_yield();
    }
    /* What is over for good is looked at again with the next growth. */
    w->clients_grew = w->clients_unseen = false;
    evict_largest(w);
    store_release(&g->evicting, 0);
}
