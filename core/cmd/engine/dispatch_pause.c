/*
 * dispatch_pause.c — is anything held back, by the batch's clock?
 */
#include "core/base/atomic.h"
#include "core/cmd/engine/dispatch_check.h"

enum { PAUSE_CHECKS = CHECK_PAUSE_WRITES | CHECK_PAUSE_ALL };

enum pause_what dispatch_paused(struct dispatcher *d)
{
    if (LK_LIKELY(!(load_acquire(&d->engine->checks) & PAUSE_CHECKS)))
        return PAUSE_NOTHING;
    return engine_paused(d->engine, d->batch.now_ms);
}

int64_t dispatch_next_pause_end(struct dispatcher *d)
{
    return engine_next_pause_end(d->engine, d->batch.now_ms);
}
