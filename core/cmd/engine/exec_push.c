#include "core/cmd/engine/exec_push.h"

#include "core/cmd/engine/unit.h"

/* What a service or a master's stream publishes has reached the other nodes already. */
static void publish_to_nodes(const struct exec *x, enum message_kind kind, struct bytes channel,
                             struct bytes payload)
{
    const struct engine *e = x->dispatcher->engine;
    if (e->hooks.published &&
        !session_has(x->session, SESSION_LOADING | SESSION_MASTER | SESSION_SERVICE))
        e->hooks.published(e->hooks.published_ctx, kind == MESSAGE_SHARD, channel, payload);
}

uint64_t exec_publish(struct exec *x, enum message_kind kind, struct bytes channel,
                      struct bytes payload)
{
    struct dispatcher *d = x->dispatcher;
    if (LK_UNLIKELY(d->ks->slotted)) { /* the bus tells replicas, too */
        publish_to_nodes(x, kind, channel, payload);
    } else if (d->batch.logging & LOG_TO_REPL) {
        const struct bytes argv[3] = {bytes_cstr(kind == MESSAGE_SHARD ? "SPUBLISH" : "PUBLISH"),
                                      channel, payload};
        effects_add_to_replicas(&d->unit, x->db, argv, 3);
    }
    if (!d->push || !publication_heard(d->push, kind))
        return 0;
    const bool alone = !session_has(x->session, SESSION_IN_EXEC);
    return unit_add_message(d, kind, channel, payload, alone);
}

void exec_tell_replicas(struct exec *x, const struct bytes *argv, uint32_t n)
{
    struct dispatcher *d = x->dispatcher;
    if (d->batch.logging & LOG_TO_REPL)
        effects_add_to_replicas(&d->unit, x->db, argv, n);
}

uint64_t exec_tell_replicas_now(struct exec *x, const struct bytes *argv, uint32_t n)
{
    struct dispatcher *d = x->dispatcher;
    LK_ASSERT(!session_has(x->session, SESSION_IN_EXEC) && !d->held.set_locked);
    exec_tell_replicas(x, argv, n);
    unit_end(d, x->session, NULL);
    return x->session->ticket;
}

bool exec_subscribe(struct exec *x, enum subscription_kind kind, struct bytes name)
{
    return subscriber_add(&x->dispatcher->subscribers, x->session, kind, name);
}

bool exec_unsubscribe(struct exec *x, enum subscription_kind kind, struct bytes name)
{
    return subscriber_remove(&x->dispatcher->subscribers, x->session, kind, name);
}

void exec_unsubscribe_all(struct exec *x)
{
    subscriber_forget(&x->dispatcher->subscribers, x->session);
}

struct channels *exec_channels(struct exec *x)
{
    return x->dispatcher->subscribers.channels;
}

struct patterns *exec_patterns(struct exec *x)
{
    return x->dispatcher->subscribers.patterns;
}
