/*
 * stream_pending.c — what groups have handed out and nobody has acknowledged.
 *
 *   of a group      ms | seq | consumer's number | delivered, ms after the ID's own | deliveries
 *   of a consumer   ms | seq
 */
#include "core/types/stream_priv.h"

enum {
    OF_GROUP = 5,
    OF_CONSUMER = 2,
    LEAF_BYTES = 512 - TREE_LEAF_OVERHEAD,
    LEAF_ELEMENTS = 512,
    NOBODY = -1, /* the number of a consumer that is told later */
};

static uint64_t stream_pending_hint(const unsigned char *element)
{
    return (uint64_t)listpack_get(element).number;
}

static int stream_pending_compare(const void *key, const unsigned char *element)
{
    struct listpack_value v[2];
    (void)listpack_read(element, v, 2);
    return stream_id_compare(*(const struct stream_id *)key,
                             stream_id_of((uint64_t)v[0].number, (uint64_t)v[1].number));
}

static struct tree_probe probe_of(const struct stream_id *id)
{
    return (struct tree_probe){
        .key = id, .compare = stream_pending_compare, .hint = id->ms, .has_hint = true};
}

static struct tree *own_tree(struct tree **t, const struct cow *cow, uint32_t stride)
{
    const struct tree_params params = {stride, LEAF_BYTES, LEAF_ELEMENTS, stream_pending_hint};
    if (!*t)
        *t = tree_new(&params, cow);
    return *t;
}

static void stream_pending_put_id(struct listpack_value *v, struct stream_id id)
{
    v[0] = listpack_from_number((int64_t)id.ms);
    v[1] = listpack_from_number((int64_t)id.seq);
}

static struct stream_id stream_pending_id_at(const struct tree_iter *it)
{
    struct listpack_value v[2];
    (void)listpack_read(it->p, v, 2);
    return stream_id_of((uint64_t)v[0].number, (uint64_t)v[1].number);
}

/* What the element of a group's tree says. */
static void stream_pending_read(const struct stream_group *g, const struct tree_iter *it,
                                struct stream_pending *out)
{
    struct listpack_value v[OF_GROUP];
    tree_iter_get(it, v);
    out->id = stream_id_of((uint64_t)v[0].number, (uint64_t)v[1].number);
    out->consumer = (const struct stream_consumer *)g->consumers->items[v[2].number];
    out->delivered_ms = (int64_t)(out->id.ms + (uint64_t)v[3].number);
    out->deliveries = (uint64_t)v[4].number;
}

uint64_t stream_pending_count(const struct stream_group *g, const struct stream_consumer *c)
{
    const struct tree *t = c ? c->pending : g->pending;
    return t ? tree_count(t) : 0;
}

bool stream_pending_find(const struct stream_group *g, struct stream_id id,
                         struct stream_pending *out)
{
    const struct tree_probe probe = probe_of(&id);
    struct tree_iter it;
    if (!g->pending || !tree_find(&it, g->pending, &probe))
        return false;
    stream_pending_read(g, &it, out);
    return true;
}

bool stream_pending_ends(const struct stream_group *g, struct stream_pending *first,
                         struct stream_pending *last)
{
    struct tree_iter it;
    if (!g->pending || !tree_iter_first(&it, g->pending))
        return false;
    stream_pending_read(g, &it, first);
    (void)tree_iter_last(&it, g->pending);
    stream_pending_read(g, &it, last);
    return true;
}

void stream_pending_begin(struct stream_pending_iter *it, const struct stream_group *g,
                          const struct stream_consumer *c, struct stream_id first,
                          struct stream_id last)
{
    const struct tree *t = c ? c->pending : g->pending;
    const struct tree_probe probe = probe_of(&first);
    it->group = g;
    it->last = last;
    it->of_group = !c;
    if (t)
        (void)tree_lower_bound(&it->tree, t, &probe);
    else
        it->tree.p = NULL;
}

/* The ID where the iterator stands; false behind the last. */
static bool has_more(const struct stream_pending_iter *it, struct stream_id *id)
{
    if (!it->tree.p)
        return false;
    *id = stream_pending_id_at(&it->tree);
    return stream_id_compare(*id, it->last) <= 0;
}

bool stream_pending_next(struct stream_pending_iter *it, struct stream_pending *out)
{
    struct stream_id id;
    if (!has_more(it, &id))
        return false;
    if (it->of_group)
        stream_pending_read(it->group, &it->tree, out);
    else
        LK_ASSERT(stream_pending_find(it->group, id, out));
    (void)tree_iter_next(&it->tree);
    return true;
}

bool stream_pending_next_id(struct stream_pending_iter *it, struct stream_id *id)
{
    if (!has_more(it, id))
        return false;
    (void)tree_iter_next(&it->tree);
    return true;
}

/* Takes the ID out of the list of the consumer with that number. */
static void drop_from(struct value_edit *e, struct stream_group *g, uint32_t number,
                      const struct tree_probe *probe)
{
    struct stream_consumer *c =
        (struct stream_consumer *)stream_roster_edit_number(&g->consumers, e->cow, number);
    LK_ASSERT(tree_delete(&c->pending, e->cow, probe));
}

/* What a group's tree says of an entry. */
static void stream_pending_put_all(struct listpack_value *v, struct stream_id id, int64_t number,
                                   int64_t delivered_ms, uint64_t deliveries)
{
    stream_pending_put_id(v, id);
    v[2] = listpack_from_number(number);
    v[3] = listpack_from_number((int64_t)((uint64_t)delivered_ms - id.ms));
    v[4] = listpack_from_number((int64_t)deliveries);
}

void stream_pending_put(struct value_edit *e, struct stream_group *g, struct stream_consumer *c,
                        struct stream_id id, int64_t delivered_ms, uint64_t deliveries)
{
    const struct tree_probe probe = probe_of(&id);
    struct listpack_value v[OF_GROUP];
    struct stream_pending old;
    uint64_t rank;
    stream_pending_put_all(v, id, c->head.number, delivered_ms, deliveries);
    own_tree(&g->pending, e->cow, OF_GROUP);
    const bool fresh = tree_insert(&g->pending, e->cow, &probe, v, &rank);
    if (!fresh) {
        LK_ASSERT(stream_pending_find(g, id, &old));
        const uint32_t number = old.consumer->head.number;
        tree_replace_at(&g->pending, e->cow, rank, v);
        if (number == c->head.number)
            return;
        drop_from(e, g, number, &probe);
    }
    own_tree(&c->pending, e->cow, OF_CONSUMER);
    LK_ASSERT(tree_insert(&c->pending, e->cow, &probe, v, NULL));
}

bool stream_pending_note(struct value_edit *e, struct stream_group *g, struct stream_id id,
                         int64_t delivered_ms, uint64_t deliveries)
{
    const struct tree_probe probe = probe_of(&id);
    struct listpack_value v[OF_GROUP];
    stream_pending_put_all(v, id, NOBODY, delivered_ms, deliveries);
    own_tree(&g->pending, e->cow, OF_GROUP);
    return tree_insert(&g->pending, e->cow, &probe, v, NULL);
}

bool stream_pending_assign(struct value_edit *e, struct stream_group *g, struct stream_consumer *c,
                           struct stream_id id)
{
    const struct tree_probe probe = probe_of(&id);
    struct listpack_value v[OF_GROUP];
    struct tree_iter it;
    if (!g->pending || !tree_find(&it, g->pending, &probe))
        return false;
    tree_iter_get(&it, v);
    if (v[2].number != NOBODY)
        return false;
    v[2] = listpack_from_number(c->head.number);
    tree_replace_at(&g->pending, e->cow, it.rank, v);
    own_tree(&c->pending, e->cow, OF_CONSUMER);
    return tree_insert(&c->pending, e->cow, &probe, v, NULL);
}

bool stream_pending_remove(struct value_edit *e, struct stream_group *g, struct stream_id id)
{
    const struct tree_probe probe = probe_of(&id);
    struct stream_pending old;
    if (!stream_pending_find(g, id, &old))
        return false;
    drop_from(e, g, old.consumer->head.number, &probe);
    LK_ASSERT(tree_delete(&g->pending, e->cow, &probe));
    return true;
}

void stream_pending_forget(struct value_edit *e, struct stream_group *g,
                           const struct stream_consumer *c)
{
    struct tree_iter it;
    if (!c->pending)
        return;
    for (bool on = tree_iter_first(&it, c->pending); on; on = tree_iter_next(&it)) {
        const struct stream_id id = stream_pending_id_at(&it);
        const struct tree_probe probe = probe_of(&id);
        LK_ASSERT(tree_delete(&g->pending, e->cow, &probe));
    }
}
