/*
 * tree_delete.c — taking elements out.
 *
 * A range goes in steps: each finds the first element left, and takes either the rest of one leaf
 * or a run of whole subtrees, the highest that lie within.  What shrank then joins a neighbour if
 * both together are well below a full node, so that the next insert does not split them again.
 */
#include "core/ds/tree.h"

#include "core/ds/tree_priv.h"

bool tree_leaf_is_low(const struct tree *t, size_t bytes, unsigned n)
{
    return bytes < t->params.leaf_bytes / 4 && n < t->params.leaf_elements / 4;
}

static bool leaf_is_low(const struct tree *t, const struct tree_node *leaf)
{
    return tree_leaf_is_low(t, tree_leaf_bytes(leaf), leaf->n);
}

static bool can_join(const struct tree *t, const struct tree_node *a, const struct tree_node *b)
{
    if (a->level)
        return a->n + b->n <= TREE_INNER_MERGED;
    return tree_leaf_bytes(a) + tree_leaf_bytes(b) <= t->params.leaf_bytes / 4 * 3 &&
           a->n + b->n <= t->params.leaf_elements / 4 * 3;
}

/* Joins the children at index and index + 1 of an owned parent. */
static void tree_delete_join(struct tree *t, struct cow *cow, struct tree_node *parent,
                             unsigned index)
{
    struct tree_node **children = tree_children(parent);
    struct tree_node *left = tree_node_own(t, cow, children[index]);
    struct tree_node *right = children[index + 1];
    if (left->level) {
        left = tree_inner_reserve(t, left, left->n + right->n);
        tree_inner_move(right, 0, left);
    } else {
        const size_t bytes = tree_leaf_bytes(right) - LISTPACK_EMPTY_BYTES;
        left = tree_leaf_reserve(t, left, tree_leaf_bytes(left) + bytes);
        listpack_append_packed_in_place(tree_as_leaf(left)->lp,
                                        tree_as_leaf(right)->lp + LISTPACK_HEADER_BYTES, bytes,
                                        (size_t)right->n * t->params.stride);
        left->n = (uint16_t)(left->n + right->n);
    }
    tree_node_drop(t, cow, right);
    tree_inner_cut(parent, index + 1, 1);
    children[index] = left;
    tree_inner_refresh(t, parent, index);
}

/* Something below or in the node at that depth was taken out: puts the tree right from there up. */
static void tree_delete_settle(struct tree *t, struct cow *cow, struct tree_iter *path,
                               unsigned depth)
{
    for (; depth > 0; depth--) {
        struct tree_node *parent = (struct tree_node *)path->node[depth - 1];
        struct tree_node *node = (struct tree_node *)path->node[depth];
        const unsigned index = path->index[depth - 1];
        if (node->n == 0) {
            tree_inner_cut(parent, index, 1);
            tree_node_drop(t, cow, node);
            continue;
        }
        tree_inner_refresh(t, parent, index);
        if (node->level ? node->n >= TREE_INNER_LOW : !leaf_is_low(t, node))
            continue;
        struct tree_node **children = tree_children(parent);
        if (index > 0 && can_join(t, children[index - 1], node))
            tree_delete_join(t, cow, parent, index - 1);
        else if (index + 1u < parent->n && can_join(t, node, children[index + 1]))
            tree_delete_join(t, cow, parent, index);
    }
    while (t->top->level && t->top->n == 1) {
        struct tree_node *top = t->top;
        t->top = tree_children(top)[0];
        t->height--;
        /* A view may have seen it: its only child need not be on the path. */
        tree_node_drop(t, cow, top);
    }
}

struct tree_node *tree_leaf_cut(struct tree *t, struct tree_node *leaf, size_t offset, size_t bytes,
                                unsigned n)
{
    listpack_splice_in_place(tree_as_leaf(leaf)->lp, offset, bytes, (size_t)n * t->params.stride,
                             NULL, 0);
    leaf->n = (uint16_t)(leaf->n - n);
    return tree_leaf_bytes(leaf) < tree_as_leaf(leaf)->capacity / 2 ? tree_leaf_trim(t, leaf)
                                                                    : leaf;
}

/* Takes n elements from where the path stands, all in its leaf, but not all of its leaf. */
static void cut_in_leaf(struct tree **tp, struct cow *cow, struct tree_iter *path, unsigned n)
{
    const unsigned depth = (*tp)->height - 1;
    const size_t offset = tree_offset(path);
    const unsigned char *end = path->p;
    for (unsigned i = 0; i < n; i++)
        end = tree_element_end(*tp, end);
    const size_t bytes = (size_t)(end - path->p);
    struct tree *t = tree_own(tp, cow, path, depth + 1);
    struct tree_node *leaf = (struct tree_node *)path->node[depth];
    tree_link(t, path, depth, tree_leaf_cut(t, leaf, offset, bytes, n));
    t->count -= n;
    tree_delete_settle(t, cow, path, depth);
}

/* Takes the children from index[depth] on that lie whole within n elements; returns how many. */
static uint64_t cut_subtrees(struct tree **tp, struct cow *cow, struct tree_iter *path,
                             unsigned depth, uint64_t n)
{
    struct tree *t = tree_own(tp, cow, path, depth + 1);
    struct tree_node *node = (struct tree_node *)path->node[depth];
    const unsigned at = path->index[depth];
    uint64_t cut = 0;
    unsigned k = 0;
    while (at + k < node->n && tree_counts(node)[at + k] <= n - cut) {
        cut += tree_counts(node)[at + k];
        tree_subtree_drop(t, cow, tree_children(node)[at + k]);
        k++;
    }
    tree_inner_cut(node, at, k);
    t->count -= cut;
    tree_delete_settle(t, cow, path, depth);
    return cut;
}

uint64_t tree_cut_here(struct tree **tp, struct cow *cow, struct tree_iter *path, uint64_t n)
{
    unsigned d = (*tp)->height - 1;
    const unsigned left = path->node[d]->n - path->index[d];
    if (path->index[d] != 0 || left > n) {
        const unsigned k = n < left ? (unsigned)n : left;
        cut_in_leaf(tp, cow, path, k);
        return k;
    }
    while (d > 0 && path->index[d - 1] == 0 && tree_node_count(path->node[d - 1]) <= n)
        d--;
    if (d > 0)
        return cut_subtrees(tp, cow, path, d - 1, n);
    struct tree *t = tree_root_own(tp, cow);
    const uint64_t cut = t->count;
    tree_subtree_drop(t, cow, t->top);
    t->top = NULL;
    t->height = 0;
    t->count = 0;
    return cut;
}

void tree_delete_range(struct tree **t, struct cow *cow, uint64_t rank, uint64_t n)
{
    LK_ASSERT(rank <= (*t)->count);
    LK_ASSERT(n <= (*t)->count - rank);
    while (n > 0) {
        struct tree_iter path;
        (void)tree_iter_at(&path, *t, rank);
        n -= tree_cut_here(t, cow, &path, n);
    }
}

bool tree_delete(struct tree **t, struct cow *cow, const struct tree_probe *probe)
{
    struct tree_iter path;
    if (!tree_find(&path, *t, probe))
        return false;
    (void)tree_cut_here(t, cow, &path, 1);
    return true;
}
