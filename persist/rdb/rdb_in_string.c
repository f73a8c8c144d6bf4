/*
 * rdb_in_string.c — strings: as they are, as integers, packed by LZF.
 */
#include "core/base/mem.h"
#include "core/ds/le.h"
#include "persist/rdb/rdb_in_priv.h"

#include <lzf.h>

/* The longest reference of LZF copies 264 bytes and takes three. */
enum { UNPACK_MAX = 264 / 3 };

static int read_integer(struct rdb_in *in, unsigned bytes, int64_t *out)
{
    unsigned char b[4];
    const int rc = rdb_in_raw(in, b, bytes);
    if (rc != LK_OK)
        return rc;
    *out = bytes == 1 ? (int8_t)b[0] : bytes == 2 ? (int16_t)le16_get(b) : (int32_t)le32_get(b);
    return LK_OK;
}

static int read_packed_head(struct rdb_in *in, struct rdb_string *s)
{
    int rc = rdb_in_length(in, &s->packed);
    if (rc == LK_OK)
        rc = rdb_in_length(in, &s->size);
    if (rc == LK_OK)
        rc = rdb_in_check_claim(in, s->packed);
    if (rc != LK_OK)
        return rc;
    if (s->size == 0 || (s->size - 1) / UNPACK_MAX >= s->packed)
        return rdb_in_fail(in, "%llu packed bytes cannot hold a string of %llu",
                           (unsigned long long)s->packed, (unsigned long long)s->size);
    return LK_OK;
}

int rdb_in_string_head(struct rdb_in *in, struct rdb_string *s)
{
    int form;
    const int rc = rdb_in_length_or_form(in, &s->size, &form);
    if (rc != LK_OK)
        return rc;
    switch (form) {
    case -1:
        s->form = RDB_IS_PLAIN;
        return rdb_in_check_claim(in, s->size);
    case RDB_STR_INT8:
    case RDB_STR_INT16:
    case RDB_STR_INT32:
        s->form = RDB_IS_INTEGER;
        return read_integer(in, 1u << form, &s->integer);
    case RDB_STR_LZF:
        s->form = RDB_IS_PACKED;
        return read_packed_head(in, s);
    default:
        return rdb_in_fail(in, "no string has form %d", form);
    }
}

static int rdb_in_string_collect(struct rdb_in *in, uint64_t size, struct buf *buf,
                                 struct bytes *out)
{
    const size_t begin = buf->size;
    struct bytes piece;
    if (size <= in->capacity || !in->source.read) {
        const int rc = rdb_in_fill(in, size);
        return rc == LK_OK && size > 0 ? rdb_in_piece(in, size, out) : rc;
    }
    while (buf->size - begin < size) {
        const int rc = rdb_in_piece(in, size - (buf->size - begin), &piece);
        if (rc != LK_OK)
            return rc;
        buf_append_bytes(buf, piece);
    }
    *out = bytes_of(buf->data + begin, size);
    return LK_OK;
}

/* As buf_reserve, but NULL when there is no memory: a few bytes may unpack to very many. */
static char *try_reserve(struct buf *b, size_t n)
{
    if (n > b->capacity - b->size) {
        const size_t capacity = mem_class(b->size + n);
        char *moved = mem_try_realloc(b->data, b->capacity, capacity);
        if (!moved)
            return NULL;
        b->data = moved;
        b->capacity = capacity;
    }
    return b->data + b->size;
}

static int rdb_in_string_unpack(struct rdb_in *in, const struct rdb_string *s, struct buf *buf,
                                struct bytes *out)
{
    struct bytes packed = {0};
    in->packed.size = 0;
    const int rc = rdb_in_string_collect(in, s->packed, &in->packed, &packed);
    if (rc != LK_OK)
        return rc;
    char *at = try_reserve(buf, s->size);
    if (!at)
        return rdb_in_fail_with(in, LK_ENOMEM, "there is no memory for a string of %llu bytes",
                                (unsigned long long)s->size);
    if (lzf_decompress(packed.data, (unsigned)packed.size, at, (unsigned)s->size) != s->size)
        return rdb_in_fail(in, "%zu packed bytes are not a string of %llu", packed.size,
                           (unsigned long long)s->size);
    buf->size += s->size;
    *out = bytes_of(at, s->size);
    return LK_OK;
}

int rdb_in_string_body(struct rdb_in *in, const struct rdb_string *s, struct buf *buf,
                       struct bytes *out)
{
    *out = bytes_of("", 0);
    if (s->size > UINT32_MAX || (s->form == RDB_IS_PACKED && s->packed > UINT32_MAX))
        return rdb_in_fail(in, "a string of %llu bytes is too long here",
                           (unsigned long long)s->size);
    if (s->form == RDB_IS_PACKED)
        return rdb_in_string_unpack(in, s, buf, out);
    LK_ASSERT(s->form == RDB_IS_PLAIN);
    return rdb_in_string_collect(in, s->size, buf, out);
}

int rdb_in_string(struct rdb_in *in, struct buf *buf, struct bytes *out)
{
    struct rdb_string s;
    const int rc = rdb_in_string_head(in, &s);
    if (rc != LK_OK)
        return rc;
    if (s.form != RDB_IS_INTEGER)
        return rdb_in_string_body(in, &s, buf, out);
    char *at = buf_reserve(buf, INT64_CHARS);
    const size_t n = int64_to_chars(s.integer, at);
    buf->size += n;
    *out = bytes_of(at, n);
    return LK_OK;
}

int rdb_in_skip_string(struct rdb_in *in)
{
    struct rdb_string s;
    const int rc = rdb_in_string_head(in, &s);
    if (rc != LK_OK || s.form == RDB_IS_INTEGER)
        return rc;
    return rdb_in_skip(in, s.form == RDB_IS_PACKED ? s.packed : s.size);
}
