/*
 * dispatch_service.c — commands that the server gives itself, on a thread that is no worker.
 */
#include "core/cmd/engine/dispatch_service.h"

#include "core/cmd/engine/unit.h"

enum { SLICE_NS = 1000000 };

static void service_publish(struct dispatcher *d, enum message_kind kind, struct bytes channel,
                            struct bytes payload)
{
    if (!publication_heard(d->push, kind))
        return;
    lock_set_clear(d->held.set);
    unit_add_message(d, kind, channel, payload, true);
    unit_end(d, &d->system, NULL);
}

void dispatch_publish_service(struct dispatcher *d, enum message_kind kind, struct bytes channel,
                              struct bytes payload)
{
    LK_ASSERT(d->worker >= SHARD_WORKERS);
    if (!d->push)
        return;
    for (;;) {
        const uint32_t seen = shard_service_word(d->worker);
        dispatch_enter(d);
        const bool room = push_room_or_ask(d->push, d->worker);
        if (room)
            service_publish(d, kind, channel, payload);
        dispatch_leave(d);
        if (room)
            return;
        shard_service_wait(d->worker, seen, SLICE_NS);
    }
}

void dispatch_run_service(struct dispatcher *d, struct session *s, const struct args *a)
{
    LK_ASSERT(d->worker >= SHARD_WORKERS);
    for (;;) {
        const uint32_t seen = shard_service_word(d->worker);
        struct pending p = {.session = s, .args = *a};
        s->parked = false;
        dispatch_enter(d);
        dispatch_run(d, &p, 1);
        dispatch_leave(d);
        if (p.state != PENDING_PARKED)
            return;
        shard_service_wait(d->worker, seen, SLICE_NS);
    }
}
