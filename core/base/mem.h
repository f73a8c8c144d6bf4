/*
 * mem.h — the allocator, and what it has given.
 *
 * Every block is freed with the size it was asked with, so that a free costs no look-up and
 * used bytes are known without asking the allocator: each thread counts its own size classes.
 *
 * Units    bytes; counts are of size classes (what the allocator really takes)
 * Threads  any; a block may be freed by another thread
 * Errors   mem_* abort when out of memory; mem_try_* return NULL: use those for sizes that a
 *          client chooses
 */
#ifndef LK_BASE_MEM_H
#define LK_BASE_MEM_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

LK_BEGIN

void *mem_alloc(size_t size);
void *mem_try_alloc(size_t size);
void *mem_calloc(size_t size);
/*
 * alignment is a power of two, size a multiple of it; past 4096 only for blocks of 16 KiB and more,
 * as smaller ones would lie in a bigger class.  Freed by mem_free as any block.
 */
void *mem_alloc_aligned(size_t size, size_t alignment);
void *mem_realloc(void *p, size_t old_size, size_t new_size);
void *mem_try_realloc(void *p, size_t old_size, size_t new_size);
void mem_free(void *p, size_t size); /* p may be NULL */
/* Of a size that is a class: mem_class has been asked before. */
void *mem_try_alloc_class(size_t class_size);

#define mem_new(type) ((type *)mem_calloc(sizeof(type)))
#define mem_delete(p) mem_free((p), sizeof *(p))

/*
 * Zeroed pages for something large that may never be used whole: they take room, and count, only as
 * far as they are touched.  The owner says with mem_count how far that is, and takes it back first.
 */
void *mem_map(size_t size);
void mem_unmap(void *p, size_t size);
void mem_count(int64_t bytes);

char *mem_strdup(const char *s); /* freed with mem_strfree */
void mem_strfree(char *s);       /* s may be NULL */

/*
 * The allocator's size class for size bytes: 8, then steps of 16 to 128, then four classes to a
 * doubling (jemalloc(3), SIZE CLASSES).  Growing within a class moves nothing.
 */
static inline size_t mem_class(size_t size)
{
    if (size <= 8)
        return 8;
    if (size <= 128)
        return (size + 15) & ~(size_t)15;
    const unsigned log2 = 63u - (unsigned)__builtin_clzll((unsigned long long)(size - 1));
    const size_t step = (size_t)1 << (log2 - 2);
    return (size + step - 1) & ~(step - 1);
}

/* Sum over all threads, exact once they are quiet; never negative.  Cost: a load a thread. */
size_t mem_used(void);

/*
 * The calling thread's part of that sum: of use as a difference between two moments only, since a
 * block may be freed by another thread than took it.  Cost: a load.
 */
int64_t mem_used_here(void);

/* What the allocator itself says; all zero where it cannot be asked. */
struct mem_stats {
    size_t allocated, active, resident, mapped, retained, metadata;
};
void mem_stats_get(struct mem_stats *out);
void mem_purge(void); /* gives unused pages back to the system */
/*
 * How soon freed pages go back by themselves: within ten seconds if they are kept, else within one.
 * What is free when this changes may go at once, in the calling thread.
 */
void mem_keep_freed(bool keep);
const char *mem_allocator_name(void); /* "jemalloc-5.3.0", "libc" */

LK_END

#endif
