/*
 * tree.h — a counted B+tree of packed leaves.
 *
 * One structure serves the order of sorted sets, lists, streams and their pending entries.  The
 * leaves are listpacks, so an element costs what it costs in a small collection; inner nodes count
 * what lies below, so any rank is found from the top; and every node carries an epoch, so a
 * snapshot costs a write its path and never the collection.
 *
 *   root {epoch, count, parameters}
 *     inner {epoch, n, count | hint[n] | count[n] | child[n]}      up to 42 children, 1 KiB
 *       leaf {epoch, n | listpack}
 *
 * An element is a group of `stride` entries: one for a list, member and score for a sorted set.
 *
 * Sequence  insert_at, replace_at and delete_range go by rank.
 * Order     insert, delete and the bounds go by a probe, which compares a key with an element.
 *           There are no separators: the first element of a child's leftmost leaf is the
 *           separator, and a 64-bit hint of it is kept in the parent, so that leaves are touched
 *           only where hints are equal.  The hint of an element must not fall as elements rise: a
 *           score's bits in comparable form, a stream ID's milliseconds.
 *
 * Views    mutators take the root's address and a cow (core/ds/cow.h): the first write after a cut
 *          clones root and path
 * Shapes   leaves split beyond leaf_bytes or leaf_elements; one element alone may be larger, below
 *          4 GiB (asserted).  Small neighbours merge.
 * Threads  the holder of the collection's lock; a frozen root may be read by anyone
 * Memory   mem_alloc: aborts when there is none.  Values handed in must not point into the tree;
 *          every change ends iterators and borrowed entries.
 * Cost     O(log n) and a scan of one leaf
 */
#ifndef LK_DS_TREE_H
#define LK_DS_TREE_H

#include "core/ds/cow.h"
#include "core/ds/listpack.h"

LK_BEGIN

/* With 42 children a node, and at least 10 in all but a few, no tree in memory is higher. */
enum { TREE_HEIGHT_MAX = 16 };

/* A leaf's block beyond its listpack: leaf_bytes wastes least as a size class minus this. */
enum { TREE_LEAF_OVERHEAD = 12 };

struct tree; /* a root */
struct tree_node;

struct tree_params {
    uint32_t stride;                                /* entries an element, at least 1 */
    uint32_t leaf_bytes;                            /* of a leaf's listpack */
    uint32_t leaf_elements;                         /* stride times this stays below 65535 */
    uint64_t (*hint)(const unsigned char *element); /* NULL: always 0 */
};

struct tree *tree_new(const struct tree_params *params, const struct cow *cow);
/* A deep copy that shares nothing. */
struct tree *tree_clone(const struct tree *t, const struct cow *cow);
/* t may be NULL.  What the open view may still read is deferred, the rest is freed at once. */
void tree_free(struct tree *t, struct cow *cow);

/* Frees a tree that nothing live reaches any more, a few nodes a call. */
struct tree_reaper {
    struct tree *tree;
    struct tree_node *node[TREE_HEIGHT_MAX];
    uint16_t index[TREE_HEIGHT_MAX];
    unsigned depth;
};
void tree_reap_begin(struct tree_reaper *r, struct tree *t);
/* At most `budget` nodes; true when all is freed.  Each call may have a cow of its own. */
bool tree_reap(struct tree_reaper *r, struct cow *cow, size_t budget);

uint64_t tree_count(const struct tree *t); /* elements */
/* Bytes asked of the allocator for all of it.  Cost O(1). */
size_t tree_used_bytes(const struct tree *t);

/* A place in the tree; p is the element's first entry, NULL past either end. */
struct tree_iter {
    const struct tree *tree;
    const struct tree_node *node[TREE_HEIGHT_MAX]; /* from the top to the leaf */
    uint16_t index[TREE_HEIGHT_MAX];               /* of the child; in the leaf, of the element */
    const unsigned char *p;
    uint64_t rank;
};

/* Each returns whether the iterator now stands on an element. */
bool tree_iter_at(struct tree_iter *it, const struct tree *t, uint64_t rank);
bool tree_iter_first(struct tree_iter *it, const struct tree *t);
bool tree_iter_last(struct tree_iter *it, const struct tree *t);
bool tree_iter_next(struct tree_iter *it);
bool tree_iter_prev(struct tree_iter *it);
/* On to the first element of the next leaf. */
bool tree_iter_next_leaf(struct tree_iter *it);

/* The element's values; out has room for the stride. */
void tree_iter_get(const struct tree_iter *it, struct listpack_value *out);
/*
 * The values of up to n elements from here on; the iterator moves behind them.  Returns how many
 * there were.
 */
size_t tree_iter_read(struct tree_iter *it, struct listpack_value *out, size_t n);
/* The listpack that holds the element, as files store it. */
const unsigned char *tree_iter_leaf(const struct tree_iter *it);

/*
 * Where to look in an ordered tree.  compare tells the order of key and element: negative if the
 * key comes first.  It may see less than the order does (a score without a member): then a run of
 * elements is equal.  With has_hint, elements of a lower hint come before the key and those of a
 * higher one behind it.
 */
struct tree_probe {
    const void *key;
    int (*compare)(const void *key, const unsigned char *element);
    uint64_t hint;
    bool has_hint;
};

/*
 * The first element not before the key; the first behind it.  Both set the iterator's rank, which
 * is the tree's count if there is none: so the bounds' difference counts a range.
 */
bool tree_lower_bound(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe);
bool tree_upper_bound(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe);
/* The element equal to the key. */
bool tree_find(struct tree_iter *it, const struct tree *t, const struct tree_probe *probe);

/* Puts an element of stride values before the one of that rank; rank <= count. */
void tree_insert_at(struct tree **t, struct cow *cow, uint64_t rank,
                    const struct listpack_value *element);
/* Puts n elements, as they come, before the first one or behind the last. */
void tree_push(struct tree **t, struct cow *cow, bool at_end, const struct listpack_value *elements,
               size_t n);
/*
 * Puts it where the probe says.  False, and nothing changed, if an equal one is there.  *rank (may
 * be NULL) is the element's rank in both cases.
 */
bool tree_insert(struct tree **t, struct cow *cow, const struct tree_probe *probe,
                 const struct listpack_value *element, uint64_t *rank);
/* rank < count.  An ordered tree must stay in order. */
void tree_replace_at(struct tree **t, struct cow *cow, uint64_t rank,
                     const struct listpack_value *element);
/*
 * Appends all entries of a listpack, whole elements, in order if the tree is ordered.  Leaves are
 * filled one by one.
 */
void tree_append_packed(struct tree **t, struct cow *cow, const unsigned char *lp);

/*
 * rank + n <= count.
 * Cost  O(log n) and the freeing: subtrees within the range go whole
 */
void tree_delete_range(struct tree **t, struct cow *cow, uint64_t rank, uint64_t n);
/* False if no element is equal to the key. */
bool tree_delete(struct tree **t, struct cow *cow, const struct tree_probe *probe);

/*
 * NULL, or what is wrong with the structure: for tests and for data from outside.  order (may be
 * NULL) compares two elements, which must rise.  Cost O(n).
 */
const char *tree_check(const struct tree *t,
                       int (*order)(const unsigned char *a, const unsigned char *b));

LK_END

#endif
