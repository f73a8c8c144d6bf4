/*
 * double.c — doubles to the shortest decimal.
 *
 * double_to_chars finds the shortest digits that read back as the same double, and among those the
 * nearest, with Schubfach: the double and the two ends of the interval that rounds to it are
 * scaled by one power of ten, taken from a table of 128-bit factors, and compared as integers.
 *
 *        left end       v        right end
 *   -------[------------x------------]---------   times 10^-k
 *             |    |    |    |    |                integers: one or two digits' steps apart
 *
 * The layout is that of Redis 7.2 and later.  With D digits d1 d2 .. dD and value = d1..dD * 10^K:
 *
 *   an integer between -2^52 and 2^52   all its digits           1000000000000000
 *   0 <= K < 8                          digits, then K zeros     12345678901234567000
 *   K < 0, and K > -7 or the first      fixed point              0.000001, 3.141592653589793
 *     digit stands for 10^-3 .. 10^3
 *   otherwise                           d1.d2..dDe±X             1e+20, 1.2345678901234e+4, 1e-7
 *
 * Zero is "0" or "-0".
 *
 * Source  Giulietti: "The Schubfach way to render doubles"
 */
#include "core/base/bytes.h"
#include "core/base/double_powers.h"

#include <math.h>

struct decimal {
    uint64_t digits;
    int exponent; /* value = digits * 10^exponent */
};

/* floor(e * log10(2)), or of 3/4 of 2^e where the interval's left half is the smaller one. */
static int floor_log10_pow2(int e, bool three_quarters)
{
    return (e * 1262611 - (three_quarters ? 524031 : 0)) >> 22;
}

static int floor_log2_pow10(int e)
{
    return (e * 1741647) >> 19;
}

/* The product's top 64 of 192 bits, with the lowest bit set if anything below was lost. */
static uint64_t scale_to_odd(struct double_power g, uint64_t v)
{
    const unsigned __int128 low = (unsigned __int128)g.low * v;
    const unsigned __int128 high = (unsigned __int128)g.high * v + (uint64_t)(low >> 64);

    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

static struct decimal double_shortest(uint64_t fraction, int biased)
{
    const uint64_t c = biased != 0 ? fraction | (uint64_t)1 << 52 : fraction;
    const int q = (biased != 0 ? biased : 1) - 1075;
    const bool left_is_closer = fraction == 0 && biased > 1;
    /* A decimal on the interval's end rounds to the even neighbour. */
    const bool ends_count = (c & 1) == 0;

    const int k = floor_log10_pow2(q, left_is_closer);
    const int h = q + floor_log2_pow10(-k) + 1;
    const struct double_power g = double_powers[-k - DOUBLE_POWER_FIRST];
    const uint64_t left = scale_to_odd(g, (4 * c - 2 + left_is_closer) << h) + !ends_count;
    const uint64_t v = scale_to_odd(g, (4 * c) << h);
    const uint64_t right = scale_to_odd(g, (4 * c + 2) << h) - !ends_count;

    /* All three are four times the scaled value.  First with one digit less, then with all. */
    const uint64_t s = v / 4;
    if (s >= 10) {
        const uint64_t tens = s / 10;
        const bool down = left <= 40 * tens;
        const bool up = 40 * tens + 40 <= right;
        if (down != up)
            return (struct decimal){tens + up, k + 1};
    }
    const bool down = left <= 4 * s;
    const bool up = 4 * s + 4 <= right;
    if (down != up)
        return (struct decimal){s + up, k};
    const uint64_t middle = 4 * s + 2;
    const bool round_up = v > middle || (v == middle && (s & 1) != 0);
    return (struct decimal){s + round_up, k};
}

static size_t double_put_word(char *out, const char *word)
{
    const size_t size = strlen(word);

    memcpy(out, word, size);
    return size;
}

/* The digits of an exponent form: 15 and -7 as "1.5e-6". */
static size_t put_scientific(char *out, const char *digits, size_t count, int exponent)
{
    char *at = out;

    *at++ = digits[0];
    if (count > 1) {
        *at++ = '.';
        memcpy(at, digits + 1, count - 1);
        at += count - 1;
    }
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    return (size_t)(at - out) + int64_to_chars(exponent < 0 ? -exponent : exponent, at);
}

static size_t double_put_fixed(char *out, const char *digits, size_t count, size_t decimals)
{
    if (decimals < count) {
        const size_t whole = count - decimals;
        memcpy(out, digits, whole);
        out[whole] = '.';
        memcpy(out + whole + 1, digits + whole, decimals);
        return count + 1;
    }
    memcpy(out, "0.", 2);
    memset(out + 2, '0', decimals - count);
    memcpy(out + 2 + (decimals - count), digits, count);
    return 2 + decimals;
}

static size_t put_decimal(char *out, struct decimal d)
{
    char digits[INT64_CHARS];

    while (d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    const size_t count = int64_to_chars((int64_t)d.digits, digits);
    const int first = d.exponent + (int)count - 1; /* the first digit's exponent */

    if (d.exponent >= 0 && d.exponent < 8) {
        memcpy(out, digits, count);
        memset(out + count, '0', (size_t)d.exponent);
        return count + (size_t)d.exponent;
    }
    if (d.exponent < 0 && (d.exponent > -7 || (first > -4 && first < 4)))
        return double_put_fixed(out, digits, count, (size_t)-d.exponent);
    return put_scientific(out, digits, count, first);
}

size_t double_to_chars(double v, char out[DOUBLE_CHARS])
{
    const double whole = 4611686018427387904.0; /* 2^62; beyond it an exponent may be shorter */
    const bool negative = signbit(v);
    uint64_t bits;

    if (v >= -whole && v <= whole && v == (double)(int64_t)v && !(v == 0 && negative))
        return int64_to_chars((int64_t)v, out);
    if (isnan(v))
        return double_put_word(out, "nan");
    if (isinf(v))
        return double_put_word(out, negative ? "-inf" : "inf");
    if (v == 0)
        return double_put_word(out, "-0");
    if (negative)
        *out++ = '-';
    memcpy(&bits, &v, sizeof bits);
    const int biased = (int)(bits >> 52) & 0x7ff;
    const uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    return negative + put_decimal(out, double_shortest(fraction, biased));
}
