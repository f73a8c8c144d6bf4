/*
 * exec_use.h — a key was used: the bits by which eviction and OBJECT tell.
 *
 * Threads  the worker that runs the command, with the lock of the entry's shard
 */
#ifndef LK_CMD_EXEC_USE_H
#define LK_CMD_EXEC_USE_H

#include "core/cmd/engine/dispatcher.h"
#include "core/store/lru.h"

LK_BEGIN

/* Of an entry that the running command has found, whatever its client said of touching. */
LK_HOT_INLINE void exec_note_use(struct exec *x, struct entry *e)
{
    const struct command_limits *l = &x->dispatcher->batch.config->limits;
    if (LK_LIKELY(!l->lfu))
        entry_touch(e, x->dispatcher->batch.lru_now);
    else
        entry_touch(e, lfu_touch(entry_lru(e), x->now_ms, (uint32_t)l->lfu_decay_minutes,
                                 (uint32_t)l->lfu_log_factor, &x->dispatcher->rng));
}

/* The same, if the client's uses count (CLIENT NO-TOUCH). */
LK_HOT_INLINE void exec_touch_here(struct exec *x, struct entry *e)
{
    if (LK_LIKELY(!session_has(x->session, SESSION_NO_TOUCH)))
        exec_note_use(x, e);
}

LK_END

#endif
