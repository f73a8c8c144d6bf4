#include "core/cmd/stream/stream_deliver.h"

#include "core/cmd/stream/stream_groups.h"
#include "core/cmd/stream/stream_reply.h"
#include "core/types/stream_lag.h"

/* A reader's group and consumer, open for change. */
struct delivery {
    struct value_edit *e;
    struct stream_group *group;
    struct stream_consumer *consumer;
    bool fresh; /* the consumer is new */
    uint64_t pending;
    struct stream_state state; /* of the stream, when new entries are delivered */
};

static int stream_deliver_begin(struct exec *x, const struct stream_reader *r, struct delivery *d)
{
    const int rc = exec_open(x, r->key, TYPE_STREAM, &d->e);
    if (rc != LK_OK)
        return rc;
    d->group = stream_group_edit(d->e, r->group);
    d->consumer = stream_consumer_edit(d->e, d->group, r->consumer);
    if (!d->consumer) {
        d->consumer = stream_consumer_create(d->e, d->group, r->consumer, x->now_ms);
        d->fresh = true;
    }
    d->consumer->seen_ms = x->now_ms;
    return LK_OK;
}

/* When the consumer was last seen is not logged. */
static void stream_deliver_end(struct exec *x, const struct stream_reader *r, struct delivery *d,
                               bool read)
{
    exec_effect_none(x);
    if (d->fresh && d->pending == 0)
        stream_effect_consumer(x, r->key, d->group, d->consumer);
    if (read)
        stream_effect_group(x, r->key, d->group);
    stream_close_groups(x, d->e, d->pending + (d->fresh || (read && d->pending == 0)));
    if (d->fresh)
        exec_event(x, EVENT_STREAM, "xgroup-createconsumer", r->key);
}

/* The entry is pending for the consumer, and logged as such. */
static void stream_deliver_put_pending(struct exec *x, const struct stream_reader *r,
                                       struct delivery *d, struct stream_id id, uint64_t deliveries)
{
    const struct stream_pending p = {id, d->consumer, x->now_ms, deliveries};
    stream_pending_put(d->e, d->group, d->consumer, id, p.delivered_ms, deliveries);
    stream_effect_claim(x, r->key, d->group, &p);
    d->pending++;
}

/* The group has read up to this entry. */
static void stream_deliver_advance(struct delivery *d, struct stream_id id)
{
    struct stream_group *g = d->group;
    g->entries_read = stream_entries_read(&d->state, g->last_id, g->entries_read, id);
    g->last_id = id;
}

int stream_deliver_new(struct exec *x, const struct stream_reader *r)
{
    struct delivery d = {0};
    struct stream_iter it;
    const int rc = stream_deliver_begin(x, r, &d);
    if (rc != LK_OK)
        return rc;
    struct stream_id from = d.group->last_id;
    uint64_t n = 0;
    if (stream_id_increment(&from)) {
        stream_iter_begin(&it, &d.e->value, from, stream_id_max(), false);
        if (stream_iter_next(&it)) {
            const size_t head = reply_begin_deferred(x->reply);
            stream_state_get(&d.e->value, &d.state);
            do {
                stream_deliver_advance(&d, it.id);
                reply_stream_entry(x->reply, &it);
                if (!r->acknowledged)
                    stream_deliver_put_pending(x, r, &d, it.id, 1);
            } while (++n < r->count && stream_iter_next(&it));
            reply_end_deferred(x->reply, head, REPLY_ARRAY, n);
            d.consumer->active_ms = x->now_ms;
        }
    }
    stream_deliver_end(x, r, &d, n > 0);
    return n > 0;
}

/* An entry that is pending and gone is told without fields, and not delivered again. */
int stream_deliver_pending(struct exec *x, const struct stream_reader *r, struct stream_id above)
{
    struct delivery d = {0};
    struct stream_pending_iter pending;
    struct stream_pending p;
    struct stream_iter it = {0};
    const int rc = stream_deliver_begin(x, r, &d);
    if (rc != LK_OK)
        return rc;
    const size_t head = reply_begin_deferred(x->reply);
    uint64_t n = 0;
    if (stream_id_increment(&above)) {
        stream_pending_begin(&pending, d.group, d.consumer, above, stream_id_max());
        for (; n < r->count && stream_pending_next(&pending, &p); n++) {
            if (stream_iter_seek(&it, &d.e->value, p.id)) {
                reply_stream_entry(x->reply, &it);
                stream_deliver_put_pending(x, r, &d, p.id, p.deliveries + 1);
            } else {
                reply_array(x->reply, 2);
                reply_stream_id(x->reply, p.id);
                reply_null_array(x->reply);
            }
        }
    }
    reply_end_deferred(x->reply, head, REPLY_ARRAY, n);
    stream_deliver_end(x, r, &d, false);
    return 1;
}
