#include "core/cmd/engine/invalidation.h"

#include "core/base/mem.h"
#include "core/proto/resp_write.h"
#include "core/store/keyspace.h"

enum { KEEP_RECEIVERS = 1024 };

void invalidations_release(struct invalidations *all)
{
    for (uint32_t i = 0; i < all->count; i++)
        message_drop(all->v[i].message);
    mem_free(all->v, all->capacity * sizeof *all->v);
    mem_free(all->to, all->to_capacity * sizeof *all->to);
    *all = (struct invalidations){0};
}

static void invalidations_push(struct invalidations *all, struct message *m, uint32_t worker)
{
    if (all->count == all->capacity) {
        const uint32_t more = all->capacity ? all->capacity * 2 : 8;
        all->v = mem_realloc(all->v, all->capacity * sizeof *all->v, more * sizeof *all->v);
        all->capacity = more;
    }
    all->v[all->count++] = (struct invalidation){m, worker};
}

static void receivers_reserve(struct invalidations *all, uint32_t count)
{
    if (count <= all->to_capacity)
        return;
    uint32_t more = all->to_capacity ? all->to_capacity : 16;
    while (more < count)
        more *= 2;
    all->to = mem_realloc(all->to, all->to_capacity * sizeof *all->to, more * sizeof *all->to);
    all->to_capacity = more;
}

/* One message for each worker that has any of the receivers, which stand in all->to. */
static void receivers_send(struct invalidations *all, uint32_t count, struct bytes keys)
{
    uint64_t workers = 0;
    uint32_t of_worker[PUSH_WORKERS];
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t worker = aim_worker(all->to[i].aim);
        const uint64_t bit = UINT64_C(1) << worker;
        LK_ASSERT(worker < PUSH_WORKERS);
        of_worker[worker] = workers & bit ? of_worker[worker] + 1 : 1;
        workers |= bit;
    }
    for (; workers; workers &= workers - 1) {
        const uint32_t worker = (uint32_t)__builtin_ctzll(workers);
        struct message *m = message_new_to(MESSAGE_INVALIDATE, of_worker[worker], keys.size);
        uint32_t n;
        size_t size;
        struct message_to *to = message_receivers(m, &n);
        for (uint32_t i = 0; i < count; i++)
            if (aim_worker(all->to[i].aim) == worker)
                *to++ = all->to[i];
        if (keys.size > 0)
            memcpy(message_reply(m, &size), keys.data, keys.size);
        invalidations_push(all, m, worker);
    }
}

void invalidations_add(struct invalidations *all, struct tracking *t, const uint64_t *who,
                       uint32_t count, struct bytes keys)
{
    uint32_t n = 0;
    struct tracker_state state;
    receivers_reserve(all, count);
    for (uint32_t i = 0; i < count; i++)
        if (trackers_find(t->trackers, who[i], &state) && state.flags & TRACKER_ON)
            all->to[n++] = (struct message_to){who[i], state.aim};
    receivers_send(all, n, keys);
}

void invalidations_add_key(struct invalidations *all, struct tracking *t,
                           const struct tracked_key *k, uint64_t by)
{
    uint32_t n = 0;
    struct tracker_state state;
    receivers_reserve(all, k->count);
    for (uint32_t i = 0; i < k->count; i++)
        if (trackers_find(t->trackers, k->who[i], &state) &&
            (state.flags & (TRACKER_ON | TRACKER_BCAST)) == TRACKER_ON &&
            !(state.flags & TRACKER_NOLOOP && k->who[i] == by))
            all->to[n++] = (struct message_to){k->who[i], state.aim};
    if (n == 0)
        return;
    struct buf reply = {0};
    reply_buf_header(&reply, '*', 1);
    reply_buf_bulk(&reply, k->node.name);
    receivers_send(all, n, buf_bytes(&reply));
    buf_release(&reply);
}

struct flush_note {
    struct invalidations *all;
    uint32_t n;
};

static void flush_note_client(void *ctx, uint64_t who, const struct tracker_state *state)
{
    struct flush_note *f = ctx;
    receivers_reserve(f->all, f->n + 1);
    f->all->to[f->n++] = (struct message_to){who, state->aim};
}

void invalidations_add_flush(struct invalidations *all, struct tracking *t)
{
    struct flush_note f = {all, 0};
    trackers_each(t->trackers, flush_note_client, &f);
    receivers_send(all, f.n, bytes_of(NULL, 0));
}

void invalidations_send(struct invalidations *all, struct push_hub *h, uint32_t from)
{
    for (uint32_t i = 0; i < all->count; i++) {
        push_send(h, from, all->v[i].worker, all->v[i].message);
        message_drop(all->v[i].message);
    }
    all->count = 0;
    if (LK_UNLIKELY(all->to_capacity > KEEP_RECEIVERS || all->capacity > KEEP_RECEIVERS))
        invalidations_release(all);
}

void invalidation_flush(struct push_hub *h, struct keyspace *ks)
{
    struct invalidations all = {0};
    if (!h)
        return;
    for (uint32_t i = 0; i < ks->count; i++)
        tracking_clear(h->tracking, &ks->shards[i]);
    invalidations_add_flush(&all, h->tracking);
    invalidations_send(&all, h, UINT32_MAX);
    invalidations_release(&all);
}
