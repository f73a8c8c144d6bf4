#include "core/peer/payload.h"

#include <string.h>

void payload_begin(struct payload *p)
{
    memset(p, 0, sizeof *p);
    p->size = PAYLOAD_SIZE_UNKNOWN;
}

void payload_end(struct payload *p)
{
    buf_release(&p->error);
}

static enum payload_outcome payload_fail(struct payload *p, const char *why, struct bytes line)
{
    p->error.size = 0;
    buf_printf(&p->error, why, (int)line.size, line.data);
    return PAYLOAD_ERROR;
}

static enum payload_outcome payload_take_head(struct payload *p, struct bytes line)
{
    static const char eof[] = "EOF:";
    int64_t size;
    if (line.data[0] == '-')
        return payload_fail(p, "MASTER aborted replication with an error: %.*s",
                            bytes_of(line.data + 1, line.size - 1));
    const struct bytes rest = bytes_of(line.data + 1, line.size - 1);
    if (line.data[0] != '$')
        return payload_fail(p,
                            "Bad protocol from MASTER, the first byte is not '$' (we received "
                            "'%.*s'), are you sure the host and port are right?",
                            line);
    if (rest.size >= sizeof eof - 1 && memcmp(rest.data, eof, sizeof eof - 1) == 0) {
        if (rest.size != sizeof eof - 1 + PAYLOAD_MARK_CHARS)
            return payload_fail(p, "Bad protocol from MASTER: wrong end mark '%.*s'", line);
        memcpy(p->mark, rest.data + sizeof eof - 1, PAYLOAD_MARK_CHARS);
        p->by_mark = true;
    } else if (bytes_to_int64(rest, &size) && size >= 0) {
        p->size = p->left = (uint64_t)size;
    } else {
        return payload_fail(p, "Bad protocol from MASTER: wrong length '%.*s'", line);
    }
    p->begun = true;
    return PAYLOAD_HEAD;
}

static enum payload_outcome payload_find_head(struct payload *p, struct bytes in, size_t *used)
{
    while (*used < in.size && (in.data[*used] == '\n' || in.data[*used] == '\r'))
        ++*used; /* signs of life while the master makes the data */
    const char *at = in.data + *used;
    const size_t left = in.size - *used;
    const char *end = left > 0 ? memchr(at, '\n', left) : NULL;
    if (!end && left < PAYLOAD_HEAD_MAX)
        return PAYLOAD_MORE;
    if (!end)
        return payload_fail(p, "Bad protocol from MASTER: a first line without an end%.*s",
                            bytes_of("", 0));
    struct bytes line = bytes_of(at, (size_t)(end - at));
    *used += line.size + 1;
    if (line.data[line.size - 1] == '\r')
        line.size--;
    return payload_take_head(p, line);
}

static enum payload_outcome payload_take_marked(struct payload *p, struct bytes in, size_t *used,
                                                struct bytes *out)
{
    const char *mark = in.size >= PAYLOAD_MARK_CHARS
                           ? memmem(in.data, in.size, p->mark, PAYLOAD_MARK_CHARS)
                           : NULL;
    if (mark == in.data && mark) {
        *used = PAYLOAD_MARK_CHARS;
        return PAYLOAD_END;
    }
    const size_t n = mark                            ? (size_t)(mark - in.data)
                     : in.size >= PAYLOAD_MARK_CHARS ? in.size - (PAYLOAD_MARK_CHARS - 1)
                                                     : 0;
    *out = bytes_of(in.data, n);
    *used = n;
    return n > 0 ? PAYLOAD_BYTES : PAYLOAD_MORE;
}

enum payload_outcome payload_take(struct payload *p, struct bytes in, size_t *used,
                                  struct bytes *out)
{
    *used = 0;
    *out = bytes_of(NULL, 0);
    if (!p->begun)
        return payload_find_head(p, in, used);
    if (p->by_mark)
        return payload_take_marked(p, in, used, out);
    if (p->left == 0)
        return PAYLOAD_END;
    const size_t n = in.size < p->left ? in.size : (size_t)p->left;
    *out = bytes_of(in.data, n);
    *used = n;
    p->left -= n;
    return n > 0 ? PAYLOAD_BYTES : PAYLOAD_MORE;
}
