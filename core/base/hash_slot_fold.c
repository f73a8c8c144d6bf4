/*
 * hash_slot_fold.c — a key's slot by carry-less multiplication, where the CPU has it.
 *
 * The checksum begins with 0, so zeros before the key change nothing: a key of up to 16 bytes is
 * one number, its last byte lowest, and longer ones are folded, 16 bytes a step, onto what follows
 * them (crc64_fold.c).  What is left is high * x^64 + low, and its remainder, times x^16, is
 * sought:
 *
 *   high * (x^80 mod P) = | above: 63 bits | r |   quotient of ((above ^ low) * x^16) by P: Barrett
 *   slot = the low bits of quotient * P, ^ r
 *
 * Two multiplications, none of which waits for a table.  The same pass sees whether the key has a
 * '{', which few have.
 *
 * Source   Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
 *          Instruction", Intel 2009
 */
#include "core/base/hash_slot.h"

bool hash_slot_folds;

#if defined(__x86_64__)

#include <immintrin.h>

#define FOLDING __attribute__((target("pclmul,ssse3")))

/* Of P = x^16 + x^12 + x^5 + 1. */
#define X80_MOD_P  UINT64_C(0xeb23)
#define X128_MOD_P UINT64_C(0xaefc)
#define X192_MOD_P UINT64_C(0x650b)
#define X80_BY_P   UINT64_C(0x11303471a041b343) /* without its x^64 */

__attribute__((constructor)) static void hash_slot_probe(void)
{
    __builtin_cpu_init();
    hash_slot_folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("ssse3");
}

/* A number of up to 128 bits: the key, or what it has been folded into. */
struct slot_fold {
    uint64_t high, low;
    bool brace; /* one of its bytes is a '{' */
};

FOLDING static inline __m128i slot_fold_times(uint64_t a, uint64_t b)
{
    return _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)a), _mm_cvtsi64_si128((int64_t)b), 0);
}

FOLDING static inline uint64_t slot_fold_upper(__m128i v)
{
    return (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(v, v));
}

FOLDING static inline uint32_t slot_fold_end(uint64_t high, uint64_t low)
{
    uint64_t r = 0;
    if (high) {
        const __m128i t = slot_fold_times(high, X80_MOD_P);
        r = (uint64_t)_mm_cvtsi128_si64(t);
        low ^= (uint64_t)_mm_cvtsi128_si64(_mm_srli_si128(t, 2));
    }
    const uint64_t q = slot_fold_upper(slot_fold_times(low, X80_BY_P)) ^ low;
    return (uint32_t)(q ^ q << 5 ^ q << 12 ^ r) & (HASH_SLOTS - 1);
}

static inline uint64_t slot_fold_load8(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

static inline uint64_t slot_fold_load4(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}

/* Up to 8 bytes; loads that overlap bring the same bits twice. */
static inline uint64_t slot_fold_word(const char *p, size_t size)
{
    if (size >= 4)
        return slot_fold_load4(p) << (8 * (size - 4)) | slot_fold_load4(p + size - 4);
    if (size == 0)
        return 0;
    const unsigned char *b = (const unsigned char *)p;
    return (uint64_t)b[0] << (8 * (size - 1)) |
           (uint64_t)b[size / 2] << (8 * (size - 1 - size / 2)) | b[size - 1];
}

static inline bool slot_fold_has_brace(uint64_t v)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), x = v ^ ones * '{';
    return (x - ones) & ~x & ones << 7;
}

static inline struct slot_fold slot_fold_short(struct bytes key)
{
    struct slot_fold f = {0};
    if (key.size > 8) {
        f.high = slot_fold_load8(key.data) >> (8 * (16 - key.size));
        f.low = slot_fold_load8(key.data + key.size - 8);
    } else {
        f.low = slot_fold_word(key.data, key.size);
    }
    f.brace = slot_fold_has_brace(f.high) | slot_fold_has_brace(f.low);
    return f;
}

/* From here on, by how many bytes come first: turns them round and leaves out those behind. */
static const unsigned char slot_fold_first[32] = {
    15,   14,   13,   12,   11,   10,   9,    8,    7,    6,    5,    4,    3,    2,    1,    0,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
};

/* More than 16 bytes. */
FOLDING static struct slot_fold slot_fold_long(struct bytes key)
{
    const __m128i by = _mm_set_epi64x((int64_t)X192_MOD_P, (int64_t)X128_MOD_P);
    const __m128i braces = _mm_set1_epi8('{');
    const __m128i *turns = (const __m128i *)(const void *)slot_fold_first;
    const size_t first = (key.size - 1) % 16 + 1;
    const char *p = key.data, *end = key.data + key.size;
    __m128i a = _mm_shuffle_epi8(
        _mm_loadu_si128((const __m128i *)(const void *)p),
        _mm_loadu_si128((const __m128i *)(const void *)(slot_fold_first + 16 - first)));
    __m128i seen = _mm_cmpeq_epi8(a, braces);
    for (p += first; p < end; p += 16) {
        const __m128i block = _mm_loadu_si128((const __m128i *)(const void *)p);
        seen = _mm_or_si128(seen, _mm_cmpeq_epi8(block, braces));
        a = _mm_xor_si128(_mm_clmulepi64_si128(a, by, 0x00), _mm_clmulepi64_si128(a, by, 0x11));
        a = _mm_xor_si128(a, _mm_shuffle_epi8(block, _mm_loadu_si128(turns)));
    }
    return (struct slot_fold){.high = slot_fold_upper(a),
                              .low = (uint64_t)_mm_cvtsi128_si64(a),
                              .brace = _mm_movemask_epi8(seen) != 0};
}

FOLDING static uint32_t slot_fold_number(struct bytes key)
{
    const struct slot_fold f = key.size <= 16 ? slot_fold_short(key) : slot_fold_long(key);
    return slot_fold_end(f.high, f.low);
}

/* What few keys need, so that the others save no registers for it. */
FOLDING LK_NOINLINE static uint32_t slot_fold_tagged(struct bytes key)
{
    return slot_fold_number(hash_slot_tag(key));
}

FOLDING LK_NOINLINE static uint32_t slot_fold_any(struct bytes key)
{
    const struct slot_fold f = slot_fold_long(key);
    return f.brace ? slot_fold_tagged(key) : slot_fold_end(f.high, f.low);
}

FOLDING uint32_t hash_slot_fold(struct bytes key)
{
    LK_DEBUG_ASSERT(hash_slot_folds);
    if (LK_UNLIKELY(key.size > 16))
        return slot_fold_any(key);
    const struct slot_fold f = slot_fold_short(key);
    if (LK_UNLIKELY(f.brace))
        return slot_fold_tagged(key);
    return slot_fold_end(f.high, f.low);
}

#else

uint32_t hash_slot_fold(struct bytes key)
{
    return crc16_xmodem(hash_slot_tag(key)) & (HASH_SLOTS - 1); /* hash_slot_folds is false */
}

#endif
