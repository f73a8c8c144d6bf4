/*
 * rdb_string.c — string values.
 *
 * A long string never lies in one piece here: it is written chunk by chunk, and what comes in as
 * it is goes into chunks as it arrives.
 */
#include "core/types/str.h"
#include "persist/rdb/rdb_type.h"

static unsigned rdb_string_code(const struct rdb_out *o, const struct value *v)
{
    (void)o;
    (void)v;
    return RDB_STRING;
}

struct piece_to {
    void (*piece)(void *ctx, struct bytes b);
    void *ctx;
};

static void rdb_string_span(void *ctx, const struct str_span *s)
{
    const struct piece_to *to = ctx;
    to->piece(to->ctx, s->bytes);
}

static void each_piece(const void *owner, void (*piece)(void *ctx, struct bytes b), void *ctx)
{
    const struct value *v = owner;
    struct piece_to to = {piece, ctx};
    str_spans(v, 0, str_size(v), rdb_string_span, &to);
}

static void rdb_string_write(struct rdb_out *o, const struct value *v)
{
    struct bytes b;
    int64_t n;
    if (str_piece(v, &b))
        rdb_out_string(o, b);
    else if (str_to_int64(v, &n) == LK_OK)
        rdb_out_integer(o, n);
    else
        rdb_out_pieces(o, &(struct rdb_pieces){str_size(v), each_piece, v});
}

/* Only inline values are resized, and what is appended to here is none. */
static char *no_resize(struct value_edit *edit, size_t size)
{
    (void)edit;
    (void)size;
    return NULL;
}

static int append_rest(struct rdb_in *in, uint64_t left, struct value *v)
{
    struct value_edit edit = {.value = *v, .resize = no_resize};
    struct bytes piece;
    int rc = LK_OK;
    while (rc == LK_OK && left > 0) {
        rc = rdb_in_piece(in, left, &piece);
        if (rc == LK_OK)
            rc = str_append(&edit, piece);
        left -= rc == LK_OK ? piece.size : 0;
    }
    *v = edit.value;
    return rc;
}

/* The first part is what makes the string long, and so chunks of it. */
static int read_long(struct rdb_in *in, uint64_t size, struct value *out)
{
    enum { FIRST_BYTES = STR_INLINE_MAX + 1 };
    const struct rdb_string first = {.form = RDB_IS_PLAIN, .size = FIRST_BYTES};
    struct bytes b;
    int rc = rdb_in_string_body(in, &first, &in->scratch, &b);
    if (rc != LK_OK)
        return rc;
    str_from_bytes(b, out);
    rc = append_rest(in, size - FIRST_BYTES, out);
    if (rc != LK_OK)
        value_release(out);
    return rc;
}

static int rdb_string_read(struct rdb_in *in, const struct rdb_code *row, struct value *out)
{
    struct rdb_string s;
    struct bytes b;
    (void)row;
    int rc = rdb_in_string_head(in, &s);
    if (rc != LK_OK)
        return rc;
    if (s.form == RDB_IS_INTEGER) {
        str_from_int64(s.integer, out);
        return LK_OK;
    }
    if (s.form == RDB_IS_PLAIN && s.size > STR_INLINE_MAX)
        return read_long(in, s.size, out);
    rc = rdb_in_string_body(in, &s, &in->scratch, &b);
    if (rc == LK_OK)
        str_from_bytes(b, out);
    return rc;
}

const struct rdb_type rdb_string = {rdb_string_code, rdb_string_write, rdb_string_read};
