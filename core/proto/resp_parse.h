/*
 * resp_parse.h — one command at a time out of the bytes that a client sent.
 *
 * Framing copies nothing: an argument is a borrowed run of the caller's buffer.  A command that
 * is whole takes one pass.  A command of which only a part has come is *scanned*: its headers are
 * checked once each, and resp_progress remembers where to go on, so that a large command costs
 * O(new bytes) a call.  When its end has come, one pass over the headers frames it, and only then
 * is room for its arguments looked for: a header that promises two billion of them buys nothing.
 *
 *   *2\r\n $3\r\nGET\r\n $100000\r\nxxxxx......          args_left = 1
 *   |                    |          |
 *   start of command     pos        the bulk has not come whole: missing = what it lacks
 *
 * Everything in resp_progress counts from the command's first byte, so the buffer may move or
 * grow between two calls; bytes once shown must stay as they are until the command is complete.
 *
 * Shapes   multibulk requests and inline lines, as in the published RESP specification; the
 *          errors, limits and odd corners are those of Redis 7: a header line ends at CR and the
 *          byte after it is skipped unread, so are the two bytes behind a bulk; a NUL hides the
 *          line end behind it; a line may have RESP_LINE_MAX bytes
 * Errors   RESP_ERROR has a text to send, and then the connection must be closed
 * Threads  one owner at a time
 * Memory   arguments die with the buffer, and with the next use or release of their resp_args
 */
#ifndef LK_PROTO_RESP_PARSE_H
#define LK_PROTO_RESP_PARSE_H

#include "core/base/bytes.h"

LK_BEGIN

enum {
    RESP_LINE_MAX = 64 * 1024,            /* bytes before the end of a header or an inline line */
    RESP_UNAUTHENTICATED_ARGS = 10,       /* before AUTH: arguments of a multibulk request */
    RESP_UNAUTHENTICATED_BULK = 16 * 1024 /* before AUTH: bytes of one of them */
};

/*
 * They are applied when a header is framed.  A caller that frames commands ahead of running them
 * must not frame past a command that may change them: until authenticated, frame one, run it.
 */
struct resp_limits {
    size_t bulk_max;    /* proto-max-bulk-len; SIZE_MAX for a replica's link to its master */
    bool authenticated; /* or no password is asked for */
};

/* Of one connection.  All zero at a command's start; resp_parse leaves it so at a command's end. */
struct resp_progress {
    /*
     * After RESP_PARTIAL: fewer more bytes than these cannot complete the command; >= 1.  A client
     * has merely announced them, so memory must grow with what really comes.
     */
    size_t missing;
    size_t pos;         /* first byte not scanned: the next header, or the rest of a line */
    size_t line_seen;   /* bytes at pos in which no line end was found */
    uint32_t args;      /* what the multibulk header said; 0 until it has come */
    uint32_t args_left; /* bulks that have not come whole */
};

/*
 * Where the arguments go: storage of the caller's while it is large enough, else a block that
 * the resp_args owns and keeps for the commands to come until it is released.
 */
struct resp_args {
    struct bytes *v; /* v[0..n-1] after RESP_COMMAND; n >= 1 */
    uint32_t n;
    uint32_t capacity;
    uint32_t storage_capacity;
    uint32_t text_capacity;
    struct bytes *storage; /* the caller's */
    char *text;            /* inline arguments that had quotes */
    char error_text[48];
};

static inline void resp_args_init(struct resp_args *a, struct bytes *storage, uint32_t capacity)
{
    a->v = storage;
    a->n = 0;
    a->capacity = capacity;
    a->storage_capacity = capacity;
    a->text_capacity = 0;
    a->storage = storage;
    a->text = NULL;
}

/* Frees what it owns and goes back to the caller's storage: ready for use again. */
void resp_args_release(struct resp_args *a);

enum resp_outcome {
    RESP_COMMAND, /* out holds one command, *consumed its bytes */
    RESP_PARTIAL, /* call again with the same bytes and more; p->missing says how many at least */
    RESP_EMPTY,   /* a blank line or an empty multibulk: *consumed bytes, nothing to run */
    RESP_ERROR    /* *error is an error line's text ("ERR Protocol error: ..."), good until the
                     next use of out */
};

/*
 * Frames the command that starts at data.  *consumed is set for RESP_COMMAND and RESP_EMPTY,
 * *error for RESP_ERROR; p is zero again after all but RESP_PARTIAL.
 *
 * Cost  O(bytes of headers) for a command that is whole, whatever the size of its bulks
 */
LK_MUST_USE enum resp_outcome resp_parse_any(struct resp_progress *p, const char *data, size_t size,
                                             const struct resp_limits *limits,
                                             struct resp_args *out, size_t *consumed,
                                             const char **error);
/* The bytes of a command that is whole and has plain headers; 0: it is for resp_parse_any. */
size_t resp_parse_plain(const char *data, size_t size, const struct resp_limits *limits,
                        struct resp_args *out);

LK_MUST_USE static inline enum resp_outcome
resp_parse(struct resp_progress *p, const char *data, size_t size, const struct resp_limits *limits,
           struct resp_args *out, size_t *consumed, const char **error)
{
    /* A command that was begun has been found wanting before: it goes on from there. */
    if (LK_LIKELY((p->pos | p->line_seen) == 0)) {
        const size_t n = resp_parse_plain(data, size, limits, out);
        if (LK_LIKELY(n != 0)) {
            p->missing = 0;
            *consumed = n;
            return RESP_COMMAND;
        }
    }
    return resp_parse_any(p, data, size, limits, out, consumed, error);
}

LK_END

#endif
