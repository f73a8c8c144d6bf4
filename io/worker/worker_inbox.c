/*
 * worker_inbox.c — what other threads tell a worker: words to look at, messages, and the wake.
 *
 * The message or word is there before the wake; the worker wakes and then looks (N5).
 */
#include "core/base/atomic.h"
#include "core/base/inbox.h"
#include "io/worker/worker_priv.h"

/* The log's thread, among others, outlives the nets: it counts itself in while it wakes one. */
void worker_wake(struct worker *w)
{
    struct worker_group *g = w->group;
    fetch_add_seq_cst(&g->wakers, 1);
    if (!load_seq_cst(&g->deaf))
        net_wake(w->net);
    fetch_sub_seq_cst(&g->wakers, 1);
}

void worker_hand_over(struct worker *w, int fd, enum listener_kind kind)
{
    struct handover *h = mem_new(struct handover);
    h->fd = fd;
    h->kind = kind;
    if (inbox_push(&w->inbox, &h->node))
        net_wake(w->net);
}

void worker_group_retry(void *group, uint64_t workers)
{
    struct worker_group *g = group;
    for (; workers; workers &= workers - 1) {
        const uint32_t index = (uint32_t)__builtin_ctzll(workers);
        LK_ASSERT(index < g->count);
        struct worker *w = g->workers[index];
        store_release(&w->retry, 1);
        worker_wake(w);
    }
}

void worker_group_look(void *group, uint32_t worker)
{
    struct worker_group *g = group;
    struct worker *w = g->workers[worker];
    store_release(&w->look, 1);
    worker_wake(w);
}

void worker_group_served(void *group, uint32_t worker, struct inbox_node *message)
{
    struct worker *w = ((struct worker_group *)group)->workers[worker];
    if (inbox_push(&w->served, message))
        worker_wake(w);
}

void worker_group_pushed(void *group, uint32_t worker)
{
    worker_wake(((struct worker_group *)group)->workers[worker]);
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
