/*
 * blocks_priv.h — nodes of the index, for blocks*.c.
 */
#ifndef LK_DS_BLOCKS_PRIV_H
#define LK_DS_BLOCKS_PRIV_H

#include "core/ds/blocks.h"

enum {
    BLOCKS_FANOUT = 36,
    BLOCKS_LOW = BLOCKS_FANOUT / 4,        /* below this a node looks for a neighbour ... */
    BLOCKS_MERGED = BLOCKS_FANOUT * 3 / 4, /* ... with which it has at most this */
};

struct blocks_node {
    uint8_t level;    /* 0: the children are blocks */
    uint8_t capacity; /* children */
    uint16_t n;
    uint32_t unused;
    /* capacity times the key's high half, the low one, the pointer, the epoch (32 bits) */
    uint64_t slots[];
};

static inline uint64_t *blocks_highs(const struct blocks_node *node)
{
    return (uint64_t *)node->slots;
}

static inline uint64_t *blocks_lows(const struct blocks_node *node)
{
    return (uint64_t *)node->slots + node->capacity;
}

static inline void **blocks_children(const struct blocks_node *node)
{
    return (void **)((uint64_t *)node->slots + 2 * (size_t)node->capacity);
}

static inline uint32_t *blocks_epochs(const struct blocks_node *node)
{
    return (uint32_t *)((uint64_t *)node->slots + 3 * (size_t)node->capacity);
}

static inline struct blocks_node *blocks_child_node(const struct blocks_node *node, unsigned i)
{
    return (struct blocks_node *)blocks_children(node)[i];
}

static inline struct block_key blocks_key(const struct blocks_node *node, unsigned i)
{
    struct block_key key;
    key.high = blocks_highs(node)[i];
    key.low = blocks_lows(node)[i];
    return key;
}

size_t blocks_node_size(unsigned capacity);

#endif
