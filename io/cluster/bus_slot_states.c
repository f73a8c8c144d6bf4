/*
 * bus_slot_states.c — slots on the move, as a full sync tells them to a new replica.
 *
 *   "609>id,610<id,"   609 goes to that node, 610 comes from that one
 *
 * A SETSLOT that replicas have in their stream and this node not yet is told as if it were made:
 * it may stand before the sync's place in the stream, and its replicas would not hear of it again.
 */
#include "io/cluster/bus_priv.h"
#include "io/cluster/cmd_cluster_priv.h"

static void states_put(struct buf *out, uint32_t slot, char sign, struct bytes id)
{
    buf_printf(out, "%u%c%.*s,", slot, sign, (int)id.size, id.data);
}

/* In requests_lock. */
static void states_put_held(const struct bus_request *first, struct buf *out)
{
    uint32_t slot;
    for (const struct bus_request *r = first; r; r = r->next) {
        const struct args *a = &r->args;
        if (!r->held || a->n < 5 || !cluster_slot_of(a->v[2], &slot))
            continue;
        if (bytes_is_word(a->v[3], "migrating"))
            states_put(out, slot, '>', a->v[4]);
        else if (bytes_is_word(a->v[3], "importing"))
            states_put(out, slot, '<', a->v[4]);
    }
}

void bus_slot_states(void *bus, struct buf *out)
{
    struct cluster_bus *b = bus;
    const struct cluster *c = bus_look(b);
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
        if (slot_bit(b->moving, slot))
            continue;
        if (c->migrating[slot])
            states_put(out, slot, '>', bytes_of(c->migrating[slot]->id, NODE_ID_CHARS));
        else if (c->importing[slot])
            states_put(out, slot, '<', bytes_of(c->importing[slot]->id, NODE_ID_CHARS));
    }
    pthread_mutex_lock(&b->requests_lock);
    states_put_held(b->held, out);
    states_put_held(b->requests, out);
    pthread_mutex_unlock(&b->requests_lock);
    bus_done(b);
}

/* "609>id" */
static void states_take(struct cluster *c, struct bytes state)
{
    uint32_t slot;
    size_t digits = 0;
    while (digits < state.size && state.data[digits] != '<' && state.data[digits] != '>')
        digits++;
    if (state.size != digits + 1 + NODE_ID_CHARS ||
        !cluster_slot_of(bytes_of(state.data, digits), &slot))
        return;
    struct cluster_node *n = cluster_find(c, bytes_of(state.data + digits + 1, NODE_ID_CHARS));
    if (n && n != c->self && n != c->self->master)
        (state.data[digits] == '<' ? c->importing : c->migrating)[slot] = n;
}

void bus_take_slot_states(void *bus, struct bytes states)
{
    struct cluster_bus *b = bus;
    struct cluster *c = b->cluster;
    pthread_mutex_lock(&b->lock);
    if (!cluster_is_master(c->self)) {
        memset(c->migrating, 0, sizeof c->migrating);
        memset(c->importing, 0, sizeof c->importing);
        for (size_t at = 0; at < states.size;) {
            const char *comma = memchr(states.data + at, ',', states.size - at);
            const size_t end = comma ? (size_t)(comma - states.data) : states.size;
            states_take(c, bytes_of(states.data + at, end - at));
            at = end + 1;
        }
        c->todo |= CLUSTER_SAVE | CLUSTER_MAP;
    }
    pthread_mutex_unlock(&b->lock);
    bus_wake(b);
}
