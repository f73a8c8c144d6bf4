/*
 * hll_avx2.c — HyperLogLogs 32 registers, or 32 bytes of runs, at a time.
 *
 * Three bytes hold four packed registers.  A shuffle gives every three a lane of four bytes; shifts
 * and masks do the rest.  Packing multiplies neighbours together instead of shifting them.  Runs
 * are passed as hll_pass.c explains, with a bit a byte where that has a byte.
 */
#include "core/ds/hll_priv.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt")))

enum { GROUP = 32, GROUP_PACKED = 24, GROUPS = HLL_REGISTERS / GROUP };

/* Exactly GROUP_PACKED bytes are read: the upper half's twelve are the end of sixteen. */
static inline AVX2 __m256i unpack_group(const unsigned char *packed)
{
    const __m256i threes =
        _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, /* lower half */
                         4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
    const __m128i low = _mm_loadu_si128((const __m128i *)(const void *)packed);
    const __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(packed + 8));
    const __m256i v = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), threes);
    const __m256i a = _mm256_and_si256(v, _mm256_set1_epi32(0x3f));
    const __m256i b = _mm256_and_si256(_mm256_slli_epi32(v, 2), _mm256_set1_epi32(0x3f00));
    const __m256i c = _mm256_and_si256(_mm256_slli_epi32(v, 4), _mm256_set1_epi32(0x3f0000));
    const __m256i d = _mm256_and_si256(_mm256_slli_epi32(v, 6), _mm256_set1_epi32(0x3f000000));
    return _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
}

static inline AVX2 __m256i hll_avx2_load(const unsigned char *ranks)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)ranks);
}

static inline AVX2 void hll_avx2_store(unsigned char *ranks, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)ranks, v);
}

static AVX2 void hll_avx2_unpack(const unsigned char *packed, unsigned char *ranks)
{
    for (size_t i = 0; i < GROUPS; i++)
        hll_avx2_store(ranks + i * GROUP, unpack_group(packed + i * GROUP_PACKED));
}

static AVX2 void hll_avx2_raise_all(const unsigned char *packed, unsigned char *ranks)
{
    for (size_t i = 0; i < GROUPS; i++) {
        const __m256i v = unpack_group(packed + i * GROUP_PACKED);
        hll_avx2_store(ranks + i * GROUP, _mm256_max_epu8(v, hll_avx2_load(ranks + i * GROUP)));
    }
}

/* a + 64 b and c + 64 d, then ab + 4096 cd, then three bytes of each four. */
static AVX2 void hll_avx2_pack(const unsigned char *ranks, unsigned char *packed)
{
    const __m256i threes =
        _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, /* both halves */
                         0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    for (size_t i = 0; i < GROUPS; i++) {
        const __m256i pairs =
            _mm256_maddubs_epi16(hll_avx2_load(ranks + i * GROUP), _mm256_set1_epi16(64 << 8 | 1));
        const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(4096 << 16 | 1));
        unsigned char group[GROUP];
        hll_avx2_store(group, _mm256_shuffle_epi8(fours, threes));
        memcpy(packed + i * GROUP_PACKED, group, 12);
        memcpy(packed + i * GROUP_PACKED + 12, group + 16, 12);
    }
}

enum { AT_ONCE = 4, STRIP = 255 }; /* a byte counts up to 255 */

static inline AVX2 uint32_t hll_avx2_sum_bytes(__m256i v)
{
    const __m256i s = _mm256_sad_epu8(v, _mm256_setzero_si256());
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
    return (uint32_t)(_mm_cvtsi128_si32(half) + _mm_extract_epi32(half, 2));
}

/* How many registers have rank, rank + 1, …; returns how many that are together. */
static AVX2 uint32_t count_ranks(const unsigned char *ranks, int rank, uint32_t *out)
{
    const __m256i r0 = _mm256_set1_epi8((char)rank), one = _mm256_set1_epi8(1);
    const __m256i r1 = _mm256_add_epi8(r0, one), r2 = _mm256_add_epi8(r1, one);
    const __m256i r3 = _mm256_add_epi8(r2, one);
    for (size_t from = 0, to; from < GROUPS; from = to) {
        __m256i n0 = _mm256_setzero_si256(), n1 = n0, n2 = n0, n3 = n0;
        to = from + STRIP < GROUPS ? from + STRIP : GROUPS;
        for (size_t i = from; i < to; i++) {
            const __m256i v = hll_avx2_load(ranks + i * GROUP);
            n0 = _mm256_sub_epi8(n0, _mm256_cmpeq_epi8(v, r0));
            n1 = _mm256_sub_epi8(n1, _mm256_cmpeq_epi8(v, r1));
            n2 = _mm256_sub_epi8(n2, _mm256_cmpeq_epi8(v, r2));
            n3 = _mm256_sub_epi8(n3, _mm256_cmpeq_epi8(v, r3));
        }
        out[0] += hll_avx2_sum_bytes(n0);
        out[1] += hll_avx2_sum_bytes(n1);
        out[2] += hll_avx2_sum_bytes(n2);
        out[3] += hll_avx2_sum_bytes(n3);
    }
    return out[0] + out[1] + out[2] + out[3];
}

static AVX2 int lowest_rank(const unsigned char *ranks)
{
    __m256i low = hll_avx2_load(ranks);
    for (size_t i = 1; i < GROUPS; i++)
        low = _mm256_min_epu8(low, hll_avx2_load(ranks + i * GROUP));
    unsigned char bytes[GROUP], least = UINT8_MAX;
    hll_avx2_store(bytes, low);
    for (int i = 0; i < GROUP; i++)
        least = bytes[i] < least ? bytes[i] : least;
    return least;
}

/* Ranks lie close together, within some twenty: a pass for each few of them beats any table. */
static AVX2 void hll_avx2_count(const unsigned char *ranks, uint32_t histogram[HLL_RANKS])
{
    uint32_t found = 0;
    memset(histogram, 0, HLL_RANKS * sizeof *histogram);
    for (int rank = lowest_rank(ranks) & -AT_ONCE; found < HLL_REGISTERS; rank += AT_ONCE)
        found += count_ranks(ranks, rank, histogram + rank);
}

/* --- sparse ----------------------------------------------------------------------------------- */

/* Whole bytes where the bit is set. */
static inline AVX2 __m256i hll_avx2_whole(uint32_t bits)
{
    const __m256i eighths =
        _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, /* which byte of bits */
                         2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i each = _mm256_set1_epi64x((long long)0x8040201008040201);
    const __m256i v = _mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), eighths);
    return _mm256_cmpeq_epi8(_mm256_and_si256(v, each), each);
}

struct group {
    uint32_t registers, seconds;
    bool carry;
};

static inline AVX2 struct group group_of(__m256i v, bool carry)
{
    const uint32_t every_other = 0x55555555;
    const uint32_t top = (uint32_t)_mm256_movemask_epi8(v);
    const uint32_t next = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(v, 1));
    const uint32_t looks_long = next & ~top & ~(uint32_t)carry;
    const uint32_t behind = looks_long << 1 | carry;
    uint32_t even_rows;
    const bool on =
        __builtin_add_overflow(looks_long, looks_long & every_other << 1 & ~behind, &even_rows);
    const uint32_t seconds = (every_other ^ even_rows << 1) & behind;
    const __m256i is_long = hll_avx2_whole(looks_long & ~seconds), six = _mm256_set1_epi8(0x3f);
    const __m256i short_bits = _mm256_blendv_epi8(six, _mm256_set1_epi8(3), v);
    const __m256i low = _mm256_and_si256(
        v, _mm256_or_si256(_mm256_andnot_si256(is_long, short_bits), hll_avx2_whole(seconds)));
    const __m256i high = _mm256_and_si256(_mm256_and_si256(v, six), is_long);
    const uint32_t runs = GROUP - (uint32_t)__builtin_popcount(seconds);
    return (struct group){runs + hll_avx2_sum_bytes(low) + (hll_avx2_sum_bytes(high) << 8), seconds,
                          on};
}

static AVX2 void hll_avx2_pass(struct bytes hll, uint32_t index, struct hll_cursor *c,
                               size_t *before)
{
    const unsigned char *p = (const unsigned char *)hll.data;
    const size_t from = c->at;
    struct group last = {0, 0, false};
    while (hll.size - c->at >= GROUP) {
        const struct group g = group_of(hll_avx2_load(p + c->at), last.carry);
        if (c->first + g.registers > index)
            break;
        c->at += GROUP;
        c->first += g.registers;
        last = g;
    }
    if (c->at > from) {
        const size_t group = c->at - GROUP;
        if (last.carry)
            hll_step_back(hll, c);
        *before = c->at - 1 - (last.seconds >> (c->at - 1 - group) & 1);
    }
    hll_pass_portable(hll, index, c, before);
}

static const struct hll_kernels kernels = {"avx2",        hll_avx2_unpack, hll_avx2_raise_all,
                                           hll_avx2_pack, hll_avx2_count,  hll_avx2_pass};

const struct hll_kernels *hll_kernels_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? &kernels : NULL;
}

#else

const struct hll_kernels *hll_kernels_avx2(void)
{
    return NULL;
}

#endif
