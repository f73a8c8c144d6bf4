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

struct slot_map *cluster_map(const struct cluster *c)
{
    const struct cluster_options *o = &c->options;
    struct slot_map *m = slot_map_new((uint16_t)c->node_count);
    m->flags = (c->down ? SLOT_MAP_DOWN : 0u) |
               (o->reads_when_down ? SLOT_MAP_READS_WHEN_DOWN : 0u) |
               (o->channels_when_down ? SLOT_MAP_CHANNELS_WHEN_DOWN : 0u) |
               (o->port == 0 ? SLOT_MAP_TLS : 0u);
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
        const struct cluster_node *other =
            c->migrating[slot] ? c->migrating[slot] : c->importing[slot];
        m->other[slot] = other ? cluster_number(c, other) : 0;
    }
    return m;
}
