/*
 * tree_check.c — is the structure what its invariants say?
 */
#include "core/ds/tree.h"

#include "core/ds/tree_priv.h"

struct check {
    const struct tree *tree;
    int (*order)(const unsigned char *a, const unsigned char *b);
    const unsigned char *last; /* element seen */
    size_t used_bytes;
};

static const char *check_leaf(struct check *c, const struct tree_node *node)
{
    const struct tree_leaf *leaf = tree_as_leaf(node);
    const struct tree_params *params = &c->tree->params;
    const size_t bytes = listpack_bytes(leaf->lp);
    if (bytes > leaf->capacity || !listpack_validate(leaf->lp, bytes))
        return "a leaf is no listpack";
    if (listpack_count(leaf->lp) != (size_t)node->n * params->stride)
        return "a leaf does not hold whole elements";
    if (node->n > 1 && (bytes > params->leaf_bytes || node->n > params->leaf_elements))
        return "a leaf is over its limits";
    const unsigned char *p = leaf->lp + LISTPACK_HEADER_BYTES;
    for (unsigned i = 0; i < node->n; i++) {
        if (c->order && c->last && c->order(c->last, p) >= 0)
            return "elements are out of order";
        c->last = p;
        p = tree_element_end(c->tree, p);
    }
    return NULL;
}

static const char *tree_check_node(struct check *c, const struct tree_node *node, unsigned level)
{
    if (node->level != level)
        return "a node is on the wrong level";
    if (node->n == 0)
        return "a node is empty";
    c->used_bytes += tree_node_block(node);
    if (level == 0)
        return check_leaf(c, node);
    if (node->n > node->capacity || node->capacity > TREE_FANOUT)
        return "a node is over its capacity";
    uint64_t sum = 0;
    for (unsigned i = 0; i < node->n; i++) {
        const struct tree_node *child = tree_children(node)[i];
        const char *wrong = tree_check_node(c, child, level - 1);
        if (wrong)
            return wrong;
        if (tree_counts(node)[i] != tree_node_count(child))
            return "a count is wrong";
        if (tree_hints(node)[i] != tree_node_hint(c->tree, child))
            return "a hint is wrong";
        if (c->order && i > 0 && tree_hints(node)[i] < tree_hints(node)[i - 1])
            return "hints fall";
        sum += tree_counts(node)[i];
    }
    return sum == tree_as_inner(node)->count ? NULL : "a sum of counts is wrong";
}

const char *tree_check(const struct tree *t,
                       int (*order)(const unsigned char *a, const unsigned char *b))
{
    struct check c = {.tree = t, .order = order, .used_bytes = sizeof *t};
    if ((t->height == 0) != (t->top == NULL) || (t->count == 0) != (t->top == NULL))
        return "an empty tree has nodes";
    const char *wrong = t->top ? tree_check_node(&c, t->top, t->height - 1) : NULL;
    if (wrong)
        return wrong;
    if (t->top && tree_node_count(t->top) != t->count)
        return "the root's count is wrong";
    if (t->height > 1 && t->top->n == 1)
        return "the top has one child";
    return c.used_bytes == t->used_bytes ? NULL : "used bytes are wrong";
}
