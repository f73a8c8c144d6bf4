/*
 * bus_apply.c — tells the shards what this node may do with them, and workers where the rest is.
 */
#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/cmd/engine/slots_left.h"
#include "core/store/keyspace.h"
#include "core/store/reclaim.h"
#include "io/cluster/bus_priv.h"
#include "io/cluster/helper.h"

enum { ONE_BY_ONE = 64 }; /* more words than this change in one closed gate */

/* A slot whose keys are being deleted stays foreign until they are gone. */
uint8_t bus_word(const struct cluster_bus *b, uint32_t slot)
{
    const struct cluster *c = b->cluster;
    if (b->parts.helper && helper_drains(b->parts.helper, slot))
        return SLOT_FOREIGN;
    const struct cluster_node *owner = c->owner[slot];
    if (owner == c->self)
        return c->migrating[slot] ? SLOT_MIGRATING : SLOT_SERVED;
    if (c->importing[slot] && cluster_is_master(c->self)) /* of a replica it is only a note */
        return SLOT_IMPORTING;
    return owner && owner == c->self->master ? SLOT_COPY : SLOT_FOREIGN;
}

void bus_words(const struct cluster_bus *b, uint8_t words[HASH_SLOTS])
{
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        words[slot] = bus_word(b, slot);
}

void bus_set_word(struct cluster_bus *b, struct shard *s, uint8_t word)
{
    const uint32_t held = s->slot & SLOT_HELD;
    store_relaxed(&s->slot, (uint16_t)(held | word));
    b->words[s->index] = word;
}

static void bus_set_words(struct cluster_bus *b, const uint8_t *words)
{
    struct keyspace *ks = b->parts.engine->fixed.keyspace;
    uint32_t changed = 0;
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        changed += words[slot] != b->words[slot];
    const bool all = changed > ONE_BY_ONE;
    if (all)
        gate_close(&ks->gate);
    for (uint32_t slot = 0; changed > 0 && slot < HASH_SLOTS; slot++) {
        struct shard *s = &ks->shards[slot];
        if (words[slot] == b->words[slot])
            continue;
        if (!all)
            shard_lock(s);
        bus_set_word(b, s, words[slot]);
        if (!all)
            shard_unlock(s);
    }
    if (all)
        gate_open(&ks->gate);
}

/* Declared in bus.h: any thread. */
uint64_t bus_keys_in_slot(const struct cluster_bus *b, uint32_t slot)
{
    const struct keyspace *ks = b->parts.engine->fixed.keyspace;
    return load_relaxed(&ks->shards[slot].first.count);
}

void bus_apply(struct cluster_bus *b, struct slot_map *map, const uint8_t *words)
{
    bus_set_words(b, words);
    bus_publish_map(b, map);
    reclaim_collect(0);
}

void bus_publish_map(struct cluster_bus *b, struct slot_map *map)
{
    struct engine *e = b->parts.engine;
    const struct slot_map *before = exchange_acq_rel(&e->cluster.slots, map);
    if (before)
        reclaim_retire((void *)(uintptr_t)before, slot_map_bytes(before));
}

void bus_tell_left(struct cluster_bus *b, const uint8_t left[SLOT_BITMAP])
{
    const struct engine *e = b->parts.engine;
    if (e->fixed.push && b->running) /* before that there is no client */
        slots_left_tell(e->fixed.push, left, e->fixed.worker_count);
}
