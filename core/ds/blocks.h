/*
 * blocks.h — listpacks in the order of 128-bit keys.
 *
 * A stream is many listpacks, each under the ID of its first entry, in the form that files have.
 * What is in them is the owner's; here they are found, appended behind the last, changed, and taken
 * out anywhere.  Keys only ever rise, so nothing is put in between and nodes never split.
 *
 *   struct blocks {height, count, top}        lies in its owner
 *     node {n | key[n] | child[n] | epoch[n]}     up to 36 children, 1 KiB
 *       block: a listpack and nothing else
 *
 * The epoch of each node and block is kept above it, beside the pointer: a block of 4096 bytes is
 * one of 4096 for the allocator as well.  Blocks are as long as their listpack, but for what the
 * allocator's size class has to spare.
 *
 * Views    the owner has made the struct private to the live side; mutators take a cow (cow.h) and
 *          clone the path to what they change
 * Threads  the holder of the owner's lock; a frozen struct may be read by anyone
 * Memory   mem_alloc: aborts when there is none.  Values handed in must not lie in a block; every
 *          change ends iterators, except the one it is given
 * Cost     O(log n)
 */
#ifndef LK_DS_BLOCKS_H
#define LK_DS_BLOCKS_H

#include "core/ds/cow.h"
#include "core/ds/listpack.h"

LK_BEGIN

/* With 36 children a node, and at least 9 in all but a few, no index in memory is higher. */
enum { BLOCKS_HEIGHT_MAX = 12 };

struct blocks_node;

struct block_key {
    uint64_t high, low;
};

static inline int block_key_compare(struct block_key a, struct block_key b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low < b.low ? -1 : a.low > b.low;
}

/* All zero is an empty one. */
struct blocks {
    struct blocks_node *top; /* NULL without blocks */
    uint32_t top_epoch;
    uint32_t height;   /* levels of nodes */
    uint64_t count;    /* of blocks */
    uint64_t nodes;    /* above them */
    size_t used_bytes; /* asked of the allocator */
};

/* Fills out with a deep copy that shares nothing. */
void blocks_clone(const struct blocks *b, const struct cow *cow, struct blocks *out);
/* What the open view may still read is deferred, the rest is freed at once. */
void blocks_free(struct blocks *b, struct cow *cow);

/*
 * Frees, of what nothing live reaches any more and no view sees, about *budget nodes and blocks,
 * which are taken off it; true when all is freed.
 */
bool blocks_reap(struct blocks *b, size_t *budget);

/* A place; lp is the block, NULL past either end. */
struct blocks_iter {
    const struct blocks *blocks;
    const unsigned char *lp;
    const struct blocks_node *node[BLOCKS_HEIGHT_MAX]; /* from the top */
    uint16_t index[BLOCKS_HEIGHT_MAX];                 /* of the child */
};

/* Each returns whether the iterator now stands on a block. */
bool blocks_first(struct blocks_iter *it, const struct blocks *b);
bool blocks_last(struct blocks_iter *it, const struct blocks *b);
bool blocks_next(struct blocks_iter *it); /* which fetches blocks further on ahead, as prev does */
bool blocks_prev(struct blocks_iter *it);
/* The last block whose key is not above the given one. */
bool blocks_find(struct blocks_iter *it, const struct blocks *b, struct block_key key);

bool blocks_iter_is_last(const struct blocks_iter *it);
struct block_key blocks_iter_key(const struct blocks_iter *it);

/* A copy of lp as the last block; the key is above all others.  The iterator stands on it. */
void blocks_append(struct blocks *b, struct cow *cow, struct block_key key, const unsigned char *lp,
                   struct blocks_iter *it);

/*
 * In the block where the iterator stands: takes cut_entries entries, cut_bytes long in all, out at
 * offset `at`, and puts n values there.  it->lp is where the block is now.
 */
void blocks_splice(struct blocks *b, struct cow *cow, struct blocks_iter *it, size_t at,
                   size_t cut_bytes, size_t cut_entries, const struct listpack_value *v, size_t n);

/* Takes the block out where the iterator stands, which it then does no more. */
void blocks_remove(struct blocks *b, struct cow *cow, struct blocks_iter *it);

/* The blocks on one side of a place: of two sums one gives the other, so one side is enough. */
struct blocks_side {
    bool before;     /* those before the place, else those from it on */
    uint64_t weight; /* of these, whatever that is to the owner */
    uint64_t count;
    size_t bytes;
};
/* Adds the block where the iterator stands, whose weight is given. */
static inline void blocks_side_add(struct blocks_side *side, const struct blocks_iter *it,
                                   uint64_t weight)
{
    side->weight += weight;
    side->bytes += listpack_bytes(it->lp);
    side->count++;
}
/*
 * The shorter of both sides of where the iterator stands, which is a block; weigh tells the weight
 * of each.  Cost: twice the blocks of that side.
 */
void blocks_weigh(const struct blocks_iter *at, uint64_t (*weigh)(const unsigned char *lp),
                  struct blocks_side *out);
/*
 * Moves all blocks before the place to gone, which was nothing: what the live side frees, or what
 * the view may see, is then gone's.  Cost: the nodes of the side that is given.
 */
void blocks_cut(struct blocks *b, struct cow *cow, struct blocks_iter *at,
                const struct blocks_side *side, struct blocks *gone);

/* NULL, or what is wrong with the structure.  Cost O(n) */
const char *blocks_check(const struct blocks *b);

LK_END

#endif
