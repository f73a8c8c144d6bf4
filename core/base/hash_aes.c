/*
 * hash_aes.c — a keyed hash of four AES rounds for every 16 bytes, where the CPU has them.
 *
 *   state = key ^ size --4 rounds--> state ^ block --4 rounds--> state ^ next block --4 rounds--> …
 *
 * This is the inside of Pelican-MAC: a block is added, and four rounds, here with the key and with
 * constants in turn, stand between two of them.  Two inputs that differ stay apart but for one key
 * in 2^113: four rounds have at least 25 active S-boxes.  Secret are the key, before the first
 * round and inside, and the result: a client sees but the order of a SCAN.  The size is a block of
 * its own: added together with bytes of the data, they could take its place.  As it comes first,
 * the last block may overlap the one before.
 *
 * Source  Daemen, Rijmen: "The Pelican MAC Function"; "The Design of Rijndael", on wide trails
 */
#include "core/base/hash.h"

bool hash_has_aes;

#if defined(__x86_64__)

#include <emmintrin.h>
#include <wmmintrin.h>

#define WITH_AES __attribute__((target("aes")))

/* Digits of pi: anything without a pattern. */
static const uint64_t round_words[4] __attribute__((aligned(16))) = {
    UINT64_C(0x243f6a8885a308d3),
    UINT64_C(0x13198a2e03707344),
    UINT64_C(0xa4093822299f31d0),
    UINT64_C(0x082efa98ec4e6c89),
};

__attribute__((constructor)) static void hash_aes_probe(void)
{
    __builtin_cpu_init();
    hash_has_aes = __builtin_cpu_supports("aes");
}

WITH_AES static inline __m128i hash_aes_rounds(__m128i s, __m128i key)
{
    const __m128i *c = (const __m128i *)round_words;
    s = _mm_aesenc_si128(s, key);
    s = _mm_aesenc_si128(s, c[0]);
    s = _mm_aesenc_si128(s, key);
    return _mm_aesenc_si128(s, c[1]);
}

static inline __m128i hash_aes_load(const unsigned char *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

static inline uint64_t hash_aes_word(const unsigned char *p, size_t size)
{
    uint64_t v = 0;
    memcpy(&v, p, size);
    return v;
}

/* Up to 16 bytes, which with their number say all. */
static inline __m128i hash_aes_short(const unsigned char *p, size_t size)
{
    if (size >= 8)
        return _mm_set_epi64x((int64_t)hash_aes_word(p + size - 8, 8),
                              (int64_t)hash_aes_word(p, 8));
    if (size >= 4)
        return _mm_cvtsi64_si128(
            (int64_t)(hash_aes_word(p, 4) | hash_aes_word(p + size - 4, 4) << 32));
    if (size == 0)
        return _mm_setzero_si128();
    return _mm_cvtsi64_si128((int64_t)(p[0] | p[size / 2] << 8 | p[size - 1] << 16));
}

WITH_AES static inline uint64_t hash_aes_of(__m128i key, const void *data, size_t size)
{
    const unsigned char *p = data;
    __m128i s = hash_aes_rounds(_mm_xor_si128(key, _mm_cvtsi64_si128((int64_t)size)), key);
    if (LK_LIKELY(size <= 16)) {
        s = hash_aes_rounds(_mm_xor_si128(s, hash_aes_short(p, size)), key);
        return (uint64_t)_mm_cvtsi128_si64(s);
    }
    for (const unsigned char *last = p + size - 16; p < last; p += 16)
        s = hash_aes_rounds(_mm_xor_si128(s, hash_aes_load(p)), key);
    p = (const unsigned char *)data + size - 16;
    s = hash_aes_rounds(_mm_xor_si128(s, hash_aes_load(p)), key);
    return (uint64_t)_mm_cvtsi128_si64(s);
}

static inline __m128i hash_aes_key(struct hash_key k)
{
    return _mm_set_epi64x((int64_t)k.k1, (int64_t)k.k0);
}

WITH_AES uint64_t hash_aes(struct hash_key key, const void *data, size_t size)
{
    return hash_aes_of(hash_aes_key(key), data, size);
}

WITH_AES void hash_aes_each(struct hash_key key, const struct bytes *v, uint32_t n, size_t step,
                            uint64_t *out)
{
    const __m128i k = hash_aes_key(key);
    for (uint64_t *const end = out + n; out < end; out++, v += step)
        *out = hash_aes_of(k, v->data, v->size);
}

#else

uint64_t hash_aes(struct hash_key key, const void *data, size_t size)
{
    return siphash13(key, data, size); /* hash_has_aes is false */
}

void hash_aes_each(struct hash_key key, const struct bytes *v, uint32_t n, size_t step,
                   uint64_t *out)
{
    for (uint32_t i = 0; i < n; i++, v += step)
        out[i] = siphash13(key, v->data, v->size);
}

#endif
