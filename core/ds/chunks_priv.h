/*
 * chunks_priv.h — what roots, nodes and chunks are made of, for chunks*.c.
 */
#ifndef LK_DS_CHUNKS_PRIV_H
#define LK_DS_CHUNKS_PRIV_H

#include "core/ds/chunks.h"

#include <assert.h>
#include <stdatomic.h>

enum {
    CHUNK_HEADER = 64 * 1024 - CHUNK_BYTES,
    NODE_CHUNKS = 127, /* a node is a block of 1 KiB */
    ONES_UNKNOWN = -1,
};

struct chunk {
    _Atomic uint32_t refs; /* the parent's and one a send; see chunk_unref */
    uint32_t epoch;
    uint32_t capacity;  /* of bytes */
    int32_t ones;       /* bits that are set in all its bytes, ONES_UNKNOWN; the lock holder's */
    struct chunk *next; /* in limbo */
    _Alignas(16) char bytes[];
};
static_assert(sizeof(struct chunk) == CHUNK_HEADER, "a full chunk is a 64 KiB block");

struct chunk_node {
    uint32_t epoch;
    struct chunk *chunk[NODE_CHUNKS];
};
static_assert(sizeof(struct chunk_node) == 1024, "a node is a size class");

struct chunks {
    uint32_t epoch;
    uint32_t slots; /* of node[] */
    size_t size_bytes;
    size_t used_bytes;
    struct chunk_node *node[];
};

/* NULL where there are zeros. */
static inline struct chunk *chunk_at(const struct chunks *root, size_t index)
{
    const size_t slot = index / NODE_CHUNKS;
    const struct chunk_node *node = slot < root->slots ? root->node[slot] : NULL;
    return node ? node->chunk[index % NODE_CHUNKS] : NULL;
}

#endif
