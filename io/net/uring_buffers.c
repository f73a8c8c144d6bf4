#include "io/net/uring_buffers.h"

#include <errno.h>
#include <sys/mman.h>

/*
 * Buffers that all start at a multiple of 16 KiB would fall into the same few sets of the caches,
 * and short requests use only the start of each.  So each is shifted by some lines against the
 * last.
 */
enum { STRIDE = URING_BUFFER_BYTES + 11 * LK_CACHE_LINE };

static void *map_pages(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static size_t ring_bytes(const struct uring_buffers *b)
{
    return b->limit * sizeof(struct io_uring_buf);
}

static size_t memory_bytes(const struct uring_buffers *b)
{
    return (size_t)b->limit * STRIDE;
}

int uring_buffers_init(struct uring_buffers *b, struct io_uring *ring, uint32_t limit)
{
    LK_ASSERT(limit >= URING_BUFFERS_MIN && (limit & (limit - 1)) == 0);
    *b = (struct uring_buffers){.limit = limit, .count = URING_BUFFERS_MIN};
    b->ring = map_pages(ring_bytes(b));
    b->memory = map_pages(memory_bytes(b));
    if (!b->ring || !b->memory) {
        uring_buffers_release(b);
        return -ENOMEM;
    }
    struct io_uring_buf_reg reg = {
        .ring_addr = (uint64_t)(uintptr_t)b->ring,
        .ring_entries = limit,
        .bgid = URING_BUFFER_GROUP,
    };
    const int rc = io_uring_register_buf_ring(ring, &reg, 0);
    if (rc != 0) {
        uring_buffers_release(b);
        return rc;
    }
    io_uring_buf_ring_init(b->ring);
    for (uint32_t id = 0; id < b->count; id++)
        uring_buffers_give_back(b, id);
    uring_buffers_publish(b);
    return 0;
}

void uring_buffers_release(struct uring_buffers *b)
{
    if (b->ring)
        munmap(b->ring, ring_bytes(b));
    if (b->memory)
        munmap(b->memory, memory_bytes(b));
    *b = (struct uring_buffers){0};
}

char *uring_buffers_data(const struct uring_buffers *b, uint32_t id)
{
    LK_ASSERT(id < b->count);
    return b->memory + (size_t)id * STRIDE;
}

void uring_buffers_give_back(struct uring_buffers *b, uint32_t id)
{
    io_uring_buf_ring_add(b->ring, uring_buffers_data(b, id), URING_BUFFER_BYTES,
                          (unsigned short)id, io_uring_buf_ring_mask(b->limit),
                          (int)b->unpublished);
    b->unpublished++;
}

void uring_buffers_publish(struct uring_buffers *b)
{
    if (b->unpublished > 0)
        io_uring_buf_ring_advance(b->ring, (int)b->unpublished);
    b->unpublished = 0;
}

bool uring_buffers_grow(struct uring_buffers *b)
{
    if (b->count == b->limit)
        return false;
    const uint32_t old_count = b->count;
    b->count *= 2;
    for (uint32_t id = old_count; id < b->count; id++)
        uring_buffers_give_back(b, id);
    return true;
}
