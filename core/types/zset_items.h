/*
 * zset_items.h — members with scores on their way into a new sorted set.
 *
 * A list, and if it is asked for members, an index over it: slots of half a hash and a number, so
 * that a look-up seldom touches an item that is not the one.
 *
 *   v[n]     {member, score, hash} in the order in which they came
 *   index    hash --> upper 32 bits of it | number + 1
 *
 * Shapes   up to 2^32 - 2 items
 * Memory   members are borrowed from where they come, but brief ones, which are copied
 */
#ifndef LK_TYPES_ZSET_ITEMS_H
#define LK_TYPES_ZSET_ITEMS_H

#include "core/types/zset.h"

LK_BEGIN

struct zset_text; /* a block of copied members */

struct zset_items {
    struct zset_item *v;
    size_t n, capacity;
    uint64_t *index;
    size_t index_slots; /* a power of two; 0 without an index */
    struct zset_text *texts;
};

void zset_items_release(struct zset_items *s);

/* Room for n more, so that they move nothing. */
void zset_items_reserve(struct zset_items *s, size_t n);

/* brief: the member's bytes end with the caller's next step. */
void zset_items_append(struct zset_items *s, struct bytes member, uint64_t hash, double score,
                       bool brief);

/* --- with an index: from the first of these calls on, all items are put in by _put ----------- */

void zset_items_prefetch(const struct zset_items *s, uint64_t hash);
/* NULL if there is no such member. */
struct zset_item *zset_items_find(const struct zset_items *s, struct bytes member, uint64_t hash);
/* The item of that member; *fresh if it was appended now, with that score. */
struct zset_item *zset_items_put(struct zset_items *s, struct bytes member, uint64_t hash,
                                 double score, bool brief, bool *fresh);

LK_END

#endif
