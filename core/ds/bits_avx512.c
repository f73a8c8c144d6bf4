/*
 * bits_avx512.c — the loops in AVX-512, for CPUs that count bits in vectors.
 */
#if defined(__x86_64__)

#define BITS_TARGET __attribute__((target("avx512f,avx512bw,avx512vpopcntdq,popcnt")))
#include "core/ds/bits_body.h"

#include <immintrin.h>

static bool bits_avx512_supported(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("popcnt");
}

BITS_INLINE __m512i word_counts(const unsigned char *p)
{
    return _mm512_popcnt_epi64(_mm512_loadu_si512(p));
}

/* Two sums, as an addition waits for the one before. */
BITS_TARGET static uint64_t bits_avx512_count(const unsigned char *p, size_t n)
{
    __m512i even = _mm512_setzero_si512(), odd = even;
    size_t i = 0;
    for (; i + 2 * VECTOR <= n; i += 2 * VECTOR) {
        even = _mm512_add_epi64(even, word_counts(p + i));
        odd = _mm512_add_epi64(odd, word_counts(p + i + VECTOR));
    }
    if (i + VECTOR <= n) {
        even = _mm512_add_epi64(even, word_counts(p + i));
        i += VECTOR;
    }
    if (i < n) {
        const __m512i rest = _mm512_maskz_loadu_epi8((UINT64_C(1) << (n - i)) - 1, p + i);
        odd = _mm512_add_epi64(odd, _mm512_popcnt_epi64(rest));
    }
    return (uint64_t)_mm512_reduce_add_epi64(_mm512_add_epi64(even, odd));
}

const struct bits_kernels bits_avx512 = {
    .name = "avx512",
    .supported = bits_avx512_supported,
    .count = bits_avx512_count,
    .same = same,
    .fold = {fold_and, fold_or, fold_xor, fold_andnot},
    .invert = invert,
    .once = once,
};

#endif
