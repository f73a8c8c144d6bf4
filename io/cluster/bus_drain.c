/*
 * bus_drain.c — keys that this node has of slots which are not its own.
 *
 * A slot of nobody that has keys at the start becomes its own.  Keys of a slot that another node
 * has won from it go, and those that are found at the start in another's, as soon as that node has
 * been heard: till then they may be the only copy.  What an operator moves from hand to hand is
 * left alone: a slot that is no longer imported may have its only copy here.
 */
#include "core/base/trace.h"
#include "io/cluster/bus_priv.h"
#include "io/cluster/helper.h"

void bus_adopt(struct cluster_bus *b)
{
    struct cluster *c = b->cluster;
    for (uint32_t slot = 0; cluster_is_master(c->self) && slot < HASH_SLOTS; slot++) {
        if (c->owner[slot] == c->self || c->importing[slot] || bus_keys_in_slot(b, slot) == 0)
            continue;
        if (c->owner[slot]) {
            c->lost_slots[slot / 8] |= (uint8_t)(1u << slot % 8);
            continue;
        }
        trace_line(TRACE_NOTICE,
                   "I have keys for unassigned slot %u. Taking responsibility for it.", slot);
        cluster_add_slot(c, c->self, slot);
    }
}

/* True: there is no more to be done, and nothing to wait for. */
static bool bus_drain_slot(struct cluster_bus *b, uint32_t slot)
{
    const struct cluster *c = b->cluster;
    const struct cluster_node *owner = c->owner[slot], *self = c->self;
    if (b->words[slot] != SLOT_FOREIGN || !owner || owner == self ||
        bus_keys_in_slot(b, slot) == 0 || helper_drains(b->parts.helper, slot))
        return true;
    if (owner->data_received_ms == 0)
        return false;
    trace_line(TRACE_NOTICE, "Deleting keys in dirty slot %u on node %.40s (%s) in shard %.40s",
               slot, self->id, self->name, self->shard_id);
    helper_drain(b->parts.helper, slot);
    return true;
}

static void bus_drop_all(struct cluster_bus *b)
{
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        if (bus_keys_in_slot(b, slot) > 0)
            helper_drain(b->parts.helper, slot);
}

void bus_drain(struct cluster_bus *b)
{
    if (b->drops_all && b->parts.helper)
        bus_drop_all(b);
    b->drops_all = false;
    struct cluster *c = b->cluster;
    if (!cluster_is_master(c->self)) /* its master's stream says what goes */
        memset(c->lost_slots, 0, SLOT_BITMAP);
    for (uint32_t i = 0; b->parts.helper && i < SLOT_BITMAP; i++)
        for (uint8_t left = c->lost_slots[i]; left; left &= (uint8_t)(left - 1)) {
            const uint32_t bit = (uint32_t)__builtin_ctz(left);
            if (bus_drain_slot(b, 8 * i + bit))
                c->lost_slots[i] &= (uint8_t) ~(1u << bit);
        }
}
