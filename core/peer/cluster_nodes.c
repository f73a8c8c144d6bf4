/*
 * cluster_nodes.c — the nodes that are known, and which slots they have.
 */
#include "core/peer/cluster_priv.h"

/* --- making ---------------------------------------------------------------------------------- */

void cluster_new_id(struct cluster *c, char id[NODE_ID_CHARS + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < NODE_ID_CHARS; i++)
        id[i] = digits[rng_below(&c->rng, 16)];
    id[NODE_ID_CHARS] = '\0';
}

/* Where an id is among the sorted nodes, or would be. */
static uint32_t cluster_place(const struct cluster *c, const char *id)
{
    uint32_t low = 0, high = c->node_count;
    while (low < high) {
        const uint32_t mid = (low + high) / 2;
        if (memcmp(c->nodes[mid]->id, id, NODE_ID_CHARS) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct cluster_node *cluster_find_id(const struct cluster *c, const char *id)
{
    const uint32_t i = cluster_place(c, id);
    const bool there = i < c->node_count && memcmp(c->nodes[i]->id, id, NODE_ID_CHARS) == 0;
    return there ? c->nodes[i] : NULL;
}

struct cluster_node *cluster_find(const struct cluster *c, struct bytes id)
{
    return id.size == NODE_ID_CHARS ? cluster_find_id(c, id.data) : NULL;
}

uint16_t cluster_number(const struct cluster *c, const struct cluster_node *n)
{
    return n ? (uint16_t)(cluster_place(c, n->id) + 1) : 0;
}

static void cluster_insert(struct cluster *c, struct cluster_node *n)
{
    if (c->node_count == c->node_capacity) {
        const uint32_t more = c->node_capacity ? 2 * c->node_capacity : 8;
        c->nodes =
            mem_realloc(c->nodes, c->node_capacity * sizeof *c->nodes, more * sizeof *c->nodes);
        c->node_capacity = more;
    }
    const uint32_t i = cluster_place(c, n->id);
    memmove(&c->nodes[i + 1], &c->nodes[i], (c->node_count - i) * sizeof *c->nodes);
    c->nodes[i] = n;
    c->node_count++;
    cluster_todo(c, CLUSTER_MAP); /* numbers have moved */
}

static void cluster_extract(struct cluster *c, struct cluster_node *n)
{
    const uint32_t i = cluster_place(c, n->id);
    LK_ASSERT(i < c->node_count && c->nodes[i] == n);
    c->node_count--;
    memmove(&c->nodes[i], &c->nodes[i + 1], (c->node_count - i) * sizeof *c->nodes);
    cluster_todo(c, CLUSTER_MAP);
}

struct cluster_node *cluster_add_node(struct cluster *c, const char *id, uint16_t flags)
{
    struct cluster_node *n = mem_new(struct cluster_node);
    if (id)
        cluster_copy_text(n->id, sizeof n->id, bytes_of(id, NODE_ID_CHARS));
    else
        cluster_new_id(c, n->id);
    cluster_new_id(c, n->shard_id);
    n->flags = flags;
    n->made_ms = c->now_ms;
    cluster_insert(c, n);
    return n;
}

void cluster_rename_node(struct cluster *c, struct cluster_node *n, const char *id)
{
    cluster_extract(c, n);
    cluster_copy_text(n->id, sizeof n->id, bytes_of(id, NODE_ID_CHARS));
    cluster_insert(c, n);
}

static void cluster_free_node(struct cluster_node *n)
{
    mem_free(n->reports, n->report_capacity * sizeof *n->reports);
    mem_delete(n);
}

void cluster_remove_node(struct cluster *c, struct cluster_node *n)
{
    LK_ASSERT(n != c->self);
    cluster_take_all_slots(c, n);
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        if (c->migrating[slot] == n)
            c->migrating[slot] = NULL;
        if (c->importing[slot] == n)
            c->importing[slot] = NULL;
    }
    for (uint32_t i = 0; i < c->node_count; i++) {
        cluster_drop_report(c, c->nodes[i], n);
        if (c->nodes[i]->master == n)
            c->nodes[i]->master = NULL;
    }
    for (struct cluster_link *l = c->links; l; l = l->next) {
        if (l->node != n && l->from != n)
            continue;
        l->node = l->from = NULL;
        cluster_drop(c, l);
    }
    if (c->manual.replica == n)
        c->manual.replica = NULL;
    cluster_extract(c, n);
    cluster_free_node(n);
}

struct cluster *cluster_new(const struct cluster_options *options, const struct cluster_ops *ops,
                            uint64_t seed, int64_t now_ms, int64_t unix_ms)
{
    struct cluster *c = mem_new(struct cluster);
    c->options = *options;
    c->ops = *ops;
    c->now_ms = c->began_ms = now_ms;
    c->unix_offset_ms = unix_ms - now_ms;
    c->down = true;
    c->size = 1;
    c->lost.type = -1;
    rng_seed(&c->rng, seed);
    c->self = cluster_add_node(c, NULL, NODE_MYSELF | NODE_MASTER);
    cluster_set_options(c, options);
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP);
    return c;
}

void cluster_free(struct cluster *c)
{
    LK_ASSERT(!c->links);
    for (uint32_t i = 0; i < c->node_count; i++)
        cluster_free_node(c->nodes[i]);
    mem_free(c->nodes, c->node_capacity * sizeof *c->nodes);
    mem_free(c->forgotten, c->forgotten_count * sizeof *c->forgotten);
    mem_delete(c);
}

void cluster_set_options(struct cluster *c, const struct cluster_options *options)
{
    struct cluster_node *self = c->self;
    c->options = *options;
    if (options->ip[0])
        memcpy(self->ip, options->ip, sizeof self->ip);
    self->port = options->port;
    self->tls_port = options->tls_port;
    self->bus_port = options->bus_port;
    memcpy(self->hostname, options->hostname, sizeof self->hostname);
    memcpy(self->name, options->name, sizeof self->name);
    memcpy(self->client_ip, options->client_ip, sizeof self->client_ip);
    self->flags = (uint16_t)(options->no_failover ? self->flags | NODE_NOFAILOVER
                                                  : self->flags & ~NODE_NOFAILOVER);
    c->changed = true;
    cluster_todo(c, CLUSTER_SAVE | CLUSTER_MAP);
}

/* --- slots ----------------------------------------------------------------------------------- */

void cluster_give_slot(struct cluster *c, struct cluster_node *n, uint32_t slot)
{
    LK_ASSERT(!c->owner[slot] && !slot_bit(n->slots, slot));
    c->owner[slot] = n;
    n->slots[slot / 8] |= (uint8_t)(1u << slot % 8);
    c->unclaimed[slot / 8] &= (uint8_t) ~(1u << slot % 8);
    n->slot_count++;
    c->changed = true;
    cluster_todo(c, CLUSTER_MAP);
}

void cluster_take_slot(struct cluster *c, uint32_t slot)
{
    struct cluster_node *n = c->owner[slot];
    LK_ASSERT(n && slot_bit(n->slots, slot));
    if (memcmp(n->shard_id, c->self->shard_id, SHARD_ID_CHARS) == 0) {
        c->left[slot / 8] |= (uint8_t)(1u << slot % 8);
        cluster_todo(c, CLUSTER_LEFT);
    }
    c->owner[slot] = NULL;
    n->slots[slot / 8] &= (uint8_t) ~(1u << slot % 8);
    n->slot_count--;
    c->changed = true;
    cluster_todo(c, CLUSTER_MAP);
}

void cluster_take_all_slots(struct cluster *c, struct cluster_node *n)
{
    for (uint32_t slot = 0; n->slot_count && slot < HASH_SLOTS; slot++)
        if (c->owner[slot] == n)
            cluster_take_slot(c, slot);
}

/* --- links ----------------------------------------------------------------------------------- */

static struct cluster_link *cluster_make_link(struct cluster *c, struct cluster_node *node)
{
    struct cluster_link *link = mem_new(struct cluster_link);
    link->node = node;
    link->inbound = !node;
    link->up = !node;
    link->made_ms = c->now_ms;
    link->next = c->links;
    c->links = link;
    return link;
}

struct cluster_link *cluster_link_accept(struct cluster *c)
{
    return cluster_make_link(c, NULL);
}

struct cluster_link *cluster_link_to(struct cluster *c, struct cluster_node *node)
{
    return node->link = cluster_make_link(c, node);
}

void cluster_drop(struct cluster *c, struct cluster_link *link)
{
    (void)c;
    if (link->node && link->node->link == link)
        link->node->link = NULL;
    if (link->from && link->from->inbound == link)
        link->from->inbound = NULL;
    link->drop = true;
}

void cluster_link_free(struct cluster *c, struct cluster_link *link)
{
    cluster_drop(c, link);
    struct cluster_link **at = &c->links;
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    buf_release(&link->out);
    mem_delete(link);
}

/* --- nodes that were forgotten --------------------------------------------------------------- */

bool cluster_is_forgotten(struct cluster *c, const char *id)
{
    for (uint32_t i = 0; i < c->forgotten_count; i++)
        if (memcmp(c->forgotten[i].id, id, NODE_ID_CHARS) == 0)
            return c->forgotten[i].until_ms > c->now_ms;
    return false;
}

void cluster_forget_id(struct cluster *c, const char *id, int64_t ttl_s)
{
    uint32_t i = 0;
    while (i < c->forgotten_count && c->forgotten[i].until_ms > c->now_ms &&
           memcmp(c->forgotten[i].id, id, NODE_ID_CHARS) != 0)
        i++;
    if (i == c->forgotten_count) {
        c->forgotten =
            mem_realloc(c->forgotten, i * sizeof *c->forgotten, (i + 1) * sizeof *c->forgotten);
        c->forgotten_count++;
    }
    memcpy(c->forgotten[i].id, id, NODE_ID_CHARS);
    c->forgotten[i].until_ms = c->now_ms + ttl_s * 1000;
}
