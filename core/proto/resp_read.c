/*
 * resp_read.c — a tree grows while its bytes come in.
 *
 * The open aggregates form a stack.  Each is the last item of the one below it, so no array of
 * items moves while something inside it is open, and the stack may hold plain pointers.  Texts
 * are offsets until the reply is whole, because its bytes may move until then.
 *
 * An attribute stands before the value it describes and is not counted by the aggregate around
 * them.  So the value's place is settled first, and remembered until the attribute is complete.
 *
 * Source  the published RESP specification, with the streamed types of RESP3
 */
#include "core/proto/resp_read.h"

#include "core/base/mem.h"

#include <math.h>

enum { CRLF = 2, FORMAT = 4 };

/* Where the next value goes: the settled place, the root, or a new item of the innermost. */
static struct resp_value *resp_read_place(struct resp_reader *r)
{
    enum { FIRST = 4 };
    struct resp_value *v = r->slot;
    r->slot = NULL;
    if (v)
        return v;
    if (r->depth == 0)
        return &r->root;
    struct resp_value *in = r->level[r->depth - 1].v;
    if (in->n == in->own.capacity) {
        const size_t capacity = in->own.capacity ? in->own.capacity * 2 : FIRST;
        in->items = mem_realloc(in->items, in->own.capacity * sizeof(*v), capacity * sizeof(*v));
        in->own.capacity = capacity;
    }
    v = &in->items[in->n++];
    memset(v, 0, sizeof(*v));
    return v;
}

static int open_level(struct resp_reader *r, struct resp_value *v, uint64_t left,
                      struct resp_value *after)
{
    if (r->depth == RESP_READ_DEPTH)
        return LK_EFORMAT;
    r->level[r->depth].v = v;
    r->level[r->depth].left = left;
    r->level[r->depth].after = after;
    r->depth++;
    return LK_OK;
}

/*
 * A value is complete: counts it in the aggregate around it, which may complete that in turn.
 * Returns whether the reply is whole.
 */
static bool value_done(struct resp_reader *r)
{
    while (r->depth > 0) {
        if (r->level[r->depth - 1].left == RESP_READ_STREAM || --r->level[r->depth - 1].left > 0)
            return false;
        r->slot = r->level[--r->depth].after;
        if (r->slot)
            return false;
    }
    return true;
}

/* The aggregate that just opened, or whose end mark came, is complete.  As value_done. */
static bool close_level(struct resp_reader *r)
{
    r->slot = r->level[--r->depth].after;
    return r->slot ? false : value_done(r);
}

static bool is_integer_text(struct bytes s)
{
    size_t i = s.size > 0 && (s.data[0] == '-' || s.data[0] == '+');
    if (i == s.size)
        return false;
    for (; i < s.size; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return true;
}

static struct bytes without_plus(struct bytes s)
{
    const bool plus = s.size > 1 && s.data[0] == '+' && s.data[1] != '-';
    return plus ? bytes_of(s.data + 1, s.size - 1) : s;
}

static int read_double(struct bytes s, double *out)
{
    if (bytes_is_word(s, "nan") || bytes_is_word(s, "-nan")) {
        *out = NAN;
        return LK_OK;
    }
    return bytes_to_double(without_plus(s), out) ? LK_OK : LK_EFORMAT;
}

/* A value that is one line; v->sign says which. */
static int read_line_value(struct resp_value *v, struct bytes s)
{
    v->kind = (enum resp_kind)v->sign;
    v->text = s;
    switch (v->sign) {
    case '+':
    case '-':
        return LK_OK;
    case ':':
        return bytes_to_int64(without_plus(s), &v->integer) ? LK_OK : LK_EFORMAT;
    case '#':
        v->integer = s.size == 1 && s.data[0] == 't';
        return s.size == 1 && (v->integer || s.data[0] == 'f') ? LK_OK : LK_EFORMAT;
    case ',':
        return read_double(s, &v->number);
    case '(':
        return is_integer_text(s) ? LK_OK : LK_EFORMAT;
    case '_':
        return s.size == 0 ? LK_OK : LK_EFORMAT;
    default:
        return LK_EFORMAT;
    }
}

/* The n bytes and CR LF at s + at: LK_EAGAIN while they have not come. */
static int check_body(const char *s, size_t size, size_t at, uint64_t n)
{
    if (size - at < CRLF || size - at - CRLF < n)
        return LK_EAGAIN;
    return s[at + n] == '\r' && s[at + n + 1] == '\n' ? LK_OK : LK_EFORMAT;
}

/* $ ! = whose n bytes are at body. */
static int read_bulk(struct resp_value *v, const char *body, size_t n)
{
    v->kind = (enum resp_kind)v->sign;
    v->text = bytes_of(body, n);
    if (v->sign != '=')
        return LK_OK;
    if (n < FORMAT || body[FORMAT - 1] != ':')
        return LK_EFORMAT;
    memcpy(v->format, body, sizeof(v->format));
    v->text = bytes_of(body + FORMAT, n - FORMAT);
    return LK_OK;
}

/* One piece of a streamed string: ";4", then four bytes; ";0" ends it. */
static int read_piece(struct resp_reader *r, const char *s, size_t size, struct bytes line,
                      size_t *took, bool *whole)
{
    struct resp_value *v = r->level[r->depth - 1].v;
    int64_t n = 0;
    if (s[0] != ';' || !bytes_to_int64(line, &n) || n < 0)
        return LK_EFORMAT;
    if (n == 0) {
        *whole = close_level(r);
        return LK_OK;
    }
    const int rc = check_body(s, size, *took, (uint64_t)n);
    if (rc != LK_OK)
        return rc;
    buf_append(&v->own.joined, s + *took, (size_t)n);
    *took += (size_t)n + CRLF;
    return LK_OK;
}

/* Opens the aggregate that is announced with left values. */
static int read_aggregate(struct resp_reader *r, char sign, uint64_t left, bool *whole)
{
    struct resp_value *v = resp_read_place(r), *after = NULL;
    if (sign == '|') {
        /* Several in a row become one: a chain would have no bound. */
        after = v;
        if (!after->attributes)
            after->attributes = mem_new(struct resp_value);
        v = after->attributes;
    }
    v->sign = sign;
    v->kind = (enum resp_kind)sign;
    const int rc = open_level(r, v, left, after);
    if (rc == LK_OK && left == 0)
        *whole = close_level(r);
    return rc;
}

/* A value whose line announces a number: of bytes, of values, or '?' for a stream. */
static int read_counted(struct resp_reader *r, const char *s, size_t size, struct bytes line,
                        size_t *took, bool *whole)
{
    const bool stream = line.size == 1 && line.data[0] == '?';
    const char sign = s[0];
    int64_t n = 0;
    if (!stream && !bytes_to_int64(line, &n))
        return LK_EFORMAT;
    if (n < 0 && (n != -1 || (sign != '$' && sign != '*')))
        return LK_EFORMAT;
    if (n < 0) {
        struct resp_value *v = resp_read_place(r);
        v->sign = sign;
        v->kind = RESP_KIND_NULL;
        *whole = value_done(r);
        return LK_OK;
    }
    switch (sign) {
    case '$':
        if (stream)
            return read_aggregate(r, sign, RESP_READ_STREAM, whole);
        break;
    case '!':
    case '=':
        if (stream)
            return LK_EFORMAT;
        break;
    case '>':
        if (r->depth > 0 || r->slot || stream)
            return LK_EFORMAT; /* only between replies */
        return read_aggregate(r, sign, (uint64_t)n, whole);
    case '%':
    case '|':
        return read_aggregate(r, sign, stream ? RESP_READ_STREAM : (uint64_t)n * 2, whole);
    default:
        return read_aggregate(r, sign, stream ? RESP_READ_STREAM : (uint64_t)n, whole);
    }
    const int rc = check_body(s, size, *took, (uint64_t)n);
    if (rc != LK_OK)
        return rc;
    struct resp_value *v = resp_read_place(r);
    v->sign = sign;
    if (read_bulk(v, s + *took, (size_t)n) != LK_OK)
        return LK_EFORMAT;
    v->own.text_at = r->pos + (size_t)(v->text.data - s);
    *took += (size_t)n + CRLF;
    *whole = value_done(r);
    return LK_OK;
}

/* ".", the end of a streamed aggregate. */
static int read_end(struct resp_reader *r, struct bytes line, bool *whole)
{
    if (line.size > 0 || r->depth == 0 || r->slot)
        return LK_EFORMAT;
    const struct resp_value *v = r->level[r->depth - 1].v;
    const bool pairs = v->kind == RESP_KIND_MAP || v->kind == RESP_KIND_ATTRIBUTE;
    if (r->level[r->depth - 1].left != RESP_READ_STREAM || (pairs && v->n % 2 != 0))
        return LK_EFORMAT;
    *whole = close_level(r);
    return LK_OK;
}

/* Sets *took to the bytes of the line at s, its end included. */
static int find_line(struct resp_reader *r, const char *s, size_t size, size_t *took)
{
    const char *end = memchr(s + r->line_seen, '\r', size - r->line_seen);
    const size_t length = end ? (size_t)(end - s) : size;
    if (length > RESP_READ_LINE_MAX)
        return LK_EFORMAT;
    if (size - length < CRLF) {
        r->line_seen = length;
        return LK_EAGAIN;
    }
    *took = length + CRLF;
    return length > 0 && end[1] == '\n' ? LK_OK : LK_EFORMAT;
}

/* Reads one line, with the bytes it announces; moves r->pos on. */
static int resp_read_step(struct resp_reader *r, const char *data, size_t size, bool *whole)
{
    const char *s = data + r->pos;
    size_t took = 0;
    size -= r->pos;
    int rc = find_line(r, s, size, &took);
    if (rc != LK_OK)
        return rc;
    const struct bytes line = bytes_of(s + 1, took - 1 - CRLF);
    const bool in_stream = r->depth > 0 && r->level[r->depth - 1].v->kind == RESP_KIND_BULK;
    if (in_stream)
        rc = read_piece(r, s, size, line, &took, whole);
    else if (s[0] == '.')
        rc = read_end(r, line, whole);
    else if (s[0] != '\0' && strchr("$!=*%~>|", s[0]))
        rc = read_counted(r, s, size, line, &took, whole);
    else {
        struct resp_value *v = resp_read_place(r);
        v->sign = s[0];
        rc = read_line_value(v, line);
        v->own.text_at = r->pos + 1;
        if (rc == LK_OK)
            *whole = value_done(r);
    }
    if (rc == LK_OK) {
        r->pos += took;
        r->line_seen = 0;
    }
    return rc;
}

/* Turns the offsets of texts into pointers. */
static void resp_read_settle(struct resp_value *v, const char *data)
{
    if (v->own.joined.size > 0)
        v->text = buf_bytes(&v->own.joined);
    else if (v->text.size > 0)
        v->text.data = data + v->own.text_at;
    else
        v->text.data = "";
    for (size_t i = 0; i < v->n; i++)
        resp_read_settle(&v->items[i], data);
    if (v->attributes)
        resp_read_settle(v->attributes, data);
}

int resp_read(struct resp_reader *r, const char *data, size_t size, struct resp_value *out,
              size_t *consumed)
{
    bool whole = false;
    int rc = size > r->pos ? LK_OK : LK_EAGAIN;
    while (rc == LK_OK && !whole)
        rc = size > r->pos ? resp_read_step(r, data, size, &whole) : LK_EAGAIN;
    if (rc == LK_EAGAIN)
        return rc;
    if (rc == LK_OK) {
        resp_read_settle(&r->root, data);
        *out = r->root;
        *consumed = r->pos;
        memset(r, 0, sizeof(*r));
    } else
        resp_reader_release(r);
    return rc;
}

void resp_reader_release(struct resp_reader *r)
{
    resp_value_release(&r->root);
    memset(r, 0, sizeof(*r));
}
