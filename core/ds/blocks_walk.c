/*
 * blocks_walk.c — finding a block, and walking from it.
 */
#include "core/ds/blocks_priv.h"

static bool blocks_walk_iter_none(struct blocks_iter *it)
{
    it->lp = NULL;
    return false;
}

/* Sets the path from that depth down, along the first or the last children. */
static bool go_down(struct blocks_iter *it, unsigned depth, bool first)
{
    const unsigned height = it->blocks->height;
    for (; depth < height; depth++) {
        const struct blocks_node *node =
            depth == 0 ? it->blocks->top
                       : blocks_child_node(it->node[depth - 1], it->index[depth - 1]);
        it->node[depth] = node;
        it->index[depth] = (uint16_t)(first ? 0 : node->n - 1);
    }
    it->lp = (const unsigned char *)blocks_children(it->node[height - 1])[it->index[height - 1]];
    return true;
}

bool blocks_first(struct blocks_iter *it, const struct blocks *b)
{
    it->blocks = b;
    return b->height ? go_down(it, 0, true) : blocks_walk_iter_none(it);
}

bool blocks_last(struct blocks_iter *it, const struct blocks *b)
{
    it->blocks = b;
    return b->height ? go_down(it, 0, false) : blocks_walk_iter_none(it);
}

/* Who walks finds the beginnings of the blocks of a node on their way. */
static void fetch_ahead(const struct blocks_iter *it, int step)
{
    enum { AHEAD = 8 };
    const struct blocks_node *node = it->node[it->blocks->height - 1];
    const int i = it->index[it->blocks->height - 1] + AHEAD * step;
    if (i >= 0 && i < node->n)
        __builtin_prefetch(blocks_children(node)[i]);
}

bool blocks_next(struct blocks_iter *it)
{
    unsigned d = it->lp ? it->blocks->height : 0;
    while (d > 0 && it->index[d - 1] + 1u == it->node[d - 1]->n)
        d--;
    if (d == 0)
        return blocks_walk_iter_none(it);
    it->index[d - 1]++;
    (void)go_down(it, d, true);
    fetch_ahead(it, 1);
    return true;
}

bool blocks_prev(struct blocks_iter *it)
{
    unsigned d = it->lp ? it->blocks->height : 0;
    while (d > 0 && it->index[d - 1] == 0)
        d--;
    if (d == 0)
        return blocks_walk_iter_none(it);
    it->index[d - 1]--;
    (void)go_down(it, d, false);
    fetch_ahead(it, -1);
    return true;
}

/* The first child whose key is above the given one; n if there is none. */
static unsigned first_above(const struct blocks_node *node, struct block_key key)
{
    unsigned low = 0, high = node->n;
    while (low < high) {
        const unsigned middle = (low + high) / 2;
        if (block_key_compare(blocks_key(node, middle), key) > 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

bool blocks_find(struct blocks_iter *it, const struct blocks *b, struct block_key key)
{
    it->blocks = b;
    const struct blocks_node *node = b->top;
    for (unsigned d = 0; d < b->height; d++) {
        const unsigned above = first_above(node, key);
        if (above == 0)
            return blocks_walk_iter_none(
                it); /* only at the top: below, the first key is the parent's */
        it->node[d] = node;
        it->index[d] = (uint16_t)(above - 1);
        if (node->level == 0)
            it->lp = (const unsigned char *)blocks_children(node)[above - 1];
        else
            node = blocks_child_node(node, above - 1);
    }
    return b->height > 0 || blocks_walk_iter_none(it);
}

bool blocks_iter_is_last(const struct blocks_iter *it)
{
    unsigned d = 0;
    while (d < it->blocks->height && it->index[d] + 1u == it->node[d]->n)
        d++;
    return d == it->blocks->height;
}

struct block_key blocks_iter_key(const struct blocks_iter *it)
{
    const unsigned d = it->blocks->height - 1;
    return blocks_key(it->node[d], it->index[d]);
}

/* --- weighing -------------------------------------------------------------------------------- */

/* Both sides are walked, block by block in turns, until one is done. */
void blocks_weigh(const struct blocks_iter *at, uint64_t (*weigh)(const unsigned char *lp),
                  struct blocks_side *out)
{
    struct blocks_side before = {.before = true}, behind = {.before = false};
    struct blocks_iter front, back = *at;
    (void)blocks_first(&front, at->blocks);
    while (front.lp != at->lp && back.lp) {
        blocks_side_add(&before, &front, weigh(front.lp));
        blocks_side_add(&behind, &back, weigh(back.lp));
        (void)blocks_next(&front);
        (void)blocks_next(&back);
    }
    *out = front.lp == at->lp ? before : behind;
}
