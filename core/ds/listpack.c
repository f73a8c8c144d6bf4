/*
 * listpack.c — walking and reading.
 */
#include "core/ds/listpack.h"

#include "core/base/mem.h"
#include "core/ds/listpack_priv.h"

struct listpack_value listpack_from_bytes(struct bytes s)
{
    struct listpack_value v = {.s = s, .number = 0, .is_number = false};
    if (s.data == NULL)
        v.s.data = "";
    else if (s.size - 1 < INT64_CHARS - 1 && (unsigned char)s.data[0] <= '9')
        v.is_number = bytes_to_int64(s, &v.number);
    return v;
}

size_t listpack_bytes(const unsigned char *lp)
{
    return le32_get(lp);
}

size_t listpack_entry_bytes_slow(const unsigned char *p)
{
    const size_t body = listpack_body_bytes(p);
    return body + listpack_backlen_width(body);
}

size_t listpack_count(const unsigned char *lp)
{
    const size_t stated = le16_get(lp + 4);
    if (stated != LISTPACK_COUNT_UNKNOWN)
        return stated;
    size_t n = 0;
    for (const unsigned char *p = lp + LISTPACK_HEADER_BYTES; *p != LISTPACK_END;
         p += listpack_entry_bytes(p))
        n++;
    return n;
}

const unsigned char *listpack_first(const unsigned char *lp)
{
    const unsigned char *p = lp + LISTPACK_HEADER_BYTES;
    return *p == LISTPACK_END ? NULL : p;
}

const unsigned char *listpack_last(const unsigned char *lp)
{
    return listpack_prev(lp, lp + listpack_bytes(lp) - 1);
}

const unsigned char *listpack_next(const unsigned char *lp, const unsigned char *p)
{
    (void)lp;
    p += listpack_entry_bytes(p);
    return *p == LISTPACK_END ? NULL : p;
}

const unsigned char *listpack_prev(const unsigned char *lp, const unsigned char *p)
{
    const unsigned char *first = lp + LISTPACK_HEADER_BYTES;
    if (p == first)
        return NULL;
    const size_t body = listpack_backlen_before(p, first);
    LK_ASSERT(body != 0);
    return p - body - listpack_backlen_width(body);
}

const unsigned char *listpack_seek(const unsigned char *lp, int64_t index)
{
    const size_t stated = le16_get(lp + 4);
    if (stated != LISTPACK_COUNT_UNKNOWN) {
        const int64_t count = (int64_t)stated;
        if (index >= count || index < -count)
            return NULL;
        if (index >= 0 && index > count / 2)
            index -= count;
        else if (index < 0 && index < -(count / 2))
            index += count;
    }
    const unsigned char *p = NULL;
    if (index >= 0) {
        p = listpack_first(lp);
        while (p && index-- > 0)
            p = listpack_next(lp, p);
    } else {
        p = listpack_last(lp);
        while (p && ++index < 0)
            p = listpack_prev(lp, p);
    }
    return p;
}

struct listpack_value listpack_get(const unsigned char *p)
{
    struct listpack_value v = {.s = {NULL, 0}, .number = 0, .is_number = true};
    if (LK_LIKELY((p[0] & 0xC0) == 0x80)) {
        v.s = bytes_of(p + 1, p[0] & 0x3Fu);
        v.is_number = false;
    } else if (p[0] < 0x80) {
        v.number = p[0];
    } else if ((p[0] & 0xE0) == 0xC0) {
        const int64_t bits = (int64_t)(p[0] & 0x1F) << 8 | p[1];
        v.number = bits < 4096 ? bits : bits - 8192;
    } else if (p[0] == LISTPACK_INT16) {
        v.number = (int16_t)le16_get(p + 1);
    } else if (p[0] == LISTPACK_INT24) {
        const int64_t bits = (int64_t)le16_get(p + 1) | (int64_t)p[3] << 16;
        v.number = bits < (1 << 23) ? bits : bits - (1 << 24);
    } else if (p[0] == LISTPACK_INT32) {
        v.number = (int32_t)le32_get(p + 1);
    } else if (p[0] == LISTPACK_INT64) {
        v.number = (int64_t)le64_get(p + 1);
    } else {
        v.s = bytes_of(p + listpack_head_bytes(p[0]), listpack_data_bytes(p));
        v.is_number = false;
    }
    return v;
}

const unsigned char *listpack_read(const unsigned char *p, struct listpack_value *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = listpack_get(p);
        p += listpack_entry_bytes(p);
    }
    return p;
}

struct bytes listpack_text(const unsigned char *p, char digits[INT64_CHARS])
{
    const struct listpack_value v = listpack_get(p);
    return v.is_number ? bytes_of(digits, int64_to_chars(v.number, digits)) : v.s;
}

bool listpack_equal(const unsigned char *p, const struct listpack_value *v)
{
    if (LK_LIKELY((p[0] & 0xC0) == 0x80 && v->s.data))
        return bytes_equal(listpack_string(p), v->s);
    const struct listpack_value own = listpack_get(p);
    if (own.is_number)
        return v->is_number && v->number == own.number;
    if (v->s.data)
        return bytes_equal(own.s, v->s);
    /* Lists from outside may keep a number as a string. */
    char digits[INT64_CHARS];
    return bytes_equal(own.s, bytes_of(digits, int64_to_chars(v->number, digits)));
}

int listpack_compare(const unsigned char *p, struct bytes s)
{
    char digits[INT64_CHARS];
    return bytes_compare(listpack_text(p, digits), s);
}

const unsigned char *listpack_find(const unsigned char *lp, const unsigned char *p,
                                   const struct listpack_value *v, size_t skip)
{
    while (p) {
        if (listpack_equal(p, v))
            return p;
        for (size_t i = 0; p && i <= skip; i++)
            p = listpack_next(lp, p);
    }
    return NULL;
}

bool listpack_validate(const unsigned char *lp, size_t size)
{
    if (size < LISTPACK_EMPTY_BYTES || le32_get(lp) != size || lp[size - 1] != LISTPACK_END)
        return false;
    const unsigned char *const end = lp + size - 1;
    const unsigned char *p = lp + LISTPACK_HEADER_BYTES;
    size_t count = 0;
    while (p < end) {
        const size_t left = (size_t)(end - p);
        const size_t head = listpack_head_bytes(p[0]);
        if (head == 0 || head > left)
            return false;
        const size_t body = head + listpack_data_bytes(p);
        const size_t width = listpack_backlen_width(body);
        if (body > left || width > left - body)
            return false;
        p += body + width;
        if (listpack_backlen_before(p, p - width) != body)
            return false;
        count++;
    }
    const size_t stated = le16_get(lp + 4);
    return stated == count || stated == LISTPACK_COUNT_UNKNOWN;
}
