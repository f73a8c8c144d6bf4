/*
 * futex.c — the kernel's two calls.
 */
#include "core/base/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

bool futex_wait(const uint32_t *address, uint32_t expected, int64_t timeout_ns)
{
    enum { NS_PER_SECOND = 1000 * 1000 * 1000 };
    const struct timespec limit = {
        .tv_sec = (time_t)(timeout_ns / NS_PER_SECOND),
        .tv_nsec = (long)(timeout_ns % NS_PER_SECOND),
    };

    if (syscall(SYS_futex, address, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &limit,
                NULL, 0) == 0)
        return true;
    LK_ASSERT(errno == ETIMEDOUT || errno == EAGAIN || errno == EINTR);
    return errno != ETIMEDOUT;
}

int futex_wake(const uint32_t *address, int count)
{
    const long woken = syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);

    LK_ASSERT(woken >= 0);
    return (int)woken;
}
