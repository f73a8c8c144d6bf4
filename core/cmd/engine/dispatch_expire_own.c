/*
 * dispatch_expire_own.c — on a replica: deadlines of keys that its own clients wrote.
 */
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/unit.h"

static void expire_own_look(struct dispatcher *d, const struct own_key_head *h, struct bytes key)
{
    struct own_keys *o = &d->engine->own_keys;
    struct place at;
    d->call.db_in_use = h->db;
    const bool there = shard_find(d->ks, h->db, key, h->hash, &at);
    const int64_t deadline_ms = there ? entry_deadline(at.entry) : ENTRY_NO_DEADLINE;
    if (deadline_ms != ENTRY_NO_DEADLINE && !clock_passed(deadline_ms, d->batch.now_ms))
        return;
    if (deadline_ms != ENTRY_NO_DEADLINE)
        exec_expire_entry(&d->call.x, &at);
    own_keys_forget(o, h->db, h->hash, key);
}

static void expire_own_one(struct dispatcher *d, const struct own_key_head *h, struct bytes key)
{
    struct shard *s = keyspace_shard(d->ks, h->hash);
    if ((d->batch.logging && !log_ring_has_room(d->engine->fixed.log)) ||
        !dispatch_push_has_room(d) || !shard_try_lock(s))
        return; /* at the next turn */
    LK_ASSERT(d->unit.work == 0);
    exec_read_events(&d->call.x);
    d->unit.effects.apart = true;
    expire_own_look(d, h, key);
    unit_end(d, &d->system, s);
    d->unit.effects.apart = false;
    shard_unlock(s);
}

void dispatch_expire_own(struct dispatcher *d)
{
    struct buf some = {0};
    own_keys_take(&d->engine->own_keys, &some);
    dispatch_unlock_one(d);
    for (size_t at = 0; at < some.size;) {
        struct own_key_head h;
        memcpy(&h, some.data + at, sizeof h);
        at += sizeof h;
        expire_own_one(d, &h, bytes_of(some.data + at, h.size));
        at += h.size;
    }
    buf_release(&some);
}
