/*
 * worker_wait.c — connections whose command waits for keys.
 *
 * Those with a deadline lie in a heap by it, so that a loop looks at the first one only.  A served
 * waiter comes through an inbox of its own, from whatever thread has served it.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/cmd/engine/waiter.h"
#include "io/worker/worker_priv.h"

struct conn *conn_of_session(struct session *s)
{
    return (struct conn *)((char *)s - offsetof(struct conn, session));
}

/* Its reply is there, and what it sent behind the command is run. */
static void worker_wait_go_on(struct worker *w, struct conn *c)
{
    conn_dirty(w, c);
    if (c->in.size > 0)
        conn_ready(w, c);
}

void worker_take_served(struct worker *w)
{
    struct inbox_node *n = inbox_drain(&w->served);
    dispatch_deliver(w->dispatcher); /* what was published before they were served comes first */
    for (struct inbox_node *next; n; n = next) {
        next = n->next;
        struct session *s = waiter_session(n);
        struct conn *c = s ? conn_of_session(s) : NULL;
        if (c)
            conn_wait_ended(w, c);
        waiter_finish(w->dispatcher, n);
        if (c)
            worker_wait_go_on(w, c);
    }
}

/* A writer has the wait just now: unless he serves it, the next loop ends it. */
static void end_wait_later(struct worker *w, struct conn *c, enum session_unblock how)
{
    uint32_t none = UNBLOCK_NONE;
    if (how == UNBLOCK_SLOTS)
        w->slots_left = true;
    else
        __atomic_compare_exchange_n(&c->session.client->unblock, &none, (uint32_t)how, false,
                                    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    worker_group_look(w->group, w->index);
}

/* One that has been served leaves the heap, and comes back by itself. */
static void end_wait(struct worker *w, struct conn *c, enum session_unblock how)
{
    const enum wait_end end = waiter_end(w->dispatcher, &c->session, how);
    if (end == WAIT_END_STAYS)
        return;
    conn_wait_timeless(w, c);
    if (end == WAIT_END_LATER)
        end_wait_later(w, c, how);
    if (end != WAIT_END_DONE)
        return;
    conn_wait_ended(w, c);
    worker_wait_go_on(w, c);
}

static struct conn *conn_of_wait(struct wait_place *p)
{
    return (struct conn *)(void *)((char *)p - offsetof(struct conn, wait));
}

void worker_end_waits(struct worker *w, int64_t now_ms)
{
    struct wait_place *first;
    while ((first = wait_heap_first(&w->waits)) != NULL && clock_passed(first->deadline_ms, now_ms))
        end_wait(w, conn_of_wait(first), UNBLOCK_TIMEOUT);
}

int64_t worker_next_wait_ms(const struct worker *w)
{
    const struct wait_place *first = wait_heap_first(&w->waits);
    return first ? clock_after(first->deadline_ms) : INT64_MAX;
}

void worker_slots_left(void *worker)
{
    struct worker *w = worker;
    w->slots_left = true;
    worker_group_look(w->group, w->index);
}

void worker_look_at_unblocked(struct worker *w)
{
    const bool slots_left = w->slots_left;
    w->slots_left = false;
    for (struct conn *c = w->conns; c; c = c->next) {
        const uint32_t how = load_acquire(&c->session.client->unblock);
        if (how != UNBLOCK_NONE && how != UNBLOCK_BY_ANSWER && !c->closing && c->session.waiter)
            end_wait(w, c, (enum session_unblock)how);
        else if (slots_left && !c->closing && c->session.waiter)
            end_wait(w, c, UNBLOCK_SLOTS);
    }
}

/* --- answers to those who wait for no key ---------------------------------------------------- */

struct conn *conn_of_id(struct id_node *n)
{
    return n ? (struct conn *)(void *)((char *)n - offsetof(struct conn, by_id)) : NULL;
}

void worker_take_answers(struct worker *w)
{
    for (struct inbox_node *n = inbox_drain(&w->answers), *next; n; n = next) {
        next = n->next;
        struct answer *a = (struct answer *)n;
        struct conn *c = conn_of_id(id_table_find(&w->ids, a->session_id));
        if (c && !c->closing && c->session.waiter &&
            waiter_answer(w->dispatcher, &c->session, bytes_of(a->reply, a->size))) {
            conn_wait_ended(w, c);
            worker_wait_go_on(w, c);
        }
        mem_free(a, sizeof *a + a->size);
    }
}

void worker_release_waits(struct worker *w)
{
    for (struct inbox_node *n = inbox_drain(&w->answers), *next; n; n = next) {
        next = n->next;
        mem_free(n, sizeof(struct answer) + ((struct answer *)n)->size);
    }
    wait_heap_release(&w->waits);
}
