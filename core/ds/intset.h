/*
 * intset.h — a small set of integers in one block.
 *
 *   width u32 (2, 4 or 8) | count u32 | sorted signed integers of that width
 *
 * All numbers are little-endian, as RDB files and DUMP carry them.  The width is that of the
 * widest integer ever added; removing never narrows it.
 *
 * Source   the RDB file format's intset
 * Threads  the owner's
 * Memory   *set is a block of mem_alloc, intset_bytes(*set) long
 * Cost     find O(log n), change O(n)
 */
#ifndef LK_DS_INTSET_H
#define LK_DS_INTSET_H

#include "core/base/rng.h"

#include <stdbool.h>

LK_BEGIN

unsigned char *intset_new(void);
void intset_free(unsigned char *set); /* set may be NULL */
unsigned char *intset_clone(const unsigned char *set);

size_t intset_bytes(const unsigned char *set);
size_t intset_count(const unsigned char *set);

/* By index, in ascending order; index < count. */
int64_t intset_get(const unsigned char *set, size_t index);
/* These two and intset_random ask for at least one element. */
int64_t intset_min(const unsigned char *set);
int64_t intset_max(const unsigned char *set);
int64_t intset_random(const unsigned char *set, struct rng *rng);

/* True if v is there; *index (may be NULL) is where it is, or where it would go. */
bool intset_find(const unsigned char *set, int64_t v, size_t *index);

/* False, and nothing changed, if v was (was not) there already. */
bool intset_add(unsigned char **set, int64_t v);
bool intset_remove(unsigned char **set, int64_t v);

/*
 * For sets inside a larger block.  init writes the empty set.  insert puts v, which is not there,
 * at the index where intset_find says that it belongs; the block has room for intset_bytes_with.
 * delete takes away what is at index.
 */
enum { INTSET_EMPTY_BYTES = 8 };
void intset_init_in_place(unsigned char *set);
size_t intset_bytes_with(const unsigned char *set, int64_t v);
void intset_insert_in_place(unsigned char *set, size_t index, int64_t v);
void intset_delete_in_place(unsigned char *set, size_t index);

/* May these bytes, which come from outside, be used?  Checks the header and the order. */
LK_MUST_USE bool intset_validate(const unsigned char *set, size_t size);

LK_END

#endif
