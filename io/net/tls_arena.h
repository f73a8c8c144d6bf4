/*
 * tls_arena.h — room for the plain bytes of one batch of events.
 *
 * Bytes stand still until the arena is emptied, at the next wait (Y2).  One block serves all
 * batches but large ones; those get further blocks, and the block grows for the next batch.
 *
 * Threads  one owner
 * Cost     a batch that fits takes no memory from the allocator
 */
#ifndef LK_IO_TLS_ARENA_H
#define LK_IO_TLS_ARENA_H

#include "core/base/attr.h"

#include <stddef.h>

LK_BEGIN

struct tls_block;

struct tls_arena {
    struct tls_block *blocks; /* the first is being filled */
    size_t batch;             /* bytes given since it was emptied */
};

/* An arena of zero bytes is an empty one. */
void tls_arena_release(struct tls_arena *a);
void tls_arena_empty(struct tls_arena *a);

/* Room for size bytes, of which tls_arena_use then says how many are to stay. */
char *tls_arena_room(struct tls_arena *a, size_t size);
void tls_arena_use(struct tls_arena *a, size_t size);

LK_END

#endif
