/*
 * cluster_admin.c — what operators ask of a node.
 */
#include "core/peer/cluster_priv.h"

/* --- nodes ----------------------------------------------------------------------------------- */

bool cluster_is_meeting(const struct cluster *c, struct bytes ip, uint16_t port, uint16_t bus_port)
{
    for (uint32_t i = 0; i < c->node_count; i++) {
        const struct cluster_node *n = c->nodes[i];
        const uint16_t its = c->options.tls ? n->tls_port : n->port;
        if (n->flags & NODE_HANDSHAKE && bytes_equal(bytes_cstr(n->ip), ip) && its == port &&
            n->bus_port == bus_port)
            return true;
    }
    return false;
}

const char *cluster_meet(struct cluster *c, struct bytes ip, uint16_t port, uint16_t bus_port)
{
    if (cluster_is_meeting(c, ip, port, bus_port))
        return NULL;
    struct cluster_node *n = cluster_add_node(c, NULL, NODE_HANDSHAKE | NODE_MEET);
    cluster_copy_text(n->ip, sizeof n->ip, ip);
    *(c->options.tls ? &n->tls_port : &n->port) = port;
    n->bus_port = bus_port;
    cluster_todo(c, CLUSTER_SAVE);
    return NULL;
}

const char *cluster_forget(struct cluster *c, struct bytes id)
{
    struct cluster_node *n = cluster_find(c, id);
    if (!n)
        return NULL; /* the caller says which */
    if (n == c->self)
        return "ERR I tried hard but I can't forget myself...";
    if (!cluster_is_master(c->self) && c->self->master == n)
        return "ERR Can't forget my master!";
    cluster_forget_id(c, n->id, c->options.blacklist_ttl_s);
    cluster_remove_node(c, n);
    c->changed = true;
    cluster_todo(c, CLUSTER_SAVE);
    return NULL;
}

const char *cluster_replicate(struct cluster *c, struct bytes id)
{
    struct cluster_node *n = cluster_find(c, id);
    if (!n)
        return NULL;
    if (n == c->self)
        return "ERR Can't replicate myself";
    if (!cluster_is_master(n))
        return "ERR I can only replicate a master, not a replica.";
    if (cluster_is_master(c->self) && c->self->slot_count > 0)
        return "ERR To set a master the node must be empty and without assigned slots.";
    cluster_follow(c, n);
    return NULL;
}

void cluster_become_replica(struct cluster *c, struct cluster_node *master)
{
    cluster_follow(c, master);
}

void cluster_tell_all(struct cluster *c)
{
    cluster_pong_all(c);
}

/* --- slots ----------------------------------------------------------------------------------- */

void cluster_add_slot(struct cluster *c, struct cluster_node *n, uint32_t slot)
{
    if (c->owner[slot])
        cluster_take_slot(c, slot);
    if (n == c->self)
        c->importing[slot] = NULL;
    if (n != c->self)
        c->migrating[slot] = NULL;
    cluster_give_slot(c, n, slot);
    cluster_todo(c, CLUSTER_SAVE);
}

void cluster_drop_slot(struct cluster *c, uint32_t slot)
{
    if (c->owner[slot])
        cluster_take_slot(c, slot);
    c->migrating[slot] = NULL;
    cluster_todo(c, CLUSTER_SAVE);
}

/* --- all ------------------------------------------------------------------------------------- */

void cluster_reset(struct cluster *c, bool hard)
{
    struct cluster_node *self = c->self;
    if (!cluster_is_master(self))
        cluster_set_master(c, self);
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        if (c->owner[slot])
            cluster_take_slot(c, slot);
    memset(c->migrating, 0, sizeof c->migrating);
    memset(c->importing, 0, sizeof c->importing);
    cluster_end_manual(c);
    c->election.at_ms = 0;
    for (uint32_t i = c->node_count; i-- > 0;)
        if (c->nodes[i] != self)
            cluster_remove_node(c, c->nodes[i]);
    char id[NODE_ID_CHARS + 1];
    cluster_new_id(c, id);
    memcpy(self->shard_id, id, sizeof self->shard_id);
    c->changed = true;
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP);
    if (!hard)
        return;
    c->current_epoch = c->last_vote_epoch = 0;
    self->config_epoch = 0;
    cluster_new_id(c, id);
    cluster_rename_node(c, self, id);
    trace_line(TRACE_NOTICE, "Node hard reset, now I'm %.40s", self->id);
}

/* --- SETSLOT NODE ---------------------------------------------------------------------------- */

/* It may be this node's at last, or this node's no longer. */
static void cluster_move_own(struct cluster *c, struct cluster_node *to, uint32_t slot)
{
    const bool was_ours = c->owner[slot] == c->self;
    const bool imported = to == c->self && c->importing[slot];
    cluster_add_slot(c, to, slot);
    if (imported && cluster_bump(c))
        trace_line(TRACE_NOTICE, "configEpoch updated after importing slot %u", slot);
    if (was_ours && to != c->self && c->self->slot_count == 0 && c->options.replica_migration) {
        trace_line(TRACE_NOTICE,
                   "Lost my last slot during slot migration. Reconfiguring myself as a replica of "
                   "%.40s (%s) in shard %.40s",
                   to->id, to->name, to->shard_id);
        cluster_become_replica(c, to);
    }
    if (imported || (was_ours && to != c->self)) /* who imports it may have nobody to tell him */
        cluster_tell_all(c);
}

void cluster_move_slot(struct cluster *c, struct cluster_node *to, uint32_t slot)
{
    LK_ASSERT(to && cluster_is_master(to) && slot < HASH_SLOTS);
    if (cluster_is_master(c->self)) {
        cluster_move_own(c, to, slot);
        return;
    }
    /* As the master has it; that it owns the slot it says itself, too, with its epoch. */
    cluster_add_slot(c, to, slot);
    if (to == cluster_subject(c))
        c->importing[slot] = NULL;
}
