/*
 * reply.h — finds the end of each reply in a stream of bytes.
 *
 * A client under test must not cost more than the server, so replies are framed, not built: a
 * count of elements still to come stands for any depth of arrays, and the body of a bulk is
 * stepped over, also when it has not arrived yet.
 *
 *   *2 \r\n  $3 \r\n abc \r\n  :1 \r\n        elements left: 1 -> 2 -> 1 -> 0: done
 *
 * Source   the RESP2 and RESP3 specifications
 * Memory   a reply borrows the caller's bytes
 */
#ifndef LK_BENCH_LOAD_REPLY_H
#define LK_BENCH_LOAD_REPLY_H

#include "core/base/bytes.h"

enum reply_result { REPLY_MORE, REPLY_DONE, REPLY_BAD };

struct reply_parser {
    uint64_t left; /* elements still to come; 0 between replies */
    uint64_t skip; /* bytes of a bulk, its line end too, still to come */
    char kind;     /* first byte of the reply under way */
    bool nil;
    bool whole_bulks; /* wait until a lone bulk is in the buffer, so that it can be looked at */
};

struct reply {
    char kind; /* '+', '-', '$', '*', ... */
    bool nil;
    struct bytes text; /* a line's text, or the body of a lone bulk if the buffer held it all */
};

/* Takes a bulk whose header ended at body; *at is moved only if there was something to take. */
enum reply_result reply_bulk(struct reply_parser *p, const char **at, const char *end,
                             const char *body, int64_t size, struct reply *out);

/*
 * Moves *at behind the next whole reply.  REPLY_MORE: everything before *at is done with; keep
 * the bytes from *at to end and call again with more behind them.
 */
enum reply_result reply_next(struct reply_parser *p, const char **at, const char *end,
                             struct reply *out);

#endif
