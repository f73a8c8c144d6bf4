/*
 * bus_drain.c — keys that this node has of slots which are not its own.
 *
 * A slot of nobody that has keys at the start becomes its own.  Keys of another node's slot go, as
 * soon as that node has been heard since the start: till then they may be the only copy.
 */
#include "core/base/log.h"
#include "io/cluster/bus_priv.h"
#include "io/cluster/helper.h"

void bus_adopt(struct cluster_bus *b)
{
    struct cluster *c = b->cluster;
    b->foreign_keys = true;
    for (uint32_t slot = 0; cluster_is_master(c->self) && slot < HASH_SLOTS; slot++) {
        if (c->owner[slot] || c->importing[slot] || bus_keys_in_slot(b, slot) == 0)
            continue;
        log_line(LOG_NOTICE, "I have keys for unassigned slot %u. Taking responsibility for it.",
                 slot);
        cluster_add_slot(c, c->self, slot);
    }
}

/* True: they are another's, whom nobody has heard yet. */
static bool bus_drain_slot(struct cluster_bus *b, uint32_t slot)
{
    const struct cluster *c = b->cluster;
    const struct cluster_node *owner = c->owner[slot], *self = c->self;
    if (b->words[slot] != SLOT_FOREIGN || !owner || owner == self ||
        bus_keys_in_slot(b, slot) == 0 || helper_drains(b->parts.helper, slot))
        return false;
    if (owner->data_received_ms == 0)
        return true;
    log_line(LOG_NOTICE, "Deleting keys in dirty slot %u on node %.40s (%s) in shard %.40s", slot,
             self->id, self->name, self->shard_id);
    helper_drain(b->parts.helper, slot);
    return false;
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
    if (!b->foreign_keys || !b->parts.helper)
        return;
    b->foreign_keys = false;
    if (!cluster_is_master(b->cluster->self))
        return; /* its master's stream says what goes */
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        if (bus_drain_slot(b, slot))
            b->foreign_keys = true;
}
