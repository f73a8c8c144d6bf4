/*
 * conn_spare.c — buffers and sends that a worker keeps for its connections.
 *
 * An idle connection has none: what it needs comes from here, and goes back once it is sent.
 */
#include "io/worker/worker_priv.h"

void conn_take_spare(struct worker *w, struct conn *c)
{
    struct buf *out = &c->session.reply.out;
    if (out->capacity != 0 || w->spare_count == 0)
        return;
    *out = w->spare[--w->spare_count];
    w->spare_bytes -= (uint32_t)out->capacity;
}

void conn_give_spare(struct worker *w, struct buf *b)
{
    if (b->capacity == 0)
        return;
    if (b->capacity <= SPARE_BUF_LARGEST && w->spare_count < SPARE_BUFS &&
        w->spare_bytes + b->capacity <= SPARE_BYTES) {
        b->size = 0;
        w->spare_bytes += (uint32_t)b->capacity;
        w->spare[w->spare_count++] = *b;
        memset(b, 0, sizeof *b);
    } else {
        buf_release(b);
    }
}

struct outgoing *outgoing_take(struct worker *w)
{
    struct outgoing *s = w->spare_sends;
    if (!s)
        return mem_new(struct outgoing);
    w->spare_sends = (struct outgoing *)(void *)s->reply.out.data;
    memset(&s->reply, 0, sizeof s->reply);
    return s;
}

void outgoing_release(struct worker *w, struct outgoing *s)
{
    reply_clear(&s->reply);
    conn_give_spare(w, &s->reply.out);
    reply_release(&s->reply);
    s->reply.out.data = (char *)(void *)w->spare_sends;
    w->spare_sends = s;
}

void outgoing_free_all(struct worker *w)
{
    while (w->spare_sends) {
        struct outgoing *s = w->spare_sends;
        w->spare_sends = (struct outgoing *)(void *)s->reply.out.data;
        mem_delete(s);
    }
    while (w->spare_count > 0)
        buf_release(&w->spare[--w->spare_count]);
}
