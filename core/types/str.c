/*
 * str.c — strings up to STR_INLINE_MAX, and the questions that any string answers.
 *
 * A canonical decimal int64 is kept as the number, so that counters cost no parsing.  Everything
 * else up to 256 KiB is the bytes themselves inside the entry.  Longer strings are chunks: their
 * side of each operation stands in str_chunked.c.
 *
 *   SET      int | embstr | raw | chunks     the best of all
 *   APPEND   raw | chunks                    never back: the next APPEND would undo it
 */
#include "core/types/str.h"

#include "core/types/str_priv.h"

/* No canonical int64 is longer: a sign and 19 digits. */
enum { INT64_DIGITS_MAX = 20 };

void str_raw_from_bytes(struct bytes b, struct value *out)
{
    out->type = TYPE_STRING;
    if (LK_UNLIKELY(b.size > STR_INLINE_MAX)) {
        str_chunked_from_bytes(b, out);
        return;
    }
    out->encoding = ENC_RAW;
    out->as.bytes = b;
}

void str_text_from_bytes(struct bytes b, struct value *out)
{
    str_raw_from_bytes(b, out);
    if (b.size <= STR_EMBSTR_MAX)
        out->encoding = ENC_EMBSTR;
}

void str_from_bytes(struct bytes b, struct value *out)
{
    int64_t n;
    if (b.size <= INT64_DIGITS_MAX && bytes_to_int64(b, &n))
        str_from_int64(n, out);
    else
        str_text_from_bytes(b, out);
}

void str_from_int64(int64_t n, struct value *out)
{
    out->type = TYPE_STRING;
    out->encoding = ENC_INT;
    out->as.integer = n;
}

void str_from_range(size_t offset, struct bytes piece, struct buf *scratch, struct value *out)
{
    if (offset + piece.size > STR_INLINE_MAX) {
        str_chunked_from_range(offset, piece, out);
        return;
    }
    char *at = buf_reserve(scratch, offset + piece.size);
    memset(at, 0, offset);
    memcpy(at + offset, piece.data, piece.size);
    scratch->size += offset + piece.size;
    str_raw_from_bytes(bytes_of(at, offset + piece.size), out);
}

size_t str_size(const struct value *v)
{
    char digits[INT64_CHARS];
    switch (v->encoding) {
    case ENC_INT:
        return int64_to_chars(v->as.integer, digits);
    case ENC_CHUNKS:
        return str_chunked_size(v);
    default:
        return v->as.bytes.size;
    }
}

int str_to_int64(const struct value *v, int64_t *out)
{
    struct bytes b;
    if (v->encoding == ENC_INT) {
        *out = v->as.integer;
        return LK_OK;
    }
    return str_piece(v, &b) && bytes_to_int64(b, out) ? LK_OK : LK_ENOTINT;
}

int str_to_long_double(const struct value *v, long double *out)
{
    struct bytes b;
    if (v->encoding == ENC_INT) {
        *out = (long double)v->as.integer;
        return LK_OK;
    }
    return str_piece(v, &b) && bytes_to_long_double(b, out) ? LK_OK : LK_ENOTFLOAT;
}

struct bytes str_bytes(const struct value *v, struct buf *scratch)
{
    struct bytes b;
    if (str_piece(v, &b))
        return b;
    const size_t n = str_size(v);
    char *at = buf_reserve(scratch, n);
    str_read(v, 0, at, n);
    scratch->size += n;
    return bytes_of(at, n);
}

size_t str_read(const struct value *v, size_t offset, char *out, size_t n)
{
    char digits[INT64_CHARS];
    if (v->encoding == ENC_CHUNKS)
        return str_chunked_read(v, offset, out, n);
    const struct bytes b = str_inline_bytes(v, digits);
    if (offset >= b.size)
        return 0;
    const size_t rest = b.size - offset, got = n < rest ? n : rest;
    if (got > 0)
        memcpy(out, b.data + offset, got);
    return got;
}

void str_spans(const struct value *v, size_t offset, size_t n,
               void (*span)(void *ctx, const struct str_span *piece), void *ctx)
{
    char digits[INT64_CHARS];
    if (v->encoding == ENC_CHUNKS) {
        str_chunked_spans(v, offset, n, span, ctx);
        return;
    }
    const struct bytes b = str_inline_bytes(v, digits);
    LK_ASSERT(offset <= b.size && n <= b.size - offset);
    const struct str_span all = {.bytes = bytes_of(b.data + offset, n)};
    if (n > 0)
        span(ctx, &all);
}

bool str_equal(const struct value *v, struct bytes b)
{
    char digits[INT64_CHARS];
    if (v->encoding == ENC_CHUNKS)
        return str_chunked_equal(v, b);
    return bytes_equal(str_inline_bytes(v, digits), b);
}

/*
 * Gives an int or inline value room for size raw bytes, the old ones in front and zeros in the gap
 * up to offset; returns where it begins, NULL without memory.
 */
static char *make_raw(struct value_edit *e, size_t size, size_t offset)
{
    char digits[INT64_CHARS];
    struct bytes old;
    const bool was_int = !str_piece(&e->value, &old);
    if (was_int)
        old = bytes_of(digits, int64_to_chars(e->value.as.integer, digits));
    const size_t old_size = old.size;
    char *at = e->resize(e, size);
    if (!at)
        return NULL;
    if (was_int)
        memcpy(at, digits, old_size);
    if (offset > old_size)
        memset(at + old_size, 0, offset - old_size);
    e->value.encoding = ENC_RAW;
    e->value.as.bytes = bytes_of(at, size);
    return at;
}

int str_set_range(struct value_edit *e, size_t offset, struct bytes piece)
{
    const size_t old_size = str_size(&e->value), end = offset + piece.size;
    const size_t size = end > old_size ? end : old_size;
    if (e->value.encoding == ENC_CHUNKS || size > STR_INLINE_MAX)
        return str_chunked_set_range(e, offset, piece);
    char *at = make_raw(e, size, offset);
    if (!at)
        return LK_ENOMEM;
    if (piece.size > 0)
        memcpy(at + offset, piece.data, piece.size);
    return LK_OK;
}

char *str_writable(struct value_edit *e, size_t size)
{
    LK_ASSERT(value_is_inline(e->value.encoding));
    LK_ASSERT(size <= STR_INLINE_MAX);
    return make_raw(e, size, 0);
}

int str_append(struct value_edit *e, struct bytes tail)
{
    return str_set_range(e, str_size(&e->value), tail);
}

static const char *str_encoding_name(const struct value *v)
{
    switch (v->encoding) {
    case ENC_INT:
        return "int";
    case ENC_EMBSTR:
        return "embstr";
    default:
        return "raw";
    }
}

static int str_copy(const struct value *v, struct value *out)
{
    *out = *v;
    if (v->encoding == ENC_CHUNKS)
        str_chunked_copy(v, out);
    return LK_OK;
}

static size_t str_node_bytes(const struct value *v, size_t samples)
{
    (void)samples;
    return v->encoding == ENC_CHUNKS ? str_chunked_node_bytes(v) : 0;
}

static size_t str_free_effort(const struct value *v)
{
    return v->encoding == ENC_CHUNKS ? str_chunked_free_effort(v) : 1;
}

static uint64_t str_length(const struct value *v)
{
    return str_size(v);
}

struct describing {
    describe_sink *sink;
    void *ctx;
};

static void describe_span(void *ctx, const struct str_span *piece)
{
    const struct describing *d = ctx;
    d->sink(d->ctx, piece->bytes, DESCRIBE_PIECE);
}

static void str_describe(const struct value *v, describe_sink *sink, void *ctx)
{
    struct describing d = {sink, ctx};
    str_spans(v, 0, str_size(v), describe_span, &d);
    sink(ctx, bytes_of("", 0), DESCRIBE_ELEMENT);
}

const struct type_ops str_type_ops = {
    .name = "string",
    .encoding_name = str_encoding_name,
    .copy = str_copy,
    .release = str_chunked_release,
    .reap = str_chunked_reap,
    .node_bytes = str_node_bytes,
    .free_effort = str_free_effort,
    .length = str_length,
    .describe = str_describe,
};
