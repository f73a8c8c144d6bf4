/*
 * cluster_health.c — who is gone, and whether the cluster can serve.
 */
#include "core/peer/cluster_priv.h"

enum {
    REPORT_TIMEOUTS = 2,    /* after so many node timeouts a report is worth nothing */
    FAIL_UNDO_TIMEOUTS = 2, /* a failed master that nobody has replaced comes back after so many */
    START_DELAY_MS = 2000,  /* a master that has just begun waits to hear what was decided */
    REJOIN_LEAST_MS = 500,
    REJOIN_MOST_MS = 5000,
};

/* --- reports --------------------------------------------------------------------------------- */

void cluster_add_report(struct cluster *c, struct cluster_node *n, struct cluster_node *from)
{
    uint32_t i = 0;
    while (i < n->report_count && n->reports[i].from != from)
        i++;
    if (i == n->report_count) {
        if (i == n->report_capacity) {
            n->reports =
                mem_realloc(n->reports, i * sizeof *n->reports, (2 * i + 4) * sizeof *n->reports);
            n->report_capacity = 2 * i + 4;
        }
        n->report_count++;
        trace_line(TRACE_VERBOSE, "Node %.40s (%s) reported node %.40s (%s) as not reachable.",
                   from->id, from->name, n->id, n->name);
    }
    n->reports[i] = (struct cluster_report){from, c->now_ms};
}

bool cluster_drop_report(struct cluster *c, struct cluster_node *n, const struct cluster_node *from)
{
    (void)c;
    for (uint32_t i = 0; i < n->report_count; i++) {
        if (n->reports[i].from != from)
            continue;
        n->reports[i] = n->reports[--n->report_count];
        return true;
    }
    return false;
}

uint32_t cluster_failure_reports(struct cluster *c, struct cluster_node *n)
{
    const int64_t oldest = c->now_ms - REPORT_TIMEOUTS * c->options.node_timeout_ms;
    for (uint32_t i = n->report_count; i-- > 0;)
        if (n->reports[i].at_ms < oldest)
            n->reports[i] = n->reports[--n->report_count];
    return n->report_count;
}

/* --- failure --------------------------------------------------------------------------------- */

void cluster_fail_if_agreed(struct cluster *c, struct cluster_node *n)
{
    const struct cluster_node *self = c->self;
    if (!(n->flags & NODE_PFAIL) || n->flags & NODE_FAIL)
        return;
    uint32_t votes = cluster_failure_reports(c, n);
    if (cluster_is_master(self) && self->slot_count > 0)
        votes++;
    if (votes < c->size / 2 + 1)
        return;
    trace_line(TRACE_NOTICE, "Marking node %.40s (%s) as failing (quorum reached).", n->id,
               n->name);
    n->flags = (uint16_t)((n->flags & ~NODE_PFAIL) | NODE_FAIL);
    n->fail_ms = c->now_ms;
    /* Replicas learn it by gossip if this node's word counts for nothing. */
    if (cluster_is_master(self))
        cluster_send_fail(c, n);
    c->changed = true;
    cluster_todo(c, CLUSTER_SAVE);
}

void cluster_clear_fail(struct cluster *c, struct cluster_node *n)
{
    LK_ASSERT(n->flags & NODE_FAIL);
    const bool unreplaced =
        c->now_ms - n->fail_ms > FAIL_UNDO_TIMEOUTS * c->options.node_timeout_ms;
    if (cluster_is_master(n) && n->slot_count > 0 && !unreplaced)
        return;
    trace_line(TRACE_NOTICE, "Clear FAIL state for node %.40s (%s): %s is reachable again.", n->id,
               n->name,
               !cluster_is_master(n) ? "replica"
               : n->slot_count       ? "master"
                                     : "empty master");
    n->flags &= (uint16_t)~NODE_FAIL;
    c->changed = true;
    cluster_todo(c, CLUSTER_SAVE);
}

/* --- state ----------------------------------------------------------------------------------- */

static bool cluster_is_covered(const struct cluster *c)
{
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        if (!c->owner[slot] || c->owner[slot]->flags & NODE_FAIL)
            return false;
    return true;
}

/* Masters that serve slots, and how many of them answer. */
static uint32_t cluster_count_masters(struct cluster *c)
{
    uint32_t reachable = 0;
    c->size = 0;
    for (uint32_t i = 0; i < c->node_count; i++) {
        const struct cluster_node *n = c->nodes[i];
        if (!cluster_is_master(n) || n->slot_count == 0)
            continue;
        c->size++;
        reachable += !(n->flags & (NODE_FAIL | NODE_PFAIL));
    }
    return reachable;
}

void cluster_update_state(struct cluster *c)
{
    const bool master = cluster_is_master(c->self);
    const uint32_t reachable = cluster_count_masters(c);
    bool down = c->options.full_coverage && !cluster_is_covered(c);
    if (reachable < c->size / 2 + 1) {
        down = true;
        c->minority_ms = c->now_ms;
    }
    if (c->down && master && c->now_ms - c->began_ms < START_DELAY_MS)
        return;
    c->changed = false;
    if (down == c->down)
        return;
    if (!down && master && c->minority_ms) {
        int64_t delay = c->options.node_timeout_ms;
        delay = delay > REJOIN_MOST_MS ? REJOIN_MOST_MS : delay;
        delay = delay < REJOIN_LEAST_MS ? REJOIN_LEAST_MS : delay;
        if (c->now_ms - c->minority_ms < delay) {
            c->changed = true;
            return;
        }
    }
    trace_line(TRACE_NOTICE, "Cluster state changed: %s", down ? "fail" : "ok");
    c->down = down;
    c->down_since_ms = down ? c->now_ms : 0;
    cluster_todo(c, CLUSTER_MAP);
}
