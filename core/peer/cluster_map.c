/*
 * cluster_map.c — what workers need to know, as one block.
 */
#include "core/peer/cluster_priv.h"

static void cluster_map_node(const struct cluster *c, const struct cluster_node *n,
                             struct slot_map_node *out)
{
    memcpy(out->id, n->id, sizeof out->id);
    out->port = n->port ? n->port : n->tls_port;
    out->tls_port = n->tls_port;
    if (c->options.endpoint == ENDPOINT_IP) {
        memcpy(out->endpoint, cluster_client_ip(n, CLIENT_IPV4), NODE_IP_CHARS);
        memcpy(out->endpoint6, cluster_client_ip(n, CLIENT_IPV6), NODE_IP_CHARS);
    } else if (c->options.endpoint == ENDPOINT_HOSTNAME && n->hostname[0]) {
        memcpy(out->endpoint, n->hostname, sizeof out->endpoint);
    } else if (c->options.endpoint == ENDPOINT_HOSTNAME) {
        out->endpoint[0] = '?';
    }
}

static uint32_t cluster_map_flags(const struct cluster *c)
{
    const struct cluster_options *o = &c->options;
    return (c->down ? SLOT_MAP_DOWN : 0u) | (o->reads_when_down ? SLOT_MAP_READS_WHEN_DOWN : 0u) |
           (o->channels_when_down ? SLOT_MAP_CHANNELS_WHEN_DOWN : 0u) |
           (o->port == 0 ? SLOT_MAP_TLS : 0u);
}

static struct cluster_node *cluster_other(const struct cluster *c, uint32_t slot)
{
    return c->migrating[slot] ? c->migrating[slot] : c->importing[slot];
}

struct slot_map *cluster_map(const struct cluster *c)
{
    struct slot_map *m = slot_map_new((uint16_t)c->node_count);
    m->flags = cluster_map_flags(c);
    m->self = cluster_number(c, c->self);
    m->master = cluster_is_master(c->self) ? 0 : cluster_number(c, c->self->master);
    for (uint32_t i = 0; i < c->node_count; i++)
        cluster_map_node(c, c->nodes[i], &m->nodes[i]);
    const struct cluster_node *last = NULL;
    uint16_t number = 0;
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        if (c->owner[slot] != last) {
            last = c->owner[slot];
            number = cluster_number(c, last);
        }
        m->owner[slot] = number;
        const struct cluster_node *other = cluster_other(c, slot);
        m->other[slot] = other ? cluster_number(c, other) : 0;
    }
    return m;
}

/* Who joined or went since then changes the numbers of others. */
static bool cluster_has_numbers_of(const struct cluster *c, const struct slot_map *m)
{
    bool same = m->node_count == c->node_count;
    for (uint32_t i = 0; same && i < c->node_count; i++)
        same = memcmp(m->nodes[i].id, c->nodes[i]->id, NODE_ID_CHARS) == 0;
    return same;
}

struct slot_map *cluster_map_again(const struct cluster *c, const struct slot_map *before,
                                   uint32_t slot)
{
    LK_ASSERT(slot < HASH_SLOTS);
    if (!before || !cluster_has_numbers_of(c, before))
        return cluster_map(c);
    struct slot_map *m = slot_map_copy(before);
    m->flags = cluster_map_flags(c);
    m->owner[slot] = cluster_number(c, c->owner[slot]);
    m->other[slot] = cluster_number(c, cluster_other(c, slot));
    return m;
}
