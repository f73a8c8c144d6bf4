/*
 * conn.h — one connection to the server under test, and what is in flight on it.
 *
 * Set-up is blocking and off the clock; from then on the socket does not block.
 *
 * Errors   conn_open says on stderr what failed
 * Threads  one owner
 */
#ifndef LK_BENCH_LOAD_CONN_H
#define LK_BENCH_LOAD_CONN_H

#include "bench/load/options.h"
#include "bench/load/reply.h"

/* A request that has not been answered. */
struct inflight {
    int64_t start_ns; /* when it was sent; with a rate, when it was due */
    uint64_t key;
    uint32_t command;
};

struct conn {
    int fd; /* -1 once lost */
    uint32_t head, count, mask;
    struct inflight *ring;
    struct reply_parser parser;
    struct buf tail;   /* the front of a reply whose rest has not arrived */
    struct buf unsent; /* what the socket would not take */
    bool touched;      /* in the client's list of connections with something due */
    uint64_t due;      /* with a rate: how many of its requests have become due so far */
    uint64_t issued;   /* and how many of those have been sent */
};

/* Connects and greets; c must be zeroed. */
bool conn_open(struct conn *c, const struct options *o, uint32_t pipeline);

/* Closes it and frees what it has. */
void conn_release(struct conn *c);

#endif
