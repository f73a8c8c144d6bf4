/*
 * wait_heap.h — deadlines, the earliest first.
 *
 * A place is embedded in what waits.  The heap is binary, and each place knows its index, so that
 * one that ends early is taken out without a search.
 *
 * Units    deadlines in ms; of which clock is the owner's affair
 * Threads  one owner
 * Memory   the heap owns an array of pointers; a place that is in it must not move or go
 * Cost     add and remove O(log n), first O(1)
 */
#ifndef LK_IO_WAIT_HEAP_H
#define LK_IO_WAIT_HEAP_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

struct wait_place {
    int64_t deadline_ms; /* must not change while it is in a heap */
    uint32_t index;      /* in the heap, from 1; 0: in none */
};

struct wait_heap {
    struct wait_place **places;
    uint32_t count, capacity;
};

/* A heap of zero bytes is an empty one. */
void wait_heap_release(struct wait_heap *h);

void wait_heap_add(struct wait_heap *h, struct wait_place *p); /* is in none */
void wait_heap_remove(struct wait_heap *h, struct wait_place *p);

static inline bool wait_place_waits(const struct wait_place *p)
{
    return p->index != 0;
}

/* The one with the earliest deadline, or NULL. */
static inline struct wait_place *wait_heap_first(const struct wait_heap *h)
{
    return h->count > 0 ? h->places[0] : (struct wait_place *)0;
}

LK_END

#endif
