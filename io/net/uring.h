/*
 * uring.h — one ring, made with the best that the kernel has, and entered.
 *
 *   uring_next() fills the submission ring --> uring_enter() --> completions in u->ring.cq
 *
 * Entering is written out here, because liburing's own calls have no room for newer flags.
 *
 * Units    timeouts in ns, negative for ever
 * Errors   negative errno where a call says so; a ring that takes no entries is our bug
 * Threads  the ring belongs to the thread that made it
 */
#ifndef LK_IO_URING_H
#define LK_IO_URING_H

#include "core/base/attr.h"

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>

struct uring {
    struct io_uring ring;
    int enter_fd;         /* the ring, or its index among the thread's registered rings */
    unsigned enter_flags; /* of every entry */
    bool flags_tell;      /* the ring says when completions wait for an entry */
};

/* 0 or a negative errno.  The submission ring has a quarter of the entries. */
int uring_init(struct uring *u, uint32_t cq_entries);
void uring_release(struct uring *u);

/* The next free submission entry, to be prepared; submits the earlier ones if there is no room. */
struct io_uring_sqe *uring_next(struct uring *u);
/* Where an entry stands among the entries of the submission ring. */
static inline uint32_t uring_index(const struct uring *u, const struct io_uring_sqe *sqe)
{
    return (uint32_t)(sqe - u->ring.sq.sqes);
}

/* Asks the kernel to end an operation; the answer comes as a completion with data mine. */
void uring_cancel(struct uring *u, uint64_t target, uint64_t mine);

/* Submits without waiting; room in the submission ring is certain afterwards. */
void uring_flush(struct uring *u);
/* Submits, collects what is ready, and waits for a completion if there is none. */
void uring_wait(struct uring *u, int64_t timeout_ns);
/* Submits and collects, without a system call if there is nothing of either. */
void uring_poll(struct uring *u);

#endif
