/*
 * cluster_tick.c — what time brings: links, pings, silence.
 */
#include "core/peer/cluster_priv.h"

enum { HANDSHAKE_LEAST_MS = 1000, TICKS_A_SECOND = 1000 / CLUSTER_TICK_MS, PING_CHOICES = 5 };

/* --- links ----------------------------------------------------------------------------------- */

static bool cluster_handshake_is_over(const struct cluster *c, const struct cluster_node *n)
{
    const int64_t timeout = c->options.node_timeout_ms;
    return n->flags & NODE_HANDSHAKE &&
           c->now_ms - n->made_ms > (timeout > HANDSHAKE_LEAST_MS ? timeout : HANDSHAKE_LEAST_MS);
}

static void cluster_tick_links(struct cluster *c)
{
    for (uint32_t i = 0; i < c->node_count; i++) {
        struct cluster_node *n = c->nodes[i];
        if (n == c->self || n->flags & NODE_NOADDR)
            continue;
        if (cluster_handshake_is_over(c, n)) {
            cluster_remove_node(c, n);
            i--;
            continue;
        }
        cluster_claim_ceded(c, n);
        if (n->link)
            continue;
        struct cluster_link *link = cluster_link_to(c, n);
        c->ops.connect(c->ops.ctx, link);
    }
}

/* A greeting if an operator asked for it, until somebody answers; else a question. */
void cluster_link_up(struct cluster *c, struct cluster_link *link)
{
    struct cluster_node *n = link->node;
    link->up = true;
    if (!n)
        return;
    const int64_t asked_ms = n->ping_sent_ms;
    cluster_send_ping(c, link, n->flags & NODE_MEET ? FRAME_MEET : FRAME_PING);
    n->ping_sent_ms = asked_ms ? asked_ms : c->now_ms;
}

/* --- pings ----------------------------------------------------------------------------------- */

static bool cluster_may_ping(const struct cluster *c, const struct cluster_node *n)
{
    return n != c->self && n->link && n->link->up && !n->ping_sent_ms &&
           !(n->flags & NODE_HANDSHAKE);
}

/* Once a second, of some at random, the one that was heard of longest ago. */
static void cluster_ping_one(struct cluster *c)
{
    struct cluster_node *oldest = NULL;
    for (int i = 0; i < PING_CHOICES; i++) {
        struct cluster_node *n = c->nodes[rng_below(&c->rng, c->node_count)];
        if (cluster_may_ping(c, n) && (!oldest || n->pong_received_ms < oldest->pong_received_ms))
            oldest = n;
    }
    if (oldest)
        cluster_send_ping(c, oldest->link, FRAME_PING);
}

static void cluster_note_silence(struct cluster *c, struct cluster_node *n)
{
    const int64_t since_ping = c->now_ms - n->ping_sent_ms;
    const int64_t since_data = c->now_ms - n->data_received_ms;
    const int64_t silent = since_ping < since_data ? since_ping : since_data;
    if (!n->ping_sent_ms || silent <= c->options.node_timeout_ms ||
        n->flags & (NODE_PFAIL | NODE_FAIL | NODE_HANDSHAKE))
        return;
    trace_line(TRACE_DEBUG, "*** NODE %.40s possibly failing", n->id);
    n->flags |= NODE_PFAIL;
    c->changed = true;
    if (c->size == 1 && cluster_is_master(c->self) && c->self->slot_count > 0)
        cluster_fail_if_agreed(c, n);
}

static void cluster_tick_node(struct cluster *c, struct cluster_node *n)
{
    const int64_t half = c->options.node_timeout_ms / 2, now = c->now_ms;
    struct cluster_link *link = n->link;
    /* The connection may be the fault: a new one is tried before the node is given up. */
    if (link && link->up && now - link->made_ms > c->options.node_timeout_ms && n->ping_sent_ms &&
        now - n->ping_sent_ms > half && now - n->data_received_ms > half) {
        cluster_drop(c, link);
        link = NULL;
    }
    if (cluster_may_ping(c, n) && now - n->pong_received_ms > half) {
        cluster_send_ping(c, n->link, FRAME_PING);
        return;
    }
    /* During a manual failover the replica waits for this node's offset. */
    if (c->manual.until_ms && c->manual.replica == n && cluster_is_master(c->self) && link &&
        link->up) {
        cluster_send_ping(c, link, FRAME_PING);
        return;
    }
    cluster_note_silence(c, n);
    cluster_fail_if_agreed(c, n);
}

static void cluster_note_orphan(struct cluster *c, struct cluster_node *n)
{
    const bool orphan = cluster_is_master(n) && n->slot_count > 0 && n->flags & NODE_MIGRATE_TO &&
                        !(n->flags & NODE_FAIL) && cluster_replicas(c, n, true) == 0;
    if (!orphan)
        n->orphaned_ms = 0;
    else if (!n->orphaned_ms)
        n->orphaned_ms = c->now_ms;
}

/* --- the tick -------------------------------------------------------------------------------- */

void cluster_tick(struct cluster *c, int64_t now_ms)
{
    c->now_ms = now_ms;
    c->ticks++;
    cluster_tick_links(c);
    if (c->ticks % TICKS_A_SECOND == 0)
        cluster_ping_one(c);
    for (uint32_t i = 0; i < c->node_count; i++) {
        struct cluster_node *n = c->nodes[i];
        if (n == c->self || n->flags & (NODE_NOADDR | NODE_HANDSHAKE))
            continue;
        cluster_note_orphan(c, n);
        cluster_tick_node(c, n);
    }
    cluster_run_manual(c);
    if (!cluster_is_master(c->self)) {
        cluster_run_election(c);
        cluster_migrate_replica(c);
    }
    if (c->changed || c->down)
        cluster_update_state(c);
}
