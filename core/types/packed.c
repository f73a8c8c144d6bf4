#include "core/types/packed.h"

struct bytes packed_empty(void)
{
    static const unsigned char empty[LISTPACK_EMPTY_BYTES] = {
        LISTPACK_EMPTY_BYTES, 0, 0, 0, 0, 0, 0xFF};
    return bytes_of(empty, sizeof empty);
}

/* How many bytes n entries take from p on; fewer entries if the list ends before. */
static size_t packed_span_of(const unsigned char *lp, const unsigned char *p, size_t *n)
{
    const unsigned char *end = lp + listpack_bytes(lp) - 1;
    const unsigned char *at = p;
    size_t entries = 0;
    for (; entries < *n && at < end; entries++)
        at += listpack_entry_bytes(at);
    *n = entries;
    return (size_t)(at - p);
}

int packed_insert_short(struct value_edit *e, size_t skip, const unsigned char *p, struct bytes s)
{
    const unsigned char *lp = packed_of(&e->value, skip);
    const size_t old = listpack_bytes(lp), bytes = old + s.size + LISTPACK_SHORT_BYTES;
    const size_t at = p ? (size_t)(p - lp) : old - 1;
    if (LK_UNLIKELY(bytes > UINT32_MAX - skip))
        return LK_ENOMEM;
    char *payload = e->resize(e, skip + bytes);
    if (!payload)
        return LK_ENOMEM;
    listpack_insert_short_in_place((unsigned char *)payload + skip, at, s);
    return LK_OK;
}

int packed_splice(struct value_edit *e, size_t skip, const unsigned char *p, size_t cut,
                  const struct listpack_value *v, size_t n)
{
    const unsigned char *lp = packed_of(&e->value, skip);
    const size_t old = listpack_bytes(lp);
    const size_t at = p ? (size_t)(p - lp) : old - 1;
    const size_t cut_bytes = cut ? packed_span_of(lp, lp + at, &cut) : 0;
    const size_t bytes = old - cut_bytes + listpack_encoded_bytes(v, n);
    if (bytes > UINT32_MAX - skip)
        return LK_ENOMEM;
    if (bytes > old) {
        char *payload = e->resize(e, skip + bytes);
        if (!payload)
            return LK_ENOMEM;
        listpack_splice_in_place((unsigned char *)payload + skip, at, cut_bytes, cut, v, n);
        return LK_OK;
    }
    listpack_splice_in_place((unsigned char *)(uintptr_t)lp, at, cut_bytes, cut, v, n);
    /* Giving bytes back may move the value to a smaller block: there is no way on without one. */
    if (bytes < old)
        LK_ASSERT(e->resize(e, skip + bytes) != NULL);
    return LK_OK;
}

void packed_delete(struct value_edit *e, size_t skip, const unsigned char *p, size_t n)
{
    LK_ASSERT(packed_splice(e, skip, p, n, NULL, 0) == LK_OK);
}

bool packed_distinct(const unsigned char *lp, unsigned parts)
{
    const unsigned char *p = listpack_first(lp);
    while (p) {
        char digits[INT64_CHARS];
        /* Lists from outside may keep a number as a string. */
        const struct listpack_value v = listpack_from_bytes(listpack_text(p, digits));
        for (unsigned i = 0; i < parts && p; i++)
            p = listpack_next(lp, p);
        if (p && listpack_find(lp, p, &v, parts - 1))
            return false;
    }
    return true;
}
