/*
 * fixed.c — floats in fixed point.
 *
 * A float below 2^62 is an integer and a fraction m / 2^n, where m has at most 64 bits.  As 10^17
 * has 57, m times the power of ten fits into 128 bits: its upper part is the decimals, and the part
 * below the point says exactly which way to round.  What does not fit is left to printf.
 */
#include "core/base/bytes.h"

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

/* whole + m / 2^shift */
struct parts {
    bool negative;
    uint64_t whole, m;
    unsigned shift; /* at least 1 */
};

/* False if v is not for us. */
static bool split_double(double v, struct parts *p)
{
    enum { FRACTION_BITS = 52, BIAS = 1075, EXPONENT_MAX = 62 - 53 };
    const uint64_t implied = UINT64_C(1) << FRACTION_BITS;
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    const int biased = (int)(bits >> FRACTION_BITS & 0x7ff);
    const uint64_t n = (bits & (implied - 1)) | (biased ? implied : 0);
    const int exponent = (biased ? biased : 1) - BIAS; /* v = n * 2^exponent */
    if (exponent > EXPONENT_MAX)
        return false;
    p->negative = bits >> 63;
    p->shift = exponent < 0 ? (unsigned)-exponent : 1;
    p->whole = exponent >= 0 ? n << exponent : p->shift < 64 ? n >> p->shift : 0;
    p->m = exponent >= 0 ? 0 : p->shift < 64 ? n & ((UINT64_C(1) << p->shift) - 1) : n;
    return true;
}

static bool split_long_double(long double v, struct parts *p)
{
    const long double limit = 4611686018427387904.0L; /* 2^62 */
    const long double magnitude = fabsl(v);
    int exponent;
    if ((long double)(double)v == v)
        return split_double((double)v, p);
    if (!(magnitude < limit))
        return false;
    p->negative = signbit(v);
    p->whole = (uint64_t)magnitude;
    const long double m = ldexpl(frexpl(magnitude - p->whole, &exponent), 64);
    p->m = (uint64_t)m;
    p->shift = (unsigned)(64 - exponent);
    return (long double)p->m == m;
}

/* m / 2^shift * 10^decimals as an integer, rounded to the nearest, to the even one of two. */
static uint64_t decimals_of(const struct parts *p, unsigned decimals)
{
    const unsigned __int128 scaled = (unsigned __int128)p->m * powers[decimals];
    if (p->shift >= 128)
        return 0; /* scaled is below 2^121: less than a half */
    const unsigned __int128 half = (unsigned __int128)1 << (p->shift - 1);
    const uint64_t n = (uint64_t)(scaled >> p->shift);
    const unsigned __int128 rest = scaled - ((unsigned __int128)n << p->shift);
    return n + (rest > half || (rest == half && n & 1));
}

static size_t fixed_put_fixed(const struct parts *p, unsigned decimals, char *out)
{
    char digits[INT64_CHARS];
    char *at = out;
    uint64_t whole = p->whole, fraction = decimals_of(p, decimals);
    if (fraction == powers[decimals]) {
        whole++;
        fraction = 0;
    }
    if (p->negative)
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
    struct parts p;
    if (split_double(v, &p))
        return fixed_put_fixed(&p, decimals, out);
    return (size_t)snprintf(out, FIXED_CHARS, "%.*f", (int)decimals, v);
}

size_t long_double_to_chars(long double v, char out[LONG_DOUBLE_CHARS])
{
    if (isnan(v) || isinf(v)) {
        const char *word = isnan(v) ? "nan" : v > 0 ? "inf" : "-inf";
        memcpy(out, word, strlen(word));
        return strlen(word);
    }
    struct parts p;
    size_t size;
    if (split_long_double(v, &p))
        size = fixed_put_fixed(&p, DECIMALS_MAX, out);
    else /* the longest has 4933 digits before the point */
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
