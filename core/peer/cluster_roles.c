/*
 * cluster_roles.c — who is a master, and who replicates whom.
 */
#include "core/peer/cluster_priv.h"

uint32_t cluster_replicas(const struct cluster *c, const struct cluster_node *master,
                          bool well_only)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->node_count; i++) {
        const struct cluster_node *n = c->nodes[i];
        if (n->master == master && !cluster_is_master(n))
            count += !(well_only && n->flags & (NODE_FAIL | NODE_PFAIL));
    }
    return count;
}

void cluster_set_shard(struct cluster *c, struct cluster_node *n, struct bytes shard_id)
{
    if (shard_id.size != SHARD_ID_CHARS || memcmp(n->shard_id, shard_id.data, SHARD_ID_CHARS) == 0)
        return;
    memcpy(n->shard_id, shard_id.data, SHARD_ID_CHARS);
    cluster_todo(c, CLUSTER_SAVE);
    for (uint32_t i = 0; cluster_is_master(n) && i < c->node_count; i++)
        if (c->nodes[i]->master == n)
            memcpy(c->nodes[i]->shard_id, n->shard_id, sizeof n->shard_id);
}

void cluster_set_master(struct cluster *c, struct cluster_node *n)
{
    if (cluster_is_master(n))
        return;
    n->master = NULL;
    n->flags = (uint16_t)((n->flags & ~NODE_REPLICA) | NODE_MASTER);
    if (n != c->self)
        n->flags |= NODE_MIGRATE_TO;
    c->changed = true;
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP | (n == c->self ? CLUSTER_ROLE : 0u));
}

void cluster_set_replica(struct cluster *c, struct cluster_node *n, struct cluster_node *master)
{
    LK_ASSERT(n != master);
    n->flags = (uint16_t)((n->flags & ~(NODE_MASTER | NODE_MIGRATE_TO)) | NODE_REPLICA);
    n->master = master;
    if (master)
        master->flags |= NODE_MIGRATE_TO;
    if (master)
        cluster_set_shard(c, n, bytes_of(master->shard_id, SHARD_ID_CHARS));
    c->changed = true;
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP | (n == c->self ? CLUSTER_ROLE : 0u));
}

void cluster_end_manual(struct cluster *c)
{
    if (c->manual.replica)
        c->ops.pause(c->ops.ctx, 0);
    memset(&c->manual, 0, sizeof c->manual);
}

void cluster_follow(struct cluster *c, struct cluster_node *master)
{
    LK_ASSERT(master && master != c->self && c->self->slot_count == 0);
    /* Of its own shard's next master it shares the marks; another's come with his data. */
    if (memcmp(master->shard_id, c->self->shard_id, SHARD_ID_CHARS) != 0) {
        memset(c->migrating, 0, sizeof c->migrating);
        memset(c->importing, 0, sizeof c->importing);
    }
    cluster_set_replica(c, c->self, master);
    cluster_end_manual(c);
    c->election.at_ms = 0;
}
