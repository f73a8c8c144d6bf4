/*
 * cluster_receive.c — one frame of another node.
 */
#include "core/peer/cluster_priv.h"

/* --- who is it ------------------------------------------------------------------------------- */

static void cluster_set_address(struct cluster_node *n, const struct cluster *c, const char *ip,
                                const struct frame_head *h)
{
    cluster_copy_text(n->ip, sizeof n->ip, bytes_cstr(ip));
    n->port = c->options.tls ? h->other_port : h->port;
    n->tls_port = c->options.tls ? h->port : h->other_port;
    n->bus_port = h->bus_port;
}

/* Where the sender of a frame can be reached: as it says, else as its socket shows. */
static const char *cluster_sender_ip(const struct cluster_link *link, const struct frame_head *h)
{
    return h->ip[0] ? h->ip : link->peer_ip;
}

/* True: it has moved. */
static bool cluster_update_address(struct cluster *c, struct cluster_node *n,
                                   struct cluster_link *link, const struct frame_head *h)
{
    const char *ip = cluster_sender_ip(link, h);
    const uint16_t port = c->options.tls ? n->tls_port : n->port;
    const uint16_t other = c->options.tls ? n->port : n->tls_port;
    if (link == n->link || !ip[0] ||
        (strcmp(n->ip, ip) == 0 && port == h->port && other == h->other_port &&
         n->bus_port == h->bus_port))
        return false;
    cluster_set_address(n, c, ip, h);
    if (n->link)
        cluster_drop(c, n->link);
    n->flags &= (uint16_t)~NODE_NOADDR;
    trace_line(TRACE_NOTICE, "Address updated for node %.40s (%s), now %s:%u", n->id, n->name,
               n->ip, n->port);
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP | (c->self->master == n ? CLUSTER_ROLE : 0u));
    return true;
}

static void cluster_learn_own_ip(struct cluster *c, const struct cluster_link *link, uint16_t type)
{
    struct cluster_node *self = c->self;
    if ((type != FRAME_MEET && self->ip[0]) || c->options.ip[0] || !link->own_ip[0] ||
        strcmp(self->ip, link->own_ip) == 0)
        return;
    memcpy(self->ip, link->own_ip, sizeof self->ip);
    trace_line(TRACE_NOTICE, "IP address for this node updated to %s", self->ip);
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP);
}

/* Somebody unknown greets us: he is asked for his id on a connection of ours. */
static void cluster_greet_back(struct cluster *c, const struct cluster_link *link,
                               const struct frame_head *h)
{
    const char *ip = cluster_sender_ip(link, h);
    if (!ip[0] || cluster_is_meeting(c, bytes_cstr(ip), h->port, h->bus_port))
        return;
    struct cluster_node *n = cluster_add_node(c, NULL, NODE_HANDSHAKE);
    cluster_set_address(n, c, ip, h);
    cluster_todo(c, CLUSTER_SAVE);
}

/* The answer on a connection of ours.  False: it was not whom we meant; the link goes. */
static bool cluster_identify(struct cluster *c, struct cluster_link *link,
                             const struct frame_head *h, struct cluster_node *sender)
{
    struct cluster_node *n = link->node;
    if (n->flags & NODE_HANDSHAKE) {
        if (sender) { /* known already, so this is only where it is now */
            trace_line(TRACE_VERBOSE,
                       "Handshake: we already know node %.40s (%s), updating the "
                       "address if needed.",
                       sender->id, sender->name);
            if (sender != c->self)
                cluster_update_address(c, sender, link, h);
            cluster_remove_node(c, n);
            return false;
        }
        cluster_rename_node(c, n, h->id);
        trace_line(TRACE_DEBUG, "Handshake with node %.40s completed.", n->id);
        n->flags &= (uint16_t) ~(NODE_HANDSHAKE | NODE_MEET);
        n->flags |= h->flags & (NODE_MASTER | NODE_REPLICA);
        cluster_todo(c, CLUSTER_SAVE);
    } else if (memcmp(n->id, h->id, NODE_ID_CHARS) != 0) {
        trace_line(TRACE_DEBUG, "PONG contains mismatching sender ID: expected %.40s", n->id);
        n->flags |= NODE_NOADDR;
        n->ip[0] = '\0';
        n->port = n->tls_port = n->bus_port = 0;
        cluster_drop(c, link);
        cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP);
        return false;
    }
    return true;
}

/* --- what it is ------------------------------------------------------------------------------ */

static void cluster_hear_alive(struct cluster *c, struct cluster_node *n)
{
    n->pong_received_ms = c->now_ms;
    n->ping_sent_ms = 0;
    if (n->flags & NODE_PFAIL) {
        n->flags &= (uint16_t)~NODE_PFAIL;
        c->changed = true;
        cluster_todo(c, CLUSTER_SAVE);
    } else if (n->flags & NODE_FAIL) {
        cluster_clear_fail(c, n);
    }
}

static bool cluster_has_master(const struct frame_head *h)
{
    static const char none[NODE_ID_CHARS];
    return memcmp(h->master, none, NODE_ID_CHARS) != 0;
}

/*
 * A master has become the replica of another.  Of one in its own shard: that one has taken over, so
 * the slots are his by now, and nobody's in no moment between.
 */
static void cluster_hear_step_down(struct cluster *c, const struct frame_head *h,
                                   struct cluster_node *sender, struct cluster_node *master)
{
    if (master == c->self && !cluster_is_master(master))
        return; /* this node's own votes make it a master, and nothing else */
    if (!master || memcmp(master->shard_id, sender->shard_id, SHARD_ID_CHARS) != 0) {
        if (sender->slot_count > 0)
            trace_line(TRACE_NOTICE,
                       "Node %.40s (%s) is no longer master of shard %.40s; removed all %u slot(s) "
                       "it used to own",
                       sender->id, sender->name, sender->shard_id, sender->slot_count);
        cluster_take_all_slots(c, sender);
    } else if (sender->config_epoch > h->config_epoch) {
        trace_line(TRACE_NOTICE, "Ignore stale message from %.40s (%s) in shard %.40s", sender->id,
                   sender->name, sender->shard_id);
        return;
    } else if (sender->slot_count > 0) {
        const uint32_t count = sender->slot_count;
        for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
            if (c->owner[slot] == sender) {
                cluster_take_slot(c, slot);
                cluster_give_slot(c, master, slot);
            }
        cluster_move_marks(c, sender, master);
        cluster_set_master(c, master);
        master->config_epoch = h->config_epoch;
        trace_line(TRACE_NOTICE,
                   "A failover occurred in shard %.40s; node %.40s (%s) lost %u slot(s) to node "
                   "%.40s (%s) with a config epoch of %llu",
                   sender->shard_id, sender->id, sender->name, count, master->id, master->name,
                   (unsigned long long)h->config_epoch);
    }
    cluster_set_replica(c, sender, master);
}

static void cluster_hear_role(struct cluster *c, const struct frame_head *h,
                              struct cluster_node *sender)
{
    if (!cluster_has_master(h)) {
        cluster_set_master(c, sender);
        return;
    }
    struct cluster_node *master = cluster_find_id(c, h->master);
    if (master == sender)
        return;
    if (cluster_is_master(sender)) {
        cluster_hear_step_down(c, h, sender, master);
    } else if (master && sender->master != master) {
        cluster_set_replica(c, sender, master);
    }
}

static void cluster_hear_state(struct cluster *c, struct cluster_link *link,
                               const struct frame_head *h, struct cluster_node *sender)
{
    const uint16_t spares = h->flags & NODE_NOFAILOVER;
    sender->said_ms = c->now_ms;
    sender->flags = (uint16_t)((sender->flags & ~NODE_NOFAILOVER) | spares);
    cluster_hear_role(c, h, sender);
    struct cluster_node *serves = cluster_is_master(sender) ? sender : sender->master;
    if (serves && memcmp(serves->slots, h->slots, SLOT_BITMAP) != 0) {
        if (cluster_is_master(sender))
            cluster_hear_slots(c, sender, h->config_epoch, h->slots);
        if (serves == sender)
            cluster_hear_ceded(c, sender, h->slots);
        cluster_correct(c, link, h, sender);
    } else if (serves == sender) {
        sender->ceded_count = 0;
    }
    if (serves == sender && h->config_epoch == sender->config_epoch) /* else it is an older frame */
        cluster_hear_unclaimed(c, sender, h->slots);
    cluster_part_epochs(c, sender, h->config_epoch);
}

/* --- types ----------------------------------------------------------------------------------- */

static void cluster_hear_ping(struct cluster *c, struct cluster_link *link, struct bytes frame,
                              const struct frame_head *h, struct cluster_node *sender)
{
    if (h->type != FRAME_PONG) {
        cluster_learn_own_ip(c, link, h->type);
        if (!sender && h->type == FRAME_MEET)
            cluster_greet_back(c, link, h);
        cluster_send_ping(c, link, FRAME_PONG);
    }
    if (link->node && !cluster_identify(c, link, h, sender))
        return;
    sender = cluster_find_id(c, h->id);
    if (!sender || sender == c->self)
        return;
    if (h->flags0 & FRAME_EXTENDED)
        sender->flags |= NODE_EXTENSIONS;
    if (h->type == FRAME_PING && !(sender->flags & NODE_HANDSHAKE) &&
        cluster_update_address(c, sender, link, h))
        c->changed = true;
    if (link->node && h->type == FRAME_PONG)
        cluster_hear_alive(c, link->node);
    cluster_hear_state(c, link, h, sender);
    cluster_hear_gossip(c, frame, h, link, sender);
    sender = cluster_find_id(c, h->id); /* gossip may make nodes forgotten, not this one */
    if (sender)
        cluster_hear_extensions(c, frame, h, sender);
}

static void cluster_hear_fail(struct cluster *c, struct bytes frame, struct cluster_node *sender)
{
    struct cluster_node *n = cluster_find_id(c, frame_fail_id(frame));
    if (!n || n->flags & (NODE_FAIL | NODE_MYSELF))
        return;
    trace_line(TRACE_NOTICE, "FAIL message received from %.40s (%s) about %.40s (%s)", sender->id,
               sender->name, n->id, n->name);
    n->flags = (uint16_t)((n->flags & ~NODE_PFAIL) | NODE_FAIL);
    n->fail_ms = c->now_ms;
    c->changed = true;
    cluster_todo(c, CLUSTER_SAVE);
}

static void cluster_hear_update(struct cluster *c, struct bytes frame)
{
    uint64_t epoch;
    const char *id;
    const uint8_t *slots;
    frame_update(frame, &epoch, &id, &slots);
    struct cluster_node *n = cluster_find_id(c, id);
    if (!n || n == c->self || n->config_epoch >= epoch)
        return;
    cluster_set_master(c, n);
    n->config_epoch = epoch;
    cluster_todo(c, CLUSTER_SAVE);
    cluster_hear_slots(c, n, epoch, slots);
}

static void cluster_hear_epochs(struct cluster *c, const struct frame_head *h,
                                struct cluster_node *sender)
{
    if (h->current_epoch > c->current_epoch) {
        c->current_epoch = h->current_epoch;
        cluster_todo(c, CLUSTER_SAVE);
    }
    if (h->config_epoch > sender->config_epoch) {
        sender->config_epoch = h->config_epoch;
        cluster_todo(c, CLUSTER_SAVE);
    }
    sender->offset = h->offset;
    sender->offset_ms = c->now_ms;
    cluster_hear_paused(c, h, sender);
}

static void cluster_dispatch_frame(struct cluster *c, struct cluster_link *link, struct bytes frame,
                                   const struct frame_head *h, struct cluster_node *sender)
{
    struct bytes channel, message;
    if (h->type <= FRAME_MEET) {
        cluster_hear_ping(c, link, frame, h, sender);
        return;
    }
    if (!sender)
        return; /* of no node that is known: nothing it says counts */
    switch (h->type) {
    case FRAME_FAIL:
        cluster_hear_fail(c, frame, sender);
        break;
    case FRAME_PUBLISH:
    case FRAME_PUBLISHSHARD:
        frame_publish(frame, &channel, &message);
        c->ops.publish(c->ops.ctx, h->type == FRAME_PUBLISHSHARD, channel, message);
        break;
    case FRAME_AUTH_REQUEST:
        cluster_hear_vote_request(c, link, h, sender);
        break;
    case FRAME_AUTH_ACK:
        cluster_hear_vote(c, h, sender);
        break;
    case FRAME_MFSTART:
        cluster_hear_mfstart(c, sender);
        break;
    case FRAME_UPDATE:
        cluster_hear_update(c, frame);
        break;
    default: /* MODULE, and what is younger than this */
        break;
    }
}

bool cluster_receive(struct cluster *c, struct cluster_link *link, struct bytes frame,
                     int64_t now_ms)
{
    struct frame_head h;
    if (!frame_read(frame, &h))
        return false;
    c->now_ms = now_ms;
    if (h.type < FRAME_TYPES)
        c->stats.received[h.type]++;
    if (LK_UNLIKELY(h.type == c->lost.type)) {
        trace_line(TRACE_WARNING, "Packet that matches debug drop filter received");
        return !c->lost.closes;
    }
    struct cluster_node *sender = cluster_find_id(c, h.id);
    if (sender && (sender->flags & NODE_HANDSHAKE || sender == c->self))
        sender = NULL; /* one with our own id is a copy of this node's files: nobody */
    if (memcmp(h.id, c->self->id, NODE_ID_CHARS) == 0 && h.type <= FRAME_MEET) {
        /* Met by oneself: the handshake ends by its timeout. */
        return true;
    }
    if (sender) {
        sender->data_received_ms = now_ms;
        if (link->inbound && !link->from) {
            link->from = sender;
            sender->inbound = link;
        }
        cluster_hear_epochs(c, &h, sender);
    }
    if (link->node)
        link->node->data_received_ms = now_ms;
    cluster_dispatch_frame(c, link, frame, &h, sender);
    return !link->drop;
}
