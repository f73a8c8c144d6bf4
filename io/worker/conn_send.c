/*
 * conn_send.c — replies go out: one send in flight a connection, whatever gathers behind it.
 *
 * What is being sent is moved aside as a whole, so that commands may go on writing replies.  So is
 * what rests on a change that is not durable yet: it is held with the ticket it rests on, and what
 * is written later gathers behind it with a ticket of its own (O5).  Replies keep their order.
 * An acknowledged change is held for replicas likewise (min-replicas-to-write).
 *
 *   session.reply, session.ticket --> held, its ticket --durable, copied--> sending --SENT--> gone
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/trace.h"
#include "core/proto/resp_refuse.h"
#include "io/worker/conn_feed.h"
#include "io/worker/worker_priv.h"

static void send_segments(struct worker *w, struct conn *c)
{
    struct outgoing *s = c->sending;
    struct bytes runs[CONN_IOVECS];
    s->iov_count = (uint32_t)reply_segments(&s->reply, runs, CONN_IOVECS);
    s->iov_bytes = 0;
    for (uint32_t i = 0; i < s->iov_count; i++) {
        s->iov[i] = (struct iovec){(void *)(uintptr_t)runs[i].data, runs[i].size};
        s->iov_bytes += runs[i].size;
    }
    net_send(w->net, &c->net, s->iov, s->iov_count);
}

/* All that has been written, and what it rests on; the next reply rests on nothing yet. */
static struct outgoing *move_aside(struct worker *w, struct conn *c)
{
    struct reply *r = &c->session.reply;
    const int version = r->version;
    const uint32_t errors = r->errors;
    struct outgoing *o = outgoing_take(w);
    o->reply = *r;
    o->ticket = c->session.ticket;
    if (o->ticket > c->session.aside_ticket)
        c->session.aside_ticket = o->ticket;
    c->session.ticket = 0;
    o->written = c->session.written;
    c->session.written = 0;
    reply_init(r, version);
    r->errors = errors;
    return o;
}

/* May the client be told?  Else the worker is told when. */
static bool is_durable(struct worker *w, uint64_t ticket)
{
    struct log_ring *log = w->group->setup.engine->fixed.log;
    return ticket == 0 || log_ring_is_durable_or_ask(log, ticket, w->index);
}

/*
 * Behind min-replicas-to-write: have enough replicas been given what is acknowledged?  What a
 * replica is sent waits for nobody, or it would wait for itself.
 */
static bool is_copied(struct worker *w, const struct conn *c, uint64_t written)
{
    struct log_copies *copies = &w->group->setup.engine->copies;
    return LK_LIKELY(!log_copies_is_on(copies)) || written == 0 || c->feed ||
           log_copies_has_or_ask(copies, written, w->index);
}

/* The disk will not have it so soon: that is told instead.  False: it may yet. */
static bool conn_send_refuse(struct worker *w, struct outgoing *o)
{
    const char *why = log_ring_refusal(w->group->setup.engine->fixed.log);
    if (!why)
        return false;
    reply_refuse(&o->reply, why);
    return true;
}

/* The oldest replies go out, or are held until they may.  Nothing is in flight. */
static void send_next(struct worker *w, struct conn *c)
{
    struct outgoing *o = c->held;
    if (LK_LIKELY(!o)) {
        if (LK_UNLIKELY(c->feed && (c->feed->begun || reply_size(&c->session.reply) == 0))) {
            if (!conn_feed_send(w, c))
                conn_close(w, c);
            return;
        }
        if (reply_size(&c->session.reply) == 0)
            return;
        o = move_aside(w, c);
    }
    if (LK_LIKELY(is_durable(w, o->ticket)) ? is_copied(w, c, o->written)
                                            : conn_send_refuse(w, o)) {
        c->held = NULL;
        c->sending = o;
        send_segments(w, c);
        return;
    }
    c->held = o;
    conn_hold(w, c);
}

/*
 * Which of the three limits is for it.  Monitors have that of subscribers: they are sent as much,
 * and normal clients have no limit by default.
 */
static enum config_client_class class_of(const struct session *s)
{
    if (session_has(s, SESSION_SUBSCRIBER | SESSION_MONITOR))
        return CONFIG_CLIENT_PUBSUB;
    return session_has(s, SESSION_REPLICA) ? CONFIG_CLIENT_REPLICA : CONFIG_CLIENT_NORMAL;
}

/* floor: what is below it is never too much. */
static bool over_limit(struct conn *c, size_t bytes, const struct config_buffer_limit *limit,
                       size_t floor, int64_t now_ms)
{
    if (limit->hard > 0 && bytes > limit->hard && bytes > floor)
        return true;
    if (limit->soft == 0 || bytes <= limit->soft || bytes <= floor) {
        c->soft_limit_since_ms = 0;
        return false;
    }
    if (c->soft_limit_since_ms == 0)
        c->soft_limit_since_ms = now_ms;
    return now_ms - c->soft_limit_since_ms > limit->soft_seconds * 1000;
}

/* Before AUTH nobody is owed much: what gathers behind a send that does not end is enough. */
static bool over_untrusted(const struct conn *c)
{
    return !session_has(&c->session, SESSION_AUTHENTICATED) &&
           reply_size(&c->session.reply) > UNTRUSTED_OUTPUT;
}

/* The buffers, and the values that replies refer to. */
static size_t output_held_bytes(const struct conn *c)
{
    const struct reply *r = &c->session.reply;
    size_t bytes = r->out.capacity + r->ref.bytes;
    const struct outgoing *const aside[] = {c->sending, c->held};
    for (size_t i = 0; i < 2; i++)
        if (aside[i])
            bytes += aside[i]->reply.out.capacity + aside[i]->reply.ref.bytes;
    return bytes;
}

static void conn_show_output(struct conn *c, size_t bytes, size_t held)
{
    store_relaxed(&c->session.shown.output_size, bytes);
    store_relaxed(&c->session.shown.output_capacity, held);
}

/*
 * fresh: it has been handed to the socket just now.  As long as it is no more than a lent buffer it
 * is not shown, nor counted against any limit: the socket nearly always takes it at once, and
 * nobody is to go for what is gone before he is.
 */
static void watch_output(struct worker *w, struct conn *c, bool fresh)
{
    const struct config *config = config_current(w->group->setup.config);
    const size_t bytes = conn_output_bytes(c);
    if (LK_LIKELY(fresh && !c->feed && bytes <= SPARE_BUF_BYTES && !over_untrusted(c))) {
        if (LK_UNLIKELY(c->session.shown.output_size))
            conn_show_output(c, 0, 0);
        return;
    }
    /* A replica that is given what the backlog keeps anyway would be cut off again and again. */
    const size_t lag = c->feed ? c->feed->ops->lag(c->feed) : 0;
    const size_t floor = c->feed ? config->repl_backlog_size : 0;
    if (over_untrusted(c) ||
        over_limit(c, bytes + lag, &config->client_output_buffer_limit[class_of(&c->session)],
                   floor, dispatcher_now_ms(w->dispatcher))) {
        trace_line(TRACE_WARNING,
                   "Client id=%llu addr=%s scheduled to be closed ASAP for overcoming of output "
                   "buffer limits.",
                   (unsigned long long)c->session.id, c->session.registry.peer);
        stats_add(&w->stats->output_limit_disconnections, 1);
        conn_close(w, c);
        return;
    }
    /* Only now: nobody is to go for what one had who goes anyway. */
    conn_show_output(c, bytes + lag, output_held_bytes(c) + lag);
    if (bytes > w->output_most)
        conn_pause(w, c, PAUSED_BY_OUTPUT);
}

/*
 * Between two rounds: what will not be gone at once, as above, nor with its client, because it is
 * more than he may be owed: the flush sees to that, and nobody else is to go for it.
 */
void conn_show_unsent(const struct worker *w, struct conn *c)
{
    const struct config *config = config_current(w->group->setup.config);
    const uint64_t hard = config->client_output_buffer_limit[class_of(&c->session)].hard;
    const size_t bytes = conn_output_bytes(c);
    if (bytes > SPARE_BUF_BYTES && (hard == 0 || bytes <= hard) && !c->feed && !c->closing)
        conn_show_output(c, bytes, output_held_bytes(c));
}

void conn_watch_output(struct worker *w, struct conn *c)
{
    watch_output(w, c, false);
}

static void conn_send_flush(struct worker *w, struct conn *c)
{
    if (c->closing)
        return;
    if (c->cur.size > 0)
        conn_keep_rest(w, c);
    if (LK_UNLIKELY(conn_input_bytes(c) > UNTRUSTED_INPUT || c->paused)) {
        conn_bound_input(w, c);
        if (c->closing)
            return;
    }
    const bool fresh = !c->sending;
    if (fresh)
        send_next(w, c);
    if (LK_UNLIKELY(c->closing))
        return;
    if (c->sending || c->held) {
        watch_output(w, c, fresh && !c->held);
        return;
    }
    LK_DEBUG_ASSERT(reply_size(&c->session.reply) == 0);
    c->soft_limit_since_ms = 0; /* all is said */
    if (LK_UNLIKELY(c->session.shown.output_size))
        conn_show_output(c, 0, 0);
    conn_give_spare(w, &c->session.reply.out);
    /* What came before the end of input is still run. */
    if ((c->eof && !c->ready && !c->on_parked) || session_has(&c->session, SESSION_CLOSE_AFTER))
        conn_close(w, c);
}

void conn_flush_all(struct worker *w)
{
    while (w->dirty) {
        struct conn *c = w->dirty;
        w->dirty = c->dirty_next;
        c->dirty = false;
        conn_send_flush(w, c);
        if (LK_UNLIKELY(w->client_limit != 0))
            conn_count_memory(w, c);
    }
}

void conn_sent(struct worker *w, struct conn *c, int error)
{
    if (c->closing || !c->sending)
        return;
    if (error) {
        conn_close(w, c);
        return;
    }
    struct outgoing *s = c->sending;
    stats_add(&w->stats->net_out, s->iov_bytes);
    session_count(&c->session.bytes_out, s->iov_bytes);
    if (LK_UNLIKELY(c->feeding)) {
        conn_feed_sent(w, c);
        return;
    }
    reply_sent(&s->reply, s->iov_bytes);
    if (reply_size(&s->reply) > 0) {
        send_segments(w, c);
        return;
    }
    outgoing_release(w, s);
    c->sending = NULL;
    if (LK_UNLIKELY(c->paused & PAUSED_BY_OUTPUT) && conn_output_bytes(c) <= w->output_most / 2) {
        conn_resume(w, c, PAUSED_BY_OUTPUT);
        if (c->in.size > 0)
            conn_ready(w, c);
    }
    conn_dirty(w, c);
}
