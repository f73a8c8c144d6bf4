/*
 * bits_neon.c — NEON counts the bits of bytes by itself; the other loops are the compiler's.
 *
 * Every CPU of this architecture has it.
 */
#if defined(__aarch64__)

#define BITS_TARGET
#include "core/ds/bits_body.h"

#include <arm_neon.h>

static bool bits_neon_supported(void)
{
    return true;
}

/* A vector's byte counts are at most 8, so that 31 of them fit the bytes of a sum. */
enum { ROUND = 31, REGISTER = sizeof(uint8x16_t) };

static uint64_t bits_neon_count(const unsigned char *p, size_t n)
{
    uint64_t ones = 0;
    size_t i = 0;
    while (i + REGISTER <= n) {
        uint8x16_t sum = vdupq_n_u8(0);
        for (int r = 0; r < ROUND && i + REGISTER <= n; r++, i += REGISTER)
            sum = vaddq_u8(sum, vcntq_u8(vld1q_u8(p + i)));
        ones += vaddlvq_u8(sum);
    }
    for (; i < n; i++)
        ones += (uint64_t)__builtin_popcount(p[i]);
    return ones;
}

const struct bits_kernels bits_neon = {
    .name = "neon",
    .supported = bits_neon_supported,
    .count = bits_neon_count,
    .same = same,
    .fold = {fold_and, fold_or, fold_xor, fold_andnot},
    .invert = invert,
    .once = once,
};

#endif
