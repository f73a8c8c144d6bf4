/*
 * cow.h — what a write must know about an open snapshot view.
 *
 * Large structures are made of nodes, and each node carries the epoch at which it was made or
 * cloned.  While a view is open, a node with an older epoch may be reachable from the view, which
 * reads it without any lock: so the write clones it, links the clone, and hands the old node to
 * the view to be freed when it closes.  A node with the view's epoch belongs to the live side
 * alone and is changed in place.
 *
 *   frozen root --> node (epoch 3) --> leaf (epoch 3)      stays as it is
 *   live root ----> node (epoch 4) --> leaf (epoch 4)      changed in place while epoch is 4
 *
 * A NULL cow, or epoch 0, means that no view can see the structure: change everything in place and
 * free at once.
 *
 * Threads  a cow belongs to the thread that holds the structure's lock
 */
#ifndef LK_DS_COW_H
#define LK_DS_COW_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

LK_BEGIN

struct cow {
    uint32_t epoch; /* of the open view; new and cloned nodes get it; 0 without a view */
    /* Tables only: hash positions below it have been read by the view, so it is done with them. */
    uint64_t passed;
    /*
     * Takes a block that the live side no longer reaches and the view may: mem_free(p, size) is
     * called on it when the view closes.
     */
    void (*defer)(struct cow *cow, void *p, size_t size);
};

/* May the view see a node of this epoch? */
static inline bool cow_shared(const struct cow *cow, uint32_t node_epoch)
{
    return cow && cow->epoch != 0 && node_epoch != cow->epoch;
}

static inline uint32_t cow_epoch(const struct cow *cow)
{
    return cow ? cow->epoch : 0;
}

LK_END

#endif
