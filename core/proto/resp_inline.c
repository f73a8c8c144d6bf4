/*
 * resp_inline.c — requests typed as a line.
 *
 * A line is cut at white space.  An argument may hold quoted stretches:
 *
 *   "..."   \n \r \t \b \a and \xHH are what they are in C; a backslash before any other byte
 *           stands for that byte
 *   '...'   everything is itself but \', which is a quote
 *
 * A quote that closes must have white space or the line's end behind it.  Plain arguments stay
 * where they are; those with a quote are rewritten into the resp_args' own text, which gets room
 * for a whole line first so that it never moves under an argument.
 *
 * Source  the inline form of the published RESP specification; corners asked of Redis 7.0.15
 */
#include "core/proto/resp_parse_priv.h"

static const char UNBALANCED[] = "ERR Protocol error: unbalanced quotes in request";

/* C's isspace, whatever the locale; the line's end is no part of the line. */
static bool resp_inline_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Vertical tab and form feed separate arguments only where none has begun. */
static bool ends_argument(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int resp_inline_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Reads the escape whose backslash is at *s and moves *s behind it; one byte follows at least. */
static char read_escape(const char **s, const char *end)
{
    const char *e = *s + 1;
    if (*e == 'x' && end - e >= 3 && resp_inline_hex_digit(e[1]) >= 0 &&
        resp_inline_hex_digit(e[2]) >= 0) {
        *s = e + 3;
        return (char)(resp_inline_hex_digit(e[1]) * 16 + resp_inline_hex_digit(e[2]));
    }
    *s = e + 1;
    switch (*e) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return *e;
    }
}

/*
 * Copies the quoted stretch that *s stands on to *to and moves both behind it.
 * False: the quote is not closed, or something sticks to the closing quote.
 */
static bool resp_inline_unquote(const char **s, const char *end, char **to)
{
    const char quote = *(*s)++;
    while (*s < end && **s != quote) {
        const bool escaped = **s == '\\' && end - *s >= 2;
        if (escaped && quote == '"')
            *(*to)++ = read_escape(s, end);
        else if (escaped && (*s)[1] == '\'') {
            *(*to)++ = '\'';
            *s += 2;
        } else
            *(*to)++ = *(*s)++;
    }
    if (*s == end)
        return false;
    (*s)++;
    return *s == end || resp_inline_is_space(**s);
}

/* An argument with a quote in it: rewritten at *to, s moves to its end. */
static bool resp_inline_rewrite(const char **s, const char *end, char **to)
{
    while (*s < end && !ends_argument(**s)) {
        if (**s == '"' || **s == '\'')
            return resp_inline_unquote(s, end, to);
        *(*to)++ = *(*s)++;
    }
    return true;
}

/* How many arguments s holds at most, without reading quotes. */
static uint32_t resp_inline_count_words(const char *s, const char *end)
{
    uint32_t n = 0;
    bool inside = false;
    for (; s < end; s++) {
        const bool space = resp_inline_is_space(*s);
        n += !space && !inside;
        inside = !space;
    }
    return n;
}

static const char *resp_inline_split(const char *s, const char *end, struct resp_args *out)
{
    char *to = NULL;
    out->n = 0;
    if (!resp_args_reserve(out, resp_inline_count_words(s, end)))
        return resp_error_no_memory;
    for (;;) {
        while (s < end && resp_inline_is_space(*s))
            s++;
        if (s == end)
            return NULL;
        const char *from = s;
        while (s < end && !ends_argument(*s) && *s != '"' && *s != '\'')
            s++;
        if (s == end || ends_argument(*s)) {
            out->v[out->n++] = bytes_of(from, (size_t)(s - from));
            continue;
        }
        if (!to) {
            /* What is rewritten never grows, so the rest of the line bounds it all. */
            if (!resp_args_reserve_text(out, (size_t)(end - from)))
                return resp_error_no_memory;
            to = out->text;
        }
        char *start = to;
        s = from;
        if (!resp_inline_rewrite(&s, end, &to))
            return UNBALANCED;
        out->v[out->n++] = bytes_of(start, (size_t)(to - start));
    }
}

enum resp_outcome resp_parse_inline(struct resp_progress *p, const char *data, size_t size,
                                    struct resp_args *out, size_t *consumed, const char **error)
{
    size_t length = 0;
    const enum line_state state = resp_find_line(data, size, '\n', &p->line_seen, &length);
    if (state == LINE_MORE) {
        p->missing = 1;
        return RESP_PARTIAL;
    }
    memset(p, 0, sizeof(*p));
    if (state == LINE_TOO_BIG) {
        *error = "ERR Protocol error: too big inline request";
        return RESP_ERROR;
    }
    *consumed = length + 1;
    if (length > 0 && data[length - 1] == '\r')
        length--;
    *error = resp_inline_split(data, data + length, out);
    if (*error)
        return RESP_ERROR;
    return out->n > 0 ? RESP_COMMAND : RESP_EMPTY;
}
