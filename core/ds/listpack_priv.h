/*
 * listpack_priv.h — the shape of an entry, for listpack*.c.
 *
 *   0xxxxxxx                    number 0..127
 *   10xxxxxx           bytes    string up to 63
 *   110xxxxx x                  number of 13 bits, signed
 *   1110xxxx x         bytes    string up to 4095
 *   F0 u32             bytes    string up to 4 GiB
 *   F1..F4                      number of 16, 24, 32, 64 bits, signed
 *   FF                          end of the list
 */
#ifndef LK_DS_LISTPACK_PRIV_H
#define LK_DS_LISTPACK_PRIV_H

#include "core/ds/le.h"
#include "core/ds/listpack.h"

enum {
    LISTPACK_STR32 = 0xF0,
    LISTPACK_INT16 = 0xF1,
    LISTPACK_INT24 = 0xF2,
    LISTPACK_INT32 = 0xF3,
    LISTPACK_INT64 = 0xF4,
    LISTPACK_END = 0xFF,
    LISTPACK_HEAD_MAX = 9,    /* INT64 and its 8 bytes */
    LISTPACK_BACKLEN_MAX = 5, /* 7 bits each */
};

/* Bytes of encoding before the data of a string; of the whole encoding of a number. */
static inline size_t listpack_head_bytes(unsigned char first)
{
    if (first < 0xC0)
        return 1;
    if (first < 0xF0)
        return 2;
    switch (first) {
    case LISTPACK_STR32:
        return 5;
    case LISTPACK_INT16:
        return 3;
    case LISTPACK_INT24:
        return 4;
    case LISTPACK_INT32:
        return 5;
    case LISTPACK_INT64:
        return 9;
    default:
        return 0; /* no such encoding */
    }
}

/* Bytes of a string after its encoding; 0 for numbers. */
static inline size_t listpack_data_bytes(const unsigned char *p)
{
    if ((p[0] & 0xC0) == 0x80)
        return p[0] & 0x3F;
    if ((p[0] & 0xF0) == 0xE0)
        return (size_t)(p[0] & 0x0F) << 8 | p[1];
    if (p[0] == LISTPACK_STR32)
        return le32_get(p + 1);
    return 0;
}

/* Encoding and data: what the backward length states. */
static inline size_t listpack_body_bytes(const unsigned char *p)
{
    return listpack_head_bytes(p[0]) + listpack_data_bytes(p);
}

/*
 * Bytes of the backward length of a body.  The largest number of two bytes, 16383, takes three,
 * and likewise on: servers in the field write and demand it so.
 */
static inline size_t listpack_backlen_width(size_t body)
{
    if (body <= 127)
        return 1;
    if (body < 16383)
        return 2;
    if (body < 2097151)
        return 3;
    if (body < 268435455)
        return 4;
    return 5;
}

/* Reads the backward length that ends just before p, not before `limit`; 0 if it is malformed. */
static inline size_t listpack_backlen_before(const unsigned char *p, const unsigned char *limit)
{
    uint64_t body = 0;
    for (unsigned i = 0; i < LISTPACK_BACKLEN_MAX && p > limit; i++) {
        p--;
        body |= (uint64_t)(*p & 127) << (7 * i);
        if (!(*p & 128))
            return (size_t)body;
    }
    return 0;
}

#endif
