/*
 * fixed.c — floats in fixed point.
 *
 * A float below 2^62 is an integer and a fraction m / 2^n, where m has at most 64 bits.  As 10^17
 * has 57, m times the power of ten fits into 128 bits: its upper part is the decimals, and the part
 * below the point says exactly which way to round.  What does not fit is left to printf.
 */
#include "core/base/bytes.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

enum { DECIMALS_MAX = 17 };

static const uint64_t powers[DECIMALS_MAX + 1] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
};

/* m / 2^shift * 10^decimals as an integer, rounded to the nearest, to the even one of two. */
static uint64_t decimals_of(uint64_t m, unsigned shift, unsigned decimals)
{
    const unsigned __int128 scaled = (unsigned __int128)m * powers[decimals];
    if (shift >= 128)
        return 0; /* scaled is below 2^121: less than a half */
    const unsigned __int128 half = (unsigned __int128)1 << (shift - 1);
    const uint64_t n = (uint64_t)(scaled >> shift);
    const unsigned __int128 rest = scaled - ((unsigned __int128)n << shift);
    return n + (rest > half || (rest == half && n & 1));
}

/* The size, or 0 if v is not for us. */
static size_t put_fixed(long double v, unsigned decimals, char *out)
{
    const long double limit = 4611686018427387904.0L; /* 2^62 */
    const long double magnitude = fabsl(v);
    char digits[INT64_CHARS];
    char *at = out;
    int exponent;
    if (!(magnitude < limit))
        return 0;
    uint64_t whole = (uint64_t)magnitude;
    const long double m = ldexpl(frexpl(magnitude - whole, &exponent), 64);
    if (LDBL_MANT_DIG > 64 && (long double)(uint64_t)m != m)
        return 0;
    uint64_t fraction = decimals_of((uint64_t)m, (unsigned)(64 - exponent), decimals);
    if (fraction == powers[decimals]) {
        whole++;
        fraction = 0;
    }
    if (signbit(v))
        *at++ = '-';
    at += int64_to_chars((int64_t)whole, at);
    *at++ = '.';
    const size_t n = int64_to_chars((int64_t)fraction, digits);
    memset(at, '0', decimals - n);
    memcpy(at + decimals - n, digits, n);
    return (size_t)(at - out) + decimals;
}

size_t double_to_fixed(double v, unsigned decimals, char out[FIXED_CHARS])
{
    LK_ASSERT(decimals >= 1);
    LK_ASSERT(decimals <= DECIMALS_MAX);
    const size_t size = put_fixed(v, decimals, out);
    return size ? size : (size_t)snprintf(out, FIXED_CHARS, "%.*f", (int)decimals, v);
}

size_t long_double_to_chars(long double v, char out[LONG_DOUBLE_CHARS])
{
    if (isnan(v) || isinf(v)) {
        const char *word = isnan(v) ? "nan" : v > 0 ? "inf" : "-inf";
        memcpy(out, word, strlen(word));
        return strlen(word);
    }
    size_t size = put_fixed(v, DECIMALS_MAX, out);
    if (size == 0) /* the longest has 4933 digits before the point */
        size = (size_t)snprintf(out, LONG_DOUBLE_CHARS, "%.*Lf", DECIMALS_MAX, v);
    LK_ASSERT(size < LONG_DOUBLE_CHARS);
    while (out[size - 1] == '0')
        size--;
    if (out[size - 1] == '.')
        size--;
    if (size == 2 && memcmp(out, "-0", 2) == 0) {
        out[0] = '0';
        return 1;
    }
    return size;
}
