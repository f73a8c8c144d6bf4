/*
 * cluster_manual.c — an operator has a replica take over from a master that is well.
 *
 *   replica            master
 *   MFSTART  -------->  clients' writes wait; its pings say so, with the offset
 *   has that offset
 *   asks for votes, which are given though the master is up
 */
#include "core/peer/cluster_priv.h"

void cluster_hear_mfstart(struct cluster *c, struct cluster_node *sender)
{
    if (!cluster_is_master(c->self) || sender->master != c->self)
        return;
    cluster_end_manual(c);
    c->manual.until_ms = c->now_ms + c->options.manual_failover_ms;
    c->manual.replica = sender;
    c->ops.pause(c->ops.ctx, c->now_ms + 2 * c->options.manual_failover_ms);
    trace_line(TRACE_NOTICE, "Manual failover requested by replica %.40s (%s).", sender->id,
               sender->name);
}

void cluster_hear_paused(struct cluster *c, const struct frame_head *h,
                         const struct cluster_node *sender)
{
    if (!c->manual.until_ms || cluster_is_master(c->self) || sender != c->self->master ||
        !(h->flags0 & FRAME_PAUSED) || c->manual.offset_known)
        return;
    c->manual.master_offset = h->offset;
    c->manual.offset_known = true;
    trace_line(TRACE_NOTICE, "Received replication offset for paused master manual failover: %llu",
               (unsigned long long)h->offset);
}

void cluster_run_manual(struct cluster *c)
{
    if (!c->manual.until_ms)
        return;
    if (c->now_ms > c->manual.until_ms) {
        trace_line(TRACE_WARNING, "Manual failover timed out.");
        cluster_end_manual(c);
        c->election.at_ms = 0;
        return;
    }
    if (cluster_is_master(c->self) || c->manual.may_start || !c->manual.offset_known ||
        c->ops.offset(c->ops.ctx) < c->manual.master_offset)
        return;
    c->manual.may_start = true;
    c->election.at_ms = 0;
    trace_line(TRACE_NOTICE, "All master replication stream processed, manual failover can start.");
}

/* Without asking anybody: as when the other half of the masters is gone for good. */
static void cluster_take_over(struct cluster *c)
{
    struct cluster_node *self = c->self, *old = self->master;
    trace_line(TRACE_NOTICE, "Taking over the master (user request).");
    cluster_bump(c);
    cluster_set_master(c, self);
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        if (c->owner[slot] == old) {
            cluster_take_slot(c, slot);
            cluster_give_slot(c, self, slot);
        }
    cluster_update_state(c);
    cluster_pong_all(c);
}

const char *cluster_failover(struct cluster *c, enum failover_kind how)
{
    struct cluster_node *master = c->self->master;
    if (cluster_is_master(c->self))
        return "ERR You should send CLUSTER FAILOVER to a replica";
    if (!master)
        return "ERR I'm a replica but my master is unknown to me";
    if (how == FAILOVER_PLAIN && (master->flags & NODE_FAIL || !master->link || !master->link->up))
        return "ERR Master is down or failed, please use CLUSTER FAILOVER FORCE";
    cluster_end_manual(c);
    c->election.at_ms = 0;
    if (how == FAILOVER_TAKEOVER) {
        cluster_take_over(c);
        return NULL;
    }
    c->manual.until_ms = c->now_ms + c->options.manual_failover_ms;
    if (how == FAILOVER_FORCE) {
        trace_line(TRACE_NOTICE, "Forced failover user request accepted.");
        c->manual.may_start = true;
        return NULL;
    }
    trace_line(TRACE_NOTICE, "Manual failover user request accepted.");
    cluster_send_bare(c, master->link, FRAME_MFSTART, 0);
    return NULL;
}
