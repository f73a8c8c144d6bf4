/*
 * tree_walk.c — finding a place by rank or by order, and walking from it.
 */
#include "core/ds/tree.h"

#include "core/ds/tree_priv.h"

/* Stands on no element, with the rank an end has. */
static bool tree_walk_iter_none(struct tree_iter *it, const struct tree *t, uint64_t rank)
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
        return tree_walk_iter_none(it, t, t->count);
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
    return t->count ? tree_iter_at(it, t, t->count - 1) : tree_walk_iter_none(it, t, 0);
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
            return tree_walk_iter_none(it, it->tree, it->tree->count);
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
static bool tree_walk_before(const struct tree_probe *probe, const unsigned char *element,
                             bool upper)
{
    const int c = probe->compare(probe->key, element);
    return c > 0 || (upper && c == 0);
}

/* How many of n hints, which do not fall, are below the key.  No branch depends on a hint. */
static unsigned hints_below(const uint64_t *hints, unsigned n, uint64_t key)
{
    const uint64_t *at = hints;
    while (n > 1) {
        const unsigned half = n / 2;
        at += at[half - 1] < key ? half : 0;
        n -= half;
    }
    return (unsigned)(at - hints) + (n == 1 && *at < key);
}

/*
 * The child in which the bound lies: the last one whose first element lies before it, or 0.  Only
 * where hints are equal do elements decide.
 */
static unsigned child_of_bound(const struct tree *t, const struct tree_node *node,
                               const struct tree_probe *probe, bool upper)
{
    const uint64_t *hints = tree_hints(node);
    unsigned low = 1, high = node->n;
    if (probe->has_hint && t->params.hint) {
        low += hints_below(hints + 1, node->n - 1u, probe->hint);
        for (high = low; high < node->n && hints[high] == probe->hint;)
            high++;
    }
    while (low < high) {
        const unsigned middle = (low + high) / 2;
        if (tree_walk_before(probe, tree_node_first(tree_children(node)[middle]), upper))
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

/* The lines of a node that a search will read. */
enum { INNER_LINES = 6, LEAF_LINES = 8 };

static void prefetch_node(const struct tree_node *node, unsigned lines)
{
    for (unsigned i = 0; i < lines; i++)
        LK_PREFETCH((const char *)node + (size_t)i * LK_CACHE_LINE);
}

/* Down to the leaf in which the bound lies, which is not read. */
static void tree_walk_approach(struct tree_iter *it, const struct tree *t,
                               const struct tree_probe *probe, bool upper)
{
    const struct tree_node *node = t->top;
    const unsigned leaf = t->height - 1;
    for (unsigned d = 0; d < leaf; d++) {
        const unsigned at = child_of_bound(t, node, probe, upper);
        it->node[d] = node;
        it->index[d] = (uint16_t)at;
        node = tree_children(node)[at];
        prefetch_node(node, d + 1 < leaf ? INNER_LINES : LEAF_LINES);
    }
    it->tree = t;
    it->node[leaf] = node;
    it->p = NULL;
}

/* The elements in front of the leaf.  Its memory may still be on its way. */
static uint64_t leaf_rank(const struct tree_iter *it)
{
    uint64_t rank = 0;
    for (unsigned d = 0; d + 1 < it->tree->height; d++) {
        const uint64_t *counts = tree_counts(it->node[d]);
        for (unsigned i = 0; i < it->index[d]; i++)
            rank += counts[i];
    }
    return rank;
}

static const unsigned char *leaf_last(const struct tree *t, const struct tree_node *leaf)
{
    const unsigned char *lp = tree_as_leaf(leaf)->lp, *p = lp + listpack_bytes(lp) - 1;
    for (uint32_t i = 0; i < t->params.stride; i++)
        p = listpack_prev(lp, p);
    return p;
}

static bool leads_along_edge(const struct tree_iter *it)
{
    unsigned d = 0;
    while (d + 1 < it->tree->height && it->index[d] + 1u == it->node[d]->n)
        d++;
    return d + 1 == it->tree->height;
}

/*
 * From the leaf to the place in it where an element of the probe would go.  It may be the leaf's
 * end: then p is NULL, but path and index are set.
 */
static void tree_walk_land(struct tree_iter *it, const struct tree_probe *probe, bool upper)
{
    const unsigned d = it->tree->height - 1;
    const struct tree_node *leaf = it->node[d];
    const unsigned char *p = tree_node_first(leaf);
    unsigned i = 0;
    if (leads_along_edge(it) && tree_walk_before(probe, leaf_last(it->tree, leaf), upper))
        i = leaf->n; /* what comes in order finds its place at once */
    else if (probe->skip)
        i = probe->skip(probe->key, &p, leaf->n, upper);
    else
        for (; i < leaf->n && tree_walk_before(probe, p, upper); i++)
            p = tree_element_end(it->tree, p);
    it->index[d] = (uint16_t)i;
    it->p = i < leaf->n ? p : NULL;
}

static bool tree_walk_bound(struct tree_iter *it, const struct tree *t,
                            const struct tree_probe *probe, bool upper)
{
    if (t->count == 0)
        return tree_walk_iter_none(it, t, 0);
    tree_walk_approach(it, t, probe, upper);
    it->rank = leaf_rank(it);
    tree_walk_land(it, probe, upper);
    it->rank += it->index[t->height - 1];
    if (it->p)
        return true;
    const struct tree_node *node = iter_turn(it, true);
    it->p = node ? tree_node_first(node) : NULL;
    return node != NULL;
}

bool tree_lower_bound(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe)
{
    return tree_walk_bound(it, t, probe, false);
}

bool tree_upper_bound(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe)
{
    return tree_walk_bound(it, t, probe, true);
}

/* An equal element that is the first of its leaf lies in that leaf, not behind the one before. */
void tree_approach(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe)
{
    if (t->count == 0)
        (void)tree_walk_iter_none(it, t, 0);
    else
        tree_walk_approach(it, t, probe, true);
}

bool tree_land(struct tree_iter *it, const struct tree_probe *probe)
{
    if (it->tree->count == 0)
        return false;
    tree_walk_land(it, probe, false);
    return it->p && probe->compare(probe->key, it->p) == 0;
}

bool tree_find(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe)
{
    tree_approach(it, t, probe);
    if (t->count > 0)
        it->rank = leaf_rank(it);
    const bool found = tree_land(it, probe);
    if (t->count > 0)
        it->rank += it->index[t->height - 1];
    return found;
}
