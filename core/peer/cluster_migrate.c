/*
 * cluster_migrate.c — a replica moves to a master that has lost all of its own.
 *
 * Of the masters with the most replicas the replica with the smallest id goes, so that only one
 * does; it leaves as many behind as the barrier says.
 */
#include "core/peer/cluster_priv.h"

enum { ORPHANED_MS = 5000 };

/* Would n be a better one to go than best? */
static bool cluster_moves_first(const struct cluster_node *n, const struct cluster_node *best)
{
    return !best || memcmp(n->id, best->id, NODE_ID_CHARS) < 0;
}

static const struct cluster_node *cluster_mover(const struct cluster *c, uint32_t most)
{
    const struct cluster_node *best = NULL;
    for (uint32_t i = 0; i < c->node_count; i++) {
        const struct cluster_node *n = c->nodes[i];
        if (!cluster_is_master(n) && n->master && !(n->flags & (NODE_FAIL | NODE_PFAIL)) &&
            cluster_replicas(c, n->master, true) == most && cluster_moves_first(n, best))
            best = n;
    }
    return best;
}

void cluster_migrate_replica(struct cluster *c)
{
    struct cluster_node *target = NULL, *own = c->self->master;
    uint32_t most = 0;
    if (c->down || !own || !c->options.replica_migration || c->manual.until_ms)
        return;
    for (uint32_t i = 0; i < c->node_count; i++) {
        struct cluster_node *n = c->nodes[i];
        if (!cluster_is_master(n) || n->flags & NODE_FAIL)
            continue;
        const uint32_t replicas = cluster_replicas(c, n, true);
        most = replicas > most ? replicas : most;
        if (!target && n->orphaned_ms && c->now_ms - n->orphaned_ms > ORPHANED_MS)
            target = n;
    }
    if (!target || cluster_replicas(c, own, true) <= (uint64_t)c->options.migration_barrier ||
        cluster_mover(c, most) != c->self)
        return;
    trace_line(TRACE_NOTICE, "Migrating to orphaned master %.40s", target->id);
    cluster_follow(c, target);
}
