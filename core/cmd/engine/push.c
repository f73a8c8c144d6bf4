#include "core/cmd/engine/push.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/store/shard.h"

struct push_hub *push_hub_new(void)
{
    struct push_hub *h = mem_alloc_aligned(sizeof *h, LK_CACHE_LINE);
    memset(h, 0, sizeof *h);
    h->channels = channels_new();
    h->patterns = patterns_new();
    h->tracking = tracking_new();
    return h;
}

void push_hub_free(struct push_hub *h)
{
    for (uint32_t worker = 0; worker < PUSH_WORKERS; worker++)
        for (struct push *p = push_take(h, worker), *next; p; p = next) {
            next = (struct push *)p->node.next;
            push_free(p);
        }
    channels_free(h->channels);
    patterns_free(h->patterns);
    tracking_free(h->tracking);
    mem_free(h, sizeof *h);
}

void push_send(struct push_hub *h, uint32_t from, uint32_t worker, struct message *m)
{
    LK_ASSERT(worker < PUSH_WORKERS);
    struct push_box *box = &h->boxes[worker];
    struct push *p = mem_alloc(sizeof *p);
    message_hold(m, 1);
    p->message = m;
    const size_t size = message_size(m);
    if (add_fetch_relaxed(&box->bytes, size) > PUSH_BOX_FULL)
        fetch_or_seq_cst(&h->full, UINT64_C(1) << worker);
    if (inbox_push(&box->inbox, &p->node) && worker != from && h->wake)
        h->wake(h->wake_ctx, worker);
}

/*
 * Who asks sets his bit and looks at `full` again; this clears `full` and then takes the bits: one
 * of the two sees the other.
 */
static void push_tell(struct push_hub *h, uint32_t worker)
{
    const uint64_t bit = UINT64_C(1) << worker;
    if (LK_LIKELY(!(load_relaxed(&h->full) & bit)))
        return;
    fetch_and_seq_cst(&h->full, ~bit);
    const uint64_t waiting = exchange_seq_cst(&h->waiting, 0);
    if (waiting)
        shard_tell_retry(waiting);
}

struct push *push_take(struct push_hub *h, uint32_t worker)
{
    struct push_box *box = &h->boxes[worker];
    struct push *all = (struct push *)inbox_drain(&box->inbox);
    if (!all)
        return NULL;
    uint64_t bytes = 0;
    for (const struct push *p = all; p; p = (const struct push *)p->node.next)
        bytes += message_size(p->message);
    sub_fetch_relaxed(&box->bytes, bytes);
    push_tell(h, worker);
    return all;
}

void push_free(struct push *p)
{
    message_drop(p->message);
    mem_delete(p);
}

bool push_room_or_ask(struct push_hub *h, uint32_t worker)
{
    if (LK_LIKELY(load_relaxed(&h->full) == 0))
        return true;
    fetch_or_seq_cst(&h->waiting, UINT64_C(1) << worker);
    return load_seq_cst(&h->full) == 0;
}
