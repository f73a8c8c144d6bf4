/*
 * cluster_election.c — how a replica takes over: it asks the masters, and needs most of them.
 *
 *   master FAIL --> wait 0.5 s to 1 s, and 1 s more for each replica with more data
 *               --> current epoch + 1, ask all --> votes of most masters --> master, with that
 * epoch
 *
 * A vote and an epoch are on the disk before they are spoken: the bus sends nothing before it has
 * saved what is to be saved.
 */
#include "core/peer/cluster_priv.h"

enum {
    DELAY_MS = 500,
    RANK_MS = 1000,
    TIMEOUT_LEAST_MS = 2000,
    VOTE_TIMEOUTS = 2, /* a master's replicas get no second vote for so many node timeouts */
};

static uint32_t cluster_quorum(const struct cluster *c)
{
    return c->size / 2 + 1;
}

/* --- voting ---------------------------------------------------------------------------------- */

/* NULL, or why there is no vote. */
static const char *cluster_refuse_vote(const struct cluster *c, const struct frame_head *h,
                                       const struct cluster_node *sender)
{
    const struct cluster_node *master = sender->master;
    if (h->current_epoch < c->current_epoch)
        return "its epoch is old";
    if (c->last_vote_epoch == c->current_epoch)
        return "already voted for this epoch";
    if (cluster_is_master(sender) || !master)
        return "it is a master, or its master is not known";
    if (!(master->flags & NODE_FAIL) && !(h->flags0 & FRAME_FORCE_ACK))
        return "its master is up";
    if (master->voted_ms &&
        c->now_ms - master->voted_ms < VOTE_TIMEOUTS * c->options.node_timeout_ms)
        return "one of its shard was voted for a moment ago";
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        if (slot_bit(h->slots, slot) && c->owner[slot] &&
            c->owner[slot]->config_epoch > h->config_epoch)
            return "a slot that it claims has a newer owner";
    return NULL;
}

void cluster_hear_vote_request(struct cluster *c, struct cluster_link *link,
                               const struct frame_head *h, struct cluster_node *sender)
{
    const struct cluster_node *self = c->self;
    if (!cluster_is_master(self) || self->slot_count == 0)
        return;
    const char *why = cluster_refuse_vote(c, h, sender);
    if (why) {
        trace_line(TRACE_WARNING, "Failover auth denied to %.40s (%s): %s (epoch %llu)", sender->id,
                   sender->name, why, (unsigned long long)h->current_epoch);
        return;
    }
    c->last_vote_epoch = c->current_epoch;
    sender->master->voted_ms = c->now_ms;
    cluster_todo(c, CLUSTER_SAVE);
    /* On our own connection, if there is one: theirs may be a one-way street. */
    cluster_send_bare(c, sender->link && sender->link->up ? sender->link : link, FRAME_AUTH_ACK, 0);
    trace_line(TRACE_NOTICE, "Failover auth granted to %.40s (%s) for epoch %llu", sender->id,
               sender->name, (unsigned long long)c->current_epoch);
}

void cluster_hear_vote(struct cluster *c, const struct frame_head *h,
                       const struct cluster_node *sender)
{
    if (!cluster_is_master(sender) || sender->slot_count == 0 || !c->election.asked ||
        h->current_epoch < c->election.epoch)
        return;
    c->election.votes++;
}

/* --- asking ---------------------------------------------------------------------------------- */

/* Of two with the same data the one with the smaller id goes first, so that they do not tie. */
static bool cluster_goes_first(const struct cluster *c, const struct cluster_node *n, uint64_t own)
{
    if (n->offset != own)
        return n->offset > own;
    return memcmp(n->id, c->self->id, NODE_ID_CHARS) < 0;
}

uint32_t cluster_rank(const struct cluster *c)
{
    const uint64_t own = c->ops.offset(c->ops.ctx);
    uint32_t rank = 0;
    for (uint32_t i = 0; i < c->node_count; i++) {
        const struct cluster_node *n = c->nodes[i];
        if (n != c->self && !cluster_is_master(n) && n->master == c->self->master &&
            !(n->flags & (NODE_NOFAILOVER | NODE_FAIL)) && cluster_goes_first(c, n, own))
            rank++;
    }
    return rank;
}

static bool cluster_data_is_good(const struct cluster *c)
{
    const struct cluster_options *o = &c->options;
    if (o->validity_factor == 0 || c->manual.until_ms)
        return true;
    int64_t age_ms = c->ops.data_age_ms(c->ops.ctx);
    age_ms -= age_ms > o->node_timeout_ms ? o->node_timeout_ms : age_ms;
    return age_ms <= o->repl_ping_period_ms + o->node_timeout_ms * o->validity_factor;
}

static bool cluster_may_stand(const struct cluster *c)
{
    const struct cluster_node *master = c->self->master;
    if (!master || master->slot_count == 0)
        return false;
    if (c->manual.until_ms)
        return c->manual.may_start;
    return master->flags & NODE_FAIL && !c->options.no_failover && cluster_data_is_good(c);
}

static void cluster_plan_election(struct cluster *c)
{
    const bool manual = c->manual.until_ms != 0;
    c->election.votes = 0;
    c->election.asked = false;
    c->election.rank = manual ? 0 : cluster_rank(c);
    c->election.at_ms = c->now_ms;
    if (!manual)
        c->election.at_ms +=
            DELAY_MS + (int64_t)rng_below(&c->rng, DELAY_MS) + (int64_t)c->election.rank * RANK_MS;
    trace_line(TRACE_NOTICE,
               "Start of election delayed for %lld milliseconds (rank #%u, offset %llu).",
               (long long)(c->election.at_ms - c->now_ms), c->election.rank,
               (unsigned long long)c->ops.offset(c->ops.ctx));
    cluster_pong_shard(c); /* so that each knows how far the others are */
}

/* Another has turned out to have more: it shall be first. */
static void cluster_yield_rank(struct cluster *c)
{
    const uint32_t rank = cluster_rank(c);
    if (c->manual.until_ms || rank <= c->election.rank)
        return;
    c->election.at_ms += (int64_t)(rank - c->election.rank) * RANK_MS;
    c->election.rank = rank;
    trace_line(TRACE_NOTICE, "Replica rank updated to #%u.", rank);
}

static void cluster_win(struct cluster *c)
{
    struct cluster_node *self = c->self, *old = self->master;
    trace_line(TRACE_NOTICE, "Failover election won: I'm the new master.");
    if (self->config_epoch < c->election.epoch)
        self->config_epoch = c->election.epoch;
    cluster_set_master(c, self);
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        if (c->owner[slot] == old) {
            cluster_take_slot(c, slot);
            cluster_give_slot(c, self, slot);
        }
    trace_line(TRACE_NOTICE, "configEpoch set to %llu after successful failover",
               (unsigned long long)self->config_epoch);
    c->election.at_ms = 0;
    c->election.asked = false;
    cluster_end_manual(c);
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP | CLUSTER_ROLE);
    cluster_update_state(c);
    cluster_pong_all(c);
}

void cluster_run_election(struct cluster *c)
{
    int64_t timeout = 2 * c->options.node_timeout_ms;
    timeout = timeout < TIMEOUT_LEAST_MS ? TIMEOUT_LEAST_MS : timeout;
    if (!cluster_may_stand(c))
        return;
    if (!c->election.at_ms || c->now_ms - c->election.at_ms > 2 * timeout) {
        cluster_plan_election(c);
        if (!c->manual.until_ms)
            return;
    }
    if (!c->election.asked)
        cluster_yield_rank(c);
    if (c->now_ms < c->election.at_ms || c->now_ms - c->election.at_ms > timeout)
        return;
    if (!c->election.asked) {
        c->election.epoch = ++c->current_epoch;
        c->election.asked = true;
        trace_line(TRACE_NOTICE, "Starting a failover election for epoch %llu.",
                   (unsigned long long)c->election.epoch);
        cluster_ask_votes(c);
        cluster_todo(c, CLUSTER_SAVE);
        return;
    }
    if (c->election.votes >= cluster_quorum(c))
        cluster_win(c);
}
