#include "core/base/sha256.h"

enum { SHA256_BLOCK = 64, SHA256_LENGTH_AT = 56 };

/* Section 4.2.2: the first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t sha256_rotate(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

static uint32_t sha256_word(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return __builtin_bswap32(word);
}

/* Section 6.2.2, steps 1 to 4, for one block. */
static void sha256_block(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64], v[8];
    for (int t = 0; t < 16; t++)
        w[t] = sha256_word(block + 4 * t);
    for (int t = 16; t < 64; t++) {
        const uint32_t a = w[t - 15], b = w[t - 2];
        w[t] = (sha256_rotate(b, 17) ^ sha256_rotate(b, 19) ^ b >> 10) + w[t - 7] +
               (sha256_rotate(a, 7) ^ sha256_rotate(a, 18) ^ a >> 3) + w[t - 16];
    }
    memcpy(v, state, sizeof v);
    for (int t = 0; t < 64; t++) {
        const uint32_t e = v[4], a = v[0];
        const uint32_t first = v[7] +
                               (sha256_rotate(e, 6) ^ sha256_rotate(e, 11) ^ sha256_rotate(e, 25)) +
                               ((e & v[5]) ^ (~e & v[6])) + sha256_constants[t] + w[t];
        const uint32_t second =
            (sha256_rotate(a, 2) ^ sha256_rotate(a, 13) ^ sha256_rotate(a, 22)) +
            ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += first;
        v[0] = first + second;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

void sha256_of(struct bytes text, uint8_t out[SHA256_BYTES])
{
    /* Section 5.3.3. */
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const uint8_t *at = (const uint8_t *)text.data;
    size_t rest = text.size;
    LK_ASSERT(text.data || text.size == 0);
    for (; rest >= SHA256_BLOCK; rest -= SHA256_BLOCK, at += SHA256_BLOCK)
        sha256_block(state, at);
    /* Section 5.1.1: a one bit, zeros, and the length in bits. */
    LK_ASSERT(rest < SHA256_BLOCK);
    uint8_t last[2 * SHA256_BLOCK] = {0};
    if (rest > 0)
        memcpy(last, at, rest);
    last[rest] = 0x80;
    uint8_t *const end = rest < SHA256_LENGTH_AT ? last : last + SHA256_BLOCK;
    const uint64_t bits = __builtin_bswap64((uint64_t)text.size * 8);
    memcpy(end + SHA256_LENGTH_AT, &bits, sizeof bits);
    sha256_block(state, last);
    if (end != last)
        sha256_block(state, end);
    for (int i = 0; i < 8; i++) {
        const uint32_t word = __builtin_bswap32(state[i]);
        memcpy(out + 4 * i, &word, sizeof word);
    }
}
