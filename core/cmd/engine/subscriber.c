#include "core/cmd/engine/subscriber.h"

#include "core/base/atomic.h"
#include "core/base/hash.h"
#include "core/base/hash_slot.h"
#include "core/base/mem.h"
#include "core/cmd/engine/slots_left.h"
#include "core/proto/resp_segment.h"

/* A channel or pattern that sessions of this worker subscribe to. */
struct listener {
    struct name_node node; /* first */
    struct subscription *first, *last;
    uint32_t live; /* those that have not ended */
    uint8_t kind;
    char name[];
};

struct subscription {
    struct name_node node; /* first; in the session's map until it ends */
    struct listener *listener;
    struct subscription *next, *prev; /* on the listener, in order of arrival */
    struct subscription *ended_next;
    struct session *session;
    uint64_t since, until;
};

struct subscriptions {
    struct name_map kinds[SUBSCRIPTION_KINDS];
};

static int64_t subscription_bytes(const struct subscription *one)
{
    return (int64_t)(sizeof *one + one->node.name.size);
}

enum { COPIED_BODY = 1024 }; /* what is longer is sent from the message itself */

static enum message_kind message_kind_of(enum subscription_kind kind)
{
    return kind == SUBSCRIBED_SHARD     ? MESSAGE_SHARD
           : kind == SUBSCRIBED_MONITOR ? MESSAGE_MONITOR
                                        : MESSAGE_PLAIN;
}

/* That of a subscription by name. */
static enum subscription_kind subscription_kind_of(enum message_kind kind)
{
    return kind == MESSAGE_SHARD     ? SUBSCRIBED_SHARD
           : kind == MESSAGE_MONITOR ? SUBSCRIBED_MONITOR
                                     : SUBSCRIBED_CHANNEL;
}

void subscribers_init(struct subscribers *all, struct channels *channels, struct patterns *patterns,
                      uint32_t worker)
{
    *all = (struct subscribers){.channels = channels, .patterns = patterns, .worker = worker};
}

void subscribers_release(struct subscribers *all)
{
    LK_ASSERT(all->ended == NULL);
    for (int kind = 0; kind < SUBSCRIPTION_KINDS; kind++) {
        LK_ASSERT(all->listeners[kind].count == 0);
        name_map_release(&all->listeners[kind]);
    }
}

/* --- subscriptions --------------------------------------------------------------------------- */

static struct listener *listener_get(struct subscribers *all, enum subscription_kind kind,
                                     struct bytes name, uint64_t hash)
{
    struct listener *l = (struct listener *)name_map_find(&all->listeners[kind], name, hash);
    if (l)
        return l;
    l = mem_alloc(sizeof *l + name.size);
    *l = (struct listener){.node = {.hash = hash, .name = {l->name, name.size}},
                           .kind = (uint8_t)kind};
    if (name.size > 0)
        memcpy(l->name, name.data, name.size);
    name_map_add(&all->listeners[kind], &l->node);
    return l;
}

/* Takes a subscription off its listener, which goes with the last one. */
static void subscription_free(struct subscribers *all, struct subscription *one)
{
    struct listener *l = one->listener;
    *(one->prev ? &one->prev->next : &l->first) = one->next;
    *(one->next ? &one->next->prev : &l->last) = one->prev;
    mem_delete(one);
    if (l->first)
        return;
    LK_ASSERT(l->live == 0);
    name_map_remove(&all->listeners[l->kind], &l->node);
    name_map_trim(&all->listeners[l->kind]);
    mem_free(l, sizeof *l + l->node.name.size);
}

static uint64_t subscriber_total(const struct session *s)
{
    return subscriber_count(s, SUBSCRIBED_CHANNEL) + subscriber_count(s, SUBSCRIBED_PATTERN) +
           subscriber_count(s, SUBSCRIBED_SHARD);
}

/* For CLIENT LIST and INFO. */
static void subscriber_show(struct subscribers *all, struct session *s)
{
    uint32_t *const shown[] = {&s->shown.channels, &s->shown.patterns, &s->shown.shard_channels};
    for (int kind = 0; kind < SUBSCRIBED_MONITOR; kind++)
        store_relaxed(shown[kind], (uint32_t)subscriber_count(s, (enum subscription_kind)kind));
    const bool any = subscriber_total(s) > 0;
    if (any != session_has(s, SESSION_SUBSCRIBER))
        store_relaxed(&all->sessions, all->sessions + (any ? 1 : UINT64_MAX));
    session_set(s, SESSION_SUBSCRIBER, any);
}

bool subscriber_add(struct subscribers *all, struct session *s, enum subscription_kind kind,
                    struct bytes name)
{
    const uint64_t hash = hash_bytes(name);
    if (!s->subscriptions)
        s->subscriptions = mem_new(struct subscriptions);
    struct name_map *mine = &s->subscriptions->kinds[kind];
    if (name_map_find(mine, name, hash))
        return false;
    struct listener *l = listener_get(all, kind, name, hash);
    struct subscription *one = mem_new(struct subscription);
    *one = (struct subscription){.node = {.hash = hash, .name = l->node.name},
                                 .listener = l,
                                 .prev = l->last,
                                 .session = s,
                                 .until = UINT64_MAX};
    *(l->last ? &l->last->next : &l->first) = one;
    l->last = one;
    name_map_add(mine, &one->node);
    session_keep_names(s, subscription_bytes(one));
    const bool first = l->live++ == 0;
    if (kind == SUBSCRIBED_PATTERN)
        one->since = patterns_subscribe(all->patterns, name, all->worker, first) - 1;
    else
        one->since =
            channels_subscribe(all->channels, message_kind_of(kind), name, all->worker, first);
    subscriber_show(all, s);
    return true;
}

/* Ends it for all publishers; what they have counted is in this worker's inbox by now. */
static void subscription_end(struct subscribers *all, struct subscription *one)
{
    struct listener *l = one->listener;
    const bool last = --l->live == 0;
    name_map_remove(&one->session->subscriptions->kinds[l->kind], &one->node);
    session_keep_names(one->session, -subscription_bytes(one));
    if (l->kind == SUBSCRIBED_PATTERN)
        one->until = patterns_unsubscribe(all->patterns, l->node.name, all->worker, last) - 1;
    else
        one->until =
            channels_unsubscribe(all->channels, message_kind_of((enum subscription_kind)l->kind),
                                 l->node.name, all->worker, last);
}

bool subscriber_remove(struct subscribers *all, struct session *s, enum subscription_kind kind,
                       struct bytes name)
{
    if (!s->subscriptions)
        return false;
    struct subscription *one = (struct subscription *)name_map_find(&s->subscriptions->kinds[kind],
                                                                    name, hash_bytes(name));
    if (!one)
        return false;
    subscription_end(all, one);
    if (kind == SUBSCRIBED_PATTERN)
        channels_pass(all->channels);
    one->ended_next = all->ended;
    all->ended = one;
    subscriber_show(all, s);
    return true;
}

void subscribers_drop_ended(struct subscribers *all)
{
    while (all->ended) {
        struct subscription *one = all->ended;
        all->ended = one->ended_next;
        subscription_free(all, one);
    }
}

void subscriber_forget(struct subscribers *all, struct session *s)
{
    if (!s->subscriptions)
        return;
    for (int kind = 0; kind < SUBSCRIPTION_KINDS; kind++) {
        struct name_map *mine = &s->subscriptions->kinds[kind];
        struct name_cursor at;
        for (struct name_node *n = name_map_first(mine, &at); n; n = name_map_next(&at)) {
            subscription_end(all, (struct subscription *)n);
            subscription_free(all, (struct subscription *)n);
        }
        name_map_release(mine);
    }
    mem_delete(s->subscriptions);
    s->subscriptions = NULL;
    subscriber_show(all, s);
}

uint64_t subscriber_count(const struct session *s, enum subscription_kind kind)
{
    return s->subscriptions ? s->subscriptions->kinds[kind].count : 0;
}

const struct name_map *subscriber_names(const struct session *s, enum subscription_kind kind)
{
    static const struct name_map none;
    return s->subscriptions ? &s->subscriptions->kinds[kind] : &none;
}

/* --- delivery -------------------------------------------------------------------------------- */

static void message_release(void *arg)
{
    message_drop(arg);
}

static void subscriber_append_body(struct reply *r, struct message *m)
{
    if (m->body_size <= COPIED_BODY) {
        reply_raw(r, message_body(m));
        return;
    }
    message_hold(m, 1);
    reply_refer(r, message_body(m), message_release, m);
}

static void subscriber_append(struct reply *r, const struct listener *l, struct message *m)
{
    static const char *const words[] = {"message", "pmessage", "smessage"};
    const bool pattern = l->kind == SUBSCRIBED_PATTERN;
    reply_push(r, pattern ? 4 : 3);
    reply_bulk_cstr(r, words[l->kind]);
    if (pattern)
        reply_bulk(r, l->node.name);
    subscriber_append_body(r, m);
}

static void subscription_push(struct subscribers *all, const struct subscription *one,
                              struct message *m)
{
    struct session *s = one->session;
    const struct listener *l = one->listener;
    if (LK_UNLIKELY(load_acquire(&s->kill)))
        return; /* whoever killed it has been told so */
    if (l->kind == SUBSCRIBED_MONITOR)
        reply_raw(&s->reply, bytes_of(m->body + m->payload_at, m->body_size - m->payload_at));
    else
        subscriber_append(&s->reply, l, m);
    if (m->ticket > s->ticket)
        s->ticket = m->ticket;
    all->output(all->output_ctx, s);
}

static void listener_deliver(struct subscribers *all, const struct listener *l, struct message *m,
                             uint64_t moment)
{
    for (const struct subscription *one = l->first; one; one = one->next)
        if (one->since < moment && moment <= one->until)
            subscription_push(all, one, m);
}

void subscribers_deliver(struct subscribers *all, struct message *m)
{
    const struct bytes channel = message_channel(m);
    const enum subscription_kind kind = subscription_kind_of((enum message_kind)m->kind);
    const struct name_node *l = name_map_find(&all->listeners[kind], channel, m->hash);
    if (l)
        listener_deliver(all, (const struct listener *)l, m, m->sequence);
    if (m->kind != MESSAGE_PLAIN)
        return;
    struct name_cursor at;
    const struct name_map *patterns = &all->listeners[SUBSCRIBED_PATTERN];
    for (l = name_map_first(patterns, &at); l; l = name_map_next(&at))
        if (bytes_match_glob(l->name, channel, false))
            listener_deliver(all, (const struct listener *)l, m, m->epoch);
}

/* --- slots that have left -------------------------------------------------------------------- */

static void subscription_leave(struct subscribers *all, struct subscription *one)
{
    struct session *s = one->session;
    const struct bytes name = one->node.name; /* the listener's, which stays for now */
    subscriber_remove(all, s, SUBSCRIBED_SHARD, name);
    one->until = 0; /* nothing more, also of what is on its way */
    reply_push(&s->reply, 3);
    reply_bulk_cstr(&s->reply, "sunsubscribe");
    reply_bulk(&s->reply, name);
    reply_int(&s->reply, (int64_t)subscriber_count(s, SUBSCRIBED_SHARD));
    all->output(all->output_ctx, s);
}

void subscribers_hear_left(struct subscribers *all, const struct message *m)
{
    struct name_cursor at;
    const struct name_map *shards = &all->listeners[SUBSCRIBED_SHARD];
    for (struct name_node *n = name_map_first(shards, &at); n; n = name_map_next(&at)) {
        const struct listener *l = (const struct listener *)n;
        if (!slots_left_has(m, hash_slot(n->name)))
            continue;
        for (struct subscription *one = l->first; one; one = one->next)
            if (one->until == UINT64_MAX)
                subscription_leave(all, one);
    }
    if (all->look_at_waits)
        all->look_at_waits(all->output_ctx);
}
