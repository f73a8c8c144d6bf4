/* reply.c — one header at a time; bodies are stepped over. */
#include "bench/load/reply.h"

#include <string.h>

/* Reads a header's number from p up to its line end; NULL when it is not a number. */
static const char *reply_number(const char *p, const char *line_end, int64_t *out)
{
    const bool minus = p < line_end && *p == '-';
    uint64_t v = 0;
    p += minus;
    if (p == line_end || line_end - p > 18)
        return NULL;
    for (; p < line_end; p++) {
        const unsigned digit = (unsigned)(unsigned char)*p - '0';
        if (digit > 9)
            return NULL;
        v = v * 10 + digit;
    }
    *out = minus ? -(int64_t)v : (int64_t)v;
    return p;
}

static enum reply_result reply_finish(struct reply_parser *p, struct reply *out)
{
    out->kind = p->kind;
    out->nil = p->nil;
    return REPLY_DONE;
}

enum reply_result reply_bulk(struct reply_parser *p, const char **at, const char *end,
                             const char *body, int64_t size, struct reply *out)
{
    const uint64_t here = (uint64_t)(end - body), want = (uint64_t)size + 2;
    if (here >= want) {
        out->text = bytes_of(body, (size_t)size);
        *at = body + want;
        p->left--;
        return p->left == 0 ? reply_finish(p, out) : REPLY_MORE;
    }
    if (p->whole_bulks && p->left == 1 && p->kind == '$') {
        p->left = 0; /* the header is read again when more has come */
        return REPLY_MORE;
    }
    p->skip = want - here;
    *at = end;
    return REPLY_MORE;
}

/* One element's header; sets *stuck if its bytes have not all arrived. */
static enum reply_result reply_element(struct reply_parser *p, const char **at, const char *end,
                                       struct reply *out, bool *stuck)
{
    const char *line = *at;
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    *stuck = newline == NULL;
    if (!newline)
        return REPLY_MORE;
    if (newline - line < 2 || newline[-1] != '\r')
        return REPLY_BAD;
    const bool first = p->left == 0;
    if (first) {
        p->left = 1;
        p->kind = *line;
        p->nil = false;
        out->text = bytes_of(NULL, 0);
    }
    int64_t n = 0;
    switch (*line) {
    case '+':
    case '-':
    case ':':
    case ',':
    case '#':
    case '(':
    case '_':
        if (first)
            out->text = bytes_of(line + 1, (size_t)(newline - line) - 2);
        p->nil |= first && *line == '_';
        p->left--;
        break;
    case '$':
    case '=':
    case '!':
        if (!reply_number(line + 1, newline - 1, &n))
            return REPLY_BAD;
        if (n >= 0) {
            const enum reply_result rc = reply_bulk(p, at, end, newline + 1, n, out);
            *stuck = *at == line;
            return rc;
        }
        p->nil |= first;
        p->left--;
        break;
    case '*':
    case '~':
    case '>':
    case '%':
    case '|':
        if (!reply_number(line + 1, newline - 1, &n))
            return REPLY_BAD;
        p->nil |= first && n < 0;
        if (n > 0)
            p->left += (uint64_t)n * (*line == '%' || *line == '|' ? 2 : 1);
        if (*line != '|') /* attributes stand before the element that they describe */
            p->left--;
        break;
    default:
        return REPLY_BAD;
    }
    *at = newline + 1;
    return p->left == 0 ? reply_finish(p, out) : REPLY_MORE;
}

enum reply_result reply_next(struct reply_parser *p, const char **at, const char *end,
                             struct reply *out)
{
    while (*at < end) {
        if (p->skip > 0) {
            const uint64_t here = (uint64_t)(end - *at);
            const uint64_t step = here < p->skip ? here : p->skip;
            *at += step;
            p->skip -= step;
            if (p->skip > 0)
                return REPLY_MORE;
            out->text = bytes_of(NULL, 0);
            if (--p->left == 0)
                return reply_finish(p, out);
            continue;
        }
        bool stuck = false;
        const enum reply_result rc = reply_element(p, at, end, out, &stuck);
        if (rc != REPLY_MORE || stuck)
            return rc;
    }
    return REPLY_MORE;
}
