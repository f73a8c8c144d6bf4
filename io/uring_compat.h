/*
 * uring_compat.h — what newer kernels offer and liburing 2.3 does not name.
 *
 * Flags are given here by their numbers in the kernel's ABI and only used where the ring's feature
 * word, read at run time, says that the kernel knows them.  Entering the kernel is written out,
 * because the library's own calls have no room for such flags.
 *
 * Source  io_uring_enter(2), include/uapi/linux/io_uring.h
 */
#ifndef LK_IO_URING_COMPAT_H
#define LK_IO_URING_COMPAT_H

#include "core/base/attr.h"

#include <liburing.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#ifndef IORING_ENTER_NO_IOWAIT
#define IORING_ENTER_NO_IOWAIT (1U << 7)
#endif
#ifndef IORING_FEAT_NO_IOWAIT
#define IORING_FEAT_NO_IOWAIT (1U << 17)
#endif

/* How to enter one ring; fixed once it is made. */
struct uring_entry {
    int fd;         /* the ring, or its index among the thread's registered rings */
    unsigned flags; /* of io_uring_enter, for every call */
};

static inline struct uring_entry uring_entry_of(struct io_uring *ring)
{
    struct uring_entry e = {ring->ring_fd, 0};
    /* Spares the look-up of the ring's file in each call. */
    if (io_uring_register_ring_fd(ring) == 1) {
        e.fd = ring->enter_ring_fd;
        e.flags |= IORING_ENTER_REGISTERED_RING;
    }
    /* A worker that waits for clients is idle; without this, top shows it as waiting for a disk. */
    if (ring->features & IORING_FEAT_NO_IOWAIT)
        e.flags |= IORING_ENTER_NO_IOWAIT;
    return e;
}

/* The kernel takes the entries in the order in which io_uring_get_sqe handed them out. */
static inline void uring_map_identity(struct io_uring *ring)
{
    for (unsigned i = 0; i < ring->sq.ring_entries; i++)
        ring->sq.array[i] = i;
}

/*
 * Submits all prepared entries and waits for at least min_complete completions, or until the
 * timeout (NULL: for ever); with 0 it only collects what is ready.  Returns entries submitted, or a
 * negative errno (-ETIME at the timeout).
 */
static inline int uring_enter(struct io_uring *ring, const struct uring_entry *e,
                              unsigned min_complete, struct __kernel_timespec *timeout)
{
    struct io_uring_sq *sq = &ring->sq;
    unsigned flags = e->flags | IORING_ENTER_GETEVENTS;

    io_uring_smp_store_release(sq->ktail, sq->sqe_tail);
    sq->sqe_head = sq->sqe_tail;
    const unsigned to_submit = sq->sqe_tail - io_uring_smp_load_acquire(sq->khead);
    if (timeout) {
        struct io_uring_getevents_arg arg = {
            .sigmask_sz = _NSIG / 8,
            .ts = (uint64_t)(uintptr_t)timeout,
        };
        return io_uring_enter2((unsigned)e->fd, to_submit, min_complete,
                               flags | IORING_ENTER_EXT_ARG, (sigset_t *)&arg, sizeof arg);
    }
    return io_uring_enter2((unsigned)e->fd, to_submit, min_complete, flags, NULL, _NSIG / 8);
}

#endif
