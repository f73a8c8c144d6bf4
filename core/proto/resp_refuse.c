#include "core/proto/resp_refuse.h"

#include "core/proto/resp_segment.h"

#include <stdlib.h>

/* All of it as one piece; the reply is empty then. */
static void take_whole(struct reply *r, struct buf *out)
{
    struct bytes run;
    LK_ASSERT(r->ref.sent_bytes == 0 && r->ref.sent_out == 0);
    while (reply_segments(r, &run, 1) == 1) {
        buf_append_bytes(out, run);
        reply_sent(r, run.size);
    }
}

/* What our own writer made is well-formed: no bounds but those of the asserts. */
static size_t line_size(struct bytes b)
{
    const char *end = memchr(b.data, '\n', b.size);
    LK_ASSERT(end != NULL);
    return (size_t)(end - b.data) + 1;
}

/* The size of the value in front, with all that it holds. */
static size_t value_size(struct bytes b)
{
    size_t at = 0;
    for (uint64_t left = 1; left > 0; left--) {
        LK_ASSERT(at < b.size);
        const char kind = b.data[at];
        const long long n = strtoll(b.data + at + 1, NULL, 10);
        at += line_size(bytes_of(b.data + at, b.size - at));
        if ((kind == '$' || kind == '=' || kind == '!') && n >= 0)
            at += (size_t)n + 2;
        else if ((kind == '*' || kind == '~' || kind == '>') && n > 0)
            left += (uint64_t)n;
        else if (kind == '%' && n > 0)
            left += 2 * (uint64_t)n;
        else if (kind == '|')
            left += 2 * (uint64_t)n + 1; /* and what it describes */
        LK_ASSERT(at <= b.size);
    }
    return at;
}

static bool tells_nothing(struct bytes value)
{
    static const char queued[] = "+QUEUED\r\n";
    return value.data[0] == '>' || value.data[0] == '-' ||
           bytes_equal(value, bytes_of(queued, sizeof queued - 1));
}

void reply_refuse(struct reply *r, const char *why)
{
    struct buf whole = {0};
    const uint32_t errors = r->errors;
    take_whole(r, &whole);
    reply_clear(r);
    buf_append_char(&whole, '\0'); /* numbers end before it */
    struct bytes rest = bytes_of(whole.data, whole.size - 1);
    while (rest.size > 0) {
        const size_t n = value_size(rest);
        const struct bytes value = bytes_of(rest.data, n);
        if (tells_nothing(value))
            reply_raw(r, value);
        else
            reply_error(r, "%s", why);
        rest = bytes_of(rest.data + n, rest.size - n);
    }
    r->errors = errors;
    buf_release(&whole);
}
