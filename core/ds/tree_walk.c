/*
 * tree_walk.c — finding a place by rank or by order, and walking from it.
 */
#include "core/ds/tree.h"

#include "core/ds/tree_priv.h"

/* Stands on no element, with the rank an end has. */
static bool iter_none(struct tree_iter *it, const struct tree *t, uint64_t rank)
{
    it->tree = t;
    it->p = NULL;
    it->rank = rank;
    return false;
}

/* The child that has the element of that rank; *rank becomes the one within it. */
static unsigned child_at(const struct tree_node *node, uint64_t *rank)
{
    const uint64_t *counts = tree_counts(node);
    const uint64_t total = tree_as_inner(node)->count;
    unsigned i = 0;
    if (*rank < total / 2) {
        while (*rank >= counts[i])
            *rank -= counts[i++];
        return i;
    }
    uint64_t from_end = total - *rank;
    for (i = node->n - 1u; from_end > counts[i]; i--)
        from_end -= counts[i];
    *rank = counts[i] - from_end;
    return i;
}

bool tree_iter_at(struct tree_iter *it, const struct tree *t, uint64_t rank)
{
    if (rank >= t->count)
        return iter_none(it, t, t->count);
    const struct tree_node *node = t->top;
    uint64_t left = rank;
    unsigned d = 0;
    for (; node->level; d++) {
        it->node[d] = node;
        it->index[d] = (uint16_t)child_at(node, &left);
        node = tree_children(node)[it->index[d]];
    }
    it->tree = t;
    it->node[d] = node;
    it->index[d] = (uint16_t)left;
    it->rank = rank;
    it->p = listpack_seek(tree_as_leaf(node)->lp, (int64_t)(left * t->params.stride));
    return true;
}

bool tree_iter_first(struct tree_iter *it, const struct tree *t)
{
    return tree_iter_at(it, t, 0);
}

bool tree_iter_last(struct tree_iter *it, const struct tree *t)
{
    return t->count ? tree_iter_at(it, t, t->count - 1) : iter_none(it, t, 0);
}

/* To the neighbour of the node at that depth; the leaf it ends in, or NULL if there is none. */
static const struct tree_node *iter_turn(struct tree_iter *it, bool forward)
{
    const unsigned leaf = it->tree->height - 1;
    unsigned d = leaf;
    while (d > 0) {
        const unsigned i = it->index[d - 1];
        if (forward ? i + 1u < it->node[d - 1]->n : i > 0)
            break;
        d--;
    }
    if (d == 0)
        return NULL;
    it->index[d - 1] = (uint16_t)(forward ? it->index[d - 1] + 1 : it->index[d - 1] - 1);
    for (; d <= leaf; d++) {
        it->node[d] = tree_children(it->node[d - 1])[it->index[d - 1]];
        it->index[d] = (uint16_t)(forward ? 0 : it->node[d]->n - 1);
    }
    return it->node[leaf];
}

bool tree_iter_next(struct tree_iter *it)
{
    if (!it->p)
        return false;
    const unsigned leaf = it->tree->height - 1;
    if (it->index[leaf] + 1u < it->node[leaf]->n) {
        it->p = tree_element_end(it->tree, it->p);
        it->index[leaf]++;
        it->rank++;
        return true;
    }
    return tree_iter_next_leaf(it);
}

bool tree_iter_next_leaf(struct tree_iter *it)
{
    if (!it->p)
        return false;
    const unsigned leaf = it->tree->height - 1;
    it->rank += it->node[leaf]->n - it->index[leaf];
    const struct tree_node *node = iter_turn(it, true);
    it->p = node ? tree_node_first(node) : NULL;
    return node != NULL;
}

bool tree_iter_prev(struct tree_iter *it)
{
    if (!it->p)
        return false;
    const unsigned leaf = it->tree->height - 1;
    const uint32_t stride = it->tree->params.stride;
    if (it->index[leaf] == 0) {
        const struct tree_node *node = iter_turn(it, false);
        if (!node)
            return iter_none(it, it->tree, it->tree->count);
        it->p = listpack_seek(tree_as_leaf(node)->lp, -(int64_t)stride);
    } else {
        for (uint32_t i = 0; i < stride; i++)
            it->p = listpack_prev(tree_as_leaf(it->node[leaf])->lp, it->p);
        it->index[leaf]--;
    }
    it->rank--;
    return true;
}

void tree_iter_get(const struct tree_iter *it, struct listpack_value *out)
{
    const unsigned char *p = it->p;
    for (uint32_t i = 0; i < it->tree->params.stride; i++) {
        out[i] = listpack_get(p);
        p += listpack_entry_bytes(p);
    }
}

size_t tree_iter_read(struct tree_iter *it, struct listpack_value *out, size_t n)
{
    const uint32_t stride = it->tree->params.stride;
    size_t done = 0;
    while (it->p && done < n) {
        uint16_t *index = &it->index[it->tree->height - 1];
        const size_t left = it->node[it->tree->height - 1]->n - *index;
        const size_t k = left < n - done ? left : n - done;
        it->p = listpack_read(it->p, out + done * stride, k * stride);
        done += k;
        it->rank += k;
        if (k < left) {
            *index = (uint16_t)(*index + k);
            break;
        }
        const struct tree_node *node = iter_turn(it, true);
        it->p = node ? tree_node_first(node) : NULL;
    }
    return done;
}

const unsigned char *tree_iter_leaf(const struct tree_iter *it)
{
    return tree_as_leaf(it->node[it->tree->height - 1])->lp;
}

/* Does the element lie before the bound? */
static bool before(const struct tree_probe *probe, const unsigned char *element, bool upper)
{
    const int c = probe->compare(probe->key, element);
    return c > 0 || (upper && c == 0);
}

/* The child in which the bound lies: the last one whose first element lies before it, or 0. */
static unsigned child_of_bound(const struct tree *t, const struct tree_node *node,
                               const struct tree_probe *probe, bool upper)
{
    const uint64_t *hints = tree_hints(node);
    const bool hinted = probe->has_hint && t->params.hint;
    unsigned low = 1, high = node->n;
    while (low < high) {
        const unsigned middle = (low + high) / 2;
        bool is_before;
        if (hinted && hints[middle] != probe->hint)
            is_before = hints[middle] < probe->hint;
        else
            is_before = before(probe, tree_node_first(tree_children(node)[middle]), upper);
        if (is_before)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

static const unsigned char *leaf_last(const struct tree *t, const struct tree_node *leaf)
{
    const unsigned char *lp = tree_as_leaf(leaf)->lp, *p = lp + listpack_bytes(lp) - 1;
    for (uint32_t i = 0; i < t->params.stride; i++)
        p = listpack_prev(lp, p);
    return p;
}

/*
 * The place where an element of the probe would go.  It may be the end of a leaf: then p is NULL,
 * but path, index and rank are set.
 */
static void bound_place(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe,
                        bool upper)
{
    const struct tree_node *node = t->top;
    uint64_t rank = 0;
    unsigned d = 0, i = 0;
    bool edge = true;
    for (; node->level; d++) {
        const unsigned at = child_of_bound(t, node, probe, upper);
        for (i = 0; i < at; i++)
            rank += tree_counts(node)[i];
        edge &= at + 1 == node->n;
        it->node[d] = node;
        it->index[d] = (uint16_t)at;
        node = tree_children(node)[at];
    }
    const unsigned char *p = tree_node_first(node);
    i = 0;
    if (edge && before(probe, leaf_last(t, node), upper))
        i = node->n; /* what comes in order finds its place at once */
    for (; i < node->n && before(probe, p, upper); i++)
        p = tree_element_end(t, p);
    it->tree = t;
    it->node[d] = node;
    it->index[d] = (uint16_t)i;
    it->p = i < node->n ? p : NULL;
    it->rank = rank + i;
}

static bool bound(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe,
                  bool upper)
{
    if (t->count == 0)
        return iter_none(it, t, 0);
    bound_place(it, t, probe, upper);
    if (it->p)
        return true;
    const struct tree_node *node = iter_turn(it, true);
    it->p = node ? tree_node_first(node) : NULL;
    return node != NULL;
}

bool tree_lower_bound(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe)
{
    return bound(it, t, probe, false);
}

bool tree_upper_bound(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe)
{
    return bound(it, t, probe, true);
}

bool tree_find(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe)
{
    return bound(it, t, probe, false) && probe->compare(probe->key, it->p) == 0;
}
