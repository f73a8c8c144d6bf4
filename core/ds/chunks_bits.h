/*
 * chunks_bits.h — ones and zeros of a long string, chunk by chunk.
 *
 * A chunk remembers how many ones it has; short writes keep that up to date and long ones forget
 * it.  So what was counted once is only looked at again where it has changed, and a count that
 * stops half way has not been in vain: the next call comes to that place at once.
 *
 * Units    positions and counts are of bits
 * Threads  the holder of the value's lock
 */
#ifndef LK_DS_CHUNKS_BITS_H
#define LK_DS_CHUNKS_BITS_H

#include "core/ds/chunks.h"

LK_BEGIN

/* Asked behind each whole chunk that had to be read: is it time to stop?  over is NULL: never. */
struct bits_pause {
    bool (*over)(void *ctx);
    void *ctx;
};

static inline bool bits_pause_over(const struct bits_pause *p)
{
    return p->over && p->over(p->ctx);
}

/*
 * Both look at [first, end), which the string must have, and return false when they were stopped.
 * *at is end if there is no such bit.
 * Cost  a load a chunk; 64 KiB to read for each one that is not known
 */
bool chunks_bits_count(const struct chunks *root, uint64_t first, uint64_t end,
                       const struct bits_pause *p, uint64_t *ones);
bool chunks_bits_find(const struct chunks *root, bool bit, uint64_t first, uint64_t end,
                      const struct bits_pause *p, uint64_t *at);

LK_END

#endif
