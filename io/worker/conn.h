/*
 * conn.h — one client: a socket, a session, and the bytes between them.
 *
 *   DATA --> cur --frames--> dispatch --> session.reply --flush--> sending --SENT--> (again)
 *             \__ what is left: in __/
 *
 * Bytes are framed where they arrived.  Only what cannot be run yet is copied to `in`: the tail of
 * a command that is not whole, and what waits behind a parked command (rule N1).  One send is in
 * flight at a time; replies gather behind it.
 *
 * An idle connection owns no buffer: received bytes lie in the worker's, and the reply's buffer
 * goes back to the worker once it is sent.
 *
 * Threads  the worker that owns it
 */
#ifndef LK_IO_CONN_H
#define LK_IO_CONN_H

#include "core/cmd/client/session.h"
#include "core/proto/resp_parse.h"
#include "core/proto/resp_segment.h"
#include "io/net/net.h"
#include "io/worker/id_table.h"
#include "io/worker/wait_heap.h"

LK_BEGIN

struct worker;
struct conn_feed;

enum { CONN_IOVECS = 32 };

/* Replies on their way: moved aside as a whole, so that commands go on writing behind them. */
struct outgoing {
    struct reply reply;
    uint64_t ticket;  /* of the change that must be durable before the client is told; 0: none */
    uint64_t written; /* of the change that is acknowledged, which replicas are to have; 0: none */
    struct iovec iov[CONN_IOVECS];
    uint32_t iov_count;
    size_t iov_bytes;
};

/* Why a connection is not read just now. */
enum conn_pause {
    PAUSED_BY_OUTPUT = 1 << 0, /* it does not read what is said to it */
    PAUSED_BY_INPUT = 1 << 1,  /* it has sent more than is run just now */
    PAUSED_BY_SCRIPT = 1 << 2, /* its script is long: worker_pass.c */
};

struct conn {
    struct net_conn net; /* first: events name it */
    struct session session;
    struct worker *worker;
    struct bytes cur;              /* what is being framed: an event's bytes, or those of `in` */
    size_t cur_pos;                /* of cur: run so far */
    size_t frame_pos;              /* of cur: framed so far, cur_pos <= frame_pos */
    struct buf in;                 /* kept from one loop to the next */
    size_t in_pos;                 /* of in: run so far */
    struct resp_progress progress; /* of the command at frame_pos */
    struct outgoing *sending;      /* NULL: nothing is in flight */
    struct conn_feed *feed;        /* what it is sent beside replies; NULL: nothing */
    struct outgoing *held;         /* goes next, once what it rests on is durable; NULL: nothing */
    struct conn *next, *prev;      /* all of the worker */
    struct id_node by_id;          /* the same, found by the session's id */
    struct conn *ready_next, *dirty_next, *parked_next, *held_next, *feed_next;
    int64_t soft_limit_since_ms; /* output above the soft limit; 0: it is not */
    struct wait_place wait;      /* until when its command waits */
    uint64_t counted_bytes;      /* its share of worker.client_bytes */
    uint32_t paused;             /* enum conn_pause: why it receives nothing; 0: it does */
    bool ready, dirty, on_parked, on_held;
    bool postponed; /* a pause holds it back, and it is counted */
    bool feeding;   /* what is in flight is the feed's */
    bool cur_in;    /* cur is what `in` has from in_pos on */
    bool closing;   /* detached, or about to be: no more commands */
    bool eof;       /* the peer will send no more */
    bool unnamed;   /* its certificate may name a user: nobody has looked yet */
};

LK_END

#endif
