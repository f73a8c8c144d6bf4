/*
 * dispatch_pause.c — CLIENT PAUSE: until when.
 */
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_priv.h"

int64_t dispatch_paused_until(struct dispatcher *d)
{
    const int64_t until = __atomic_load_n(&d->engine->pause.until_ms, __ATOMIC_ACQUIRE);
    return until != 0 && !clock_passed(until, d->batch.now_ms) ? until : 0;
}
