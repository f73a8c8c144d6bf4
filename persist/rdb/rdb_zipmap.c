/*
 * rdb_zipmap.c — one reader of pairs, for checking and for walking.
 */
#include "persist/rdb/rdb_zipmap.h"

#include "core/ds/le.h"

enum { HEADER_BYTES = 1, END_BYTES = 1, END = 0xFF, WIDE = 0xFE, COUNT_UNKNOWN = 0xFE };

/* Takes a length off the front of *p.  One that would fit into one byte is not written in five. */
static bool take_length(struct bytes *p, size_t *length)
{
    const unsigned char *at = (const unsigned char *)p->data;
    if (p->size == 0 || at[0] == END)
        return false;
    const size_t head = at[0] == WIDE ? 5 : 1;
    if (head > p->size)
        return false;
    *length = head == 1 ? at[0] : le32_get(at + 1);
    if (head > 1 && *length < WIDE)
        return false;
    *p = bytes_of(p->data + head, p->size - head);
    return true;
}

static bool take_bytes(struct bytes *p, size_t length, struct bytes *out)
{
    if (length > p->size)
        return false;
    *out = bytes_of(p->data, length);
    *p = bytes_of(p->data + length, p->size - length);
    return true;
}

static bool rdb_zipmap_take_pair(struct bytes *p, struct listpack_value pair[2])
{
    size_t length;
    struct bytes field, value, spare, unused;
    if (!take_length(p, &length) || !take_bytes(p, length, &field) || !take_length(p, &length) ||
        !take_bytes(p, 1, &spare) || !take_bytes(p, length, &value) ||
        !take_bytes(p, (unsigned char)spare.data[0], &unused))
        return false;
    pair[0] = listpack_from_bytes(field);
    pair[1] = listpack_from_bytes(value);
    return true;
}

static struct bytes pairs_of(struct bytes zm)
{
    return bytes_of(zm.data + HEADER_BYTES, zm.size - HEADER_BYTES - END_BYTES);
}

bool rdb_zipmap_validate(struct bytes zm, size_t *count)
{
    const unsigned char *p = (const unsigned char *)zm.data;
    if (zm.size < HEADER_BYTES + END_BYTES || p[zm.size - 1] != END)
        return false;
    struct bytes rest = pairs_of(zm);
    for (*count = 0; rest.size > 0; ++*count) {
        struct listpack_value pair[2];
        if (!rdb_zipmap_take_pair(&rest, pair))
            return false;
    }
    return p[0] == COUNT_UNKNOWN || (p[0] < COUNT_UNKNOWN && p[0] == *count);
}

bool rdb_zipmap_each(struct bytes zm, bool (*each)(void *ctx, const struct listpack_value pair[2]),
                     void *ctx)
{
    struct bytes rest = pairs_of(zm);
    while (rest.size > 0) {
        struct listpack_value pair[2];
        const bool there = rdb_zipmap_take_pair(&rest, pair);
        LK_ASSERT(there);
        if (!each(ctx, pair))
            return false;
    }
    return true;
}
