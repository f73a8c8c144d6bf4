/*
 * crc64_tables.c — tables, and powers of x.
 *
 * tables[k][b] is the crc of byte b with k zero bytes behind it.  Eight bytes are therefore eight
 * look-ups that do not wait for one another ("slicing by 8", Kounavis and Berry).
 */
#include "core/base/crc64_priv.h"

#include <string.h>

/* Jones' polynomial, reflected; x^64 is understood. */
#define POLYNOMIAL UINT64_C(0x95ac9329ac4bc9b5)
#define ONE        (UINT64_C(1) << 63) /* x^0 */

enum { SLICES = 8 };

/* Written before main, read-only from then on. */
static uint64_t tables[SLICES][256];

static inline uint64_t times_x(uint64_t a)
{
    return a >> 1 ^ (a & 1 ? POLYNOMIAL : 0);
}

uint64_t crc64_multiply(uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    for (; a != 0; a <<= 1, b = times_x(b))
        if (a & ONE)
            product ^= b;
    return product;
}

uint64_t crc64_power(uint64_t n)
{
    uint64_t power = ONE, square = times_x(ONE);
    for (; n != 0; n >>= 1, square = crc64_multiply(square, square))
        if (n & 1)
            power = crc64_multiply(power, square);
    return power;
}

void crc64_tables_prepare(void)
{
    for (unsigned b = 0; b < 256; b++) {
        uint64_t crc = b;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = times_x(crc);
        tables[0][b] = crc;
    }
    for (unsigned k = 1; k < SLICES; k++)
        for (unsigned b = 0; b < 256; b++)
            tables[k][b] = tables[k - 1][b] >> 8 ^ tables[0][tables[k - 1][b] & 0xff];
}

static inline uint64_t load_le64(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

uint64_t crc64_by_tables(uint64_t crc, const void *data, size_t size)
{
    const unsigned char *p = data, *end = p + size;
    for (; end - p >= 8; p += 8) {
        crc ^= load_le64(p);
        crc = tables[7][crc & 0xff] ^ tables[6][crc >> 8 & 0xff] ^ tables[5][crc >> 16 & 0xff] ^
              tables[4][crc >> 24 & 0xff] ^ tables[3][crc >> 32 & 0xff] ^
              tables[2][crc >> 40 & 0xff] ^ tables[1][crc >> 48 & 0xff] ^ tables[0][crc >> 56];
    }
    for (; p < end; p++)
        crc = crc >> 8 ^ tables[0][(crc ^ *p) & 0xff];
    return crc;
}
