/*
 * rdb_ziplist.c — one reader of elements, for checking and for walking.
 */
#include "persist/rdb/rdb_ziplist.h"

#include "core/ds/le.h"

enum {
    HEADER_BYTES = 10,
    END_BYTES = 1,
    END = 0xFF,
    WIDE_PREVIOUS = 0xFE,
    COUNT_UNKNOWN = UINT16_MAX,

    INT16 = 0xC0,
    INT32 = 0xD0,
    INT64 = 0xE0,
    INT24 = 0xF0,
    INT8 = 0xFE,
    IMMEDIATE_FIRST = 0xF1, /* the number 0 */
    IMMEDIATE_LAST = 0xFD,
};

struct element {
    struct listpack_value value;
    size_t size;     /* of all of it */
    size_t previous; /* what it says of the one before */
};

/* Size of the encoding and of the data behind it; false if there is no such encoding. */
static bool rdb_ziplist_measure(const unsigned char *p, size_t room, size_t *head, size_t *data)
{
    static const size_t heads[] = {1, 2, 5, 1};
    *head = heads[p[0] >> 6];
    if (*head > room)
        return false;
    switch (p[0] >> 6) {
    case 0:
        *data = p[0] & 0x3f;
        return true;
    case 1:
        *data = (size_t)(p[0] & 0x3f) << 8 | p[1];
        return true;
    case 2:
        *data = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
        return true;
    default:
        *data = p[0] == INT8    ? 1
                : p[0] == INT16 ? 2
                : p[0] == INT24 ? 3
                : p[0] == INT32 ? 4
                : p[0] == INT64 ? 8
                                : 0;
        return *data > 0 || (p[0] >= IMMEDIATE_FIRST && p[0] <= IMMEDIATE_LAST);
    }
}

static int64_t number_of(unsigned encoding, const unsigned char *data)
{
    switch (encoding) {
    case INT8:
        return (int8_t)data[0];
    case INT16:
        return (int16_t)le16_get(data);
    case INT24: {
        const int32_t bits = (int32_t)(le16_get(data) | (uint32_t)data[2] << 16);
        return bits < 1 << 23 ? bits : bits - (1 << 24);
    }
    case INT32:
        return (int32_t)le32_get(data);
    case INT64:
        return (int64_t)le64_get(data);
    default:
        return (int64_t)encoding - IMMEDIATE_FIRST;
    }
}

/* The element at p, which has room bytes; false if it is none or does not fit. */
static bool rdb_ziplist_read_element(const unsigned char *p, size_t room, struct element *out)
{
    size_t head, data, before = 1;
    if (room < before || p[0] == END)
        return false;
    out->previous = p[0];
    if (p[0] == WIDE_PREVIOUS) {
        before = 5;
        if (room < before)
            return false;
        out->previous = le32_get(p + 1);
    }
    p += before;
    room -= before;
    if (room == 0 || !rdb_ziplist_measure(p, room, &head, &data) || data > room - head)
        return false;
    out->size = before + head + data;
    out->value = p[0] >> 6 == 3 ? listpack_from_number(number_of(p[0], p + head))
                                : listpack_from_bytes(bytes_of(p + head, data));
    return true;
}

bool rdb_ziplist_validate(struct bytes zl, size_t *count)
{
    const unsigned char *const p = (const unsigned char *)zl.data;
    if (zl.size < HEADER_BYTES + END_BYTES || le32_get(p) != zl.size || p[zl.size - 1] != END)
        return false;
    const size_t end = zl.size - END_BYTES;
    size_t at = HEADER_BYTES, last = HEADER_BYTES, previous = 0;
    for (*count = 0; at < end; ++*count) {
        struct element e;
        if (!rdb_ziplist_read_element(p + at, end - at, &e) || e.previous != previous)
            return false;
        last = at;
        at += e.size;
        previous = e.size;
    }
    const size_t stated = le16_get(p + 8);
    return le32_get(p + 4) == last && (stated == *count || stated == COUNT_UNKNOWN);
}

bool rdb_ziplist_each(struct bytes zl, bool (*each)(void *ctx, const struct listpack_value *v),
                      void *ctx)
{
    const unsigned char *p = (const unsigned char *)zl.data + HEADER_BYTES;
    const unsigned char *const end = (const unsigned char *)zl.data + zl.size - END_BYTES;
    while (p < end) {
        struct element e;
        const bool there = rdb_ziplist_read_element(p, (size_t)(end - p), &e);
        LK_ASSERT(there);
        if (!each(ctx, &e.value))
            return false;
        p += e.size;
    }
    return true;
}
