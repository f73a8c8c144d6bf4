/*
 * siphash13.c — SipHash with one round a word and three at the end.
 *
 * Keys are mostly 8 to 32 bytes, so what counts is the start, the end and the tail.  The tail of a
 * key of 8 bytes or more is one load of its last eight bytes, shifted; shorter keys are put
 * together from two loads that overlap.  Nothing outside the key is read.
 *
 *   size 21:  |-- word --|-- word --|-tail|         the last word also carries size mod 256
 *                             |---- load ---|  >> 24
 *
 * Source  Aumasson, Bernstein: "SipHash: a fast short-input PRF"
 */
#include "core/base/hash.h"
#include "core/base/rng.h"

struct hash_key hash_process_key;

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t siphash13_rotate_left(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = siphash13_rotate_left(s->v1, 13) ^ s->v0;
    s->v3 = siphash13_rotate_left(s->v3, 16) ^ s->v2;
    s->v0 = siphash13_rotate_left(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = siphash13_rotate_left(s->v1, 17) ^ s->v2;
    s->v3 = siphash13_rotate_left(s->v3, 21) ^ s->v0;
    s->v2 = siphash13_rotate_left(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

static inline uint64_t siphash13_load64(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

static inline uint64_t siphash13_load32(const unsigned char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

/* The whole of a key shorter than a word, as the low bytes of one. */
static inline uint64_t load_short(const unsigned char *p, size_t size)
{
    if (size >= 4)
        return siphash13_load32(p) | siphash13_load32(p + size - 4) << (8 * (size - 4));
    if (size == 0)
        return 0;
    return (uint64_t)p[0] | (uint64_t)p[size / 2] << (8 * (size / 2)) |
           (uint64_t)p[size - 1] << (8 * (size - 1));
}

uint64_t siphash13(struct hash_key key, const void *data, size_t size)
{
    const unsigned char *p = (const unsigned char *)data;
    const size_t rest = size & 7;
    uint64_t tail = (uint64_t)size << 56;
    struct sip s = {
        key.k0 ^ 0x736f6d6570736575u, /* "somepseudorandomlygeneratedbytes" */
        key.k1 ^ 0x646f72616e646f6du,
        key.k0 ^ 0x6c7967656e657261u,
        key.k1 ^ 0x7465646279746573u,
    };

    if (LK_LIKELY(size >= 8)) {
        const unsigned char *end = p + (size - rest);
        for (; p != end; p += 8)
            sip_word(&s, siphash13_load64(p));
        if (rest != 0)
            tail |= siphash13_load64(p + rest - 8) >> (64 - 8 * rest);
    } else {
        tail |= load_short(p, size);
    }
    sip_word(&s, tail);
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void hash_bytes_each(const struct bytes *v, uint32_t n, size_t step, uint64_t *out)
{
    if (LK_LIKELY(hash_has_aes)) {
        hash_aes_each(hash_process_key, v, n, step, out);
        return;
    }
    for (uint32_t i = 0; i < n; i++, v += step)
        out[i] = siphash13(hash_process_key, v->data, v->size);
}

void hash_seed_random(void)
{
    rng_system(&hash_process_key, sizeof hash_process_key);
}
