/*
 * cluster_slots.c — who has a slot, when two say so: the greater config epoch.
 */
#include "core/peer/cluster_priv.h"

/* This node, or its master, has lost its last slot to the sender: it becomes his replica. */
static void cluster_change_sides(struct cluster *c, struct cluster_node *sender, uint32_t lost,
                                 uint32_t claimed)
{
    if (!c->options.replica_migration && lost != claimed)
        return;
    log_line(LOG_NOTICE,
             "Configuration change detected. Reconfiguring myself as a replica of %.40s",
             sender->id);
    cluster_follow(c, sender);
}

void cluster_hear_slots(struct cluster *c, struct cluster_node *sender, uint64_t epoch,
                        const uint8_t *slots)
{
    struct cluster_node *primary = cluster_primary(c);
    uint32_t claimed = 0, lost = 0;
    if (sender == c->self)
        return;
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        struct cluster_node *owner = c->owner[slot];
        if (!slot_bit(slots, slot))
            continue;
        claimed++;
        /* An operator is at it; he says when it is over. */
        if (owner == sender || c->importing[slot] || (owner && owner->config_epoch >= epoch))
            continue;
        if (owner == primary)
            lost++;
        if (owner == c->self)
            c->lost_slots[slot / 8] |= (uint8_t)(1u << slot % 8);
        if (owner)
            cluster_take_slot(c, slot);
        c->migrating[slot] = NULL;
        cluster_give_slot(c, sender, slot);
        cluster_todo(c, CLUSTER_SAVE);
    }
    /* A slot that the sender had and no longer claims stays his till somebody else claims it. */
    if (lost > 0 && primary->slot_count == 0 && primary != sender && cluster_is_master(sender))
        cluster_change_sides(c, sender, lost, claimed);
}

void cluster_correct(struct cluster *c, struct cluster_link *link, const struct frame_head *h,
                     const struct cluster_node *sender)
{
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        const struct cluster_node *owner = c->owner[slot];
        if (!slot_bit(h->slots, slot) || !owner || owner == sender ||
            owner->config_epoch <= h->config_epoch)
            continue;
        log_line(LOG_VERBOSE,
                 "Node %.40s has old slots configuration, sending an UPDATE message about %.40s",
                 sender->id, owner->id);
        cluster_send_update(c, link, owner);
        return;
    }
}

void cluster_part_epochs(struct cluster *c, const struct cluster_node *sender, uint64_t epoch)
{
    struct cluster_node *self = c->self;
    if (epoch != self->config_epoch || !cluster_is_master(sender) || !cluster_is_master(self) ||
        memcmp(sender->id, self->id, NODE_ID_CHARS) <= 0)
        return;
    self->config_epoch = ++c->current_epoch;
    cluster_todo(c, CLUSTER_SAVE);
    log_line(LOG_VERBOSE, "WARNING: configEpoch collision with node %.40s. configEpoch set to %llu",
             sender->id, (unsigned long long)self->config_epoch);
}
