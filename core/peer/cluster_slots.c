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
    trace_line(TRACE_NOTICE,
               "Configuration change detected. Reconfiguring myself as a replica of %.40s",
               sender->id);
    cluster_follow(c, sender);
}

static bool cluster_same_shard(const struct cluster_node *a, const struct cluster_node *b)
{
    return memcmp(a->shard_id, b->shard_id, SHARD_ID_CHARS) == 0;
}

void cluster_move_marks(struct cluster *c, const struct cluster_node *from, struct cluster_node *to)
{
    if (from == to)
        return;
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        if (c->migrating[slot] == from)
            c->migrating[slot] = to == c->self ? NULL : to;
        if (c->importing[slot] == from)
            c->importing[slot] = to == c->self ? NULL : to;
    }
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP);
}

void cluster_hear_unclaimed(struct cluster *c, const struct cluster_node *sender,
                            const uint8_t *slots)
{
    for (uint32_t i = 0; i < SLOT_BITMAP; i++) {
        const uint8_t his = sender->slots[i];
        c->unclaimed[i] = (uint8_t)((c->unclaimed[i] & ~his) | (his & ~slots[i]));
    }
}

void cluster_hear_slots(struct cluster *c, struct cluster_node *sender, uint64_t epoch,
                        const uint8_t *slots)
{
    struct cluster_node *primary = cluster_primary(c);
    const struct cluster_node *replaced = NULL;
    uint32_t claimed = 0, lost = 0;
    if (sender == c->self)
        return;
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        struct cluster_node *owner = c->owner[slot];
        if (!slot_bit(slots, slot))
            continue;
        claimed++;
        if (owner == sender ||
            (owner && owner->config_epoch >= epoch && !slot_bit(c->unclaimed, slot)))
            continue;
        const bool failover = owner && cluster_same_shard(owner, sender);
        if (failover && owner != replaced) {
            cluster_move_marks(c, owner, sender);
            replaced = owner;
        }
        if (owner == primary)
            lost++;
        if (owner == c->self)
            c->lost_slots[slot / 8] |= (uint8_t)(1u << slot % 8);
        if (owner)
            cluster_take_slot(c, slot);
        if (!failover)
            c->migrating[slot] = NULL;
        /* An operator is at it; he says when it is over, to this node or to its master. */
        if (!failover && sender == primary)
            c->importing[slot] = NULL;
        cluster_give_slot(c, sender, slot);
        cluster_todo(c, CLUSTER_SAVE);
    }
    /* A slot that the sender had and no longer claims stays his till somebody else claims it. */
    if (lost > 0 && primary->slot_count == 0 && primary != sender && cluster_is_master(sender))
        cluster_change_sides(c, sender, lost, claimed);
}

/* --- slots that their owner has given up for this node ---------------------------------------- */

void cluster_hear_ceded(struct cluster *c, struct cluster_node *sender, const uint8_t *slots)
{
    const uint32_t before = sender->ceded_count;
    sender->ceded_count = 0;
    for (uint32_t slot = 0; cluster_is_master(c->self) && slot < HASH_SLOTS; slot++)
        sender->ceded_count +=
            c->importing[slot] == sender && c->owner[slot] == sender && !slot_bit(slots, slot);
    memcpy(sender->ceded, slots, SLOT_BITMAP);
    if (sender->ceded_count != before)
        sender->ceded_ms = c->now_ms;
}

/* He may have given them to a third: each who may be that one has said since what he serves. */
static bool cluster_nobody_else_claims(const struct cluster *c, const struct cluster_node *from)
{
    for (uint32_t i = 0; i < c->node_count; i++) {
        const struct cluster_node *n = c->nodes[i];
        if (n != c->self && n != from && cluster_is_master(n) && !(n->flags & NODE_HANDSHAKE) &&
            n->said_ms <= from->ceded_ms)
            return false;
    }
    return true;
}

void cluster_claim_ceded(struct cluster *c, struct cluster_node *from)
{
    uint32_t claimed = 0;
    if (from->ceded_count == 0 || !cluster_is_master(c->self) ||
        !cluster_nobody_else_claims(c, from))
        return;
    from->ceded_count = 0;
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        if (c->importing[slot] != from || c->owner[slot] != from || slot_bit(from->ceded, slot))
            continue;
        cluster_take_slot(c, slot);
        cluster_give_slot(c, c->self, slot);
        c->importing[slot] = NULL;
        claimed++;
        trace_line(TRACE_NOTICE, "Slot %u is no longer its source's: importing it is over", slot);
    }
    if (claimed == 0)
        return;
    cluster_bump(c);
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP);
    cluster_tell_all(c);
}

void cluster_correct(struct cluster *c, struct cluster_link *link, const struct frame_head *h,
                     const struct cluster_node *sender)
{
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        const struct cluster_node *owner = c->owner[slot];
        if (!slot_bit(h->slots, slot) || !owner || owner == sender ||
            owner->config_epoch <= h->config_epoch)
            continue;
        trace_line(TRACE_VERBOSE,
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
    trace_line(TRACE_VERBOSE,
               "WARNING: configEpoch collision with node %.40s. configEpoch set to %llu",
               sender->id, (unsigned long long)self->config_epoch);
}
