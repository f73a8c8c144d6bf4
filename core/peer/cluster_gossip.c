/*
 * cluster_gossip.c — what others say about others.
 */
#include "core/peer/cluster_priv.h"

enum { PONG_AHEAD_MS = 500 };

/* --- a node that is known -------------------------------------------------------------------- */

static void cluster_hear_failure(struct cluster *c, struct cluster_node *n,
                                 struct cluster_node *sender, uint16_t flags)
{
    /* Whose word has weight: one that serves nothing has no vote either. */
    if (!cluster_is_master(sender) || sender->slot_count == 0 || n == c->self)
        return;
    if (flags & (NODE_FAIL | NODE_PFAIL)) {
        cluster_add_report(c, n, sender);
        cluster_fail_if_agreed(c, n);
    } else if (cluster_drop_report(c, n, sender)) {
        trace_line(TRACE_VERBOSE, "Node %.40s (%s) reported node %.40s (%s) is back online.",
                   sender->id, sender->name, n->id, n->name);
    }
}

/* Another has heard of it later than we have: no need to ask. */
static void cluster_hear_pong(struct cluster *c, struct cluster_node *n,
                              const struct frame_gossip *g)
{
    if (g->flags & (NODE_FAIL | NODE_PFAIL) || n->ping_sent_ms || n->report_count > 0)
        return;
    const int64_t heard_ms = (int64_t)g->pong_received_s * 1000 - c->unix_offset_ms;
    if (heard_ms <= c->now_ms + PONG_AHEAD_MS && heard_ms > n->pong_received_ms)
        n->pong_received_ms = heard_ms;
}

static void cluster_set_ports(const struct cluster *c, struct cluster_node *n, uint16_t port,
                              uint16_t other, uint16_t bus)
{
    n->port = c->options.tls ? other : port;
    n->tls_port = c->options.tls ? port : other;
    n->bus_port = bus;
}

/* It is well, but somewhere else. */
static void cluster_hear_address(struct cluster *c, struct cluster_node *n,
                                 const struct frame_gossip *g)
{
    if (!(n->flags & (NODE_FAIL | NODE_PFAIL)) || n == c->self ||
        g->flags & (NODE_NOADDR | NODE_FAIL | NODE_PFAIL))
        return;
    const uint16_t port = c->options.tls ? n->tls_port : n->port;
    if (strcmp(n->ip, g->ip) == 0 && port == g->port && n->bus_port == g->bus_port)
        return;
    if (n->link)
        cluster_drop(c, n->link);
    memcpy(n->ip, g->ip, sizeof n->ip);
    cluster_set_ports(c, n, g->port, g->other_port, g->bus_port);
    n->flags &= (uint16_t)~NODE_NOADDR;
    cluster_todo(c, CLUSTER_MAP | CLUSTER_SAVE);
}

/* --- a node that is new ---------------------------------------------------------------------- */

static void cluster_hear_new(struct cluster *c, const struct frame_gossip *g)
{
    if (g->flags & (NODE_NOADDR | NODE_HANDSHAKE) || !g->ip[0] || cluster_is_forgotten(c, g->id))
        return;
    /* What it is and what it serves it will say itself. */
    struct cluster_node *n =
        cluster_add_node(c, g->id, (uint16_t)(g->flags & (NODE_MASTER | NODE_REPLICA)));
    if (!(n->flags & (NODE_MASTER | NODE_REPLICA)))
        n->flags |= NODE_MASTER;
    memcpy(n->ip, g->ip, sizeof n->ip);
    cluster_set_ports(c, n, g->port, g->other_port, g->bus_port);
    cluster_todo(c, CLUSTER_SAVE);
}

void cluster_hear_gossip(struct cluster *c, struct bytes frame, const struct frame_head *h,
                         struct cluster_link *link, struct cluster_node *sender)
{
    (void)link;
    for (uint32_t i = 0; i < h->entries; i++) {
        struct frame_gossip g;
        frame_gossip_at(frame, i, &g);
        struct cluster_node *n = cluster_find_id(c, g.id);
        if (!n) {
            if (sender)
                cluster_hear_new(c, &g);
            continue;
        }
        if (!sender)
            continue;
        cluster_hear_failure(c, n, sender, g.flags);
        cluster_hear_pong(c, n, &g);
        cluster_hear_address(c, n, &g);
    }
}

/* --- extensions ------------------------------------------------------------------------------ */

static bool cluster_is_hostname(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        const char ch = text.data[i];
        const bool fine = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                          (ch >= '0' && ch <= '9') || ch == '-' || ch == '.';
        if (!fine)
            return false;
    }
    return true;
}

static bool cluster_is_printable(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < 33 || text.data[i] > 126 || text.data[i] == ',' || text.data[i] == '=')
            return false;
    return true;
}

static void cluster_hear_text(struct cluster *c, char *to, size_t size, struct bytes value)
{
    value.size = strnlen(value.data, value.size);
    if (value.size >= size || bytes_equal(bytes_cstr(to), value))
        return;
    cluster_copy_text(to, size, value);
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP);
}

static void cluster_hear_forgotten(struct cluster *c, struct bytes value,
                                   const struct cluster_node *sender)
{
    if (value.size < NODE_ID_CHARS + 8)
        return;
    struct cluster_node *n = cluster_find_id(c, value.data);
    uint64_t ttl_s = 0;
    for (int b = 0; b < 8; b++)
        ttl_s = ttl_s << 8 | (uint8_t)value.data[NODE_ID_CHARS + b];
    if (!n || n == c->self || n == sender || n == c->self->master || ttl_s == 0)
        return;
    cluster_forget_id(c, value.data, ttl_s < 86400 ? (int64_t)ttl_s : 86400);
    cluster_remove_node(c, n);
    cluster_todo(c, CLUSTER_SAVE);
}

/* Does it look like one of that family?  Others send other things by these numbers. */
static bool cluster_is_client_ip(enum client_family family, struct bytes text)
{
    uint32_t dots = 0, colons = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char ch = text.data[i];
        const bool hex = (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
        dots += ch == '.';
        colons += ch == ':';
        if (ch != '.' && (ch < '0' || ch > '9') && (family == CLIENT_IPV4 || (ch != ':' && !hex)))
            return false;
    }
    return family == CLIENT_IPV4 ? dots == 3 : colons >= 2;
}

static void cluster_hear_client_ip(struct cluster *c, struct cluster_node *sender,
                                   enum client_family family, struct bytes value)
{
    value.size = strnlen(value.data, value.size);
    if (value.size == 0 || cluster_is_client_ip(family, value))
        cluster_hear_text(c, sender->client_ip[family], sizeof sender->client_ip[family], value);
}

void cluster_hear_extensions(struct cluster *c, struct bytes frame, const struct frame_head *h,
                             struct cluster_node *sender)
{
    struct bytes hostname = {"", 0}, name = {"", 0}, shard = {NULL, 0};
    struct bytes client[CLIENT_FAMILIES] = {{"", 0}, {"", 0}};
    size_t at = 0;
    for (uint32_t i = 0; i < h->extensions; i++) {
        uint16_t type;
        struct bytes value;
        frame_next_extension(frame, h, &at, &type, &value);
        if (type == EXTENSION_HOSTNAME)
            hostname = bytes_of(value.data, strnlen(value.data, value.size));
        else if (type == EXTENSION_NODENAME)
            name = bytes_of(value.data, strnlen(value.data, value.size));
        else if (type == EXTENSION_SHARD_ID && value.size >= SHARD_ID_CHARS)
            shard = bytes_of(value.data, SHARD_ID_CHARS);
        else if (type == EXTENSION_CLIENT_IPV4 || type == EXTENSION_CLIENT_IPV6)
            client[type - EXTENSION_CLIENT_IPV4] = value;
        else if (type == EXTENSION_FORGOTTEN)
            cluster_hear_forgotten(c, value, sender);
    }
    if (!(h->flags0 & FRAME_EXTENDED) || h->extensions == 0)
        return;
    if (cluster_is_hostname(hostname))
        cluster_hear_text(c, sender->hostname, sizeof sender->hostname, hostname);
    if (cluster_is_printable(name))
        cluster_hear_text(c, sender->name, sizeof sender->name, name);
    for (int f = 0; f < CLIENT_FAMILIES; f++)
        cluster_hear_client_ip(c, sender, (enum client_family)f, client[f]);
    /* A replica's shard is its master's, whatever it says itself. */
    if (shard.data && cluster_is_printable(shard) && (cluster_is_master(sender) || !sender->master))
        cluster_set_shard(c, sender, shard);
}
