/*
 * order.h — many things in order, by a number each.
 *
 * What is moved about are pairs of a 64-bit key and the index of the thing.  Where all places are
 * wanted the pairs are sorted by digits, in time that grows with their number alone; where a few
 * are wanted the rest is only parted from them.
 *
 * Source   LSD radix sort; quicksort with three parts (Bentley, McIlroy: "Engineering a Sort
 *          Function")
 * Threads  none: it works on what it is given
 */
#ifndef LK_DS_ORDER_H
#define LK_DS_ORDER_H

#include "core/base/attr.h"

#include <stddef.h>
#include <stdint.h>

LK_BEGIN

struct order_item {
    uint64_t key;
    uint32_t index;
};

/* Keys in the order of the numbers; -0 and 0 are the same, NaN is none. */
uint64_t order_key_of_double(double v);
/* Keys in the order of the first eight bytes as memcmp sees them; missing ones count as 0. */
uint64_t order_key_of_bytes(const char *data, size_t size);

/*
 * n >= 2 items of the same key, of which the places [from, to) are wanted: puts these in order.
 */
typedef void order_ties(void *ctx, struct order_item *v, size_t n, size_t from, size_t to);

/*
 * Moves the items so that those at [from, to) are what they are when all are in ascending order.
 * Items of the same key are handed to ties, all of them at once, if any of their places is wanted;
 * without ties (NULL) they are in any order.
 */
void order_sort(struct order_item *v, size_t n, size_t from, size_t to, order_ties *ties,
                void *ctx);

LK_END

#endif
