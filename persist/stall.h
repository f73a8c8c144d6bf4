/*
 * stall.h — who is told how long calls of the file system took.
 *
 * What lies above knows the monitor and its threshold; here each call that others may wait for is
 * only timed, if anybody asks.
 *
 * Threads  whichever makes the call; took must not wait
 */
#ifndef LK_PERSIST_STALL_H
#define LK_PERSIST_STALL_H

#include "core/base/clock.h"

#include <errno.h>

LK_BEGIN

enum stall {
    STALL_AOF_WRITE,
    STALL_AOF_WRITE_BESIDE_SYNC, /* the same while another thread syncs the file */
    STALL_AOF_SYNC,              /* under `always`: replies wait for it */
    STALL_AOF_RENAME,            /* of a new base */
    STALL_RDB_UNLINK,            /* of the temporary file of a save that failed */
};

struct stall_watch {
    /* NULL: nobody wants to know. */
    void (*took)(void *ctx, enum stall what, int64_t ns);
    void *ctx;
};

static inline int64_t stall_begin(const struct stall_watch *w)
{
    return w->took ? clock_mono_ns() : 0;
}

static inline void stall_end(const struct stall_watch *w, enum stall what, int64_t begun_ns)
{
    const int why = errno;
    if (w->took)
        w->took(w->ctx, what, clock_mono_ns() - begun_ns);
    errno = why;
}

LK_END

#endif
