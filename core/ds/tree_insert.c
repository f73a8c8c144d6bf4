/*
 * tree_insert.c — putting elements in.
 *
 * A leaf that overflows is cut in the middle of its bytes; at the very ends of the tree it stays
 * full and a new leaf takes the element alone, so that lists that grow at their ends, and loading
 * in order, fill their leaves.  An element too big to share a leaf gets one of its own.  New nodes
 * are then put beside their neighbour, level by level, by the same rules.
 */
#include "core/ds/tree.h"

#include "core/ds/tree_priv.h"

/* New siblings of a node on the path: right before or right behind it. */
struct siblings {
    struct tree_node *node[2];
    unsigned n;
    bool before;
};

/* Is the node at that depth the last (first) of its level? */
static bool on_edge(const struct tree_iter *path, unsigned depth, bool last)
{
    for (unsigned d = 0; d < depth; d++) {
        if (path->index[d] != (last ? path->node[d]->n - 1 : 0))
            return false;
    }
    return true;
}

static void tree_insert_grow_top(struct tree *t, struct cow *cow, const struct siblings *s)
{
    struct tree_node *top = tree_inner_new(t, cow, t->top->level + 1u, s->n + 1);
    tree_inner_put(t, top, 0, &t->top, 1);
    tree_inner_put(t, top, s->before ? 0 : 1, s->node, s->n);
    t->top = top;
    t->height++;
    LK_ASSERT(t->height <= TREE_HEIGHT_MAX);
}

/* Cuts the full node at that depth and puts s in at `at`; s is then what its parent must take. */
static void split_inner(struct tree *t, struct cow *cow, struct tree_iter *path, unsigned depth,
                        unsigned at, struct siblings *s)
{
    struct tree_node *node = (struct tree_node *)path->node[depth];
    struct tree_node *fresh = tree_inner_new(t, cow, node->level, TREE_FANOUT);
    s->before = false;
    if (at == node->n && on_edge(path, depth, true)) {
        tree_inner_put(t, fresh, 0, s->node, s->n);
    } else if (at == 0 && on_edge(path, depth, false)) {
        tree_inner_put(t, fresh, 0, s->node, s->n);
        s->before = true;
    } else {
        const unsigned half = node->n / 2u;
        tree_inner_move(node, half, fresh);
        tree_inner_cut(node, half, node->n - half);
        if (at <= half)
            tree_inner_put(t, node, at, s->node, s->n);
        else
            tree_inner_put(t, fresh, at - half, s->node, s->n);
    }
    s->node[0] = fresh;
    s->n = 1;
}

/* The node at that depth has changed and has new siblings (perhaps none): tells its parents. */
static void tell_parents(struct tree *t, struct cow *cow, struct tree_iter *path, unsigned depth,
                         struct siblings *s)
{
    for (; depth > 0; depth--) {
        struct tree_node *parent = (struct tree_node *)path->node[depth - 1];
        const unsigned index = path->index[depth - 1];
        tree_inner_refresh(t, parent, index);
        if (s->n == 0)
            continue;
        const unsigned at = s->before ? index : index + 1;
        if (parent->n + s->n > TREE_FANOUT) {
            split_inner(t, cow, path, depth - 1, at, s);
            continue;
        }
        parent = tree_inner_reserve(t, parent, parent->n + s->n);
        tree_link(t, path, depth - 1, parent);
        tree_inner_put(t, parent, at, s->node, s->n);
        s->n = 0;
    }
    if (s->n)
        tree_insert_grow_top(t, cow, s);
}

static struct tree_node *leaf_of(struct tree *t, struct cow *cow, const struct listpack_value *v,
                                 size_t bytes)
{
    struct tree_node *leaf = tree_leaf_new(t, cow, LISTPACK_EMPTY_BYTES + bytes);
    listpack_splice_in_place(tree_as_leaf(leaf)->lp, LISTPACK_HEADER_BYTES, 0, 0, v,
                             t->params.stride);
    leaf->n = 1;
    return leaf;
}

/* Moves the elements from index `at`, offset `offset` on into a new leaf. */
static struct tree_node *leaf_cut(struct tree *t, struct cow *cow, struct tree_node *leaf,
                                  unsigned at, size_t offset)
{
    unsigned char *lp = tree_as_leaf(leaf)->lp;
    const size_t bytes = listpack_bytes(lp) - 1 - offset;
    const unsigned n = leaf->n - at;
    struct tree_node *tail = tree_leaf_new(t, cow, LISTPACK_EMPTY_BYTES + bytes);
    listpack_append_packed_in_place(tree_as_leaf(tail)->lp, lp + offset, bytes,
                                    (size_t)n * t->params.stride);
    listpack_splice_in_place(lp, offset, bytes, (size_t)n * t->params.stride, NULL, 0);
    tail->n = (uint16_t)n;
    leaf->n = (uint16_t)at;
    return tail;
}

/* Where the first element behind the middle of the leaf's bytes starts: never 0, never n. */
static unsigned leaf_middle(const struct tree *t, const struct tree_node *leaf, size_t *offset)
{
    const unsigned char *lp = tree_as_leaf(leaf)->lp;
    const unsigned char *middle = lp + listpack_bytes(lp) / 2;
    const unsigned char *p = tree_element_end(t, lp + LISTPACK_HEADER_BYTES);
    unsigned i = 1;
    for (; i + 1u < leaf->n && p < middle; i++)
        p = tree_element_end(t, p);
    *offset = (size_t)(p - lp);
    return i;
}

/* Puts n elements at an offset of an owned leaf; returns the leaf. */
static struct tree_node *leaf_put_run(struct tree *t, struct tree_node *leaf, size_t offset,
                                      const struct listpack_value *v, unsigned n, size_t bytes)
{
    leaf = tree_leaf_reserve(t, leaf, tree_leaf_bytes(leaf) + bytes);
    listpack_splice_in_place(tree_as_leaf(leaf)->lp, offset, 0, 0, v, (size_t)n * t->params.stride);
    leaf->n = (uint16_t)(leaf->n + n);
    return leaf;
}

struct tree_node *tree_leaf_put(struct tree *t, struct tree_node *leaf, size_t offset,
                                const struct listpack_value *v, size_t bytes)
{
    return leaf_put_run(t, leaf, offset, v, 1, bytes);
}

bool tree_leaf_has_room(const struct tree *t, const struct tree_node *leaf, size_t bytes)
{
    return leaf->n == 0 || (tree_leaf_bytes(leaf) + bytes <= t->params.leaf_bytes &&
                            leaf->n < t->params.leaf_elements);
}

/* Puts the element into a leaf without room for it, at index `at`; *s is what comes of that. */
static struct tree_node *leaf_split(struct tree *t, struct cow *cow, const struct tree_iter *path,
                                    unsigned at, size_t offset, const struct listpack_value *v,
                                    size_t bytes, struct siblings *s)
{
    const unsigned depth = t->height - 1;
    struct tree_node *leaf = (struct tree_node *)path->node[depth];
    const bool edge =
        (at == 0 && on_edge(path, depth, false)) || (at == leaf->n && on_edge(path, depth, true));
    if (!edge && leaf->n > 1) {
        size_t cut_offset;
        const unsigned cut = leaf_middle(t, leaf, &cut_offset);
        const size_t left = cut_offset + 1, right = tree_leaf_bytes(leaf) - cut_offset + 6;
        if ((at <= cut ? left : right) + bytes <= t->params.leaf_bytes) {
            struct tree_node *tail = leaf_cut(t, cow, leaf, cut, cut_offset);
            if (at <= cut)
                leaf = tree_leaf_put(t, leaf, offset, v, bytes);
            else
                tail =
                    tree_leaf_put(t, tail, LISTPACK_HEADER_BYTES + offset - cut_offset, v, bytes);
            s->node[s->n++] = tail;
            return tree_leaf_trim(t, leaf);
        }
    }
    if (at == 0) {
        s->before = true;
        s->node[s->n++] = leaf_of(t, cow, v, bytes);
        return leaf;
    }
    struct tree_node *tail = at < leaf->n ? leaf_cut(t, cow, leaf, at, offset) : NULL;
    if (tree_leaf_has_room(t, leaf, bytes))
        leaf = tree_leaf_put(t, leaf, offset, v, bytes);
    else if (tail && tree_leaf_has_room(t, tail, bytes))
        tail = tree_leaf_put(t, tail, LISTPACK_HEADER_BYTES, v, bytes);
    else
        s->node[s->n++] = leaf_of(t, cow, v, bytes);
    if (tail)
        s->node[s->n++] = tail;
    return tree_leaf_trim(t, leaf);
}

/*
 * Inserts n elements, `bytes` long, where the path stands: before its element, or at the end of its
 * leaf if p is NULL.  More than one must have room in the leaf.
 */
static void insert_run_here(struct tree **tp, struct cow *cow, struct tree_iter *path,
                            const struct listpack_value *v, unsigned n, size_t bytes)
{
    if ((*tp)->count == 0) {
        struct tree *t = tree_root_own(tp, cow);
        t->top = leaf_of(t, cow, v, bytes);
        t->height = 1;
        t->count = 1;
        return;
    }
    const unsigned depth = (*tp)->height - 1;
    const size_t offset = tree_offset(path);
    struct tree *t = tree_own(tp, cow, path, depth + 1);
    struct tree_node *leaf = (struct tree_node *)path->node[depth];
    struct siblings s = {.n = 0, .before = false};
    if (n > 1 || tree_leaf_has_room(t, leaf, bytes))
        leaf = leaf_put_run(t, leaf, offset, v, n, bytes);
    else
        leaf = leaf_split(t, cow, path, path->index[depth], offset, v, bytes, &s);
    tree_link(t, path, depth, leaf);
    t->count += n;
    tell_parents(t, cow, path, depth, &s);
}

void tree_insert_here(struct tree **tp, struct cow *cow, struct tree_iter *path,
                      const struct listpack_value *v)
{
    insert_run_here(tp, cow, path, v, 1, listpack_encoded_bytes(v, (*tp)->params.stride));
}

/* The end of the last leaf, if there is one. */
static void path_to_end(struct tree_iter *path, const struct tree *t)
{
    if (tree_iter_last(path, t)) {
        path->index[t->height - 1]++;
        path->rank++;
        path->p = NULL;
    }
}

void tree_insert_at(struct tree **t, struct cow *cow, uint64_t rank,
                    const struct listpack_value *element)
{
    struct tree_iter path;
    LK_ASSERT(rank <= (*t)->count);
    if (!tree_iter_at(&path, *t, rank))
        path_to_end(&path, *t);
    tree_insert_here(t, cow, &path, element);
}

/*
 * How many of n elements have room in the leaf, taken from the side of them that is to lie next to
 * what the leaf has; at least one is told, and its bytes.
 */
static unsigned run_with_room(const struct tree *t, const struct tree_node *leaf, bool at_end,
                              const struct listpack_value *elements, size_t n, size_t *bytes)
{
    const uint32_t stride = t->params.stride;
    size_t room = 0;
    unsigned k = 0, most = 1;
    if (leaf && leaf->n < t->params.leaf_elements && tree_leaf_bytes(leaf) < t->params.leaf_bytes) {
        most = t->params.leaf_elements - leaf->n;
        room = t->params.leaf_bytes - tree_leaf_bytes(leaf);
    }
    *bytes = 0;
    while (k < n && k < most) {
        const size_t next = at_end ? k : n - 1 - k;
        const size_t more = listpack_encoded_bytes(elements + next * stride, stride);
        if (k > 0 && *bytes + more > room)
            break;
        *bytes += more;
        k++;
    }
    return k;
}

void tree_push(struct tree **t, struct cow *cow, bool at_end, const struct listpack_value *elements,
               size_t n)
{
    while (n > 0) {
        struct tree_iter path;
        size_t bytes;
        if (at_end)
            path_to_end(&path, *t);
        else
            (void)tree_iter_first(&path, *t);
        const struct tree_node *leaf = (*t)->height ? path.node[(*t)->height - 1] : NULL;
        const unsigned k = run_with_room(*t, leaf, at_end, elements, n, &bytes);
        const struct listpack_value *run = elements;
        if (at_end)
            elements += (size_t)k * (*t)->params.stride;
        else
            run += (n - k) * (*t)->params.stride;
        insert_run_here(t, cow, &path, run, k, bytes);
        n -= k;
    }
}

bool tree_insert(struct tree **t, struct cow *cow, const struct tree_probe *probe,
                 const struct listpack_value *element, uint64_t *rank)
{
    struct tree_iter path;
    const bool found = tree_find(&path, *t, probe);
    if (rank)
        *rank = path.rank;
    if (!found)
        tree_insert_here(t, cow, &path, element);
    return !found;
}

void tree_insert_near(struct tree **t, struct cow *cow, struct tree_iter *near,
                      const struct tree_probe *probe, const struct listpack_value *element)
{
    const bool found = tree_land(near, probe);
    LK_DEBUG_ASSERT(!found);
    (void)found;
    tree_insert_here(t, cow, near, element);
}

void tree_replace_at(struct tree **tp, struct cow *cow, uint64_t rank,
                     const struct listpack_value *element)
{
    struct tree_iter path;
    LK_ASSERT(tree_iter_at(&path, *tp, rank));
    const unsigned depth = (*tp)->height - 1;
    const size_t cut = (size_t)(tree_element_end(*tp, path.p) - path.p);
    const uint32_t stride = (*tp)->params.stride;
    const size_t bytes =
        tree_leaf_bytes(path.node[depth]) - cut + listpack_encoded_bytes(element, stride);
    if (bytes > (*tp)->params.leaf_bytes && path.node[depth]->n > 1) {
        tree_delete_range(tp, cow, rank, 1);
        tree_insert_at(tp, cow, rank, element);
        return;
    }
    const size_t offset = (size_t)(path.p - tree_as_leaf(path.node[depth])->lp);
    struct tree *t = tree_own(tp, cow, &path, depth + 1);
    struct tree_node *leaf = tree_leaf_reserve(t, (struct tree_node *)path.node[depth], bytes);
    listpack_splice_in_place(tree_as_leaf(leaf)->lp, offset, cut, stride, element, stride);
    if (bytes < tree_as_leaf(leaf)->capacity / 2)
        leaf = tree_leaf_trim(t, leaf);
    tree_link(t, &path, depth, leaf);
    struct siblings none = {.n = 0, .before = false};
    tell_parents(t, cow, &path, depth, &none);
}

/* Packed elements: where they lie, and how many of them. */
struct run {
    const unsigned char *p;
    size_t bytes;
    unsigned n;
};

/* The elements at p, at most n, that a leaf of that many bytes and elements still takes. */
static struct run run_for(const struct tree *t, const unsigned char *p, uint64_t n, size_t bytes,
                          unsigned elements)
{
    struct run run = {p, 0, 0};
    while (run.n < n && elements + run.n < t->params.leaf_elements) {
        const size_t more = (size_t)(tree_element_end(t, p) - p);
        if (bytes + run.bytes + more > t->params.leaf_bytes)
            break;
        run.bytes += more;
        run.n++;
        p += more;
    }
    return run;
}

/* Appends a run to the last leaf, which has room, or as a leaf of its own. */
static void append_run(struct tree **tp, struct cow *cow, const struct run *run, bool join)
{
    const size_t entries = (size_t)run->n * (*tp)->params.stride;
    struct tree_iter path;
    struct siblings s = {.n = 0, .before = false};
    path_to_end(&path, *tp);
    const unsigned height = (*tp)->height;
    struct tree *t = tree_own(tp, cow, &path, height);
    struct tree_node *leaf;
    if (join) {
        leaf = (struct tree_node *)path.node[height - 1];
        leaf = tree_leaf_reserve(t, leaf, tree_leaf_bytes(leaf) + run->bytes);
    } else {
        leaf = tree_leaf_new(t, cow, LISTPACK_EMPTY_BYTES + run->bytes);
    }
    listpack_append_packed_in_place(tree_as_leaf(leaf)->lp, run->p, run->bytes, entries);
    leaf->n = (uint16_t)(leaf->n + run->n);
    t->count += run->n;
    if (join) {
        tree_link(t, &path, height - 1, leaf);
    } else if (height == 0) {
        t->top = leaf;
        t->height = 1;
        return;
    } else {
        s.node[s.n++] = leaf;
    }
    tell_parents(t, cow, &path, height - 1, &s);
}

void tree_append_packed(struct tree **t, struct cow *cow, const unsigned char *lp)
{
    const size_t entries = listpack_count(lp);
    LK_ASSERT(entries % (*t)->params.stride == 0);
    uint64_t n = entries / (*t)->params.stride;
    const unsigned char *p = lp + LISTPACK_HEADER_BYTES;
    while (n > 0) {
        struct tree_iter it;
        struct run run = {p, 0, 0};
        if (tree_iter_last(&it, *t)) {
            const struct tree_node *leaf = it.node[(*t)->height - 1];
            run = run_for(*t, p, n, tree_leaf_bytes(leaf), leaf->n);
        }
        const bool join = run.n > 0;
        if (!join)
            run = run_for(*t, p, n, LISTPACK_EMPTY_BYTES, 0);
        if (run.n == 0) { /* one that no leaf shares */
            run.bytes = (size_t)(tree_element_end(*t, p) - p);
            run.n = 1;
        }
        append_run(t, cow, &run, join);
        p += run.bytes;
        n -= run.n;
    }
}
