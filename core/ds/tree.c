/*
 * tree.c — nodes: making, cloning, resizing and freeing them.
 *
 * Every node is reached from exactly one live parent.  A clone takes its children's pointers over
 * as they are; the old node stays with the view, which knows the children but does not own them.
 * So each node is freed or deferred once, by its own epoch, when the live side lets go of it.
 *
 * Blocks are whole size classes of the allocator, so that a leaf grows a few times on its way to
 * the limit, not at each insert.
 */
#include "core/ds/tree.h"

#include "core/base/mem.h"
#include "core/ds/tree_priv.h"

#include <assert.h>

static_assert(sizeof(struct tree_inner) + (size_t)TREE_FANOUT * 24 == 1024,
              "a full node is a size class");
static_assert(sizeof(struct tree_leaf) == TREE_LEAF_OVERHEAD, "what users reckon with");

/* Children of inner nodes, in blocks of 112, 256, 496 and 1024 bytes. */
static const uint8_t inner_capacities[] = {4, 10, 20, TREE_FANOUT};

static size_t inner_block(unsigned capacity)
{
    return sizeof(struct tree_inner) + (size_t)capacity * 3 * sizeof(uint64_t);
}

size_t tree_node_block(const struct tree_node *node)
{
    return node->level ? inner_block(node->capacity)
                       : sizeof(struct tree_leaf) + tree_as_leaf(node)->capacity;
}

const unsigned char *tree_node_first(const struct tree_node *node)
{
    while (node->level)
        node = tree_children(node)[0];
    return tree_as_leaf(node)->lp + LISTPACK_HEADER_BYTES;
}

uint64_t tree_node_hint(const struct tree *t, const struct tree_node *node)
{
    if (node->level)
        return tree_hints(node)[0];
    return t->params.hint ? t->params.hint(tree_node_first(node)) : 0;
}

const unsigned char *tree_element_end(const struct tree *t, const unsigned char *p)
{
    for (uint32_t i = 0; i < t->params.stride; i++)
        p += listpack_entry_bytes(p);
    return p;
}

static uint32_t leaf_capacity(size_t bytes)
{
    const size_t capacity = mem_class(sizeof(struct tree_leaf) + bytes) - sizeof(struct tree_leaf);
    return capacity < UINT32_MAX ? (uint32_t)capacity : UINT32_MAX;
}

static unsigned inner_capacity(unsigned n)
{
    size_t i = 0;
    while (inner_capacities[i] < n)
        i++;
    return inner_capacities[i];
}

struct tree_node *tree_leaf_new(struct tree *t, const struct cow *cow, size_t bytes)
{
    LK_ASSERT(bytes <= UINT32_MAX);
    const uint32_t capacity = leaf_capacity(bytes);
    struct tree_leaf *leaf = (struct tree_leaf *)mem_alloc(sizeof *leaf + capacity);
    leaf->node = (struct tree_node){.epoch = cow_epoch(cow)};
    leaf->capacity = capacity;
    listpack_init_in_place(leaf->lp);
    t->used_bytes += tree_node_block(&leaf->node);
    return &leaf->node;
}

struct tree_node *tree_inner_new(struct tree *t, const struct cow *cow, unsigned level, unsigned n)
{
    const unsigned capacity = inner_capacity(n);
    struct tree_inner *inner = (struct tree_inner *)mem_alloc(inner_block(capacity));
    inner->node = (struct tree_node){
        .epoch = cow_epoch(cow), .level = (uint8_t)level, .capacity = (uint8_t)capacity};
    inner->count = 0;
    t->used_bytes += tree_node_block(&inner->node);
    return &inner->node;
}

static void tree_block_drop(void *p, size_t size, uint32_t epoch, struct cow *cow)
{
    if (cow_shared(cow, epoch))
        cow->defer(cow, p, size);
    else
        mem_free(p, size);
}

void tree_node_drop(struct tree *t, struct cow *cow, struct tree_node *node)
{
    const size_t size = tree_node_block(node);
    t->used_bytes -= size;
    tree_block_drop(node, size, node->epoch, cow);
}

void tree_subtree_drop(struct tree *t, struct cow *cow, struct tree_node *node)
{
    for (unsigned i = 0; node->level && i < node->n; i++)
        tree_subtree_drop(t, cow, tree_children(node)[i]);
    tree_node_drop(t, cow, node);
}

struct tree_node *tree_node_own(struct tree *t, struct cow *cow, struct tree_node *node)
{
    if (!cow_shared(cow, node->epoch))
        return node;
    const size_t size = tree_node_block(node);
    struct tree_node *copy = (struct tree_node *)mem_alloc(size);
    const size_t used = node->level ? size : sizeof(struct tree_leaf) + tree_leaf_bytes(node);
    memcpy(copy, node, used);
    copy->epoch = cow_epoch(cow);
    t->used_bytes += size;
    tree_node_drop(t, cow, node);
    return copy;
}

struct tree *tree_root_own(struct tree **t, struct cow *cow)
{
    struct tree *old = *t;
    if (!cow_shared(cow, old->epoch))
        return old;
    struct tree *copy = (struct tree *)mem_alloc(sizeof *copy);
    *copy = *old;
    copy->epoch = cow_epoch(cow);
    tree_block_drop(old, sizeof *old, old->epoch, cow);
    *t = copy;
    return copy;
}

void tree_link(struct tree *t, struct tree_iter *path, unsigned depth, struct tree_node *node)
{
    path->node[depth] = node;
    if (depth == 0)
        t->top = node;
    else
        tree_children(path->node[depth - 1])[path->index[depth - 1]] = node;
}

struct tree *tree_own(struct tree **t, struct cow *cow, struct tree_iter *path, unsigned depth)
{
    struct tree *root = tree_root_own(t, cow);
    path->tree = root;
    for (unsigned d = 0; d < depth; d++) {
        struct tree_node *old = (struct tree_node *)path->node[d];
        struct tree_node *own = tree_node_own(root, cow, old);
        if (own != old)
            tree_link(root, path, d, own);
    }
    return root;
}

size_t tree_offset(const struct tree_iter *path)
{
    const unsigned char *lp = tree_as_leaf(path->node[path->tree->height - 1])->lp;
    return path->p ? (size_t)(path->p - lp) : listpack_bytes(lp) - 1;
}

static struct tree_node *leaf_resize(struct tree *t, struct tree_node *node, uint32_t capacity)
{
    const size_t old = tree_node_block(node);
    struct tree_leaf *leaf =
        (struct tree_leaf *)mem_realloc(node, old, sizeof(struct tree_leaf) + capacity);
    leaf->capacity = capacity;
    t->used_bytes += tree_node_block(&leaf->node) - old;
    return &leaf->node;
}

struct tree_node *tree_leaf_reserve(struct tree *t, struct tree_node *node, size_t bytes)
{
    LK_ASSERT(bytes <= UINT32_MAX);
    if (bytes <= tree_as_leaf(node)->capacity)
        return node;
    return leaf_resize(t, node, leaf_capacity(bytes));
}

struct tree_node *tree_leaf_trim(struct tree *t, struct tree_node *node)
{
    const uint32_t capacity = leaf_capacity(tree_leaf_bytes(node));
    return capacity < tree_as_leaf(node)->capacity ? leaf_resize(t, node, capacity) : node;
}

struct tree_node *tree_inner_reserve(struct tree *t, struct tree_node *node, unsigned n)
{
    if (n <= node->capacity)
        return node;
    const struct cow epoch = {.epoch = node->epoch, .defer = NULL};
    struct tree_node *bigger = tree_inner_new(t, &epoch, node->level, n);
    tree_inner_move(node, 0, bigger);
    tree_node_drop(t, NULL, node);
    return bigger;
}

void tree_inner_put(struct tree *t, struct tree_node *node, unsigned at,
                    struct tree_node *const *child, unsigned n)
{
    uint64_t *hints = tree_hints(node), *counts = tree_counts(node);
    struct tree_node **children = tree_children(node);
    const unsigned behind = node->n - at;
    LK_ASSERT(node->n + n <= node->capacity);
    memmove(hints + at + n, hints + at, behind * sizeof *hints);
    memmove(counts + at + n, counts + at, behind * sizeof *counts);
    memmove(children + at + n, children + at, behind * sizeof(struct tree_node *));
    for (unsigned i = 0; i < n; i++) {
        hints[at + i] = tree_node_hint(t, child[i]);
        counts[at + i] = tree_node_count(child[i]);
        children[at + i] = child[i];
        tree_as_inner(node)->count += counts[at + i];
    }
    node->n = (uint16_t)(node->n + n);
}

void tree_inner_cut(struct tree_node *node, unsigned at, unsigned n)
{
    uint64_t *hints = tree_hints(node), *counts = tree_counts(node);
    struct tree_node **children = tree_children(node);
    const unsigned behind = node->n - at - n;
    for (unsigned i = 0; i < n; i++)
        tree_as_inner(node)->count -= counts[at + i];
    memmove(hints + at, hints + at + n, behind * sizeof *hints);
    memmove(counts + at, counts + at + n, behind * sizeof *counts);
    memmove(children + at, children + at + n, behind * sizeof(struct tree_node *));
    node->n = (uint16_t)(node->n - n);
}

void tree_inner_move(struct tree_node *from, unsigned at, struct tree_node *to)
{
    const unsigned n = from->n - at, end = to->n;
    LK_ASSERT(end + n <= to->capacity);
    memcpy(tree_hints(to) + end, tree_hints(from) + at, n * sizeof(uint64_t));
    memcpy(tree_counts(to) + end, tree_counts(from) + at, n * sizeof(uint64_t));
    memcpy(tree_children(to) + end, tree_children(from) + at, n * sizeof(struct tree_node *));
    for (unsigned i = end; i < end + n; i++)
        tree_as_inner(to)->count += tree_counts(to)[i];
    to->n = (uint16_t)(end + n);
}

void tree_inner_refresh(const struct tree *t, struct tree_node *node, unsigned index)
{
    const struct tree_node *child = tree_children(node)[index];
    uint64_t *count = &tree_counts(node)[index];
    tree_as_inner(node)->count += tree_node_count(child) - *count;
    *count = tree_node_count(child);
    tree_hints(node)[index] = tree_node_hint(t, child);
}

struct tree *tree_new(const struct tree_params *params, const struct cow *cow)
{
    LK_ASSERT(params->stride >= 1);
    LK_ASSERT(params->leaf_elements >= 1);
    LK_ASSERT((uint64_t)params->leaf_elements * params->stride < LISTPACK_COUNT_UNKNOWN);
    struct tree *t = mem_new(struct tree);
    t->epoch = cow_epoch(cow);
    t->params = *params;
    t->used_bytes = sizeof *t;
    return t;
}

static struct tree_node *clone_subtree(struct tree *t, const struct cow *cow,
                                       const struct tree_node *from)
{
    if (from->level == 0) {
        const size_t bytes = tree_leaf_bytes(from);
        struct tree_node *leaf = tree_leaf_new(t, cow, bytes);
        leaf->n = from->n;
        memcpy(tree_as_leaf(leaf)->lp, tree_as_leaf(from)->lp, bytes);
        return leaf;
    }
    struct tree_node *inner = tree_inner_new(t, cow, from->level, from->n);
    for (unsigned i = 0; i < from->n; i++) {
        struct tree_node *child = clone_subtree(t, cow, tree_children(from)[i]);
        tree_inner_put(t, inner, i, &child, 1);
    }
    return inner;
}

struct tree *tree_clone(const struct tree *t, const struct cow *cow)
{
    struct tree *copy = tree_new(&t->params, cow);
    copy->height = t->height;
    copy->count = t->count;
    if (t->top)
        copy->top = clone_subtree(copy, cow, t->top);
    return copy;
}

void tree_reap_begin(struct tree_reaper *r, struct tree *t)
{
    r->tree = t;
    r->node[0] = t->top;
    r->index[0] = 0;
    r->depth = t->top ? 1 : 0;
}

bool tree_reap(struct tree_reaper *r, struct cow *cow, size_t budget)
{
    while (r->depth > 0) {
        const unsigned d = r->depth - 1;
        struct tree_node *node = r->node[d];
        if (node->level && r->index[d] < node->n) {
            r->node[d + 1] = tree_children(node)[r->index[d]++];
            r->index[d + 1] = 0;
            r->depth++;
            continue;
        }
        if (budget-- == 0)
            return false;
        /* Not counted in used_bytes: a view may be reading the root. */
        tree_block_drop(node, tree_node_block(node), node->epoch, cow);
        r->depth--;
    }
    tree_block_drop(r->tree, sizeof *r->tree, r->tree->epoch, cow);
    r->tree = NULL;
    return true;
}

void tree_free(struct tree *t, struct cow *cow)
{
    struct tree_reaper r;
    if (!t)
        return;
    tree_reap_begin(&r, t);
    (void)tree_reap(&r, cow, SIZE_MAX);
}

uint64_t tree_count(const struct tree *t)
{
    return t->count;
}

size_t tree_used_bytes(const struct tree *t)
{
    return t->used_bytes;
}
