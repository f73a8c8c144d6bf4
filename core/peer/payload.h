/*
 * payload.h — where the data of a full sync end, and the stream begins.
 *
 *   [\n …] $<size>\r\n      <size bytes>              | stream
 *   [\n …] $EOF:<40>\r\n    <bytes> <the same 40>     | stream
 *
 * A machine without a socket: bytes of the master go in, runs of the RDB come out where they lie.
 * The second form does not say how long it is, so up to 39 bytes, which may begin the mark, are
 * left to the caller until more has come.
 *
 * Threads  one owner at a time
 */
#ifndef LK_PEER_PAYLOAD_H
#define LK_PEER_PAYLOAD_H

#include "core/base/buf.h"

LK_BEGIN

enum { PAYLOAD_MARK_CHARS = 40, PAYLOAD_HEAD_MAX = 1024 };

#define PAYLOAD_SIZE_UNKNOWN UINT64_MAX

enum payload_outcome {
    PAYLOAD_MORE,  /* nothing to be had of what is there */
    PAYLOAD_HEAD,  /* the first line has come: size is known, or by_mark is set */
    PAYLOAD_BYTES, /* *out are the RDB's; they die with the caller's buffer */
    PAYLOAD_END,   /* all has come; what lies behind *used is the stream */
    PAYLOAD_ERROR, /* error says why, as a line for the log */
};

struct payload {
    bool begun;    /* the head has come */
    bool by_mark;  /* ends with mark */
    uint64_t size; /* of the RDB, or PAYLOAD_SIZE_UNKNOWN */
    uint64_t left; /* not by_mark: to come */
    char mark[PAYLOAD_MARK_CHARS + 1];
    struct buf error;
};

void payload_begin(struct payload *p);
void payload_end(struct payload *p);

/* One step.  in is what has come and was not used yet; *used of it may be dropped. */
enum payload_outcome payload_take(struct payload *p, struct bytes in, size_t *used,
                                  struct bytes *out);

LK_END

#endif
