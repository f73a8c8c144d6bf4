/*
 * bytes.h — a borrowed run of bytes.
 *
 * Keys, arguments and values are any bytes, so nothing here ends at a NUL.
 *
 * Memory   a struct bytes owns nothing; it dies with what it points into
 */
#ifndef LK_BASE_BYTES_H
#define LK_BASE_BYTES_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

LK_BEGIN

struct bytes {
    const char *data;
    size_t size;
};

static inline struct bytes bytes_of(const void *data, size_t size)
{
    struct bytes b;
    b.data = (const char *)data;
    b.size = size;
    return b;
}

static inline struct bytes bytes_cstr(const char *s)
{
    return bytes_of(s, strlen(s));
}

/* memcpy for what is mostly short: up to 32 bytes go in loads and stores that overlap. */
static inline void bytes_copy(char *to, const char *from, size_t n)
{
    uint64_t head[2], tail[2];
    if (n - 8 > 32 - 8) {
        if (n > 0)
            memcpy(to, from, n);
        return;
    }
    if (n <= 16) {
        memcpy(head, from, 8);
        memcpy(tail, from + n - 8, 8);
        memcpy(to, head, 8);
        memcpy(to + n - 8, tail, 8);
        return;
    }
    memcpy(head, from, 16);
    memcpy(tail, from + n - 16, 16);
    memcpy(to, head, 16);
    memcpy(to + n - 16, tail, 16);
}

/* 8 bytes that differ: not 0. */
static inline uint64_t bytes_differ8(const char *a, const char *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x ^ y;
}

/* Of 8 to 32 bytes, as keys mostly have, in loads that overlap; memcmp for others. */
LK_HOT_INLINE bool bytes_equal_here(struct bytes a, struct bytes b)
{
    const size_t n = a.size;
    if (n != b.size)
        return false;
    if (n - 8 > 32 - 8)
        return n == 0 || memcmp(a.data, b.data, n) == 0;
    uint64_t differ = bytes_differ8(a.data, b.data) | bytes_differ8(a.data + n - 8, b.data + n - 8);
    if (n > 16)
        differ |=
            bytes_differ8(a.data + 8, b.data + 8) | bytes_differ8(a.data + n - 16, b.data + n - 16);
    return differ == 0;
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return bytes_equal_here(a, b);
}

/*
 * As bytes_equal, for a password that somebody guesses: takes time by the size of given alone,
 * whatever differs and wherever.
 */
bool bytes_equal_secret(struct bytes given, struct bytes secret);

/* memcmp order; a proper prefix comes first. */
int bytes_compare(struct bytes a, struct bytes b);

/* ASCII case folded, whatever the locale; lower must be lower case and NUL terminated. */
bool bytes_is_word(struct bytes b, const char *lower);

/*
 * Redis' glob: * ? [a-z] [^a] and backslash; with fold, ASCII case does not matter.
 * Cost  bounded: a pattern whose stars nest backtracks only to its last star.
 */
bool bytes_match_glob(struct bytes pattern, struct bytes text, bool fold);

/*
 * The whole of b as a decimal int64 in the only form that prints back to the same bytes:
 * no plus sign, no leading zero, no space, no "-0".
 */
bool bytes_to_int64(struct bytes b, int64_t *out);
bool bytes_to_uint64(struct bytes b, uint64_t *out);

/* Room for any int64 in decimal; returns the digits written, no terminator. */
enum { INT64_CHARS = 21 };
size_t int64_to_chars(int64_t v, char out[INT64_CHARS]);

/* A number as Redis takes it from clients: strtod's forms, inf included; no space, no NaN. */
bool bytes_to_double(struct bytes b, double *out);
bool bytes_to_long_double(struct bytes b, long double *out);

/*
 * Whole numbers up to 2^62 in all their digits, others in the shortest decimal form that reads back
 * as the same double; "inf", "-inf", "nan", "-0".  Where it
 * is fixed point and where it has an exponent: double.c, as Redis 7.2 and later.
 */
enum { DOUBLE_CHARS = 64 };
size_t double_to_chars(double v, char out[DOUBLE_CHARS]);

/* The form of INCRBYFLOAT: fixed point, at most 17 decimals, no trailing zeros. */
enum { LONG_DOUBLE_CHARS = 5 * 1024 };
size_t long_double_to_chars(long double v, char out[LONG_DOUBLE_CHARS]);

/* As printf's %.*f: rounded to the nearest, 1 to 17 decimals, all of them printed. */
enum { FIXED_CHARS = 352 };
size_t double_to_fixed(double v, unsigned decimals, char out[FIXED_CHARS]);

LK_END

#endif
