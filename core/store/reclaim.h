/*
 * reclaim.h — frees blocks that other threads may still be looking at without a lock.
 *
 * Workers prefetch directories and pages before they hold a shard's lock.  A block that leaves the
 * table is therefore retired, and freed only after every thread that was inside the gate at that
 * moment has left it once.  One domain serves the process, as the allocator does.
 *
 *   retire(p) at epoch e --> every inside thread has an entry epoch > e, or is outside --> free
 *
 * Threads  any; a thread that retires and then ends calls reclaim_flush first
 */
#ifndef LK_STORE_RECLAIM_H
#define LK_STORE_RECLAIM_H

#include "core/base/attr.h"

#include <stddef.h>
#include <stdint.h>

LK_BEGIN

enum {
    RECLAIM_SLOTS = 96,
    RECLAIM_KEPT = 512, /* bytes for which nobody looks: more are collected between batches */
};

/* A place among those that are waited for.  Aborts when there are more threads than slots. */
int reclaim_slot_take(void);
void reclaim_slot_give(int slot);

void reclaim_enter(int slot); /* from now on nothing retired is freed … */
void reclaim_leave(int slot); /* … until here */
int reclaim_inside(int slot); /* any thread may ask */

void reclaim_retire(void *p, size_t size);

/* What is retired and not freed, of all threads. */
size_t reclaim_pending_bytes(void);
/*
 * If the calling thread's are more than so many bytes, or those of threads that have flushed, frees
 * what can be freed of them.  Outside the gate that is all that nobody inside may look at.
 * Cost: two loads if there is nothing.
 */
void reclaim_collect(size_t more_than);

/* Frees what can be freed of the calling thread's retired blocks; the rest is anybody's. */
void reclaim_flush(void);

LK_END

#endif
