/*
 * worker_wait.c — connections whose command waits for keys.
 *
 * Those with a deadline lie in a heap by it, so that a loop looks at the first one only.  A served
 * waiter comes through an inbox of its own, from whatever thread has served it.
 */
#include "core/base/mem.h"
#include "core/cmd/engine/waiter.h"
#include "io/worker/worker_priv.h"

static struct conn *conn_of_session(struct session *s)
{
    return (struct conn *)((char *)s - offsetof(struct conn, session));
}

static int64_t deadline_at(const struct wait_heap *h, uint32_t i)
{
    return waiter_deadline(&h->conns[i]->session);
}

static void place(struct wait_heap *h, uint32_t i, struct conn *c)
{
    h->conns[i] = c;
    c->wait_place = i + 1;
}

static void sift_up(struct wait_heap *h, uint32_t i)
{
    struct conn *c = h->conns[i];
    const int64_t deadline = deadline_at(h, i);
    for (; i > 0 && deadline_at(h, (i - 1) / 2) > deadline; i = (i - 1) / 2)
        place(h, i, h->conns[(i - 1) / 2]);
    place(h, i, c);
}

static void sift_down(struct wait_heap *h, uint32_t i)
{
    struct conn *c = h->conns[i];
    const int64_t deadline = deadline_at(h, i);
    for (uint32_t child; (child = 2 * i + 1) < h->count; i = child) {
        if (child + 1 < h->count && deadline_at(h, child + 1) < deadline_at(h, child))
            child++;
        if (deadline_at(h, child) >= deadline)
            break;
        place(h, i, h->conns[child]);
    }
    place(h, i, c);
}

static void heap_add(struct wait_heap *h, struct conn *c)
{
    if (h->count == h->capacity) {
        const uint32_t more = h->capacity ? h->capacity * 2 : 16;
        h->conns = mem_realloc(h->conns, h->capacity * sizeof(struct conn *),
                               more * sizeof(struct conn *));
        h->capacity = more;
    }
    h->conns[h->count] = c;
    sift_up(h, h->count++);
}

/* The session's waiter is still there: places are found by its deadline. */
static void heap_remove(struct wait_heap *h, struct conn *c)
{
    if (c->wait_place == 0)
        return;
    const uint32_t i = c->wait_place - 1;
    c->wait_place = 0;
    struct conn *last = h->conns[--h->count];
    if (last == c)
        return;
    place(h, i, last);
    sift_up(h, i);
    sift_down(h, last->wait_place - 1);
}

static void count_blocked(struct worker *w, int64_t more)
{
    const uint64_t now = w->figures.blocked + (uint64_t)more;
    __atomic_store_n(&w->figures.blocked, now, __ATOMIC_RELAXED);
}

void conn_wait(struct worker *w, struct conn *c)
{
    count_blocked(w, 1);
    if (waiter_deadline(&c->session) != 0)
        heap_add(&w->waits, c);
}

void conn_wait_ended(struct worker *w, struct conn *c)
{
    heap_remove(&w->waits, c);
    count_blocked(w, -1);
}

/* Its reply is there, and what it sent behind the command is run. */
static void go_on(struct worker *w, struct conn *c)
{
    conn_dirty(w, c);
    if (c->in.size > 0)
        conn_ready(w, c);
}

void worker_take_served(struct worker *w)
{
    for (struct inbox_node *n = inbox_drain(&w->served), *next; n; n = next) {
        next = n->next;
        struct session *s = waiter_session(n);
        struct conn *c = s ? conn_of_session(s) : NULL;
        if (c)
            conn_wait_ended(w, c);
        waiter_finish(w->dispatcher, n);
        if (c)
            go_on(w, c);
    }
}

/* One that is being served just now leaves the heap, and comes back by itself. */
static void end_wait(struct worker *w, struct conn *c, enum session_unblock how)
{
    heap_remove(&w->waits, c);
    if (!waiter_end(w->dispatcher, &c->session, how))
        return;
    count_blocked(w, -1);
    go_on(w, c);
}

void worker_end_waits(struct worker *w, int64_t now_ms)
{
    while (w->waits.count > 0 && deadline_at(&w->waits, 0) <= now_ms)
        end_wait(w, w->waits.conns[0], UNBLOCK_TIMEOUT);
}

int64_t worker_next_wait_ms(const struct worker *w)
{
    return w->waits.count > 0 ? deadline_at(&w->waits, 0) : INT64_MAX;
}

void worker_look_at_unblocked(struct worker *w)
{
    for (struct conn *c = w->conns; c; c = c->next) {
        const uint32_t how = __atomic_load_n(&c->session.unblock, __ATOMIC_ACQUIRE);
        if (how != UNBLOCK_NONE && !c->closing && c->session.waiter)
            end_wait(w, c, (enum session_unblock)how);
    }
}

/* --- answers to those who wait for no key ---------------------------------------------------- */

/* An answer on its way to a session, which may have gone. */
struct answer {
    struct inbox_node node; /* first */
    uint64_t session_id;
    size_t size;
    char reply[];
};

void worker_take_answers(struct worker *w)
{
    for (struct inbox_node *n = inbox_drain(&w->answers), *next; n; n = next) {
        next = n->next;
        struct answer *a = (struct answer *)n;
        struct conn *c = w->conns;
        while (c && c->session.id != a->session_id)
            c = c->next;
        if (c && !c->closing && c->session.waiter) {
            conn_wait_ended(w, c);
            if (waiter_answer(w->dispatcher, &c->session, bytes_of(a->reply, a->size)))
                go_on(w, c);
        }
        mem_free(a, sizeof *a + a->size);
    }
}

void worker_group_answer(void *group, uint32_t worker, uint64_t session_id, struct bytes reply)
{
    struct worker *w = ((struct worker_group *)group)->workers[worker];
    struct answer *a = mem_alloc(sizeof *a + reply.size);
    a->session_id = session_id;
    a->size = reply.size;
    memcpy(a->reply, reply.data, reply.size);
    if (inbox_push(&w->answers, &a->node))
        worker_wake(w);
}

void worker_release_waits(struct worker *w)
{
    for (struct inbox_node *n = inbox_drain(&w->answers), *next; n; n = next) {
        next = n->next;
        mem_free(n, sizeof(struct answer) + ((struct answer *)n)->size);
    }
    mem_free(w->waits.conns, w->waits.capacity * sizeof(struct conn *));
}

void worker_group_served(void *group, uint32_t worker, struct inbox_node *message)
{
    struct worker *w = ((struct worker_group *)group)->workers[worker];
    if (inbox_push(&w->served, message))
        worker_wake(w);
}
