/*
 * cluster_send.c — the frames that this node writes.
 */
#include "core/peer/cluster_priv.h"

enum { GOSSIP_LEAST = 3, WIRE_FLAGS = 0x3ff };

/* --- heads ----------------------------------------------------------------------------------- */

/* A replica speaks with its master's slots and epoch: they are what it would take over. */
static struct frame_head cluster_head(const struct cluster *c, enum frame_type type)
{
    const struct cluster_node *self = c->self, *primary = cluster_primary(c);
    const bool tls = c->options.tls;
    struct frame_head h = {
        .type = (uint16_t)type,
        .current_epoch = c->current_epoch,
        .config_epoch = primary->config_epoch,
        .offset = c->ops.offset(c->ops.ctx),
        .id = self->id,
        .master = self->master ? self->master->id : NULL,
        .slots = primary->slots,
        .port = tls ? self->tls_port : self->port,
        .other_port = tls ? self->port : self->tls_port,
        .bus_port = self->bus_port,
        .flags = self->flags & WIRE_FLAGS,
        .down = c->down,
        .flags0 = FRAME_EXTENDED,
    };
    if (cluster_is_master(self) && c->manual.until_ms && c->manual.replica &&
        c->ops.paused(c->ops.ctx)) {
        h.flags0 |= FRAME_PAUSED;
        h.offset = c->ops.offset(c->ops.ctx); /* that of before may be too small */
    }
    if (c->options.ip[0])
        memcpy(h.ip, c->options.ip, sizeof h.ip);
    return h;
}

static size_t cluster_begin_frame(struct cluster *c, struct cluster_link *link,
                                  enum frame_type type)
{
    const struct frame_head h = cluster_head(c, type);
    c->stats.sent[type]++;
    return frame_begin(&link->out, &h);
}

/* Every node with a connection of ours. */
static struct cluster_link *cluster_next_link(const struct cluster *c, uint32_t *i)
{
    while (*i < c->node_count) {
        struct cluster_node *n = c->nodes[(*i)++];
        if (n != c->self && n->link && n->link->up && !(n->flags & NODE_HANDSHAKE))
            return n->link;
    }
    return NULL;
}

/* --- gossip ---------------------------------------------------------------------------------- */

static void cluster_add_gossip(const struct cluster *c, struct cluster_link *link,
                               const struct cluster_node *n)
{
    const bool tls = c->options.tls;
    struct frame_gossip g = {
        .id = n->id,
        .ping_sent_s = (uint32_t)(cluster_unix_ms(c, n->ping_sent_ms) / 1000),
        .pong_received_s = (uint32_t)(cluster_unix_ms(c, n->pong_received_ms) / 1000),
        .port = tls ? n->tls_port : n->port,
        .other_port = tls ? n->port : n->tls_port,
        .bus_port = n->bus_port,
        .flags = n->flags & WIRE_FLAGS,
    };
    memcpy(g.ip, n->ip, sizeof g.ip);
    frame_add_gossip(&link->out, &g);
}

static bool cluster_worth_telling(const struct cluster *c, const struct cluster_link *link,
                                  const struct cluster_node *n)
{
    if (n == c->self || n == link->node || n->flags & (NODE_HANDSHAKE | NODE_NOADDR | NODE_PFAIL))
        return false;
    return n->link || n->slot_count > 0;
}

/* Some at random, and all that seem to be gone. */
static uint32_t cluster_add_gossips(struct cluster *c, struct cluster_link *link)
{
    uint32_t told = 0, wanted = c->node_count / 10;
    wanted = wanted < GOSSIP_LEAST ? GOSSIP_LEAST : wanted;
    const uint32_t first = (uint32_t)rng_below(&c->rng, c->node_count);
    for (uint32_t i = 0; i < c->node_count && told < wanted; i++) {
        const struct cluster_node *n = c->nodes[(first + i) % c->node_count];
        if (!cluster_worth_telling(c, link, n))
            continue;
        cluster_add_gossip(c, link, n);
        told++;
    }
    for (uint32_t i = 0; i < c->node_count && told < UINT16_MAX; i++) {
        const struct cluster_node *n = c->nodes[i];
        if (!(n->flags & NODE_PFAIL) || n->flags & (NODE_HANDSHAKE | NODE_NOADDR))
            continue;
        cluster_add_gossip(c, link, n);
        told++;
    }
    return told;
}

static uint32_t cluster_add_extensions(struct cluster *c, struct cluster_link *link)
{
    const struct cluster_node *self = c->self;
    uint32_t count = 1;
    if (self->hostname[0]) {
        frame_add_extension(&link->out, EXTENSION_HOSTNAME, bytes_cstr(self->hostname), true);
        count++;
    }
    if (self->name[0]) {
        frame_add_extension(&link->out, EXTENSION_NODENAME, bytes_cstr(self->name), true);
        count++;
    }
    for (uint16_t f = 0; f < CLIENT_FAMILIES; f++) {
        if (!self->client_ip[f][0])
            continue;
        frame_add_extension(&link->out, (uint16_t)(EXTENSION_CLIENT_IPV4 + f),
                            bytes_cstr(self->client_ip[f]), true);
        count++;
    }
    for (uint32_t i = 0; i < c->forgotten_count; i++) {
        if (c->forgotten[i].until_ms <= c->now_ms)
            continue;
        char value[NODE_ID_CHARS + 8];
        memcpy(value, c->forgotten[i].id, NODE_ID_CHARS);
        const uint64_t ttl_s = (uint64_t)(c->forgotten[i].until_ms - c->now_ms) / 1000;
        for (int b = 0; b < 8; b++)
            value[NODE_ID_CHARS + b] = (char)(ttl_s >> (56 - 8 * b));
        frame_add_extension(&link->out, EXTENSION_FORGOTTEN, bytes_of(value, sizeof value), false);
        count++;
    }
    frame_add_extension(&link->out, EXTENSION_SHARD_ID, bytes_of(self->shard_id, SHARD_ID_CHARS),
                        false);
    return count;
}

void cluster_send_ping(struct cluster *c, struct cluster_link *link, enum frame_type type)
{
    const struct cluster_node *to = link->node ? link->node : link->from;
    if (link->node && type == FRAME_PING)
        link->node->ping_sent_ms = c->now_ms;
    const size_t start = cluster_begin_frame(c, link, type);
    const uint32_t entries = cluster_add_gossips(c, link);
    const bool extended = to && to->flags & NODE_EXTENSIONS;
    const uint32_t extensions = extended ? cluster_add_extensions(c, link) : 0;
    frame_end(&link->out, start, entries, extensions);
}

void cluster_pong_all(struct cluster *c)
{
    uint32_t i = 0;
    for (struct cluster_link *l; (l = cluster_next_link(c, &i));)
        cluster_send_ping(c, l, FRAME_PONG);
}

void cluster_pong_shard(struct cluster *c)
{
    const struct cluster_node *primary = cluster_primary(c);
    uint32_t i = 0;
    for (struct cluster_link *l; (l = cluster_next_link(c, &i));)
        if (l->node == primary || l->node->master == primary)
            cluster_send_ping(c, l, FRAME_PONG);
}

/* --- the others ------------------------------------------------------------------------------ */

void cluster_send_fail(struct cluster *c, const struct cluster_node *failed)
{
    uint32_t i = 0;
    for (struct cluster_link *l; (l = cluster_next_link(c, &i));) {
        const size_t start = cluster_begin_frame(c, l, FRAME_FAIL);
        frame_add_fail(&l->out, failed->id);
        frame_end(&l->out, start, 0, 0);
    }
}

void cluster_send_update(struct cluster *c, struct cluster_link *link, const struct cluster_node *n)
{
    const size_t start = cluster_begin_frame(c, link, FRAME_UPDATE);
    frame_add_update(&link->out, n->config_epoch, n->id, n->slots);
    frame_end(&link->out, start, 0, 0);
}

void cluster_send_bare(struct cluster *c, struct cluster_link *link, enum frame_type type,
                       uint8_t flags0)
{
    struct frame_head h = cluster_head(c, type);
    h.flags0 |= flags0;
    c->stats.sent[type]++;
    const size_t start = frame_begin(&link->out, &h);
    frame_end(&link->out, start, 0, 0);
}

void cluster_ask_votes(struct cluster *c)
{
    const uint8_t force = c->manual.until_ms ? FRAME_FORCE_ACK : 0;
    uint32_t i = 0;
    for (struct cluster_link *l; (l = cluster_next_link(c, &i));)
        cluster_send_bare(c, l, FRAME_AUTH_REQUEST, force);
}

void cluster_publish(struct cluster *c, bool shard, struct bytes channel, struct bytes message)
{
    const struct cluster_node *primary = cluster_primary(c);
    uint32_t i = 0;
    for (struct cluster_link *l; (l = cluster_next_link(c, &i));) {
        if (shard && l->node != primary && l->node->master != primary)
            continue;
        const size_t start = cluster_begin_frame(c, l, shard ? FRAME_PUBLISHSHARD : FRAME_PUBLISH);
        frame_add_publish(&l->out, channel, message);
        frame_end(&l->out, start, 1, 0);
    }
}
