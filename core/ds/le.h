/*
 * le.h — little-endian numbers in packed bytes, on any machine and at any alignment.
 */
#ifndef LK_DS_LE_H
#define LK_DS_LE_H

#include "core/base/attr.h"

#include <stdint.h>
#include <string.h>

LK_BEGIN

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LE_SWAP(bits, v) __builtin_bswap##bits(v)
#else
#define LE_SWAP(bits, v) (v)
#endif

static inline uint16_t le16_get(const unsigned char *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return LE_SWAP(16, v);
}

static inline uint32_t le32_get(const unsigned char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return LE_SWAP(32, v);
}

static inline uint64_t le64_get(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return LE_SWAP(64, v);
}

static inline void le16_put(unsigned char *p, uint16_t v)
{
    v = LE_SWAP(16, v);
    memcpy(p, &v, sizeof v);
}

static inline void le32_put(unsigned char *p, uint32_t v)
{
    v = LE_SWAP(32, v);
    memcpy(p, &v, sizeof v);
}

static inline void le64_put(unsigned char *p, uint64_t v)
{
    v = LE_SWAP(64, v);
    memcpy(p, &v, sizeof v);
}

#undef LE_SWAP

LK_END

#endif
