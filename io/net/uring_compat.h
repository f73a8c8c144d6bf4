/*
 * uring_compat.h — what newer kernels offer and liburing 2.3 does not name.
 *
 * Flags are given here by their numbers in the kernel's ABI and only used where the ring's feature
 * word, read at run time, says that the kernel knows them.
 *
 * Source  io_uring_enter(2), include/uapi/linux/io_uring.h
 */
#ifndef LK_IO_URING_COMPAT_H
#define LK_IO_URING_COMPAT_H

#include <liburing.h>

/* A thread that waits in the ring is idle, not waiting for a disk (Linux 6.15). */
#ifndef IORING_ENTER_NO_IOWAIT
#define IORING_ENTER_NO_IOWAIT (1U << 7)
#endif
#ifndef IORING_FEAT_NO_IOWAIT
#define IORING_FEAT_NO_IOWAIT (1U << 17)
#endif

#endif
