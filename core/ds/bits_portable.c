/*
 * bits_portable.c — the loops for any CPU, in what the compiler may use everywhere.
 */
#define BITS_TARGET
#include "core/ds/bits_body.h"

static bool bits_portable_supported(void)
{
    return true;
}

/* Ones of each byte: pairs of bits, then of pairs, then of nibbles are added (SWAR). */
static inline uint64_t byte_counts(uint64_t w)
{
    w -= w >> 1 & UINT64_C(0x5555555555555555);
    w = (w & UINT64_C(0x3333333333333333)) + (w >> 2 & UINT64_C(0x3333333333333333));
    return (w + (w >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
}

static inline uint64_t bits_portable_add_bytes(uint64_t w)
{
    const uint64_t pairs =
        (w & UINT64_C(0x00ff00ff00ff00ff)) + (w >> 8 & UINT64_C(0x00ff00ff00ff00ff));
    return pairs * UINT64_C(0x0001000100010001) >> 48;
}

/* A byte's count is at most 8, so that 31 of them fit a byte of the sum. */
enum { ROUND = 31 };

static uint64_t bits_portable_count(const unsigned char *p, size_t n)
{
    uint64_t ones = 0;
    size_t i = 0;
    while (i + VECTOR <= n) {
        vector sum = {0};
        for (int r = 0; r < ROUND && i + VECTOR <= n; r++, i += VECTOR) {
            vector v = *(const vector *)(p + i);
            v -= v >> 1 & UINT64_C(0x5555555555555555);
            v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
            sum += (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
        }
        for (int w = 0; w < VECTOR_WORDS; w++)
            ones += bits_portable_add_bytes(sum[w]);
    }
    for (; i < n; i++)
        ones += bits_portable_add_bytes(byte_counts(p[i]));
    return ones;
}

const struct bits_kernels bits_portable = {
    .name = "portable",
    .supported = bits_portable_supported,
    .count = bits_portable_count,
    .same = same,
    .fold = {fold_and, fold_or, fold_xor, fold_andnot},
    .invert = invert,
    .once = once,
};
