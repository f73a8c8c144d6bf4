#include "io/net/uring.h"
#include "io/net/uring_compat.h"

#include <errno.h>
#include <signal.h>

enum { SUBMISSION_SHARE = 4 };

/* Submits all prepared entries: how many, or a negative errno (-ETIME at the timeout). */
static int uring_enter(struct uring *u, unsigned min_complete, struct __kernel_timespec *timeout)
{
    struct io_uring_sq *sq = &u->ring.sq;
    const unsigned flags = u->enter_flags | IORING_ENTER_GETEVENTS;

    io_uring_smp_store_release(sq->ktail, sq->sqe_tail);
    sq->sqe_head = sq->sqe_tail;
    const unsigned to_submit = sq->sqe_tail - io_uring_smp_load_acquire(sq->khead);
    if (timeout) {
        struct io_uring_getevents_arg arg = {
            .sigmask_sz = _NSIG / 8,
            .ts = (uint64_t)(uintptr_t)timeout,
        };
        return io_uring_enter2((unsigned)u->enter_fd, to_submit, min_complete,
                               flags | IORING_ENTER_EXT_ARG, (sigset_t *)&arg, sizeof arg);
    }
    return io_uring_enter2((unsigned)u->enter_fd, to_submit, min_complete, flags, NULL, _NSIG / 8);
}

/* May the same entry succeed later?  Out of memory is given a chance; all else is our bug. */
static bool uring_passes(int rc)
{
    return rc == -EINTR || rc == -EAGAIN || rc == -EBUSY || rc == -ETIME;
}

/* The first of the flag sets that this kernel takes; each loses what an older one lacks. */
static int ring_init(struct uring *u, uint32_t cq_entries)
{
    static const unsigned tiers[] = {
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        0,
    };
    int rc = -EINVAL;
    for (size_t i = 0; i < sizeof tiers / sizeof tiers[0] && rc == -EINVAL; i++) {
        struct io_uring_params p = {
            .flags = tiers[i] | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
            .cq_entries = cq_entries,
        };
        rc = io_uring_queue_init_params(cq_entries / SUBMISSION_SHARE, &u->ring, &p);
        u->flags_tell = tiers[i] & IORING_SETUP_TASKRUN_FLAG;
    }
    return rc;
}

int uring_init(struct uring *u, uint32_t cq_entries)
{
    *u = (struct uring){.enter_fd = -1};
    const int rc = ring_init(u, cq_entries);
    if (rc != 0)
        return rc;
    if (!(u->ring.features & IORING_FEAT_NODROP) || !(u->ring.features & IORING_FEAT_EXT_ARG)) {
        io_uring_queue_exit(&u->ring);
        return -ENOSYS;
    }
    /* The kernel takes the entries in the order in which io_uring_get_sqe hands them out. */
    for (unsigned i = 0; i < u->ring.sq.ring_entries; i++)
        u->ring.sq.array[i] = i;
    u->enter_fd = u->ring.ring_fd;
    /* Spares the look-up of the ring's file at each entry. */
    if (io_uring_register_ring_fd(&u->ring) == 1) {
        u->enter_fd = u->ring.enter_ring_fd;
        u->enter_flags |= IORING_ENTER_REGISTERED_RING;
    }
    if (u->ring.features & IORING_FEAT_NO_IOWAIT)
        u->enter_flags |= IORING_ENTER_NO_IOWAIT;
    return 0;
}

void uring_release(struct uring *u)
{
    io_uring_queue_exit(&u->ring);
}

void uring_flush(struct uring *u)
{
    enum { ATTEMPTS = 1000 };
    for (int i = 0; i < ATTEMPTS; i++) {
        const int rc = uring_enter(u, 0, NULL);
        LK_ASSERT(rc >= 0 || uring_passes(rc));
        if (rc >= 0 && io_uring_sq_ready(&u->ring) == 0)
            return;
    }
    LK_ASSERT(!"the ring takes no entries");
}

struct io_uring_sqe *uring_next(struct uring *u)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
    if (LK_UNLIKELY(!sqe)) {
        uring_flush(u);
        sqe = io_uring_get_sqe(&u->ring);
        LK_ASSERT(sqe);
    }
    return sqe;
}

void uring_cancel(struct uring *u, uint64_t target, uint64_t mine)
{
    struct io_uring_sqe *sqe = uring_next(u);
    io_uring_prep_cancel64(sqe, target, 0);
    io_uring_sqe_set_data64(sqe, mine);
}

void uring_wait(struct uring *u, int64_t timeout_ns)
{
    struct __kernel_timespec ts = {
        .tv_sec = timeout_ns / 1000000000,
        .tv_nsec = timeout_ns % 1000000000,
    };
    const int rc = uring_enter(u, 1, timeout_ns >= 0 ? &ts : NULL);
    LK_ASSERT(rc >= 0 || uring_passes(rc));
}

void uring_poll(struct uring *u)
{
    const unsigned hints = IO_URING_READ_ONCE(*u->ring.sq.kflags);
    if (io_uring_sq_ready(&u->ring) == 0 && u->flags_tell &&
        !(hints & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)))
        return;
    const int rc = uring_enter(u, 0, NULL);
    LK_ASSERT(rc >= 0 || uring_passes(rc));
}
