/*
 * crc64_fold.c — a crc by carry-less multiplication, 64 bytes a step.
 *
 * A message stays the same modulo the polynomial when a block of it is multiplied by x^d and added
 * to what lies d bits further on.  So four accumulators of 16 bytes leap over the message by 512
 * bits, are folded into one, and the tables do the rest on its 16 bytes:
 *
 *   | a0 | a1 | a2 | a3 |  -- * x^512 -->  | a0 | a1 | a2 | a3 |  ... -- * x^128 -->  | a |
 *
 * The product of two reflected words is one bit short of 128, that is, too large by a factor x;
 * the constants are therefore one power less.
 *
 * Source   Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
 *          Instruction", Intel 2009
 */
#include "core/base/crc64_priv.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))

#include <immintrin.h>

#define FOLDING __attribute__((target("pclmul,sse2")))

enum { LANES = 4, LANE_BYTES = 16, STEP_BYTES = LANES * LANE_BYTES };

/* What folds a block over a distance: one factor for each of its halves.  Set before main. */
struct fold {
    uint64_t low, high;
};
static struct fold over_128, over_512;

static struct fold fold_over(unsigned bits)
{
    return (struct fold){.low = crc64_power(bits + 64 - 1), .high = crc64_power(bits - 1)};
}

bool crc64_folding_init(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("pclmul"))
        return false;
    over_128 = fold_over(128);
    over_512 = fold_over(512);
    return true;
}

FOLDING static inline __m128i crc64_fold_factors(struct fold f)
{
    return _mm_set_epi64x((long long)f.high, (long long)f.low);
}

FOLDING static inline __m128i crc64_fold_load(const unsigned char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

FOLDING static inline __m128i crc64_fold_one(__m128i block, __m128i by, __m128i onto)
{
    const __m128i low = _mm_clmulepi64_si128(block, by, 0x00);
    const __m128i high = _mm_clmulepi64_si128(block, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), onto);
}

FOLDING uint64_t crc64_by_folding(uint64_t crc, const void *data, size_t size)
{
    const unsigned char *p = data;
    const __m128i far = crc64_fold_factors(over_512), near = crc64_fold_factors(over_128);
    __m128i lane[LANES];

    for (unsigned i = 0; i < LANES; i++)
        lane[i] = crc64_fold_load(p + i * LANE_BYTES);
    /* The crc so far stands where the first 64 bits come in. */
    lane[0] = _mm_xor_si128(lane[0], _mm_set_epi64x(0, (long long)crc));
    for (p += STEP_BYTES, size -= STEP_BYTES; size >= STEP_BYTES;
         p += STEP_BYTES, size -= STEP_BYTES)
        for (unsigned i = 0; i < LANES; i++)
            lane[i] = crc64_fold_one(lane[i], far, crc64_fold_load(p + i * LANE_BYTES));

    __m128i all = lane[0];
    for (unsigned i = 1; i < LANES; i++)
        all = crc64_fold_one(all, near, lane[i]);
    for (; size >= LANE_BYTES; p += LANE_BYTES, size -= LANE_BYTES)
        all = crc64_fold_one(all, near, crc64_fold_load(p));

    unsigned char rest[LANE_BYTES];
    _mm_storeu_si128((__m128i *)(void *)rest, all);
    return crc64_by_tables(crc64_by_tables(0, rest, sizeof rest), p, size);
}

#else

bool crc64_folding_init(void)
{
    return false;
}

uint64_t crc64_by_folding(uint64_t crc, const void *data, size_t size)
{
    return crc64_by_tables(crc, data, size);
}

#endif
