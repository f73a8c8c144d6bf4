#include "core/base/sha1.h"

static uint32_t sha1_rotate(uint32_t v, unsigned bits)
{
    return v << bits | v >> (32 - bits);
}

static uint32_t read_big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void write_big_endian(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Section 4.1.1 and 4.2.1: the function and the constant of each twenty rounds. */
static uint32_t sha1_mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
    switch (round / 20) {
    case 0:
        return ((b & c) ^ (~b & d)) + 0x5a827999;
    case 1:
        return (b ^ c ^ d) + 0x6ed9eba1;
    case 2:
        return ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc;
    default:
        return (b ^ c ^ d) + 0xca62c1d6;
    }
}

static void add_block(struct sha1 *s, const uint8_t *p)
{
    uint32_t w[80], v[5];

    for (int t = 0; t < 16; t++)
        w[t] = read_big_endian(p + 4 * t);
    for (int t = 16; t < 80; t++)
        w[t] = sha1_rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    memcpy(v, s->h, sizeof v);
    for (int t = 0; t < 80; t++) {
        const uint32_t sum = sha1_rotate(v[0], 5) + sha1_mix(t, v[1], v[2], v[3]) + v[4] + w[t];
        v[4] = v[3];
        v[3] = v[2];
        v[2] = sha1_rotate(v[1], 30);
        v[1] = v[0];
        v[0] = sum;
    }
    for (int i = 0; i < 5; i++)
        s->h[i] += v[i];
}

void sha1_begin(struct sha1 *s)
{
    static const uint32_t first[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

    memset(s, 0, sizeof *s);
    memcpy(s->h, first, sizeof first);
}

void sha1_add(struct sha1 *s, struct bytes b)
{
    while (b.size > 0) {
        const size_t held = s->size % SHA1_BLOCK;
        const size_t n = b.size < SHA1_BLOCK - held ? b.size : SHA1_BLOCK - held;
        memcpy(s->block + held, b.data, n);
        s->size += n;
        b = bytes_of(b.data + n, b.size - n);
        if (held + n == SHA1_BLOCK)
            add_block(s, s->block);
    }
}

void sha1_end(struct sha1 *s, uint8_t out[SHA1_BYTES])
{
    LK_ASSERT(s->size < UINT64_MAX / 8); /* the message's bits are counted in 64 */
    static const char padding[SHA1_BLOCK] = {(char)0x80};
    const uint64_t bits = s->size * 8;
    const size_t held = s->size % SHA1_BLOCK;
    uint8_t length[8];

    sha1_add(s, bytes_of(padding, (held < 56 ? 56 : 120) - held));
    write_big_endian(length, (uint32_t)(bits >> 32));
    write_big_endian(length + 4, (uint32_t)bits);
    sha1_add(s, bytes_of(length, sizeof length));
    for (int i = 0; i < 5; i++)
        write_big_endian(out + 4 * i, s->h[i]);
}
