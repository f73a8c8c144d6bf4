#include "core/ds/murmur64a.h"

#include "core/ds/le.h"

#define MULTIPLIER UINT64_C(0xc6a4a7935bd1e995)

enum { SHIFT = 47, WORD = 8 };

static uint64_t shift_mix(uint64_t v)
{
    return v ^ v >> SHIFT;
}

/* The bytes behind the last whole word, little-endian; 1 <= n < WORD. */
static uint64_t tail_of(const unsigned char *end, size_t n, bool word_before)
{
    if (word_before)
        return le64_get(end - WORD) >> 8 * (WORD - n);
    uint64_t v = 0;
    for (size_t i = 1; i <= n; i++)
        v = v << 8 | end[-(ptrdiff_t)i];
    return v;
}

uint64_t murmur64a(struct bytes b, uint64_t seed)
{
    const unsigned char *p = (const unsigned char *)b.data;
    const unsigned char *const end = p + b.size;
    const size_t tail = b.size % WORD;
    uint64_t h = seed ^ b.size * MULTIPLIER;
    for (; end - p >= WORD; p += WORD)
        h = (h ^ shift_mix(le64_get(p) * MULTIPLIER) * MULTIPLIER) * MULTIPLIER;
    if (tail > 0)
        h = (h ^ tail_of(end, tail, b.size >= WORD)) * MULTIPLIER;
    return shift_mix(shift_mix(h) * MULTIPLIER);
}
