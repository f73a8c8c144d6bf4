/*
 * dispatch_push.c — the messages that have come to this worker go to its sessions.
 *
 * That happens between replies: in the worker's loop, and behind the locks of a subscriber's own
 * command, before its reply.
 */
#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/unit.h"
#include "core/proto/resp_segment.h"

static void push_hand_round(struct dispatcher *d, struct push *p)
{
    for (struct push *next; p; p = next) {
        next = (struct push *)p->node.next;
        if (p->message->kind < MESSAGE_KINDS)
            subscribers_deliver(&d->subscribers, p->message);
        else if (p->message->kind == MESSAGE_SLOTS_LEFT)
            subscribers_hear_left(&d->subscribers, p->message);
        else if (p->message->kind != MESSAGE_PULSE)
            invalidation_deliver(d, p->message);
        push_free(p);
    }
    subscribers_drop_ended(&d->subscribers);
}

bool dispatch_has_pushes(const struct dispatcher *d)
{
    return d->push && (push_any(d->push, d->worker) || d->changed_keys.count > 0);
}

void dispatch_deliver_slow(struct dispatcher *d)
{
    if (d->changed_keys.count > 0)
        dispatch_broadcast(d);
    const int64_t here = mem_used_here();
    push_hand_round(d, push_take(d->push, d->worker));
    d->eviction.here += mem_used_here() - here; /* not of this worker's own doing */
}

uint64_t dispatch_subscriber_count(const struct dispatcher *d)
{
    return load_relaxed(&d->subscribers.sessions);
}

void dispatch_on_output(struct dispatcher *d, void (*output)(void *ctx, struct session *s),
                        struct session *(*find)(void *ctx, uint64_t id), void *ctx)
{
    d->subscribers.output = output;
    d->subscribers.find = find;
    d->subscribers.output_ctx = ctx;
}

void dispatch_on_slots_left(struct dispatcher *d, void (*look)(void *ctx))
{
    d->subscribers.look_at_waits = look;
}

void aside_begin(struct dispatcher *d)
{
    LK_ASSERT(d->unit.work == 0 && !d->aside.taken);
    d->unit.work = UNIT_ASIDE;
}

void aside_take(struct dispatcher *d)
{
    if (LK_LIKELY(!push_any(d->push, d->worker)))
        return;
    struct push *p = push_take(d->push, d->worker);
    if (!p)
        return;
    *(d->aside.taken ? &d->aside.last->node.next : (struct inbox_node **)&d->aside.taken) =
        &p->node;
    while (p->node.next)
        p = (struct push *)p->node.next;
    d->aside.last = p;
}

void aside_end(struct dispatcher *d, struct session *s, struct reply_place *reply)
{
    struct push *taken = d->aside.taken;
    d->unit.work = 0; /* it may have been parked */
    d->aside.taken = NULL;
    if (LK_LIKELY(!taken)) {
        subscribers_drop_ended(&d->subscribers);
        return;
    }
    struct reply own;
    reply_init(&own, s->reply.version);
    reply_cut(&s->reply, *reply, &own);
    dispatch_unlock_one(d); /* delivering takes as long as there are readers */
    push_hand_round(d, taken);
    *reply = reply_mark(&s->reply);
    reply_append(&s->reply, &own);
    reply_release(&own);
}
