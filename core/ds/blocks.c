/*
 * blocks.c — nodes and blocks: making, cloning, changing and freeing them.
 *
 * Each is reached from exactly one live parent, which keeps its epoch.  A clone of a node takes its
 * children over as they are; the old node stays with the view, which knows the children but does
 * not own them.
 */
#include "core/ds/blocks.h"

#include "core/base/mem.h"
#include "core/ds/blocks_priv.h"

#include <assert.h>

enum { SLOT_BYTES = 3 * sizeof(uint64_t) + sizeof(uint32_t) };

static_assert(sizeof(struct blocks_node) + BLOCKS_FANOUT * SLOT_BYTES <= 1024,
              "a full node is a size class");

/* Children of a node, in blocks of 48, 96, 256, 512 and 1024 bytes. */
static const uint8_t capacities[] = {1, 3, 8, 18, BLOCKS_FANOUT};

size_t blocks_node_size(unsigned capacity)
{
    return sizeof(struct blocks_node) + (size_t)capacity * SLOT_BYTES;
}

static unsigned capacity_for(unsigned n)
{
    size_t i = 0;
    while (capacities[i] < n)
        i++;
    return capacities[i];
}

static struct blocks_node *blocks_node_new(struct blocks *b, unsigned level, unsigned n)
{
    const unsigned capacity = capacity_for(n);
    const size_t size = blocks_node_size(capacity);
    struct blocks_node *node = (struct blocks_node *)mem_alloc(size);
    *node = (struct blocks_node){.level = (uint8_t)level, .capacity = (uint8_t)capacity};
    b->used_bytes += size;
    b->nodes++;
    return node;
}

static void blocks_drop(struct blocks *b, struct cow *cow, void *p, size_t size, uint32_t epoch)
{
    b->used_bytes -= size;
    if (cow_shared(cow, epoch))
        cow->defer(cow, p, size);
    else
        mem_free(p, size);
}

static void node_drop(struct blocks *b, struct cow *cow, struct blocks_node *node, uint32_t epoch)
{
    b->nodes--;
    blocks_drop(b, cow, node, blocks_node_size(node->capacity), epoch);
}

/* --- children -------------------------------------------------------------------------------- */

struct slot {
    struct block_key key;
    void *child;
    uint32_t epoch;
};

static void slot_put(struct blocks_node *node, unsigned i, const struct slot *s)
{
    blocks_highs(node)[i] = s->key.high;
    blocks_lows(node)[i] = s->key.low;
    blocks_children(node)[i] = s->child;
    blocks_epochs(node)[i] = s->epoch;
}

/* Copies n children to the end of another node, which has room. */
static void slots_append(struct blocks_node *to, const struct blocks_node *from)
{
    const unsigned n = from->n, end = to->n;
    memcpy(blocks_highs(to) + end, blocks_highs(from), n * sizeof(uint64_t));
    memcpy(blocks_lows(to) + end, blocks_lows(from), n * sizeof(uint64_t));
    memcpy(blocks_children(to) + end, blocks_children(from), n * sizeof(void *));
    memcpy(blocks_epochs(to) + end, blocks_epochs(from), n * sizeof(uint32_t));
    to->n = (uint16_t)(end + n);
}

static void slot_cut(struct blocks_node *node, unsigned i)
{
    const unsigned behind = node->n - i - 1u;
    memmove(blocks_highs(node) + i, blocks_highs(node) + i + 1, behind * sizeof(uint64_t));
    memmove(blocks_lows(node) + i, blocks_lows(node) + i + 1, behind * sizeof(uint64_t));
    memmove(blocks_children(node) + i, blocks_children(node) + i + 1, behind * sizeof(void *));
    memmove(blocks_epochs(node) + i, blocks_epochs(node) + i + 1, behind * sizeof(uint32_t));
    node->n--;
}

/* --- paths that the live side owns ----------------------------------------------------------- */

/* The pointer to the node or block at that depth, and its epoch; depth `height` is the block. */
static void **link_of(struct blocks *b, const struct blocks_iter *it, unsigned depth,
                      uint32_t **epoch)
{
    if (depth == 0) {
        *epoch = &b->top_epoch;
        return (void **)&b->top;
    }
    const struct blocks_node *parent = it->node[depth - 1];
    *epoch = &blocks_epochs(parent)[it->index[depth - 1]];
    return &blocks_children(parent)[it->index[depth - 1]];
}

static struct blocks_node *own_node(struct blocks *b, struct cow *cow, void **link, uint32_t *epoch)
{
    struct blocks_node *old = (struct blocks_node *)*link;
    if (!cow_shared(cow, *epoch))
        return old;
    struct blocks_node *copy = blocks_node_new(b, old->level, old->capacity);
    slots_append(copy, old);
    node_drop(b, cow, old, *epoch);
    *link = copy;
    *epoch = cow->epoch;
    return copy;
}

/* Clones the nodes of the path that a view may see. */
static void own_path(struct blocks *b, struct cow *cow, struct blocks_iter *it)
{
    it->blocks = b;
    for (unsigned d = 0; d < b->height; d++) {
        uint32_t *epoch;
        void **link = link_of(b, it, d, &epoch);
        it->node[d] = own_node(b, cow, link, epoch);
    }
}

/* --- changing a block ------------------------------------------------------------------------ */

/* Gives the block room for `bytes`; what it holds now fits there. */
static unsigned char *own_block(struct blocks *b, struct cow *cow, struct blocks_iter *it,
                                size_t bytes)
{
    uint32_t *epoch;
    void **link = link_of(b, it, b->height, &epoch);
    unsigned char *lp = (unsigned char *)*link;
    const size_t old = listpack_bytes(lp);
    if (cow_shared(cow, *epoch)) {
        unsigned char *copy = (unsigned char *)mem_alloc(bytes > old ? bytes : old);
        memcpy(copy, lp, old);
        blocks_drop(b, cow, lp, old, *epoch);
        b->used_bytes += bytes > old ? bytes : old;
        *epoch = cow->epoch;
        lp = copy;
    } else if (bytes > old) {
        lp = (unsigned char *)mem_realloc(lp, old, bytes);
        b->used_bytes += bytes - old;
    }
    *link = lp;
    it->lp = lp;
    return lp;
}

void blocks_splice(struct blocks *b, struct cow *cow, struct blocks_iter *it, size_t at,
                   size_t cut_bytes, size_t cut_entries, const struct listpack_value *v, size_t n)
{
    const size_t old = listpack_bytes(it->lp);
    const size_t now = old - cut_bytes + listpack_encoded_bytes(v, n);
    LK_ASSERT(now <= UINT32_MAX);
    own_path(b, cow, it);
    unsigned char *lp = own_block(b, cow, it, now);
    listpack_splice_in_place(lp, at, cut_bytes, cut_entries, v, n);
    if (now < old) {
        uint32_t *epoch;
        lp = (unsigned char *)mem_realloc(lp, old, now);
        b->used_bytes -= old - now;
        *link_of(b, it, b->height, &epoch) = lp;
        it->lp = lp;
    }
}

/* --- putting behind -------------------------------------------------------------------------- */

static void blocks_grow_top(struct blocks *b, struct cow *cow, const struct slot *s)
{
    struct blocks_node *top = blocks_node_new(b, b->height, 2);
    const struct slot old = {blocks_key(b->top, 0), b->top, b->top_epoch};
    slot_put(top, 0, &old);
    slot_put(top, 1, s);
    top->n = 2;
    b->top = top;
    b->top_epoch = cow_epoch(cow);
    b->height++;
    LK_ASSERT(b->height <= BLOCKS_HEIGHT_MAX);
}

/* An owned node with room for one more child, linked where the path says. */
static struct blocks_node *blocks_reserve(struct blocks *b, struct blocks_iter *it, unsigned depth)
{
    struct blocks_node *node = (struct blocks_node *)it->node[depth];
    if (node->n < node->capacity)
        return node;
    uint32_t *epoch;
    void **link = link_of(b, it, depth, &epoch);
    struct blocks_node *bigger = blocks_node_new(b, node->level, node->n + 1u);
    slots_append(bigger, node);
    node_drop(b, NULL, node, 0);
    *link = bigger;
    it->node[depth] = bigger;
    return bigger;
}

void blocks_append(struct blocks *b, struct cow *cow, struct block_key key, const unsigned char *lp,
                   struct blocks_iter *it)
{
    struct slot s = {key, listpack_clone(lp), cow_epoch(cow)};
    LK_DEBUG_ASSERT(!blocks_last(it, b) || block_key_compare(blocks_iter_key(it), key) < 0);
    b->used_bytes += listpack_bytes(lp);
    b->count++;
    if (b->height == 0) {
        b->top = blocks_node_new(b, 0, 1);
        b->top_epoch = s.epoch;
        b->height = 1;
    }
    if (b->top->n > 0) {
        (void)blocks_last(it, b);
        own_path(b, cow, it);
    } else {
        it->node[0] = b->top;
    }
    /* A level that is full gets a new node, which is what the level above has to take. */
    unsigned d = b->height;
    while (d > 0 && it->node[d - 1]->n == BLOCKS_FANOUT) {
        struct blocks_node *fresh = blocks_node_new(b, it->node[d - 1]->level, 1);
        slot_put(fresh, 0, &s);
        fresh->n = 1;
        s = (struct slot){key, fresh, cow_epoch(cow)};
        d--;
    }
    if (d == 0) {
        blocks_grow_top(b, cow, &s);
    } else {
        struct blocks_node *node = blocks_reserve(b, it, d - 1);
        slot_put(node, node->n++, &s);
    }
    (void)blocks_last(it, b);
}

/* --- taking out ------------------------------------------------------------------------------ */

/* Joins the children at i and i + 1 of an owned parent. */
static void blocks_join(struct blocks *b, struct cow *cow, struct blocks_node *parent, unsigned i)
{
    void **children = blocks_children(parent);
    uint32_t *epochs = blocks_epochs(parent);
    struct blocks_node *left = own_node(b, cow, &children[i], &epochs[i]);
    struct blocks_node *right = (struct blocks_node *)children[i + 1];
    if (left->n + right->n > left->capacity) {
        struct blocks_node *bigger = blocks_node_new(b, left->level, left->n + (unsigned)right->n);
        slots_append(bigger, left);
        node_drop(b, NULL, left, 0);
        left = bigger;
    }
    slots_append(left, right);
    children[i] = left;
    node_drop(b, cow, right, epochs[i + 1]);
    slot_cut(parent, i + 1);
}

/* A child of the owned node at that depth went: puts the index right from there up. */
static void blocks_settle(struct blocks *b, struct cow *cow, struct blocks_iter *it, unsigned depth)
{
    for (; depth > 0; depth--) {
        struct blocks_node *parent = (struct blocks_node *)it->node[depth - 1];
        struct blocks_node *node = (struct blocks_node *)it->node[depth];
        const unsigned i = it->index[depth - 1];
        if (node->n == 0) {
            node_drop(b, cow, node, blocks_epochs(parent)[i]);
            slot_cut(parent, i);
            continue;
        }
        const struct block_key first = blocks_key(node, 0);
        blocks_highs(parent)[i] = first.high;
        blocks_lows(parent)[i] = first.low;
        if (node->n >= BLOCKS_LOW)
            continue;
        if (i > 0 && blocks_child_node(parent, i - 1)->n + node->n <= BLOCKS_MERGED)
            blocks_join(b, cow, parent, i - 1);
        else if (i + 1u < parent->n &&
                 blocks_child_node(parent, i + 1)->n + node->n <= BLOCKS_MERGED)
            blocks_join(b, cow, parent, i);
    }
    while (b->top && b->top->n <= (b->height > 1)) {
        struct blocks_node *top = b->top;
        const uint32_t epoch = b->top_epoch;
        b->top = top->n ? blocks_child_node(top, 0) : NULL;
        b->top_epoch = top->n ? blocks_epochs(top)[0] : 0;
        b->height--;
        node_drop(b, cow, top, epoch);
    }
}

void blocks_remove(struct blocks *b, struct cow *cow, struct blocks_iter *it)
{
    uint32_t *epoch;
    own_path(b, cow, it);
    void **link = link_of(b, it, b->height, &epoch);
    blocks_drop(b, cow, *link, listpack_bytes(it->lp), *epoch);
    const unsigned depth = b->height - 1;
    slot_cut((struct blocks_node *)it->node[depth], it->index[depth]);
    b->count--;
    it->lp = NULL;
    blocks_settle(b, cow, it, depth);
}

/* --- cutting --------------------------------------------------------------------------------- */

static void slots_cut_front(struct blocks_node *node, unsigned n)
{
    const unsigned behind = node->n - n;
    memmove(blocks_highs(node), blocks_highs(node) + n, behind * sizeof(uint64_t));
    memmove(blocks_lows(node), blocks_lows(node) + n, behind * sizeof(uint64_t));
    memmove(blocks_children(node), blocks_children(node) + n, behind * sizeof(void *));
    memmove(blocks_epochs(node), blocks_epochs(node) + n, behind * sizeof(uint32_t));
    node->n = (uint16_t)behind;
}

/* Nodes and their bytes. */
static void add_nodes(const struct blocks_node *node, uint64_t *nodes, size_t *bytes)
{
    ++*nodes;
    *bytes += blocks_node_size(node->capacity);
    for (unsigned i = 0; node->level > 0 && i < node->n; i++)
        add_nodes(blocks_child_node(node, i), nodes, bytes);
}

/*
 * A node for gone with the children of the node that lie before index i, and behind them what the
 * level below gave; NULL if there are none.
 */
static struct blocks_node *node_before(struct blocks *gone, const struct cow *cow,
                                       const struct blocks_node *node, unsigned i,
                                       struct blocks_node *below)
{
    const unsigned n = i + (below != NULL);
    if (n == 0)
        return NULL;
    struct blocks_node *out = blocks_node_new(gone, node->level, n);
    for (; out->n < i; out->n++) {
        const unsigned j = out->n;
        const struct slot s = {blocks_key(node, j), blocks_children(node)[j],
                               blocks_epochs(node)[j]};
        slot_put(out, j, &s);
    }
    if (below) {
        const struct slot s = {blocks_key(below, 0), below, cow_epoch(cow)};
        slot_put(out, out->n++, &s);
    }
    return out;
}

/* One side is summed up; the other has the rest of what there was. */
static void share_sums(struct blocks *b, struct blocks *gone, const struct blocks_side *side,
                       const struct blocks *was)
{
    struct blocks *summed = side->before ? gone : b, *rest = side->before ? b : gone;
    summed->nodes = 0;
    summed->used_bytes = side->bytes;
    if (summed->top)
        add_nodes(summed->top, &summed->nodes, &summed->used_bytes);
    summed->count = side->count;
    rest->nodes = was->nodes - summed->nodes;
    rest->used_bytes = was->used_bytes - summed->used_bytes;
    rest->count = was->count - side->count;
}

void blocks_cut(struct blocks *b, struct cow *cow, struct blocks_iter *at,
                const struct blocks_side *side, struct blocks *gone)
{
    struct blocks_node *below = NULL;
    *gone = (struct blocks){.top_epoch = cow_epoch(cow)};
    own_path(b, cow, at);
    for (unsigned d = b->height; d-- > 0;) {
        struct blocks_node *node = (struct blocks_node *)at->node[d];
        const unsigned i = at->index[d];
        below = node_before(gone, cow, node, i, below);
        slots_cut_front(node, i);
        at->index[d] = 0;
    }
    gone->top = below;
    gone->height = below ? below->level + 1u : 0;
    const struct blocks was = {.nodes = b->nodes + gone->nodes,
                               .used_bytes = b->used_bytes + gone->used_bytes,
                               .count = b->count};
    share_sums(b, gone, side, &was);
    blocks_settle(b, cow, at, b->height - 1);
    at->lp = NULL;
}

/* --- all of it ------------------------------------------------------------------------------- */

static struct blocks_node *clone_node(struct blocks *b, const struct cow *cow,
                                      const struct blocks_node *from)
{
    struct blocks_node *node = blocks_node_new(b, from->level, from->n);
    for (unsigned i = 0; i < from->n; i++) {
        struct slot s = {blocks_key(from, i), NULL, cow_epoch(cow)};
        if (from->level > 0) {
            s.child = clone_node(b, cow, blocks_child_node(from, i));
        } else {
            s.child = listpack_clone((const unsigned char *)blocks_children(from)[i]);
            b->used_bytes += listpack_bytes((const unsigned char *)s.child);
        }
        slot_put(node, i, &s);
    }
    node->n = from->n;
    return node;
}

void blocks_clone(const struct blocks *b, const struct cow *cow, struct blocks *out)
{
    *out = (struct blocks){.height = b->height, .count = b->count, .top_epoch = cow_epoch(cow)};
    if (b->top)
        out->top = clone_node(out, cow, b->top);
}

static void free_node(struct blocks *b, struct cow *cow, struct blocks_node *node, uint32_t epoch)
{
    for (unsigned i = 0; i < node->n; i++) {
        void *child = blocks_children(node)[i];
        const uint32_t child_epoch = blocks_epochs(node)[i];
        if (node->level > 0)
            free_node(b, cow, (struct blocks_node *)child, child_epoch);
        else
            blocks_drop(b, cow, child, listpack_bytes((const unsigned char *)child), child_epoch);
    }
    node_drop(b, cow, node, epoch);
}

void blocks_free(struct blocks *b, struct cow *cow)
{
    if (b->top)
        free_node(b, cow, b->top, b->top_epoch);
    LK_DEBUG_ASSERT(b->used_bytes == 0 && b->nodes == 0);
    *b = (struct blocks){0};
}

/* Takes the last child away, over and over, so that the structure itself says what is left. */
bool blocks_reap(struct blocks *b, size_t *budget)
{
    while (b->top && *budget > 0) {
        struct blocks_node *parent = NULL, *node = b->top;
        while (node->level > 0 && node->n > 0) {
            parent = node;
            node = blocks_child_node(node, node->n - 1u);
        }
        --*budget;
        if (node->n > 0) {
            listpack_free((unsigned char *)blocks_children(node)[--node->n]);
            continue;
        }
        mem_free(node, blocks_node_size(node->capacity));
        if (parent)
            parent->n--;
        else
            b->top = NULL;
    }
    return !b->top;
}
