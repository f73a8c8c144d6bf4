/*
 * cluster_shape.c — CLUSTER SLOTS, SHARDS and LINKS: who serves what, as clients ask for it.
 */
#include "io/cluster/cmd_cluster_priv.h"

static bool shape_is_off(struct exec *x)
{
    if (cluster_bus_of(x))
        return false;
    reply_error(x->reply, "ERR This instance has cluster support disabled");
    return true;
}

/* The one that the asking client can use. */
static uint16_t shape_port(const struct exec *x, const struct cluster_node *n)
{
    const bool tls = session_has(x->session, SESSION_TLS);
    return (tls && n->tls_port) || !n->port ? n->tls_port : n->port;
}

/* --- SLOTS ----------------------------------------------------------------------------------- */

static const char *shape_ip(const struct exec *x, const struct cluster_node *n)
{
    return cluster_client_ip(n, cluster_reader_of(x).family);
}

static void shape_endpoint(const struct exec *x, const struct cluster *c,
                           const struct cluster_node *n)
{
    struct reply *r = x->reply;
    if (c->options.endpoint == ENDPOINT_IP)
        reply_bulk_cstr(r, shape_ip(x, n));
    else if (c->options.endpoint == ENDPOINT_HOSTNAME)
        reply_bulk_cstr(r, n->hostname[0] ? n->hostname : "?");
    else
        reply_null(r);
}

/* What the endpoint does not say. */
static void shape_metadata(const struct exec *x, const struct cluster *c,
                           const struct cluster_node *n)
{
    struct reply *r = x->reply;
    const bool ip = c->options.endpoint != ENDPOINT_IP;
    const bool hostname = c->options.endpoint != ENDPOINT_HOSTNAME && n->hostname[0];
    reply_array(r, 2 * ((ip ? 1u : 0u) + (hostname ? 1u : 0u)));
    if (ip) {
        reply_bulk_cstr(r, "ip");
        reply_bulk_cstr(r, shape_ip(x, n));
    }
    if (hostname) {
        reply_bulk_cstr(r, "hostname");
        reply_bulk_cstr(r, n->hostname);
    }
}

static void shape_slots_node(struct exec *x, const struct cluster *c, const struct cluster_node *n)
{
    struct reply *r = x->reply;
    reply_array(r, 4);
    shape_endpoint(x, c, n);
    reply_int(r, shape_port(x, n));
    reply_bulk_cstr(r, n->id);
    shape_metadata(x, c, n);
}

/* A replica that has no data yet is of no use to clients. */
static bool shape_is_listed(const struct cluster *c, const struct cluster_node *n)
{
    const uint64_t offset = n == c->self ? c->ops.offset(c->ops.ctx) : n->offset;
    return !(n->flags & (NODE_FAIL | NODE_HANDSHAKE | NODE_NOADDR)) && offset != 0;
}

static void shape_range(struct exec *x, const struct cluster *c, uint32_t first, uint32_t last)
{
    struct reply *r = x->reply;
    const struct cluster_node *owner = c->owner[first];
    uint32_t replicas = 0;
    for (uint32_t i = 0; i < c->node_count; i++)
        replicas += c->nodes[i]->master == owner && shape_is_listed(c, c->nodes[i]);
    reply_array(r, 3 + replicas);
    reply_int(r, first);
    reply_int(r, last);
    shape_slots_node(x, c, owner);
    for (uint32_t i = 0; i < c->node_count; i++)
        if (c->nodes[i]->master == owner && shape_is_listed(c, c->nodes[i]))
            shape_slots_node(x, c, c->nodes[i]);
}

enum outcome cluster_slots(struct exec *x, const struct args *a)
{
    (void)a;
    if (shape_is_off(x))
        return RUN_DONE;
    const struct cluster *c = bus_look(cluster_bus_of(x));
    const size_t at = reply_begin_deferred(x->reply);
    uint32_t ranges = 0;
    for (uint32_t slot = 0, first; slot < HASH_SLOTS; slot++) {
        if (!c->owner[slot])
            continue;
        first = slot;
        while (slot + 1 < HASH_SLOTS && c->owner[slot + 1] == c->owner[first])
            slot++;
        shape_range(x, c, first, slot);
        ranges++;
    }
    reply_end_deferred(x->reply, at, REPLY_ARRAY, ranges);
    bus_done(cluster_bus_of(x));
    return RUN_DONE;
}

/* --- SHARDS ---------------------------------------------------------------------------------- */

static void shape_field(struct reply *r, const char *name, const char *value)
{
    reply_bulk_cstr(r, name);
    reply_bulk_cstr(r, value);
}

static void shape_shard_node(const struct exec *x, const struct cluster *c,
                             const struct cluster_node *n)
{
    struct reply *r = x->reply;
    const uint64_t offset = n == c->self ? c->ops.offset(c->ops.ctx) : n->offset;
    const uint64_t fields =
        6 + (n->port ? 1u : 0u) + (n->tls_port ? 1u : 0u) + (n->hostname[0] ? 1u : 0u);
    const char *health = n->flags & NODE_FAIL                   ? "fail"
                         : !cluster_is_master(n) && offset == 0 ? "loading"
                                                                : "online";
    reply_map(r, fields);
    shape_field(r, "id", n->id);
    if (n->port) {
        reply_bulk_cstr(r, "port");
        reply_int(r, n->port);
    }
    if (n->tls_port) {
        reply_bulk_cstr(r, "tls-port");
        reply_int(r, n->tls_port);
    }
    shape_field(r, "ip", shape_ip(x, n));
    reply_bulk_cstr(r, "endpoint");
    shape_endpoint(x, c, n);
    if (n->hostname[0])
        shape_field(r, "hostname", n->hostname);
    shape_field(r, "role", cluster_is_master(n) ? "master" : "replica");
    reply_bulk_cstr(r, "replication-offset");
    reply_int(r, (int64_t)offset);
    shape_field(r, "health", health);
}

static void shape_shard_slots(struct reply *r, const struct cluster_node *master)
{
    const size_t at = reply_begin_deferred(r);
    uint32_t n = 0;
    for (uint32_t slot = 0; master && slot < HASH_SLOTS; slot++) {
        if (!slot_bit(master->slots, slot))
            continue;
        reply_int(r, slot);
        while (slot + 1 < HASH_SLOTS && slot_bit(master->slots, slot + 1))
            slot++;
        reply_int(r, slot);
        n += 2;
    }
    reply_end_deferred(r, at, REPLY_ARRAY, n);
}

static bool shape_is_first(const struct cluster *c, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++)
        if (memcmp(c->nodes[j]->shard_id, c->nodes[i]->shard_id, SHARD_ID_CHARS) == 0 &&
            !(c->nodes[j]->flags & NODE_HANDSHAKE))
            return false;
    return !(c->nodes[i]->flags & NODE_HANDSHAKE);
}

static void shape_shard(const struct exec *x, const struct cluster *c,
                        const struct cluster_node *first)
{
    struct reply *r = x->reply;
    const struct cluster_node *master = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->node_count; i++) {
        const struct cluster_node *n = c->nodes[i];
        if (memcmp(n->shard_id, first->shard_id, SHARD_ID_CHARS) != 0)
            continue;
        count++;
        if (cluster_is_master(n) && (!master || n->slot_count > 0))
            master = n;
    }
    reply_map(r, 2);
    reply_bulk_cstr(r, "slots");
    shape_shard_slots(r, master);
    reply_bulk_cstr(r, "nodes");
    reply_array(r, count);
    for (uint32_t i = 0; i < c->node_count; i++)
        if (memcmp(c->nodes[i]->shard_id, first->shard_id, SHARD_ID_CHARS) == 0)
            shape_shard_node(x, c, c->nodes[i]);
}

enum outcome cluster_shards(struct exec *x, const struct args *a)
{
    (void)a;
    if (shape_is_off(x))
        return RUN_DONE;
    const struct cluster *c = bus_look(cluster_bus_of(x));
    const size_t at = reply_begin_deferred(x->reply);
    uint32_t shards = 0;
    for (uint32_t i = 0; i < c->node_count; i++) {
        if (!shape_is_first(c, i))
            continue;
        shape_shard(x, c, c->nodes[i]);
        shards++;
    }
    reply_end_deferred(x->reply, at, REPLY_ARRAY, shards);
    bus_done(cluster_bus_of(x));
    return RUN_DONE;
}

/* --- LINKS ----------------------------------------------------------------------------------- */

enum outcome cluster_links(struct exec *x, const struct args *a)
{
    (void)a;
    if (shape_is_off(x))
        return RUN_DONE;
    struct reply *r = x->reply;
    const struct cluster *c = bus_look(cluster_bus_of(x));
    const size_t at = reply_begin_deferred(r);
    uint32_t count = 0;
    for (const struct cluster_link *l = c->links; l; l = l->next) {
        const struct cluster_node *n = l->inbound ? l->from : l->node;
        if (!n || !l->up || l->drop)
            continue;
        reply_map(r, 6);
        shape_field(r, "direction", l->inbound ? "from" : "to");
        shape_field(r, "node", n->id);
        reply_bulk_cstr(r, "create-time");
        reply_int(r, cluster_unix_ms(c, l->made_ms));
        shape_field(r, "events", l->out.size > 0 ? "rw" : "r");
        reply_bulk_cstr(r, "send-buffer-allocated");
        reply_int(r, (int64_t)l->out.capacity);
        reply_bulk_cstr(r, "send-buffer-used");
        reply_int(r, (int64_t)l->out.size);
        count++;
    }
    reply_end_deferred(r, at, REPLY_ARRAY, count);
    bus_done(cluster_bus_of(x));
    return RUN_DONE;
}
