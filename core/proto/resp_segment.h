/*
 * resp_segment.h — a reply as the list of memory runs that are to be sent.
 *
 * Most of a reply lies in reply.out.  A big value is not copied there: a reference stands at its
 * place, and whoever owns the value is told when it is no longer needed.
 *
 *   out   $196608\r\n | \r\n:1\r\n             two references at the bar, one behind it
 *                     ^
 *   refs  [64 KiB][64 KiB][64 KiB]
 *
 *   segments: out[0..9)  ref  ref  ref  out[9..15)
 *
 * Sending is asynchronous for some callers: segments stay true until the reply is next written
 * to, cleared or told what was sent.  To write on meanwhile, move the reply aside by assignment
 * and start a new one with reply_init.
 *
 * Threads  one owner at a time; release may be called on any thread that owns the reply by then
 */
#ifndef LK_PROTO_RESP_SEGMENT_H
#define LK_PROTO_RESP_SEGMENT_H

#include "core/proto/resp_write.h"

LK_BEGIN

typedef void reply_release_fn(void *arg);

struct reply_ref {
    size_t at;                 /* stands before out.data[at] */
    size_t skip;               /* bytes from there on that are not part of the reply */
    struct bytes run;          /* may be empty */
    reply_release_fn *release; /* may be NULL */
    void *arg;
};

/*
 * A bulk of size bytes by reference: begin, any number of reply_refer whose sizes add up to size
 * (with copied stretches through buf_append to out between them, if need be), end.
 */
void reply_bulk_begin(struct reply *r, size_t size);
void reply_refer(struct reply *r, struct bytes run, reply_release_fn *release, void *arg);
void reply_bulk_end(struct reply *r);

/* The same for a value in one piece. */
void reply_bulk_ref(struct reply *r, struct bytes s, reply_release_fn *release, void *arg);

/*
 * Moves all of from behind what to has; from is clear then, and to has its version.  Nothing of
 * from may be sent yet.  Cost: a copy of from's own bytes, none of what it refers to.
 */
void reply_append(struct reply *to, struct reply *from);

/*
 * Moves what was written since the mark to tail, which is clear and gets r's version.  No deferred
 * header may be open.  Cost: as reply_append.
 */
void reply_cut(struct reply *r, struct reply_place m, struct reply *tail);

/* Bytes still to be sent. */
static inline size_t reply_size(const struct reply *r)
{
    return r->out.size + r->ref.bytes - r->ref.sent_bytes;
}

/*
 * Fills v with the first runs that are still to be sent, at most max, none of them empty, and
 * returns how many.
 */
size_t reply_segments(const struct reply *r, struct bytes *v, size_t max);

/*
 * The next n bytes are sent (n <= reply_size): releases the references behind which they lie;
 * after the last byte the reply is clear.
 */
void reply_sent(struct reply *r, size_t n);

LK_END

#endif
