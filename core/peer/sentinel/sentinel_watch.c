/*
 * sentinel_watch.c — requests that go out again and again, and who is down.
 */
#include "core/peer/sentinel/sentinel_priv.h"

#include <inttypes.h>
#include <stdio.h>

static int64_t at_most(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Short deadlines need short periods, or a master would be down between two of them. */
static int64_t ping_period(const struct sentinel *s, const struct sentinel_master *m)
{
    return at_most(s->periods.ping_ms, m->down_after_ms);
}

static int64_t info_period(const struct sentinel *s, const struct sentinel_node *n)
{
    const struct sentinel_master *m = n->master;
    if (m->state == SENTINEL_SELECT)
        return 0; /* a choice waits for it */
    const bool trouble = m->node.flags & SENTINEL_O_DOWN || m->state != SENTINEL_NONE ||
                         (n->kind == SENTINEL_REPLICA && n->info.at_ms != 0 && !n->info.link_up);
    return trouble ? at_most(SENTINEL_PING_MS, at_most(s->periods.info_ms, m->down_after_ms))
                   : s->periods.info_ms;
}

static void sentinel_send(struct sentinel *s, struct sentinel_node *n, enum sentinel_request what)
{
    const struct sentinel_call call = {.what = what};
    s->calls.ask(s->calls.ctx, n, &call);
}

void sentinel_say_hello(struct sentinel *s, struct sentinel_node *n)
{
    const struct sentinel_master *m = n->master;
    const struct sentinel_addr *at = sentinel_master_addr(m);
    struct buf text = {0};
    n->last_hello_ms = s->now_ms;
    buf_printf(&text, "%s,%u,%s,%" PRId64 ",%s,%s,%u,%" PRId64, s->addr.host, s->addr.port, s->id,
               s->current_epoch, m->name, sentinel_shown_host(s, at), at->port, m->config_epoch);
    buf_append_char(&text, '\0');
    const struct sentinel_call call = {.what = SENTINEL_ASK_HELLO, .text = text.data};
    s->calls.ask(s->calls.ctx, n, &call);
    buf_release(&text);
}

/* The period is over; a jump back of the clock does not make it last for ever. */
static bool is_due(struct sentinel *s, int64_t *last, int64_t period)
{
    if (s->now_ms >= *last && s->now_ms - *last < period && *last != 0)
        return false;
    *last = s->now_ms;
    return true;
}

/* One PING for all that the link is of. */
static void watch_ping(struct sentinel *s, struct sentinel_node *n)
{
    for (struct sentinel_node *t = n; t; t = sentinel_next_twin(t, n)) {
        if (!(t->flags & SENTINEL_CONNECTED))
            continue;
        t->last_ping_ms = s->now_ms;
        if (t->ping_sent_ms == 0)
            t->ping_sent_ms = s->now_ms;
    }
    sentinel_send(s, n, SENTINEL_ASK_PING);
}

/* A hello waits a little for a PING to go with, or goes a little early: one packet, not two. */
static bool hello_is_due(const struct sentinel *s, const struct sentinel_node *n)
{
    const int64_t period = at_most(s->periods.publish_ms, 2 * n->master->down_after_ms);
    const int64_t slack = at_most(ping_period(s, n->master), period) / 4;
    const int64_t age = s->now_ms - n->last_hello_ms;
    if (n->last_hello_ms == 0 || age < 0)
        return true;
    return age >= (n->last_ping_ms == s->now_ms ? period - slack : period + slack);
}

void sentinel_watch_node(struct sentinel *s, struct sentinel_node *n)
{
    if (!(n->flags & SENTINEL_CONNECTED))
        return;
    if (n->kind != SENTINEL_PEER && is_due(s, &n->last_info_ms, info_period(s, n)))
        sentinel_send(s, n, SENTINEL_ASK_INFO);
    if (is_due(s, &n->last_ping_ms, ping_period(s, n->master)))
        watch_ping(s, n);
    if (hello_is_due(s, n))
        sentinel_say_hello(s, n);
}

/* Since when has it been silent, on a link or for want of one? */
static int64_t silence_ms(const struct sentinel *s, const struct sentinel_node *n)
{
    if (n->ping_sent_ms != 0)
        return s->now_ms - n->ping_sent_ms;
    return n->flags & SENTINEL_CONNECTED ? 0 : s->now_ms - n->last_ok_ms;
}

/* A master that has said for long that it is none is of no use as one. */
static bool is_no_master(const struct sentinel *s, const struct sentinel_node *n)
{
    return n->kind == SENTINEL_MASTER && n->info.at_ms != 0 && !n->info.is_master &&
           s->now_ms - n->info.role_since_ms > n->master->down_after_ms + 2 * s->periods.info_ms;
}

/* It was started anew, and what it has is not to be waited for. */
static bool loads_for_long(const struct sentinel *s, const struct sentinel_node *n)
{
    return n->reboot_ms != 0 &&
           s->now_ms - n->reboot_ms > n->master->down_after_ms + n->master->reboot_down_after_ms;
}

void sentinel_judge_node(struct sentinel *s, struct sentinel_node *n)
{
    const bool down =
        silence_ms(s, n) > n->master->down_after_ms || is_no_master(s, n) || loads_for_long(s, n);
    if (down == ((n->flags & SENTINEL_S_DOWN) != 0))
        return;
    n->flags ^= SENTINEL_S_DOWN;
    if (down)
        n->s_down_since_ms = s->now_ms;
    sentinel_tell(s, down ? "+sdown" : "-sdown", n, NULL);
}

void sentinel_judge_master(struct sentinel *s, struct sentinel_master *m)
{
    uint32_t agree = 1;
    for (const struct sentinel_node *p = m->peers; p; p = p->next)
        agree += (p->flags & SENTINEL_MASTER_DOWN) != 0;
    const bool down = m->node.flags & SENTINEL_S_DOWN && agree >= m->quorum;
    if (down == ((m->node.flags & SENTINEL_O_DOWN) != 0))
        return;
    m->node.flags ^= SENTINEL_O_DOWN;
    char more[64];
    (void)snprintf(more, sizeof more, "#quorum %u/%u", agree, m->quorum);
    if (down)
        m->node.o_down_since_ms = s->now_ms;
    sentinel_tell(s, down ? "+odown" : "-odown", &m->node, down ? more : NULL);
}

void sentinel_ask_peers(struct sentinel *s, struct sentinel_master *m, bool now)
{
    for (struct sentinel_node *p = m->peers; p; p = p->next) {
        /* What it said long ago it may not say now. */
        if (s->now_ms - p->peer.down_said_ms > 5 * s->periods.ask_ms) {
            p->flags &= ~(uint32_t)SENTINEL_MASTER_DOWN;
            p->peer.leader[0] = '\0';
        }
        if (!(m->node.flags & SENTINEL_S_DOWN) || !(p->flags & SENTINEL_CONNECTED))
            continue;
        if (!now && s->now_ms - p->last_ask_ms < at_most(s->periods.ask_ms, m->down_after_ms))
            continue;
        p->last_ask_ms = s->now_ms;
        const struct sentinel_call call = {.what = SENTINEL_ASK_DOWN,
                                           .addr = &m->node.addr,
                                           .epoch = s->current_epoch,
                                           .text = m->state > SENTINEL_NONE ? s->id : "*"};
        s->calls.ask(s->calls.ctx, p, &call);
    }
}

void sentinel_link(struct sentinel *s, struct sentinel_node *n, bool connected)
{
    for (struct sentinel_node *t = n; t; t = sentinel_next_twin(t, n)) {
        if (connected == ((t->flags & SENTINEL_CONNECTED) != 0))
            continue;
        t->flags ^= SENTINEL_CONNECTED;
        /* A PING that was lost waits on: who accepts connections and answers nothing is silent. */
        t->last_ping_ms = t->last_hello_ms = t->last_info_ms = 0;
    }
    (void)s;
}

void sentinel_pong(struct sentinel *s, struct sentinel_node *n, bool valid, bool ready)
{
    LK_ASSERT(valid || !ready);
    if (!valid)
        return;
    if (ready)
        n->reboot_ms = 0;
    for (struct sentinel_node *t = n; t; t = sentinel_next_twin(t, n)) {
        t->last_ok_ms = s->now_ms;
        t->ping_sent_ms = 0;
    }
}

void sentinel_down_said(struct sentinel *s, struct sentinel_node *peer, bool down,
                        const char *leader, int64_t epoch)
{
    LK_ASSERT(peer->kind == SENTINEL_PEER);
    peer->peer.down_said_ms = s->now_ms;
    peer->flags &= ~(uint32_t)SENTINEL_MASTER_DOWN;
    if (down)
        peer->flags |= SENTINEL_MASTER_DOWN;
    if (strcmp(leader, "*") == 0 || strlen(leader) != SENTINEL_ID_CHARS)
        return;
    memcpy(peer->peer.leader, leader, sizeof peer->peer.leader);
    peer->peer.leader_epoch = epoch;
}
