/*
 * number.c — integers to and from decimal, and the reading of floats.
 *
 * An integer is taken only in the one form that prints back to the same bytes: a value that is
 * kept as a number must be given back as it came.
 *
 * Most floats that clients send have few digits.  When the digits without their point are below
 * 2^53 and at most 22 of them are decimals, both that integer and the power of ten are exact
 * doubles, so one division rounds once and correctly (Clinger: "How to read floating point numbers
 * accurately").  All others go to strtod, which wants a terminator and so a copy.
 */
#include "core/base/bytes.h"
#include "core/base/mem.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Digits below 2^64 without a leading zero, except "0" itself. */
bool bytes_to_uint64(struct bytes b, uint64_t *out)
{
    uint64_t v = 0;

    if (b.size == 0 || b.size > 20 || (b.data[0] == '0' && b.size > 1))
        return false;
    for (size_t i = 0; i < b.size; i++) {
        const unsigned digit = (unsigned char)b.data[i] - (unsigned)'0';
        if (digit > 9)
            return false;
        /* 19 digits cannot overflow. */
        if (i < 19)
            v = v * 10 + digit;
        else if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, digit, &v))
            return false;
    }
    *out = v;
    return true;
}

bool bytes_to_int64(struct bytes b, int64_t *out)
{
    const bool negative = b.size > 0 && b.data[0] == '-';
    uint64_t magnitude;

    if (negative)
        b = bytes_of(b.data + 1, b.size - 1);
    if (!bytes_to_uint64(b, &magnitude))
        return false;
    if (magnitude > (uint64_t)INT64_MAX + negative || (negative && magnitude == 0))
        return false;
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

static unsigned number_digits_of(uint64_t v)
{
    unsigned n = 1;

    for (; v >= 10000; v /= 10000)
        n += 4;
    return n + (v >= 10) + (v >= 100) + (v >= 1000);
}

size_t int64_to_chars(int64_t v, char out[INT64_CHARS])
{
    static const char pairs[] = "00010203040506070809"
                                "10111213141516171819"
                                "20212223242526272829"
                                "30313233343536373839"
                                "40414243444546474849"
                                "50515253545556575859"
                                "60616263646566676869"
                                "70717273747576777879"
                                "80818283848586878889"
                                "90919293949596979899";
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    const size_t size = number_digits_of(left) + (v < 0);
    char *at = out + size;

    while (left >= 100) {
        at -= 2;
        memcpy(at, pairs + 2 * (left % 100), 2);
        left /= 100;
    }
    if (left >= 10)
        memcpy(at - 2, pairs + 2 * left, 2);
    else
        at[-1] = (char)('0' + left);
    if (v < 0)
        out[0] = '-';
    return size;
}

/* Digits with at most one point between, before or behind them; false if strtod must decide. */
static bool simple_double(struct bytes b, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    enum { SAFE_DIGITS = 19 }; /* 10^19 - 1 < 2^64 */
    const bool negative = b.size > 0 && b.data[0] == '-';
    uint64_t digits = 0;
    size_t count = 0, decimals = 0;
    bool point = false;

    if (FLT_EVAL_METHOD != 0 || b.size > SAFE_DIGITS + 2)
        return false;
    for (size_t i = negative; i < b.size; i++) {
        const unsigned digit = (unsigned char)b.data[i] - (unsigned)'0';
        if (digit <= 9) {
            digits = digits * 10 + digit;
            count++;
            decimals += point;
        } else if (b.data[i] == '.' && !point) {
            point = true;
        } else {
            return false;
        }
    }
    if (count == 0 || count > SAFE_DIGITS || digits > (uint64_t)1 << 53)
        return false;
    const double v = (double)digits / powers[decimals];
    *out = negative ? -v : v;
    return true;
}

static bool starts_with_space(struct bytes b)
{
    return b.data[0] == ' ' || (b.data[0] >= '\t' && b.data[0] <= '\r');
}

bool bytes_to_double(struct bytes b, double *out)
{
    char small[256];
    char *end;

    if (simple_double(b, out))
        return true;
    if (b.size == 0 || starts_with_space(b))
        return false;
    char *copy = b.size < sizeof small ? small : (char *)mem_try_alloc(b.size + 1);
    if (!copy)
        return false;
    memcpy(copy, b.data, b.size);
    copy[b.size] = '\0';
    errno = 0;
    const double v = strtod(copy, &end);
    const bool whole = end == copy + b.size;
    if (copy != small)
        mem_free(copy, b.size + 1);
    /* A result between zero and the smallest normal number is taken, though it is out of range. */
    if (!whole || isnan(v) || (errno == ERANGE && (isinf(v) || v == 0)))
        return false;
    *out = v;
    return true;
}

bool bytes_to_long_double(struct bytes b, long double *out)
{
    char copy[LONG_DOUBLE_CHARS];
    char *end;

    if (b.size == 0 || b.size >= sizeof copy || starts_with_space(b))
        return false;
    memcpy(copy, b.data, b.size);
    copy[b.size] = '\0';
    errno = 0;
    const long double v = strtold(copy, &end);
    if (end != copy + b.size || isnan(v) || (errno == ERANGE && (isinf(v) || v == 0)))
        return false;
    *out = v;
    return true;
}
