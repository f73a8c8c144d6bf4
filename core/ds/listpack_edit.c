/*
 * listpack_edit.c — changing a list.
 *
 * Every change is one splice: entries out, values in, one move of what follows.  The calls that
 * own the block make room before it or give room back after it.
 */
#include "core/ds/listpack.h"

#include "core/base/mem.h"
#include "core/ds/listpack_priv.h"

/* Writes the encoding of v before its data; returns its size, and the data in *data. */
static size_t encode_head(const struct listpack_value *v, unsigned char head[LISTPACK_HEAD_MAX],
                          struct bytes *data)
{
    *data = bytes_of(NULL, 0);
    if (!v->is_number) {
        const size_t n = v->s.size;
        *data = v->s;
        if (n < 64) {
            head[0] = (unsigned char)(0x80 | n);
            return 1;
        }
        if (n < 4096) {
            head[0] = (unsigned char)(0xE0 | n >> 8);
            head[1] = (unsigned char)(n & 0xFF);
            return 2;
        }
        head[0] = LISTPACK_STR32;
        le32_put(head + 1, (uint32_t)n);
        return 5;
    }
    const int64_t i = v->number;
    if (i >= 0 && i <= 127) {
        head[0] = (unsigned char)i;
        return 1;
    }
    if (i >= -4096 && i <= 4095) {
        const unsigned bits = (unsigned)(i & 0x1FFF);
        head[0] = (unsigned char)(0xC0 | bits >> 8);
        head[1] = (unsigned char)(bits & 0xFF);
        return 2;
    }
    if (i >= INT16_MIN && i <= INT16_MAX) {
        head[0] = LISTPACK_INT16;
        le16_put(head + 1, (uint16_t)i);
        return 3;
    }
    if (i >= -(1 << 23) && i < 1 << 23) {
        head[0] = LISTPACK_INT24;
        le16_put(head + 1, (uint16_t)(i & 0xFFFF));
        head[3] = (unsigned char)(i >> 16 & 0xFF);
        return 4;
    }
    if (i >= INT32_MIN && i <= INT32_MAX) {
        head[0] = LISTPACK_INT32;
        le32_put(head + 1, (uint32_t)i);
        return 5;
    }
    head[0] = LISTPACK_INT64;
    le64_put(head + 1, (uint64_t)i);
    return 9;
}

static unsigned char *put_backlen(unsigned char *p, size_t body)
{
    const size_t width = listpack_backlen_width(body);
    /* From the right: the lowest 7 bits last, and "more to the left" on all but the leftmost. */
    for (size_t i = width; i-- > 0; body >>= 7)
        p[i] = (unsigned char)((body & 127) | (i == 0 ? 0 : 128));
    return p + width;
}

/* The commonest by far: one byte in front says how long it is, one behind it how far to go back. */
static inline bool is_short_string(const struct listpack_value *v)
{
    return !v->is_number && v->s.size < LISTPACK_SHORT;
}

static inline unsigned char *put_short_string(unsigned char *p, struct bytes s)
{
    *p++ = (unsigned char)(0x80 | s.size);
    if (s.size)
        memcpy(p, s.data, s.size);
    p[s.size] = (unsigned char)(s.size + 1);
    return p + s.size + 1;
}

static unsigned char *put_any_entry(unsigned char *p, const struct listpack_value *v)
{
    unsigned char head[LISTPACK_HEAD_MAX];
    struct bytes data;
    const size_t n = encode_head(v, head, &data);
    memcpy(p, head, n);
    if (data.size)
        memcpy(p + n, data.data, data.size);
    return put_backlen(p + n + data.size, n + data.size);
}

static inline unsigned char *listpack_edit_put_entry(unsigned char *p,
                                                     const struct listpack_value *v)
{
    return LK_LIKELY(is_short_string(v)) ? put_short_string(p, v->s) : put_any_entry(p, v);
}

static size_t any_encoded_bytes(const struct listpack_value *v)
{
    unsigned char head[LISTPACK_HEAD_MAX];
    struct bytes data;
    const size_t body = encode_head(v, head, &data) + data.size;
    return body + listpack_backlen_width(body);
}

size_t listpack_encoded_bytes(const struct listpack_value *v, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += LK_LIKELY(is_short_string(&v[i])) ? v[i].s.size + LISTPACK_SHORT_BYTES
                                                   : any_encoded_bytes(&v[i]);
    return total;
}

bool listpack_fits(const unsigned char *lp, const struct listpack_value *v, size_t n)
{
    const size_t room = UINT32_MAX - listpack_bytes(lp);
    for (size_t i = 0; i < n; i++) {
        if (!v[i].is_number && v[i].s.size > room)
            return false;
    }
    return listpack_encoded_bytes(v, n) <= room;
}

void listpack_init_in_place(unsigned char *lp)
{
    le32_put(lp, LISTPACK_EMPTY_BYTES);
    le16_put(lp + 4, 0);
    lp[LISTPACK_HEADER_BYTES] = LISTPACK_END;
}

static void set_header(unsigned char *lp, size_t bytes, size_t cut, size_t added)
{
    const size_t stated = le16_get(lp + 4);
    LK_ASSERT(bytes <= UINT32_MAX);
    le32_put(lp, (uint32_t)bytes);
    if (stated == LISTPACK_COUNT_UNKNOWN)
        return;
    LK_ASSERT(cut <= stated);
    const size_t count = stated - cut + added;
    le16_put(lp + 4, (uint16_t)(count < LISTPACK_COUNT_UNKNOWN ? count : LISTPACK_COUNT_UNKNOWN));
}

void listpack_splice_in_place(unsigned char *lp, size_t at, size_t cut_bytes, size_t cut_entries,
                              const struct listpack_value *v, size_t n)
{
    const size_t total = listpack_bytes(lp);
    const size_t added = listpack_encoded_bytes(v, n);
    unsigned char *p = lp + at;
    if (added != cut_bytes)
        memmove(p + added, p + cut_bytes, total - at - cut_bytes);
    for (size_t i = 0; i < n; i++)
        p = listpack_edit_put_entry(p, &v[i]);
    LK_DEBUG_ASSERT(p == lp + at + added);
    set_header(lp, total - cut_bytes + added, cut_entries, n);
}

void listpack_insert_short_in_place(unsigned char *lp, size_t at, struct bytes s)
{
    const size_t total = listpack_bytes(lp), added = s.size + LISTPACK_SHORT_BYTES;
    LK_DEBUG_ASSERT(s.size < LISTPACK_SHORT);
    memmove(lp + at + added, lp + at, total - at);
    put_short_string(lp + at, s);
    set_header(lp, total + added, 0, 1);
}

void listpack_append_packed_in_place(unsigned char *lp, const unsigned char *from, size_t bytes,
                                     size_t entries)
{
    const size_t total = listpack_bytes(lp);
    memcpy(lp + total - 1, from, bytes);
    lp[total - 1 + bytes] = LISTPACK_END;
    set_header(lp, total + bytes, 0, entries);
}

void listpack_rotate_in_place(unsigned char *lp, bool last_to_front)
{
    enum { SMALL = 256 };
    unsigned char small[SMALL];
    unsigned char *const first = lp + LISTPACK_HEADER_BYTES;
    unsigned char *const end = lp + listpack_bytes(lp) - 1;
    const unsigned char *p = last_to_front ? listpack_last(lp) : first;
    const size_t bytes = listpack_entry_bytes(p), rest = (size_t)(end - first) - bytes;
    unsigned char *entry = bytes <= SMALL ? small : (unsigned char *)mem_alloc(bytes);
    memcpy(entry, p, bytes);
    if (last_to_front)
        memmove(first + bytes, first, rest);
    else
        memmove(first, first + bytes, rest);
    memcpy(last_to_front ? first : first + rest, entry, bytes);
    if (entry != small)
        mem_free(entry, bytes);
}

size_t listpack_remove_in_place(unsigned char *lp, const struct listpack_value *v, size_t skip,
                                size_t n)
{
    unsigned char *const end = lp + listpack_bytes(lp) - 1;
    unsigned char *to = lp + LISTPACK_HEADER_BYTES, *kept = to, *next;
    size_t met = 0, removed = 0;
    for (unsigned char *p = to; p < end && removed < n; p = next) {
        next = p + listpack_entry_bytes(p);
        if (!listpack_equal(p, v) || met++ < skip)
            continue;
        removed++;
        memmove(to, kept, (size_t)(p - kept));
        to += p - kept;
        kept = next;
    }
    memmove(to, kept, (size_t)(end + 1 - kept));
    to += end + 1 - kept;
    set_header(lp, (size_t)(to - lp), removed, 0);
    return removed;
}

unsigned char *listpack_new(void)
{
    unsigned char *lp = (unsigned char *)mem_alloc(LISTPACK_EMPTY_BYTES);
    listpack_init_in_place(lp);
    return lp;
}

void listpack_free(unsigned char *lp)
{
    if (lp)
        mem_free(lp, listpack_bytes(lp));
}

unsigned char *listpack_clone(const unsigned char *lp)
{
    const size_t total = listpack_bytes(lp);
    unsigned char *copy = (unsigned char *)mem_alloc(total);
    memcpy(copy, lp, total);
    return copy;
}

/* The one change of an owned block; returns where it happened. */
static unsigned char *listpack_edit_splice(unsigned char **lp, const unsigned char *p,
                                           size_t cut_bytes, size_t cut_entries,
                                           const struct listpack_value *v, size_t n)
{
    const size_t old = listpack_bytes(*lp);
    const size_t at = p ? (size_t)(p - *lp) : old - 1;
    const size_t now = old - cut_bytes + listpack_encoded_bytes(v, n);
    LK_ASSERT(now <= UINT32_MAX);
    if (now > old)
        *lp = (unsigned char *)mem_realloc(*lp, old, now);
    listpack_splice_in_place(*lp, at, cut_bytes, cut_entries, v, n);
    if (now < old)
        *lp = (unsigned char *)mem_realloc(*lp, old, now);
    return *lp + at;
}

const unsigned char *listpack_insert(unsigned char **lp, const unsigned char *p,
                                     const struct listpack_value *v, size_t n)
{
    return n ? listpack_edit_splice(lp, p, 0, 0, v, n) : p;
}

void listpack_append(unsigned char **lp, struct bytes s)
{
    const struct listpack_value v = listpack_from_bytes(s);
    (void)listpack_edit_splice(lp, NULL, 0, 0, &v, 1);
}

void listpack_append_number(unsigned char **lp, int64_t number)
{
    const struct listpack_value v = listpack_from_number(number);
    (void)listpack_edit_splice(lp, NULL, 0, 0, &v, 1);
}

void listpack_prepend(unsigned char **lp, struct bytes s)
{
    const struct listpack_value v = listpack_from_bytes(s);
    (void)listpack_edit_splice(lp, *lp + LISTPACK_HEADER_BYTES, 0, 0, &v, 1);
}

const unsigned char *listpack_replace(unsigned char **lp, const unsigned char *p,
                                      const struct listpack_value *v)
{
    return listpack_edit_splice(lp, p, listpack_entry_bytes(p), 1, v, 1);
}

const unsigned char *listpack_delete(unsigned char **lp, const unsigned char *p, size_t n)
{
    const unsigned char *end = p;
    size_t cut = 0;
    for (; cut < n && *end != LISTPACK_END; cut++)
        end += listpack_entry_bytes(end);
    p = listpack_edit_splice(lp, p, (size_t)(end - p), cut, NULL, 0);
    return *p == LISTPACK_END ? NULL : p;
}

void listpack_merge(unsigned char **lp, const unsigned char *b)
{
    const size_t old = listpack_bytes(*lp);
    const size_t added = listpack_bytes(b) - LISTPACK_EMPTY_BYTES;
    const size_t count = listpack_count(b);
    *lp = (unsigned char *)mem_realloc(*lp, old, old + added);
    listpack_append_packed_in_place(*lp, b + LISTPACK_HEADER_BYTES, added, count);
}

unsigned char *listpack_split(unsigned char **lp, const unsigned char *p)
{
    const size_t bytes = (size_t)(*lp + listpack_bytes(*lp) - 1 - p);
    size_t count = 0;
    for (const unsigned char *q = p; *q != LISTPACK_END; q += listpack_entry_bytes(q))
        count++;
    unsigned char *tail = (unsigned char *)mem_alloc(LISTPACK_EMPTY_BYTES + bytes);
    listpack_init_in_place(tail);
    listpack_append_packed_in_place(tail, p, bytes, count);
    (void)listpack_edit_splice(lp, p, bytes, count, NULL, 0);
    return tail;
}
