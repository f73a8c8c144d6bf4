/*
 * conn_feed.c — connections that are sent a stream.
 */
#include "io/worker/conn_feed.h"

#include "core/base/trace.h"
#include "io/worker/worker_priv.h"

#include <assert.h>

void conn_feed_begin(struct session *s, struct conn_feed *f)
{
    struct conn *c = conn_of_session(s);
    LK_ASSERT(!c->feed);
    c->feed = f;
    c->feed_next = c->worker->feeds;
    c->worker->feeds = c;
    conn_dirty(c->worker, c);
}

void conn_feed_leave(struct worker *w, struct conn *c)
{
    for (struct conn **at = &w->feeds; *at; at = &(*at)->feed_next)
        if (*at == c) {
            *at = c->feed_next;
            break;
        }
    c->feed->ops->closed(c->feed);
}

void conn_feed_look(struct worker *w)
{
    for (struct conn *c = w->feeds; c; c = c->feed_next)
        if (!c->sending)
            conn_dirty(w, c);
}

/* A reply amid the stream would be taken for a command. */
static bool conn_feed_is_spoilt(const struct conn *c)
{
    if (!c->feed->begun || reply_size(&c->session.reply) == 0)
        return false;
    trace_line(TRACE_WARNING, "Replica %s generated a reply to a command, disconnecting it",
               c->session.registry.peer);
    return true;
}

bool conn_feed_send(struct worker *w, struct conn *c)
{
    struct bytes runs[FEED_RUNS];
    if (conn_feed_is_spoilt(c))
        return false;
    c->feed->begun = true;
    const uint32_t n = c->feed->ops->fill(c->feed, runs, FEED_RUNS);
    if (n == 0)
        return !c->feed->ending;
    static_assert((int)FEED_RUNS <= (int)CONN_IOVECS, "one send");
    struct outgoing *o = outgoing_take(w);
    o->iov_count = n;
    o->iov_bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        o->iov[i] = (struct iovec){(void *)(uintptr_t)runs[i].data, runs[i].size};
        o->iov_bytes += runs[i].size;
    }
    c->sending = o;
    c->feeding = true;
    net_send(w->net, &c->net, o->iov, o->iov_count);
    return true;
}

void conn_feed_sent(struct worker *w, struct conn *c)
{
    struct outgoing *o = c->sending;
    const size_t bytes = o->iov_bytes;
    c->sending = NULL;
    c->feeding = false;
    outgoing_release(w, o);
    c->feed->ops->sent(c->feed, bytes);
    conn_dirty(w, c);
}
