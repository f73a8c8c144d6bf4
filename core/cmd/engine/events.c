/*
 * events.c — keyspace events as messages.
 *
 *   what happened to key        K: __keyspace@0__:key    what
 *                               E: __keyevent@0__:what   key
 *
 * They are part of the publication of the running unit, so they leave when its locks are let go,
 * behind what they tell of.  Nothing is put together while nobody subscribes to anything (rule M2).
 *
 * Source   redis.io, "Redis keyspace notifications"
 */
#include "core/cmd/engine/unit.h"

static void events_publish(struct dispatcher *d, const char *space, struct bytes about,
                           struct bytes payload)
{
    struct buf *name = &d->event_name;
    name->size = 0;
    buf_printf(name, "__%s@%u__:", space, d->call.db_in_use);
    buf_append_bytes(name, about);
    unit_add_message(d, MESSAGE_PLAIN, buf_bytes(name), payload, false);
}

void exec_event_send(struct exec *x, enum event_class event_class, const char *name,
                     struct bytes key)
{
    struct dispatcher *d = x->dispatcher;
    const struct engine *engine = d->engine;
    if (engine->hooks.event)
        engine->hooks.event(engine->hooks.event_ctx, d->call.db_in_use, event_class, name, key);
    if (!d->push || !publication_heard(d->push, MESSAGE_PLAIN))
        return;
    if (x->events & EVENT_KEYSPACE)
        events_publish(d, "keyspace", key, bytes_cstr(name));
    if (x->events & EVENT_KEYEVENT)
        events_publish(d, "keyevent", bytes_cstr(name), key);
}
