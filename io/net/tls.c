/*
 * tls.c — the layer: a back end's events become those of plain bytes.
 *
 * Each event of the back end becomes at most one of the owner's, in its place.  What more there is
 * to say (the end behind the last bytes, a send that was sealed and failed) goes to the list told
 * and is said behind the batch.  Handshakes take turns, as each costs more than hundreds of
 * commands: their bytes wait until then.  While either list holds somebody, a wait does not sleep.
 */
#include "io/net/tls_priv.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "io/net/socket.h"

#include <errno.h>
#include <sys/socket.h>

enum { TURNS_NS = 1000000 };

/* --- lists ----------------------------------------------------------------------------------- */

static void place_init(struct tls_place *p)
{
    p->next = p->prev = p;
}

static bool place_is_alone(const struct tls_place *p)
{
    return p->next == p;
}

static void place_push(struct tls_place *head, struct tls_place *p)
{
    LK_DEBUG_ASSERT(place_is_alone(p));
    p->next = head;
    p->prev = head->prev;
    head->prev->next = p;
    head->prev = p;
}

static void place_remove(struct tls_place *p)
{
    p->next->prev = p->prev;
    p->prev->next = p->next;
    place_init(p);
}

#define SESSION_AT(place, member)                                                                  \
    ((struct tls_session *)(void *)((char *)(place)-offsetof(struct tls_session, member)))

static void tls_tell(struct tls_net *t, struct tls_session *s, uint32_t what, int error)
{
    s->flags |= what;
    s->error = error;
    if (place_is_alone(&s->told)) {
        place_push(&t->told, &s->told);
        t->owed++;
    }
}

static void tls_queue(struct tls_net *t, struct tls_session *s)
{
    if (s->flags & TLS_QUEUED)
        return;
    s->flags |= TLS_QUEUED;
    place_push(&t->turns, &s->turn);
    t->owed++;
}

static void tls_leave_lists(struct tls_net *t, struct tls_session *s)
{
    if (!place_is_alone(&s->told)) {
        place_remove(&s->told);
        t->owed--;
    }
    if (s->flags & TLS_QUEUED) {
        s->flags &= ~(uint32_t)TLS_QUEUED;
        place_remove(&s->turn);
        t->owed--;
    }
}

/* --- buffers --------------------------------------------------------------------------------- */

static void take_spare(struct tls_net *t, struct buf *b)
{
    if (b->capacity == 0 && t->spare_count > 0)
        *b = t->spare[--t->spare_count];
}

static void give_spare(struct tls_net *t, struct buf *b)
{
    if (b->capacity == 0)
        return;
    if (b->capacity > TLS_SPARE_BYTES || t->spare_count == TLS_SPARES) {
        buf_release(b);
        return;
    }
    b->size = 0;
    t->spare[t->spare_count++] = *b;
    *b = (struct buf){0};
}

/* --- out ------------------------------------------------------------------------------------- */

/* Gives the back end what is to go next; seals of the owner's send what may go with it. */
static void tls_pump(struct net *n, struct tls_session *s)
{
    struct tls_net *t = n->tls;
    if (s->flags & (TLS_IN_FLIGHT | TLS_DETACHED))
        return;
    if ((s->flags & (TLS_UP | TLS_SENDING)) == (TLS_UP | TLS_SENDING)) {
        take_spare(t, &s->out);
        if (!tls_session_seal(s, t->gather)) {
            s->iov_count = 0;
            tls_tell(t, s, TLS_TELL_SENT, -EPROTO);
        }
    }
    if (s->out.size == 0)
        return;
    const struct buf empty = s->flight;
    s->flight = s->out;
    s->out = empty;
    s->flight_iov = (struct iovec){s->flight.data, s->flight.size};
    struct net_conn *c = s->conn;
    c->iov = &s->flight_iov;
    c->iov_count = 1;
    c->sent = 0;
    s->flags |= TLS_IN_FLIGHT;
    n->ops->send(n, c);
}

/* Has the owner's send gone whole? */
static bool tls_all_sent(const struct tls_session *s)
{
    return (s->flags & (TLS_UP | TLS_SENDING | TLS_IN_FLIGHT)) == (TLS_UP | TLS_SENDING) &&
           s->iov_count == 0;
}

void tls_send(struct net *n, struct net_conn *c, const struct iovec *iov, uint32_t count)
{
    struct tls_session *s = c->tls;
    LK_ASSERT(!(s->flags & (TLS_SENDING | TLS_DETACHED)));
    s->iov = iov;
    s->iov_count = count;
    s->iov_sent = 0;
    s->flags |= TLS_SENDING;
    tls_pump(n, s);
    if (tls_all_sent(s) && !(s->flags & TLS_TELL_SENT))
        tls_tell(n->tls, s, TLS_TELL_SENT, 0);
}

static int tls_say(const struct tls_session *s, enum net_event_kind kind, int error,
                   struct net_event *event)
{
    *event = (struct net_event){.kind = kind, .conn = s->conn, .error = error};
    return 1;
}

static int tls_on_sent(struct net *n, struct tls_session *s, int error, struct net_event *event)
{
    s->flags &= ~(uint32_t)TLS_IN_FLIGHT;
    s->flight.size = 0;
    if (error == 0)
        tls_pump(n, s);
    else
        s->flags |= TLS_FAILED;
    if (s->flags & (TLS_IN_FLIGHT | TLS_TELL_SENT))
        return 0;
    give_spare(n->tls, &s->flight);
    give_spare(n->tls, &s->out);
    if (error ? s->flags & TLS_SENDING : tls_all_sent(s)) {
        s->flags &= ~(uint32_t)TLS_SENDING;
        return tls_say(s, NET_SENT, error, event);
    }
    if (error == 0 || s->flags & TLS_ENDED)
        return 0;
    s->flags |= TLS_ENDED;
    return tls_say(s, NET_EOF, error, event);
}

/* --- in -------------------------------------------------------------------------------------- */

/* Opens data: DATA, or the end, or nothing that is whole. */
static int tls_open(struct net *n, struct tls_session *s, struct bytes data,
                    struct net_event *event)
{
    struct tls_net *t = n->tls;
    const size_t room = data.size + TLS_RECORD;
    char *plain = tls_arena_room(&t->arena, room);
    size_t size = 0;
    s->in = data;
    const int end = tls_session_open(s, plain, room, &size);
    s->in = bytes_of(NULL, 0);
    tls_arena_use(&t->arena, size);
    if (s->out.size > 0)
        tls_pump(n, s);
    const bool flooded = s->out.size > TLS_ANSWERS + TLS_FLIGHT;
    if (end != 0 || flooded) {
        s->flags |= TLS_ENDED;
        const int error = end == 1 ? 0 : -EPROTO;
        if (size == 0)
            return tls_say(s, NET_EOF, error, event);
        tls_tell(t, s, TLS_TELL_EOF, error);
    }
    if (size == 0)
        return 0;
    *event = (struct net_event){.kind = NET_DATA, .conn = s->conn, .data = bytes_of(plain, size)};
    return 1;
}

static void log_failed_handshake(const struct tls_session *s)
{
    char why[256], peer[SOCKET_NAME_CHARS], own[SOCKET_NAME_CHARS];
    tls_session_reason(why, sizeof why);
    socket_peer_name(s->conn->fd, peer, sizeof peer);
    socket_own_name(s->conn->fd, own, sizeof own);
    trace_line(TRACE_VERBOSE, "Error %s: %s (addr=%s laddr=%s)",
               SSL_is_server(s->ssl) ? "accepting a client connection"
                                     : "condition on socket for a TLS handshake",
               why, peer, own);
}

/* A step of a handshake, and what follows it if that was the last. */
static int tls_shake(struct net *n, struct tls_session *s, struct net_event *event)
{
    struct buf early = s->early;
    s->early = (struct buf){0};
    s->in = buf_bytes(&early);
    const enum tls_step step = tls_session_shake(s);
    const struct bytes rest = s->in;
    s->in = bytes_of(NULL, 0);
    int count = 0;
    if (step == TLS_STEP_FAILED) {
        log_failed_handshake(s);
        s->flags |= TLS_ENDED;
        count = tls_say(s, NET_EOF, -EPROTO, event);
    } else if (step == TLS_STEP_UP) {
        s->flags |= TLS_UP;
        if (rest.size > 0)
            count = tls_open(n, s, rest, event);
    }
    tls_pump(n, s); /* an alert, too: the peer is to know why */
    if (tls_all_sent(s) && !(s->flags & TLS_TELL_SENT))
        tls_tell(n->tls, s, TLS_TELL_SENT, 0);
    give_spare(n->tls, &early);
    return count;
}

static int tls_take_turn(struct net *n, struct tls_session *s, struct net_event *event)
{
    s->flags &= ~(uint32_t)TLS_QUEUED;
    place_remove(&s->turn);
    n->tls->owed--;
    int count = tls_shake(n, s, event);
    if ((s->flags & (TLS_PEER_GONE | TLS_ENDED)) == TLS_PEER_GONE) {
        s->flags |= TLS_ENDED;
        if (count == 0)
            count = tls_say(s, NET_EOF, s->error, event);
        else
            tls_tell(n->tls, s, TLS_TELL_EOF, s->error);
    }
    if (s->flags & TLS_PAUSED) {
        s->flags &= ~(uint32_t)TLS_PAUSED;
        if (!(s->flags & (TLS_OWNER_PAUSED | TLS_ENDED)))
            n->ops->resume(n, s->conn);
    }
    return count;
}

static int tls_on_data(struct net *n, struct tls_session *s, struct bytes data,
                       struct net_event *event)
{
    if (s->flags & (TLS_ENDED | TLS_DETACHED | TLS_FAILED))
        return 0;
    if (s->flags & TLS_UP)
        return tls_open(n, s, data, event);
    take_spare(n->tls, &s->early);
    buf_append_bytes(&s->early, data);
    if (s->early.size > TLS_EARLY && !(s->flags & TLS_PAUSED)) {
        s->flags |= TLS_PAUSED;
        n->ops->pause(n, s->conn);
    }
    tls_queue(n->tls, s);
    return 0;
}

static int tls_on_eof(struct tls_session *s, int error, struct net_event *event)
{
    if (s->flags & TLS_ENDED)
        return 0;
    if (s->flags & TLS_QUEUED) {
        s->flags |= TLS_PEER_GONE;
        s->error = error;
        return 0;
    }
    s->flags |= TLS_ENDED;
    return tls_say(s, NET_EOF, error, event);
}

/* --- the wait -------------------------------------------------------------------------------- */

/* What becomes of an event of the back end: *e is replaced, or nothing is left of it. */
static int tls_event(struct net *n, struct net_event *e)
{
    struct net_conn *c = e->conn;
    struct tls_session *s = c ? c->tls : NULL;
    if (!s)
        return 1;
    switch (e->kind) {
    case NET_DATA:
        return tls_on_data(n, s, e->data, e);
    case NET_EOF:
        return tls_on_eof(s, e->error, e);
    case NET_SENT:
        return tls_on_sent(n, s, e->error, e);
    case NET_CLOSED:
        LK_ASSERT(s->flags & TLS_DETACHED);
        place_remove(&s->all);
        tls_session_free(s);
        c->tls = NULL;
        return 1;
    default:
        LK_ASSERT(!"an event that names no connection");
        return 0;
    }
}

static int tls_report(struct tls_net *t, struct net_event *events, int max)
{
    int n = 0;
    while (n < max && !place_is_alone(&t->told)) {
        struct tls_session *s = SESSION_AT(t->told.next, told);
        const bool sent = s->flags & TLS_TELL_SENT;
        n += tls_say(s, sent ? NET_SENT : NET_EOF, s->error, &events[n]);
        s->flags &= ~(uint32_t)(sent ? TLS_TELL_SENT | TLS_SENDING : TLS_TELL_EOF);
        if (s->flags & (TLS_TELL_SENT | TLS_TELL_EOF))
            continue;
        place_remove(&s->told);
        t->owed--;
    }
    return n;
}

static int tls_take_turns(struct net *n, struct net_event *events, int max)
{
    struct tls_net *t = n->tls;
    const int64_t end_ns = place_is_alone(&t->turns) ? 0 : clock_mono_ns() + TURNS_NS;
    int count = 0;
    for (uint32_t i = 0; count < max && !place_is_alone(&t->turns); i++) {
        if (i >= t->turns_min && clock_mono_ns() >= end_ns)
            break;
        count += tls_take_turn(n, SESSION_AT(t->turns.next, turn), &events[count]);
    }
    return count;
}

int tls_wait(struct net *n, struct net_event *events, int max, int64_t timeout_ns)
{
    struct tls_net *t = n->tls;
    const uint32_t half = (uint32_t)max / 2;
    const int owed = (int)(t->owed < half ? t->owed : half); /* places for those that wait */
    int count = 0;
    tls_arena_empty(&t->arena);
    const int got = n->ops->wait(n, events, max - owed, t->owed > 0 ? 0 : timeout_ns);
    for (int i = 0; i < got; i++) {
        struct net_event e = events[i];
        if (tls_event(n, &e))
            events[count++] = e;
    }
    count += tls_take_turns(n, events + count, max - count);
    count += tls_report(t, events + count, max - count);
    return count;
}

/* --- coming and going ------------------------------------------------------------------------ */

void net_attach_tls(struct net *n, struct net_conn *c, int fd, struct tls_session *s)
{
    if (!n->tls) {
        struct tls_net *t = mem_new(struct tls_net);
        place_init(&t->all);
        place_init(&t->told);
        place_init(&t->turns);
        t->turns_min = 1;
        n->tls = t;
    }
    *c = (struct net_conn){.fd = fd, .tls = s};
    s->conn = c;
    place_init(&s->all);
    place_init(&s->told);
    place_init(&s->turn);
    place_push(&n->tls->all, &s->all);
    n->ops->attach(n, c);
    if (!SSL_is_server(s->ssl))
        tls_queue(n->tls, s); /* it speaks first */
}

bool net_tls_is_up(const struct net_conn *c)
{
    const struct tls_session *s = c->tls;
    return s && s->flags & TLS_UP;
}

void net_set_tls_turns(struct net *n, uint32_t turns)
{
    LK_ASSERT(turns > 0);
    if (n->tls)
        n->tls->turns_min = turns;
}

void tls_pause(struct net *n, struct net_conn *c)
{
    c->tls->flags |= TLS_OWNER_PAUSED;
    n->ops->pause(n, c);
}

void tls_resume(struct net *n, struct net_conn *c)
{
    struct tls_session *s = c->tls;
    s->flags &= ~(uint32_t)TLS_OWNER_PAUSED;
    if (!(s->flags & (TLS_PAUSED | TLS_ENDED)))
        n->ops->resume(n, c);
}

void tls_detach(struct net *n, struct net_conn *c)
{
    struct tls_session *s = c->tls;
    tls_leave_lists(n->tls, s);
    s->flags |= TLS_DETACHED;
    if (!(s->flags & TLS_IN_FLIGHT)) {
        /* A last word, if the socket has room for it: nobody waits for more. */
        tls_session_say_bye(s);
        if (s->out.size > 0)
            (void)send(c->fd, s->out.data, s->out.size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    n->ops->detach(n, c);
}

void tls_net_free(struct tls_net *t)
{
    if (!t)
        return;
    while (!place_is_alone(&t->all)) {
        struct tls_session *s = SESSION_AT(t->all.next, all);
        place_remove(&s->all);
        tls_session_free(s);
    }
    while (t->spare_count > 0)
        buf_release(&t->spare[--t->spare_count]);
    tls_arena_release(&t->arena);
    mem_delete(t);
}
