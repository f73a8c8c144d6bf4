/*
 * resp_write.c — the forms of a reply that are not worth a place in the header.
 *
 * Source  the published RESP specification (versions 2 and 3)
 */
#include "core/proto/resp_write.h"

#include "core/proto/resp_write_priv.h"

/* Set aside for a deferred header: sign, digits, CR LF. */
enum { DEFERRED_SIZE = 16 };

void reply_init(struct reply *r, int version)
{
    memset(r, 0, sizeof(*r));
    r->version = version;
}

void reply_release(struct reply *r)
{
    reply_ref_release(r);
    buf_release(&r->out);
}

/* sign, text with its line ends made spaces, CR LF */
static void resp_write_line(struct buf *b, char sign, struct bytes text)
{
    char *to = buf_reserve(b, text.size + 3);
    *to++ = sign;
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        *to++ = c == '\r' || c == '\n' ? ' ' : c;
    }
    *to++ = '\r';
    *to++ = '\n';
    b->size += text.size + 3;
}

void reply_simple(struct reply *r, const char *text)
{
    resp_write_line(&r->out, '+', bytes_cstr(text));
}

void reply_simple_bytes(struct reply *r, struct bytes text)
{
    resp_write_line(&r->out, '+', text);
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

void reply_error_bytes(struct reply *r, struct bytes message)
{
    while (message.size > 0 && is_line_end(message.data[0]))
        message = bytes_of(message.data + 1, message.size - 1);
    while (message.size > 0 && is_line_end(message.data[message.size - 1]))
        message.size--;
    if (message.size > 0 && message.data[0] == '-')
        message = bytes_of(message.data + 1, message.size - 1);
    r->error_at = r->out.size;
    r->errors++;
    resp_write_line(&r->out, '-', message);
}

struct buf *reply_error_begin(struct reply *r)
{
    r->error_at = r->out.size;
    r->errors++;
    buf_append_char(&r->out, '-');
    return &r->out;
}

void reply_error_end(struct reply *r)
{
    LK_DEBUG_ASSERT(r->error_at < r->out.size);
    buf_append(&r->out, "\r\n", 2);
}

void reply_error(struct reply *r, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    reply_error_bytes(r, buf_bytes(&text));
    buf_release(&text);
}

void reply_bool(struct reply *r, bool v)
{
    if (r->version == 2)
        reply_int(r, v);
    else
        buf_append(&r->out, v ? "#t\r\n" : "#f\r\n", 4);
}

/* A line of its own to RESP3, a bulk to RESP2. */
static void resp_write_scalar(struct reply *r, char sign, struct bytes text)
{
    if (r->version == 2)
        reply_bulk(r, text);
    else
        resp_write_line(&r->out, sign, text);
}

void reply_double(struct reply *r, double v)
{
    char text[DOUBLE_CHARS];
    resp_write_scalar(r, ',', bytes_of(text, double_to_chars(v, text)));
}

void reply_big_number(struct reply *r, struct bytes digits)
{
    resp_write_scalar(r, '(', digits);
}

void reply_long_double(struct reply *r, long double v)
{
    char text[LONG_DOUBLE_CHARS];
    resp_write_scalar(r, ',', bytes_of(text, long_double_to_chars(v, text)));
}

void reply_bulk_cstr(struct reply *r, const char *s)
{
    reply_bulk(r, bytes_cstr(s));
}

void reply_bulk_printf(struct reply *r, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    reply_bulk(r, buf_bytes(&text));
    buf_release(&text);
}

void reply_bulk_int(struct reply *r, int64_t v)
{
    char text[INT64_CHARS];
    reply_bulk(r, bytes_of(text, int64_to_chars(v, text)));
}

void reply_bulk_double(struct reply *r, double v)
{
    char text[DOUBLE_CHARS];
    reply_bulk(r, bytes_of(text, double_to_chars(v, text)));
}

void reply_bulk_long_double(struct reply *r, long double v)
{
    char text[LONG_DOUBLE_CHARS];
    reply_bulk(r, bytes_of(text, long_double_to_chars(v, text)));
}

void reply_verbatim(struct reply *r, const char *format, struct bytes text)
{
    enum { FORMAT = 4 }; /* three letters and a colon */
    if (r->version == 2) {
        reply_bulk(r, text);
        return;
    }
    LK_ASSERT(strlen(format) == FORMAT - 1);
    reply_buf_header(&r->out, '=', FORMAT + text.size);
    buf_append(&r->out, format, FORMAT - 1);
    buf_append_char(&r->out, ':');
    buf_append_bytes(&r->out, text);
    buf_append(&r->out, "\r\n", 2);
}

/* The header's sign in the reader's version; *n becomes what it announces there. */
static char header_sign(const struct reply *r, enum reply_kind kind, uint64_t *n)
{
    static const char signs[] = {
        [REPLY_ARRAY] = '*', [REPLY_MAP] = '%',       [REPLY_SET] = '~',
        [REPLY_PUSH] = '>',  [REPLY_ATTRIBUTE] = '|',
    };
    if (r->version != 2)
        return signs[kind];
    LK_ASSERT(kind != REPLY_ATTRIBUTE);
    if (kind == REPLY_MAP)
        *n *= 2;
    return '*';
}

void reply_header(struct reply *r, enum reply_kind kind, uint64_t n)
{
    const char sign = header_sign(r, kind, &n);
    reply_buf_header(&r->out, sign, n);
}

size_t reply_begin_deferred(struct reply *r)
{
    const size_t position = r->out.size;
    buf_reserve(&r->out, DEFERRED_SIZE);
    r->out.size += DEFERRED_SIZE;
    return position;
}

/* Closes the gap of n bytes at position by moving what lies behind it. */
static void close_gap(struct reply *r, size_t position, size_t n)
{
    char *gap = r->out.data + position;
    memmove(gap, gap + n, r->out.size - position - n);
    r->out.size -= n;
    if (r->errors > 0 && r->error_at >= position + n)
        r->error_at -= n;
    for (uint32_t i = reply_ref_find(r, position + n); i < r->ref.n; i++)
        r->ref.v[i].at -= n;
}

void reply_end_deferred(struct reply *r, size_t position, enum reply_kind kind, uint64_t n)
{
    char header[REPLY_HEADER_MAX];
    const char sign = header_sign(r, kind, &n);
    const size_t size = (size_t)(reply_put_number(header, sign, (int64_t)n) - header);
    const size_t body = position + DEFERRED_SIZE;
    LK_ASSERT(size <= DEFERRED_SIZE);
    LK_ASSERT(body <= r->out.size);
    const size_t gap = DEFERRED_SIZE - size;
    memcpy(r->out.data + body - size, header, size);
    if (gap == 0)
        return;
    if (r->out.size - body <= REPLY_MOVE_MAX) {
        close_gap(r, position, gap);
        return;
    }
    const struct reply_ref hole = {.at = position, .skip = gap};
    reply_ref_insert(r, reply_ref_find(r, body), &hole);
}

void reply_rewind(struct reply *r, struct reply_place m)
{
    LK_ASSERT(m.size <= r->out.size);
    LK_ASSERT(m.refs <= r->ref.n);
    reply_ref_truncate(r, m.refs);
    r->out.size = m.size;
    r->errors = m.errors;
}
