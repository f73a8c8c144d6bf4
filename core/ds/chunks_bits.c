#include "core/ds/chunks_bits.h"

#include "core/ds/bits.h"
#include "core/ds/chunks_priv.h"

enum {
    CHUNK_BITS = CHUNK_BYTES * 8,
    AHEAD = 8, /* chunks; their headers lie a page or more apart */
};

/* The bits of one chunk that are asked for. */
struct part {
    struct chunk *chunk; /* NULL: zeros */
    uint64_t base;       /* where the chunk begins */
    uint64_t first, end; /* in the chunk */
    uint64_t known_end;  /* the same, as far as the chunk has bytes; zeros from there on */
    bool whole;          /* all that the chunk has */
};

static struct part part_at(const struct chunks *root, uint64_t first, uint64_t end)
{
    struct part p = {0};
    const size_t index = first / CHUNK_BITS;
    LK_PREFETCH(chunk_at(root, index + AHEAD));
    p.chunk = chunk_at(root, index);
    p.base = (uint64_t)index * CHUNK_BITS;
    p.first = first - p.base;
    p.end = end - p.base < CHUNK_BITS ? end - p.base : CHUNK_BITS;
    const uint64_t has = p.chunk ? (uint64_t)p.chunk->capacity * 8 : 0;
    p.known_end = p.end < has ? p.end : has;
    /* What lies behind the string's own end is zero. */
    p.whole = p.first == 0 && (p.known_end == has || p.base + p.end == root->size_bytes * 8);
    return p;
}

bool chunks_bits_count(const struct chunks *root, uint64_t first, uint64_t end,
                       const struct bits_pause *pause, uint64_t *ones)
{
    *ones = 0;
    while (first < end) {
        const struct part p = part_at(root, first, end);
        first = p.base + p.end;
        if (!p.chunk)
            continue;
        if (p.whole && p.chunk->ones != ONES_UNKNOWN) {
            *ones += (uint64_t)p.chunk->ones;
            continue;
        }
        const uint64_t n = bits_count_range(p.chunk->bytes, p.first, p.known_end);
        *ones += n;
        if (!p.whole)
            continue;
        p.chunk->ones = (int32_t)n;
        if (first < end && bits_pause_over(pause))
            return false;
    }
    return true;
}

/* Is it known without a look at its bytes that no such bit is among those of its known part? */
static bool has_none(const struct part *p, bool bit)
{
    if (!p->chunk)
        return true;
    return p->chunk->ones == (bit ? 0 : (int32_t)p->chunk->capacity * 8);
}

bool chunks_bits_find(const struct chunks *root, bool bit, uint64_t first, uint64_t end,
                      const struct bits_pause *pause, uint64_t *at)
{
    while (first < end) {
        const struct part p = part_at(root, first, end);
        uint64_t where = p.known_end > p.first ? p.known_end : p.first;
        const bool read = !has_none(&p, bit);
        if (read)
            where = bits_find(p.chunk->bytes, bit, p.first, where);
        if (where < p.known_end || (!bit && where < p.end)) {
            *at = p.base + where;
            return true;
        }
        first = p.base + p.end;
        if (!read || !p.whole)
            continue;
        p.chunk->ones = bit ? 0 : (int32_t)p.known_end;
        if (first < end && bits_pause_over(pause))
            return false;
    }
    *at = end;
    return true;
}
