/*
 * resp_parse.c — multibulk requests.
 *
 * Two walks over the same grammar.  resp_parse_plain() is the hot one: it reads headers of one and
 * two digits by hand, stores arguments as it goes and gives up at the first thing that is not
 * plain. resp_parse_scan() is the patient one: it stops where the bytes stop, checks everything,
 * stores nothing. What resp_parse_plain() gave up on is scanned; what has been scanned to its end
 * is framed by resp_parse_walk().
 *
 * Source  the published RESP specification; error texts and limits asked of Redis 7.0.15
 */
#include "core/proto/resp_parse_priv.h"

#include "core/base/mem.h"

#include <limits.h>
#include <stdio.h>

/* The digits of a header: no plus sign, no leading zero, no space, nothing else. */
static bool header_number(const char *s, size_t n, int64_t *out)
{
    enum { DIGITS = 19 }; /* of INT64_MAX */
    const bool negative = n > 0 && s[0] == '-';
    s += negative;
    n -= negative;
    if (n == 0 || n > DIGITS || (s[0] == '0' && (n > 1 || negative)))
        return false;
    uint64_t v = 0; /* 19 digits fit */
    for (size_t i = 0; i < n; i++) {
        const unsigned d = (unsigned)(unsigned char)s[i] - '0';
        if (d > 9)
            return false;
        v = v * 10 + d;
    }
    if (v > (uint64_t)INT64_MAX + negative)
        return false;
    *out = (int64_t)(negative ? 0 - v : v);
    return true;
}

static enum resp_outcome resp_parse_finish(struct resp_progress *p, enum resp_outcome o)
{
    memset(p, 0, sizeof(*p));
    return o;
}

static enum resp_outcome resp_parse_more(struct resp_progress *p, size_t missing)
{
    p->missing = missing;
    return RESP_PARTIAL;
}

static enum resp_outcome resp_parse_fail(struct resp_progress *p, const char **error,
                                         const char *text)
{
    *error = text;
    return resp_parse_finish(p, RESP_ERROR);
}

/* A line end inside an error line would end it. */
static const char *expected_dollar(struct resp_args *out, char got)
{
    snprintf(out->error_text, sizeof(out->error_text), "ERR Protocol error: expected '$', got '%c'",
             got == '\r' || got == '\n' ? ' ' : got);
    return out->error_text;
}

enum { HEADER_MIN = 4 }; /* a sign, a digit, CR, LF */

/*
 * A number of one to nine digits at s, the rest of a header.  Returns the bytes it takes with
 * its line end, or 0 when it is not that plain or not there whole.
 */
static inline size_t plain_number(const char *s, size_t n, uint32_t *out)
{
    enum { MOST = 9 };
    uint32_t v = (uint32_t)(unsigned char)s[0] - '0';
    if (LK_UNLIKELY(v > 9))
        return 0;
    if (LK_LIKELY(s[1] == '\r')) {
        *out = v;
        return 3;
    }
    if (v == 0)
        return 0;
    for (size_t i = 1; i <= MOST && i + 1 < n; i++) {
        const uint32_t d = (uint32_t)(unsigned char)s[i] - '0';
        if (d > 9) {
            *out = v;
            return s[i] == '\r' ? i + 2 : 0;
        }
        v = v * 10 + d;
    }
    return 0;
}

/* The bytes a bulk needs behind its header; the two at its end may be any. */
static size_t bulk_need(uint64_t size)
{
    return size > SIZE_MAX - 2 ? SIZE_MAX : (size_t)size + 2;
}

static const char *check_count(int64_t count, const struct resp_limits *limits)
{
    if (count > INT_MAX)
        return "ERR Protocol error: invalid multibulk length";
    if (count > RESP_UNAUTHENTICATED_ARGS && !limits->authenticated)
        return "ERR Protocol error: unauthenticated multibulk length";
    return NULL;
}

static const char *check_bulk(int64_t size, const struct resp_limits *limits)
{
    if (size < 0 || (uint64_t)size > limits->bulk_max)
        return "ERR Protocol error: invalid bulk length";
    if (size > RESP_UNAUTHENTICATED_BULK && !limits->authenticated)
        return "ERR Protocol error: unauthenticated bulk length";
    return NULL;
}

/*
 * Reads the header at p->pos into *number and *length, the bytes up to and with its line end.
 * RESP_COMMAND stands for "there it is".
 */
static enum resp_outcome scan_header(struct resp_progress *p, const char *data, size_t size,
                                     const char *too_big, size_t *length, const char **error)
{
    const char *s = data + p->pos;
    const size_t n = size - p->pos;
    size_t at = 0;
    switch (resp_find_line(s, n, '\r', &p->line_seen, &at)) {
    case LINE_TOO_BIG:
        return resp_parse_fail(p, error, too_big);
    case LINE_MORE:
        return resp_parse_more(p, 1);
    case LINE_FOUND:
        break;
    }
    if (n < at + 2) {
        p->line_seen = at;
        return resp_parse_more(p, 1);
    }
    *length = at + 2;
    return RESP_COMMAND;
}

/* The size that the header at p->pos announces, and the header's *length. */
static enum resp_outcome scan_bulk_header(struct resp_progress *p, const char *data, size_t size,
                                          struct resp_args *out, size_t *length, int64_t *bulk,
                                          const char **error)
{
    const char *s = data + p->pos;
    uint32_t plain = 0;
    if (p->line_seen == 0 && size - p->pos >= HEADER_MIN && s[0] == '$') {
        *length = plain_number(s + 1, size - p->pos - 1, &plain) + 1;
        *bulk = plain;
        if (*length > 1)
            return RESP_COMMAND;
    }
    const enum resp_outcome o =
        scan_header(p, data, size, "ERR Protocol error: too big bulk count string", length, error);
    if (o != RESP_COMMAND)
        return o;
    if (s[0] != '$')
        return resp_parse_fail(p, error, expected_dollar(out, s[0]));
    if (!header_number(s + 1, *length - 3, bulk))
        return resp_parse_fail(p, error, "ERR Protocol error: invalid bulk length");
    return RESP_COMMAND;
}

static enum resp_outcome scan_bulk(struct resp_progress *p, const char *data, size_t size,
                                   const struct resp_limits *limits, struct resp_args *out,
                                   const char **error)
{
    size_t length = 0;
    int64_t bulk = 0;
    const enum resp_outcome o = scan_bulk_header(p, data, size, out, &length, &bulk, error);
    if (o != RESP_COMMAND)
        return o;
    const char *wrong = check_bulk(bulk, limits);
    if (wrong)
        return resp_parse_fail(p, error, wrong);

    const size_t need = bulk_need((uint64_t)bulk);
    const size_t have = size - p->pos - length;
    if (have < need) {
        p->line_seen = 0; /* the header is short: read it again when more has come */
        return resp_parse_more(p, need - have);
    }
    p->pos += length + need;
    p->line_seen = 0;
    p->args_left--;
    return RESP_COMMAND;
}

/* Goes on where p stands.  RESP_COMMAND: all bulks have come, the command ends at p->pos. */
static enum resp_outcome resp_parse_scan(struct resp_progress *p, const char *data, size_t size,
                                         const struct resp_limits *limits, struct resp_args *out,
                                         size_t *consumed, const char **error)
{
    if (p->args == 0) {
        size_t length = 0;
        int64_t count = 0;
        const enum resp_outcome o = scan_header(
            p, data, size, "ERR Protocol error: too big mbulk count string", &length, error);
        if (o != RESP_COMMAND)
            return o;
        const char *wrong = header_number(data + 1, length - 3, &count)
                                ? check_count(count, limits)
                                : "ERR Protocol error: invalid multibulk length";
        if (wrong)
            return resp_parse_fail(p, error, wrong);
        if (count <= 0) {
            *consumed = length;
            return resp_parse_finish(p, RESP_EMPTY);
        }
        p->pos = length;
        p->line_seen = 0;
        p->args = p->args_left = (uint32_t)count;
    }
    while (p->args_left > 0) {
        if (p->pos == size)
            return resp_parse_more(p, 1);
        const enum resp_outcome o = scan_bulk(p, data, size, limits, out, error);
        if (o != RESP_COMMAND)
            return o;
    }
    return RESP_COMMAND;
}

/* Stores the arguments of a command that resp_parse_scan() has found whole and good, n bytes in
 * all. */
static void resp_parse_walk(const char *data, size_t n, uint32_t args, struct bytes *v)
{
    const char *const end = data + n;
    const char *s = (const char *)memchr(data, '\r', n) + 2;
    for (uint32_t i = 0; i < args; i++) {
        uint64_t size = 0;
        LK_ASSERT(s < end);
        for (s++; s < end && *s != '\r'; s++)
            size = size * 10 + (uint64_t)(*s - '0');
        /* Only a caller that changed bytes it had shown gets caught here. */
        LK_ASSERT((size_t)(end - s) >= 4 && (size_t)(end - s) - 4 >= size);
        v[i] = bytes_of(s + 2, (size_t)size);
        s += size + 4;
    }
    LK_ASSERT(s == end);
}

static LK_COLD enum resp_outcome parse_patiently(struct resp_progress *p, const char *data,
                                                 size_t size, const struct resp_limits *limits,
                                                 struct resp_args *out, size_t *consumed,
                                                 const char **error)
{
    const enum resp_outcome o = resp_parse_scan(p, data, size, limits, out, consumed, error);
    if (o != RESP_COMMAND)
        return o;
    if (!resp_args_reserve(out, p->args))
        return resp_parse_fail(p, error, resp_error_no_memory);
    resp_parse_walk(data, p->pos, p->args, out->v);
    out->n = p->args;
    *consumed = p->pos;
    return resp_parse_finish(p, RESP_COMMAND);
}

enum { SHORT_HEADER = 8, SHORT_BULK_MAX = 99, BULK_MIN = 6 /* "$0\r\n\r\n" */ };

/*
 * "$d\r\n" or "$dd\r\n" at s, of which SHORT_HEADER bytes can be read: what nearly every bulk
 * begins with, told by one load.  As plain_number; the number is at most SHORT_BULK_MAX.
 */
static inline size_t short_header(const char *s, uint32_t *out)
{
    uint64_t w;
    memcpy(&w, s, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    const uint32_t first = (uint32_t)(w >> 8 & 0xff) - '0',
                   second = (uint32_t)(w >> 16 & 0xff) - '0';
    if ((w & 0xff0000ff) == ('$' | (uint64_t)'\r' << 24)) {
        if (first - 1 > 8 || second > 9)
            return 0;
        *out = first * 10 + second;
        return 5;
    }
    if ((w & 0xff00ff) != ('$' | '\r' << 16) || first > 9)
        return 0;
    *out = first;
    return 4;
}

size_t resp_parse_plain(const char *data, size_t size, const struct resp_limits *limits,
                        struct resp_args *out)
{
    const char *s = data;
    const char *const end = data + size;
    uint32_t count = 0;
    if (size < HEADER_MIN || data[0] != '*')
        return 0;
    uint64_t most = limits->bulk_max;
    if (LK_UNLIKELY(!limits->authenticated) && most > RESP_UNAUTHENTICATED_BULK)
        most = RESP_UNAUTHENTICATED_BULK;
    size_t length = plain_number(s + 1, size - 1, &count);
    if (length == 0 || count == 0 || (count > RESP_UNAUTHENTICATED_ARGS && !limits->authenticated))
        return 0;
    /* Room for arguments that cannot all have come is not asked for. */
    if (LK_UNLIKELY(count > out->capacity) &&
        (count > size / BULK_MIN || !resp_args_reserve(out, count)))
        return 0;
    s += 1 + length;
    struct bytes *v = out->v;
    for (struct bytes *const stop = v + count; v < stop; v++) {
        uint32_t bulk = 0;
        length = LK_LIKELY(end - s >= SHORT_HEADER) ? short_header(s, &bulk) : 0;
        if (LK_UNLIKELY(length == 0)) {
            if ((size_t)(end - s) < HEADER_MIN || s[0] != '$')
                return 0;
            length = plain_number(s + 1, (size_t)(end - s) - 1, &bulk);
            if (length == 0)
                return 0;
            length++;
        }
        s += length;
        if (end - s < (ptrdiff_t)bulk + 2)
            return 0;
        if (LK_UNLIKELY(bulk > most))
            return 0;
        v->data = s;
        v->size = bulk;
        s += (size_t)bulk + 2;
    }
    out->n = count;
    return (size_t)(s - data);
}

enum resp_outcome resp_parse_any(struct resp_progress *p, const char *data, size_t size,
                                 const struct resp_limits *limits, struct resp_args *out,
                                 size_t *consumed, const char **error)
{
    if (size == 0)
        return resp_parse_more(p, 1);
    if (LK_UNLIKELY(data[0] != '*'))
        return resp_parse_inline(p, data, size, out, consumed, error);
    return parse_patiently(p, data, size, limits, out, consumed, error);
}
