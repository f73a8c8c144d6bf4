/*
 * unit_invalidation.c — what a unit changes that clients have read, and what a worker's own clients
 * are told of it.
 */
#include "core/cmd/engine/exec_tracking.h"
#include "core/cmd/engine/unit.h"
#include "core/proto/resp_segment.h"

/* --- in a unit ------------------------------------------------------------------------------- */

static void unit_note_invalid(struct dispatcher *d)
{
    if (d->unit.invalid.count > 0)
        d->unit.work |= UNIT_INVALID;
}

/* The waiter whose command has changed the key hears of it with its reply, and not otherwise. */
static void unit_tell_waiter(struct dispatcher *d, struct tracked_key *k, uint64_t by)
{
    struct tracker_state state;
    struct reply *r = d->unit.own_invalid;
    const bool hears = trackers_find(d->push->tracking->trackers, by, &state) &&
                       (state.flags & (TRACKER_ON | TRACKER_BCAST | TRACKER_NOLOOP)) == TRACKER_ON;
    if (!hears || state.aim != state.own || !tracked_key_drop(k, by))
        return;
    reply_push(r, 2);
    reply_bulk_cstr(r, "invalidate");
    reply_array(r, 1);
    reply_bulk(r, k->node.name);
}

void unit_invalidate(struct dispatcher *d, struct shard *s, uint64_t hash, struct bytes key,
                     uint64_t by)
{
    struct tracking *t = d->push->tracking;
    struct tracked_key *k = tracking_take(t, s, hash, key);
    if (!k)
        return;
    if (LK_UNLIKELY(d->unit.own_invalid != NULL) && by != 0)
        unit_tell_waiter(d, k, by);
    invalidations_add_key(&d->unit.invalid, t, k, by);
    tracked_key_free(k);
    unit_note_invalid(d);
}

void unit_invalidate_all(struct dispatcher *d)
{
    if (!d->push)
        return;
    struct tracking *t = d->push->tracking;
    for (uint32_t i = 0; i < d->ks->count; i++)
        if (d->ks->shards[i].tracked.count > 0)
            tracking_clear(t, &d->ks->shards[i]);
    invalidations_add_flush(&d->unit.invalid, t);
    unit_note_invalid(d);
}

uint64_t dispatch_keys_over(const struct dispatcher *d)
{
    const uint64_t max = (uint64_t)d->batch.config->tracking_table_max_keys;
    const uint64_t keys = tracking_count_keys(d->push->tracking);
    return max > 0 && keys > max ? keys - max : 0;
}

bool unit_forget_any(struct dispatcher *d, struct shard *s, struct bytes but)
{
    struct tracking *t = d->push->tracking;
    struct tracked_key *k = tracking_take_any(t, s, rng_next(&d->rng), but);
    if (!k)
        return false;
    invalidations_add_key(&d->unit.invalid, t, k, 0);
    tracked_key_free(k);
    unit_note_invalid(d);
    return true;
}

/* --- delivery -------------------------------------------------------------------------------- */

static struct session *invalidation_session(const struct dispatcher *d, uint64_t id)
{
    const struct subscribers *all = &d->subscribers;
    return all->find ? all->find(all->output_ctx, id) : NULL;
}

/* The keys, or the null that the reader's own protocol has for all of them. */
static void invalidation_append_keys(struct dispatcher *d, struct reply *r, struct message *m,
                                     uint64_t who)
{
    size_t size;
    const char *keys = message_reply(m, &size);
    struct tracker_state state = {0};
    if (size > 0)
        reply_raw(r, bytes_of(keys, size));
    else if (trackers_find(d->push->tracking->trackers, who, &state) && state.flags & TRACKER_RESP3)
        buf_append(&r->out, "_\r\n", 3);
    else
        buf_append(&r->out, "$-1\r\n", 5);
}

static void invalidation_tell(struct dispatcher *d, struct session *s, struct message *m,
                              uint64_t who)
{
    const bool for_another = s->tracker != who || s->tracking->redirect != 0;
    struct reply *r = &s->reply;
    if (r->version == 3) {
        reply_push(r, 2);
        reply_bulk_cstr(r, "invalidate");
    } else if (for_another && session_has(s, SESSION_SUBSCRIBER)) {
        reply_push(r, 3);
        reply_bulk_cstr(r, "message");
        reply_bulk_cstr(r, "__redis__:invalidate");
    } else {
        return; /* it could not tell it from a reply */
    }
    invalidation_append_keys(d, r, m, who);
    d->subscribers.output(d->subscribers.output_ctx, s);
}

/* The reader's worker hears that there was nobody to tell. */
static void invalidation_report(struct dispatcher *d, uint64_t who)
{
    struct tracker_state state;
    if (!trackers_find(d->push->tracking->trackers, who, &state) || !(state.flags & TRACKER_ON))
        return;
    uint32_t n;
    struct message *m = message_new_to(MESSAGE_UNTOLD, 1, 0);
    *message_receivers(m, &n) = (struct message_to){who, state.own};
    push_send(d->push, d->worker, aim_worker(state.own), m);
    message_drop(m);
}

static void invalidation_untold(struct dispatcher *d, struct session *s, uint64_t who)
{
    if (s->tracker != who || !session_has(s, SESSION_TRACKING) || s->tracking->redirect == 0)
        return;
    session_set(s, SESSION_TRACKING_BROKEN, true);
    if (s->reply.version != 3)
        return;
    reply_push(&s->reply, 2);
    reply_bulk_cstr(&s->reply, "tracking-redir-broken");
    reply_int(&s->reply, (int64_t)s->tracking->redirect);
    d->subscribers.output(d->subscribers.output_ctx, s);
}

void invalidation_deliver(struct dispatcher *d, struct message *m)
{
    uint32_t n;
    const struct message_to *to = message_receivers(m, &n);
    for (uint32_t i = 0; i < n; i++) {
        struct session *s = invalidation_session(d, aim_client(to[i].aim));
        if (m->kind == MESSAGE_UNTOLD) {
            if (s)
                invalidation_untold(d, s, to[i].who);
        } else if (!s) {
            invalidation_report(d, to[i].who);
        } else if (s->tracker != to[i].who || session_has(s, SESSION_TRACKING)) {
            invalidation_tell(d, s, m, to[i].who);
        }
    }
}
