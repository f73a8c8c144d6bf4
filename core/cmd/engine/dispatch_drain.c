#include "core/cmd/engine/dispatch_drain.h"

#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/unit.h"

static const struct command_info no_command = {.row = &(const struct command){.name = ""}};

static void drain_one(struct dispatcher *d, struct shard *s)
{
    struct entry *some[TABLE_BUCKET_SLOTS];
    const uint32_t n = table_sample(&s->first, rng_next(&d->rng), false, some);
    LK_ASSERT(n > 0);
    struct place at;
    const struct bytes key = entry_key(some[0]);
    const bool there = shard_find(d->ks, 0, key, keyspace_hash(d->ks, key), &at);
    LK_ASSERT(there);
    exec_drain_entry(&d->call.x, &at);
}

static void drain_shard(struct dispatcher *d, struct shard *s, uint32_t most, uint32_t *count)
{
    LK_ASSERT(d->unit.work == 0);
    exec_begin(d, &d->system, &no_command);
    exec_read_events(&d->call.x);
    d->call.db_in_use = 0;
    d->unit.effects.apart = true;
    for (*count = 0; *count < most && s->first.count > 0; *count += 1)
        drain_one(d, s);
    unit_end(d, &d->system, s);
    d->unit.effects.apart = false;
}

enum drained dispatch_drain(struct dispatcher *d, uint32_t slot, uint32_t most, uint32_t *count)
{
    LK_ASSERT(d->ks->slotted && slot < d->ks->count && d->worker >= SHARD_WORKERS);
    struct shard *s = &d->ks->shards[slot];
    *count = 0;
    if (engine_is_replica(d->engine))
        return DRAINED;
    if ((d->batch.logging && !log_ring_room_or_ask(d->engine->fixed.log, d->worker)) ||
        (d->push && !push_room_or_ask(d->push, d->worker)) ||
        !shard_lock_or_ask(s, d->worker, d->ks->spin_ns))
        return DRAINED_LATER;
    const bool foreign = (s->slot & SLOT_STATES) == SLOT_FOREIGN;
    if (foreign && s->first.count > 0)
        drain_shard(d, s, most, count);
    const bool done = !foreign || s->first.count == 0;
    shard_unlock(s);
    return done ? DRAINED : DRAINED_SOME;
}
