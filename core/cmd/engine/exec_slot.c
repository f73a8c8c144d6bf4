#include "core/cmd/engine/exec_slot.h"

#include "core/cmd/engine/dispatch_lock.h"

bool exec_in_cluster(const struct exec *x)
{
    return x->dispatcher->ks->slotted;
}

bool exec_slot_keys(struct exec *x, uint32_t slot, exec_visit *visit, void *ctx)
{
    struct dispatcher *d = x->dispatcher;
    LK_ASSERT(d->ks->slotted && slot < d->ks->count);
    struct shard *s = &d->ks->shards[slot];
    if (!dispatch_visit_try(d, s))
        return false;
    struct table_iter it;
    bool more = true;
    for (struct entry *e = table_iter_first(&it, &s->first); e && more; e = table_iter_next(&it)) {
        const int64_t deadline = entry_deadline(e);
        struct value v;
        if (deadline != ENTRY_NO_DEADLINE && clock_passed(deadline, x->now_ms))
            continue;
        value_of_entry(e, &v);
        more = visit(ctx, entry_key(e), &v);
    }
    if (d->batch.logging && s->ticket > x->session->ticket)
        x->session->ticket = s->ticket;
    dispatch_visit_unlock(d, s);
    return true;
}
