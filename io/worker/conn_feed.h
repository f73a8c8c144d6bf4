/*
 * conn_feed.h — what a connection is sent beside its replies: a replica's stream.
 *
 * Bytes are not copied into the connection: the worker asks for runs when nothing else is to be
 * sent, and says when they have gone.  A feed that has nothing now makes the worker look again by
 * its retry hook (shard_tell_retry).
 *
 *   replies so far --> feed: fill --send--> sent, fill --send--> sent …
 *
 * Once it has begun nobody may write replies to the connection: they would stand amid the stream.
 *
 * Threads  the worker of the connection
 */
#ifndef LK_IO_CONN_FEED_H
#define LK_IO_CONN_FEED_H

#include "core/cmd/client/session.h"

LK_BEGIN

struct conn_feed;

enum { FEED_RUNS = 32 };

struct conn_feed_ops {
    /* The next bytes, in at most max runs that stay until `sent`; 0: nothing now. */
    uint32_t (*fill)(struct conn_feed *f, struct bytes *runs, uint32_t max);
    void (*sent)(struct conn_feed *f, size_t bytes); /* all that fill gave */
    /* Bytes that are there for it: its output, for the limits of its class. */
    uint64_t (*lag)(struct conn_feed *f);
    /* Ten times a second.  False: the connection is to be closed; the feed has said why. */
    bool (*tick)(struct conn_feed *f, int64_t now_ms);
    /* It is being closed: nothing more is asked.  What fill gave is still in the kernel's hands. */
    void (*closed)(struct conn_feed *f);
};

struct conn_feed {
    const struct conn_feed_ops *ops;
    bool begun;  /* the worker's */
    bool ending; /* closes once fill has nothing: the feed's */
};

/* For the session of a connection, by its worker; the feed outlives it (session.peer frees it). */
void conn_feed_begin(struct session *s, struct conn_feed *f);

LK_END

#endif
