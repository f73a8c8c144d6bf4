/*
 * tree_move.c — an element goes to another place in the order.
 *
 * Scores change far more often than members come and go.  Taking out and putting in again would
 * search twice, the second time waiting for memory that the first could have asked for; so both
 * leaves are approached first.  Mostly both stay leaves, and only counts and hints above them
 * change; else it is left to deleting and inserting.
 */
#include "core/ds/tree.h"

#include "core/ds/tree_priv.h"

struct move {
    struct tree_iter from, *to;
    size_t cut_at, cut, put_at, put; /* offsets in their leaves, and sizes */
    const struct listpack_value *element;
};

/* Of two paths, one is owned: where the other one has the same nodes, these are owned, too. */
static void tree_move_follow(const struct tree_iter *owned, struct tree_iter *other, unsigned depth)
{
    for (unsigned d = 0; d <= depth; d++) {
        other->node[d] = owned->node[d];
        if (other->index[d] != owned->index[d])
            return;
    }
}

static void tree_move_refresh(struct tree *t, const struct tree_iter *path)
{
    for (unsigned d = t->height - 1; d > 0; d--)
        tree_inner_refresh(t, (struct tree_node *)path->node[d - 1], path->index[d - 1]);
}

static void within_leaf(struct tree **tp, struct cow *cow, struct move *m)
{
    const unsigned depth = (*tp)->height - 1;
    struct tree *t = tree_own(tp, cow, &m->from, depth + 1);
    struct tree_node *leaf = (struct tree_node *)m->from.node[depth];
    const size_t at = m->put_at > m->cut_at ? m->put_at - m->cut : m->put_at;
    leaf = tree_leaf_reserve(t, leaf, tree_leaf_bytes(leaf) - m->cut + m->put);
    listpack_splice_in_place(tree_as_leaf(leaf)->lp, m->cut_at, m->cut, t->params.stride, NULL, 0);
    listpack_splice_in_place(tree_as_leaf(leaf)->lp, at, 0, 0, m->element, t->params.stride);
    tree_link(t, &m->from, depth, leaf);
    tree_move_refresh(t, &m->from);
}

static void between_leaves(struct tree **tp, struct cow *cow, struct move *m)
{
    const unsigned depth = (*tp)->height - 1;
    (void)tree_own(tp, cow, &m->from, depth + 1);
    tree_move_follow(&m->from, m->to, depth);
    struct tree *t = tree_own(tp, cow, m->to, depth + 1);
    struct tree_node *source = (struct tree_node *)m->from.node[depth];
    struct tree_node *target = (struct tree_node *)m->to->node[depth];
    tree_link(t, &m->from, depth, tree_leaf_cut(t, source, m->cut_at, m->cut, 1));
    tree_link(t, m->to, depth, tree_leaf_put(t, target, m->put_at, m->element, m->put));
    tree_move_refresh(t, &m->from);
    tree_move_refresh(t, m->to);
}

void tree_move_near(struct tree **tp, struct cow *cow, const struct tree_probe *from,
                    struct tree_iter *near, const struct tree_probe *to,
                    const struct listpack_value *element)
{
    const struct tree *t = *tp;
    struct move m = {.to = near, .element = element};
    tree_approach(&m.from, t, from);
    LK_ASSERT(tree_land(&m.from, from));
    (void)tree_land(near, to);
    m.cut_at = tree_offset(&m.from);
    m.cut = (size_t)(tree_element_end(t, m.from.p) - m.from.p);
    m.put_at = tree_offset(near);
    m.put = listpack_encoded_bytes(element, t->params.stride);
    const struct tree_node *source = m.from.node[t->height - 1],
                           *target = near->node[t->height - 1];
    if (source == target &&
        (source->n == 1 || tree_leaf_bytes(source) - m.cut + m.put <= t->params.leaf_bytes)) {
        within_leaf(tp, cow, &m);
    } else if (source != target && source->n > 1 &&
               !tree_leaf_is_low(t, tree_leaf_bytes(source) - m.cut, source->n - 1u) &&
               tree_leaf_has_room(t, target, m.put)) {
        between_leaves(tp, cow, &m);
    } else {
        (void)tree_cut_here(tp, cow, &m.from, 1);
        tree_approach(near, *tp, to);
        tree_insert_near(tp, cow, near, to, element);
    }
}
