/*
 * uring_buffers.h — the buffers that one ring receives into.
 *
 * The kernel picks a buffer only when bytes have arrived, so ten thousand idle connections need no
 * buffer at all.  It takes them in the order in which they were given, round and round; few buffers
 * therefore stay in the cache where many would not.  So the pool starts small and doubles when the
 * kernel ran out, up to a bound; at the bound, receivers wait for the next batch.
 *
 *   kernel takes --> [ b | b | b | b ] <-- uring_buffers_publish: what the owner has read
 *
 * Threads  the ring's owner
 * Memory   mapped from the system, not from the allocator: it is no client's data and is not
 *          counted against maxmemory
 */
#ifndef LK_IO_URING_BUFFERS_H
#define LK_IO_URING_BUFFERS_H

#include "core/base/attr.h"

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    URING_BUFFER_BYTES = 16 * 1024,
    URING_BUFFERS_MIN = 64,
    URING_BUFFERS_MAX = 1024,
    URING_BUFFER_GROUP = 1,
};

struct uring_buffers {
    struct io_uring_buf_ring *ring;
    char *memory;         /* room for limit buffers; pages come when touched */
    uint32_t limit;       /* a power of two: the most there may be */
    uint32_t count;       /* how many there are */
    uint32_t unpublished; /* given back, not yet the kernel's again */
};

/* 0 or a negative errno. */
int uring_buffers_init(struct uring_buffers *b, struct io_uring *ring, uint32_t limit);
void uring_buffers_release(struct uring_buffers *b); /* after the ring is gone */

char *uring_buffers_data(const struct uring_buffers *b, uint32_t id);
/* The bytes stay as they are until uring_buffers_publish. */
void uring_buffers_give_back(struct uring_buffers *b, uint32_t id);
void uring_buffers_publish(struct uring_buffers *b);
/* Doubles the pool; the new buffers come with the next publish.  False at the bound. */
bool uring_buffers_grow(struct uring_buffers *b);

#endif
