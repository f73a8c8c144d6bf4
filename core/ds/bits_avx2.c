/*
 * bits_avx2.c — the loops in AVX2.
 */
#if defined(__x86_64__)

#define BITS_TARGET __attribute__((target("avx2,popcnt")))
#include "core/ds/bits_body.h"

#include <immintrin.h>

static bool bits_avx2_supported(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
}

/* A vector's byte counts are at most 8, so that 31 of them fit the bytes of a sum. */
enum { ROUND = 31, REGISTER = sizeof(__m256i) };

/* Half bytes are looked up in a table of sixteen counts (Mula). */
BITS_INLINE __m256i byte_counts(__m256i v)
{
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                           2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    return _mm256_add_epi8(
        _mm256_shuffle_epi8(table, _mm256_and_si256(v, low)),
        _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
}

BITS_TARGET static uint64_t bits_avx2_count(const unsigned char *p, size_t n)
{
    __m256i words = _mm256_setzero_si256();
    size_t i = 0;
    while (i + REGISTER <= n) {
        __m256i sum = _mm256_setzero_si256();
        for (int r = 0; r < ROUND && i + REGISTER <= n; r++, i += REGISTER)
            sum = _mm256_add_epi8(sum, byte_counts(_mm256_loadu_si256((const void *)(p + i))));
        words = _mm256_add_epi64(words, _mm256_sad_epu8(sum, _mm256_setzero_si256()));
    }
    uint64_t lanes[4];
    memcpy(lanes, &words, sizeof lanes);
    uint64_t ones = lanes[0] + lanes[1] + lanes[2] + lanes[3];
    for (; i + 8 <= n; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, sizeof w);
        ones += (uint64_t)__builtin_popcountll(w);
    }
    for (; i < n; i++)
        ones += (uint64_t)__builtin_popcount(p[i]);
    return ones;
}

const struct bits_kernels bits_avx2 = {
    .name = "avx2",
    .supported = bits_avx2_supported,
    .count = bits_avx2_count,
    .same = same,
    .fold = {fold_and, fold_or, fold_xor, fold_andnot},
    .invert = invert,
    .once = once,
};

#endif
