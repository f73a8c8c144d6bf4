/*
 * tree_priv.h — nodes and paths, for tree*.c.
 *
 * A path is an iterator whose nodes the live side owns: tree_own has cloned what a view may see.
 * Nodes move when they grow, so they are put back through tree_link.
 */
#ifndef LK_DS_TREE_PRIV_H
#define LK_DS_TREE_PRIV_H

#include "core/ds/tree.h"

enum {
    TREE_FANOUT = 42,
    TREE_INNER_LOW = TREE_FANOUT / 4,        /* below this a node looks for a neighbour ... */
    TREE_INNER_MERGED = TREE_FANOUT * 3 / 4, /* ... with which it has at most this */
};

struct tree_node {
    uint32_t epoch;
    uint8_t level;    /* 0 is a leaf */
    uint8_t capacity; /* children; leaves have their own */
    uint16_t n;       /* children or elements */
};

struct tree_leaf {
    struct tree_node node;
    uint32_t capacity; /* bytes of lp */
    unsigned char lp[];
};

struct tree_inner {
    struct tree_node node;
    uint64_t count;   /* elements below */
    uint64_t slots[]; /* capacity hints, then as many counts, then as many pointers */
};

struct tree {
    uint32_t epoch;
    uint32_t height; /* levels; 0 without elements */
    uint64_t count;
    size_t used_bytes;
    struct tree_params params;
    struct tree_node *top;
};

static inline struct tree_leaf *tree_as_leaf(const struct tree_node *node)
{
    return (struct tree_leaf *)node;
}

static inline struct tree_inner *tree_as_inner(const struct tree_node *node)
{
    return (struct tree_inner *)node;
}

static inline uint64_t *tree_hints(const struct tree_node *node)
{
    return tree_as_inner(node)->slots;
}

static inline uint64_t *tree_counts(const struct tree_node *node)
{
    return tree_as_inner(node)->slots + node->capacity;
}

static inline struct tree_node **tree_children(const struct tree_node *node)
{
    return (struct tree_node **)(tree_as_inner(node)->slots + 2 * (size_t)node->capacity);
}

static inline uint64_t tree_node_count(const struct tree_node *node)
{
    return node->level ? tree_as_inner(node)->count : node->n;
}

static inline size_t tree_leaf_bytes(const struct tree_node *node)
{
    return listpack_bytes(tree_as_leaf(node)->lp);
}

size_t tree_node_block(const struct tree_node *node);
uint64_t tree_node_hint(const struct tree *t, const struct tree_node *node);
/* The first entry of the first element below node. */
const unsigned char *tree_node_first(const struct tree_node *node);
/* The element's end: the first entry behind it. */
const unsigned char *tree_element_end(const struct tree *t, const unsigned char *p);

/* An empty leaf whose listpack may grow to `bytes`; an empty inner node for n children. */
struct tree_node *tree_leaf_new(struct tree *t, const struct cow *cow, size_t bytes);
struct tree_node *tree_inner_new(struct tree *t, const struct cow *cow, unsigned level, unsigned n);
/* The live side lets go of this one node. */
void tree_node_drop(struct tree *t, struct cow *cow, struct tree_node *node);
void tree_subtree_drop(struct tree *t, struct cow *cow, struct tree_node *node);

/* Clones node if a view may see it. */
struct tree_node *tree_node_own(struct tree *t, struct cow *cow, struct tree_node *node);
struct tree *tree_root_own(struct tree **t, struct cow *cow);
/* Owns the root and the first `depth` nodes of the path. */
struct tree *tree_own(struct tree **t, struct cow *cow, struct tree_iter *path, unsigned depth);
/* Makes node the one at that depth of the path. */
void tree_link(struct tree *t, struct tree_iter *path, unsigned depth, struct tree_node *node);

/*
 * The second half of tree_approach.  Where there is no equal element it stands where one would go:
 * p is NULL at the end of a leaf.
 */
bool tree_land(struct tree_iter *it, const struct tree_probe *probe);

/* Both take an owned node and return where it is now. */
struct tree_node *tree_leaf_reserve(struct tree *t, struct tree_node *node, size_t bytes);
struct tree_node *tree_leaf_trim(struct tree *t, struct tree_node *node);
struct tree_node *tree_inner_reserve(struct tree *t, struct tree_node *node, unsigned n);

bool tree_leaf_has_room(const struct tree *t, const struct tree_node *leaf, size_t bytes);
/* Puts an element of that size at an offset of an owned leaf; returns the leaf. */
struct tree_node *tree_leaf_put(struct tree *t, struct tree_node *leaf, size_t offset,
                                const struct listpack_value *v, size_t bytes);
/* Cuts n elements, `bytes` in all, out of an owned leaf; returns the leaf. */
struct tree_node *tree_leaf_cut(struct tree *t, struct tree_node *leaf, size_t offset, size_t bytes,
                                unsigned n);
/* Is there so little in the leaf that it should join a neighbour? */
bool tree_leaf_is_low(const struct tree *t, size_t bytes, unsigned n);
/* Where a path stands in its leaf. */
size_t tree_offset(const struct tree_iter *path);

/* Inserts where the path stands: before its element, or at the end of its leaf if p is NULL. */
void tree_insert_here(struct tree **tp, struct cow *cow, struct tree_iter *path,
                      const struct listpack_value *v);
/* Takes some of n elements from where the path stands on; returns how many. */
uint64_t tree_cut_here(struct tree **tp, struct cow *cow, struct tree_iter *path, uint64_t n);

/* Children in and out of an owned node with room; counts follow. */
void tree_inner_put(struct tree *t, struct tree_node *node, unsigned at,
                    struct tree_node *const *child, unsigned n);
void tree_inner_cut(struct tree_node *node, unsigned at, unsigned n);
/* Moves the children from `at` on of one node to the end of another, which has room. */
void tree_inner_move(struct tree_node *from, unsigned at, struct tree_node *to);
/* Takes over what changed in the child at that index. */
void tree_inner_refresh(const struct tree *t, struct tree_node *node, unsigned index);

#endif
