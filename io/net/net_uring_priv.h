/*
 * net_uring_priv.h — what the parts of the ring back end share.
 *
 * An operation's user data is the address of what it concerns, with the kind of operation in the
 * low three bits.  Whatever an operation in the kernel names counts it in its own pending, and is
 * freed or closed only at zero.
 */
#ifndef LK_IO_NET_URING_PRIV_H
#define LK_IO_NET_URING_PRIV_H

#include "io/net/net_priv.h"
#include "io/net/uring.h"
#include "io/net/uring_buffers.h"

enum uring_op {
    OP_RECV = 1,
    OP_SEND,
    OP_CANCEL,
    OP_ACCEPT,
    OP_ACCEPT_CANCEL,
    OP_WAKE,
    OP_MASK = 7
};

struct net_uring {
    struct net base;
    struct uring u;
    struct uring_buffers buffers;
    struct msghdr *headers;  /* one per submission entry; the kernel copies it at submission */
    struct net_conn live;    /* list heads */
    struct net_conn starved; /* waiting for buffers, oldest first */
    struct net_conn closed;  /* CLOSED is still to be reported */
    struct uring_listener *listeners;
    uint64_t wake_count; /* the eventfd is read into it */
    bool grow;           /* the kernel ran out of buffers in the last batch */
};

static inline uint64_t op_data(const void *p, enum uring_op op)
{
    LK_DEBUG_ASSERT(((uintptr_t)p & OP_MASK) == 0);
    return (uint64_t)(uintptr_t)p | op;
}

static inline void *op_target(const struct io_uring_cqe *cqe)
{
    return (void *)(uintptr_t)(cqe->user_data & ~(uint64_t)OP_MASK);
}

/* net_uring_accept.c */
int uring_listen(struct net *n, int listen_fd, uint32_t tag);
void uring_unlisten(struct net *n, int listen_fd);
/* Completions of OP_ACCEPT and OP_ACCEPT_CANCEL; how many events were written. */
int uring_on_accept(struct net_uring *u, const struct io_uring_cqe *cqe, struct net_event *event);
void uring_on_accept_cancel(struct net_uring *u, const struct io_uring_cqe *cqe);
/* Lets rested listeners accept again; shortens the timeout for those that still rest. */
int64_t uring_listeners_wake(struct net_uring *u, int64_t timeout_ns);
/* Marks all as stopped, so that further sockets are closed; frees them when the ring is gone. */
void uring_listeners_stop(struct net_uring *u);
void uring_listeners_free(struct net_uring *u);

#endif
