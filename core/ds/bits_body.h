/*
 * bits_body.h — the loops that all rows have in common.
 *
 * Each row's file says by BITS_TARGET how it is compiled and includes this, so the same loops, in
 * the compiler's own vectors, become its instructions.
 */
#ifndef BITS_TARGET
#error "define BITS_TARGET first"
#endif

#include "core/ds/bits_priv.h"

#define BITS_INLINE BITS_TARGET static inline __attribute__((always_inline))

/* May lie anywhere. */
typedef uint64_t vector __attribute__((vector_size(64), aligned(1), may_alias));
enum { VECTOR = sizeof(vector), VECTOR_WORDS = VECTOR / 8, SAME_VECTORS = 4 };

/* Several vectors a test, as reducing one to a word is what costs. */
BITS_TARGET static size_t same(const unsigned char *p, size_t n, unsigned char byte)
{
    const uint64_t fill = byte * UINT64_C(0x0101010101010101);
    size_t i = 0;
    for (uint64_t other = 0; i + SAME_VECTORS * VECTOR <= n; i += SAME_VECTORS * VECTOR) {
        const vector *v = (const vector *)(p + i);
        const vector all = (v[0] ^ fill) | (v[1] ^ fill) | (v[2] ^ fill) | (v[3] ^ fill);
        for (int w = 0; w < VECTOR_WORDS; w++)
            other |= all[w];
        if (other != 0)
            break;
    }
    while (i < n && p[i] == byte)
        i++;
    return i;
}

BITS_INLINE void fold(enum bits_fold f, unsigned char *to, const unsigned char *a,
                      const unsigned char *b, size_t n)
{
    size_t i = 0;
    for (; i + VECTOR <= n; i += VECTOR) {
        const vector x = *(const vector *)(a + i), y = *(const vector *)(b + i);
        vector *out = (vector *)(to + i);
        if (f == FOLD_AND)
            *out = x & y;
        else if (f == FOLD_OR)
            *out = x | y;
        else if (f == FOLD_XOR)
            *out = x ^ y;
        else
            *out = x & ~y;
    }
    for (; i < n; i++) {
        if (f == FOLD_AND)
            to[i] = a[i] & b[i];
        else if (f == FOLD_OR)
            to[i] = a[i] | b[i];
        else if (f == FOLD_XOR)
            to[i] = a[i] ^ b[i];
        else
            to[i] = a[i] & (unsigned char)~b[i];
    }
}

BITS_TARGET static void fold_and(unsigned char *to, const unsigned char *a, const unsigned char *b,
                                 size_t n)
{
    fold(FOLD_AND, to, a, b, n);
}

BITS_TARGET static void fold_or(unsigned char *to, const unsigned char *a, const unsigned char *b,
                                size_t n)
{
    fold(FOLD_OR, to, a, b, n);
}

BITS_TARGET static void fold_xor(unsigned char *to, const unsigned char *a, const unsigned char *b,
                                 size_t n)
{
    fold(FOLD_XOR, to, a, b, n);
}

BITS_TARGET static void fold_andnot(unsigned char *to, const unsigned char *a,
                                    const unsigned char *b, size_t n)
{
    fold(FOLD_ANDNOT, to, a, b, n);
}

BITS_TARGET static void invert(unsigned char *to, const unsigned char *a, size_t n)
{
    size_t i = 0;
    for (; i + VECTOR <= n; i += VECTOR)
        *(vector *)(to + i) = ~*(const vector *)(a + i);
    for (; i < n; i++)
        to[i] = (unsigned char)~a[i];
}

BITS_TARGET static void once(unsigned char *any, unsigned char *many, const unsigned char *s,
                             size_t n)
{
    size_t i = 0;
    for (; i + VECTOR <= n; i += VECTOR) {
        const vector x = *(const vector *)(s + i), seen = *(const vector *)(any + i);
        *(vector *)(many + i) |= seen & x;
        *(vector *)(any + i) = seen | x;
    }
    for (; i < n; i++) {
        many[i] |= any[i] & s[i];
        any[i] |= s[i];
    }
}
