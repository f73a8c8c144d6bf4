/*
 * conn_queue.c — what a connection of a worker waits for: a queue for each.
 *
 *   ready    has bytes to frame            parked   waits for a retry, or the end of a pause
 *   dirty    has replies to send           held     has replies that are not durable yet
 *   waits    a command of its waits for keys until a deadline
 */
#include "core/base/atomic.h"
#include "core/cmd/engine/waiter.h"
#include "io/worker/worker_priv.h"

static void unlink_from(struct conn **list, struct conn *c, size_t link)
{
    for (struct conn **at = list; *at; at = (struct conn **)((char *)*at + link))
        if (*at == c) {
            *at = *(struct conn **)((char *)c + link);
            return;
        }
}

void conn_ready(struct worker *w, struct conn *c)
{
    if (c->ready)
        return;
    c->ready = true;
    c->ready_next = NULL;
    if (w->ready_tail)
        w->ready_tail->ready_next = c;
    else
        w->ready_head = c;
    w->ready_tail = c;
}

void conn_dirty(struct worker *w, struct conn *c)
{
    if (c->dirty)
        return;
    c->dirty = true;
    c->dirty_next = w->dirty;
    w->dirty = c;
}

void conn_park(struct worker *w, struct conn *c)
{
    c->on_parked = true;
    c->parked_next = w->parked;
    w->parked = c;
}

void conn_hold(struct worker *w, struct conn *c)
{
    if (c->on_held)
        return;
    c->on_held = true;
    c->held_next = w->held;
    w->held = c;
}

struct conn *conn_take_ready(struct worker *w)
{
    struct conn *c = w->ready_head;
    if (c) {
        w->ready_head = c->ready_next;
        if (!w->ready_head)
            w->ready_tail = NULL;
        c->ready_next = NULL;
        c->ready = false;
    }
    return c;
}

void conn_release_held(struct worker *w)
{
    struct conn *list = w->held;
    w->held = NULL;
    while (list) {
        struct conn *c = list;
        list = c->held_next;
        c->on_held = false;
        conn_dirty(w, c); /* which holds it again if it came too early */
    }
}

void conn_retry_parked(struct worker *w)
{
    struct conn *list = w->parked;
    w->parked = NULL;
    while (list) {
        struct conn *c = list;
        list = c->parked_next;
        c->on_parked = false;
        c->parked_next = NULL;
        c->session.parked = false;
        conn_ready(w, c);
    }
}

void conn_unpark(struct worker *w, struct conn *c)
{
    if (!c->on_parked)
        return;
    unlink_from(&w->parked, c, offsetof(struct conn, parked_next));
    c->on_parked = false;
}

void conn_unready(struct worker *w, struct conn *c)
{
    if (!c->ready)
        return;
    unlink_from(&w->ready_head, c, offsetof(struct conn, ready_next));
    w->ready_tail = w->ready_head;
    while (w->ready_tail && w->ready_tail->ready_next)
        w->ready_tail = w->ready_tail->ready_next;
    c->ready = false;
}

void conn_undirty(struct worker *w, struct conn *c)
{
    if (c->dirty)
        unlink_from(&w->dirty, c, offsetof(struct conn, dirty_next));
    c->dirty = false;
}

/* A connection that goes leaves all queues but the one of its timer, which its wait's end leaves.
 */
void conn_leave_queues(struct worker *w, struct conn *c)
{
    conn_unready(w, c);
    conn_undirty(w, c);
    if (c->on_held)
        unlink_from(&w->held, c, offsetof(struct conn, held_next));
}

/* --- commands that wait for keys ------------------------------------------------------------- */

static void count_blocked(struct worker *w, int64_t more)
{
    const uint64_t now = w->figures.blocked + (uint64_t)more;
    store_relaxed(&w->figures.blocked, now);
}

void conn_wait(struct worker *w, struct conn *c)
{
    count_blocked(w, 1);
    c->wait.deadline_ms = waiter_deadline(&c->session);
    if (c->wait.deadline_ms != 0)
        wait_heap_add(&w->waits, &c->wait);
}

void conn_wait_timeless(struct worker *w, struct conn *c)
{
    if (wait_place_waits(&c->wait))
        wait_heap_remove(&w->waits, &c->wait);
}

void conn_wait_ended(struct worker *w, struct conn *c)
{
    conn_wait_timeless(w, c);
    count_blocked(w, -1);
}

void conn_postpone(struct worker *w, struct conn *c, bool still)
{
    if (still != c->postponed)
        count_blocked(w, still ? 1 : -1);
    c->postponed = still;
    session_set(&c->session, SESSION_POSTPONED, still);
}
