/*
 * dispatch_latency.c — what takes long on behalf of clients is told to the latency monitor.
 */
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_priv.h"

void dispatch_note_slow(struct dispatcher *d, enum latency_event event, uint64_t ticks)
{
    const uint64_t ms = clock_ticks_to_ns(ticks) / 1000000;
    LK_ASSERT(d->batch.config->latency_ms >= 0);
    if (d->engine->fixed.latency && ms >= (uint64_t)d->batch.config->latency_ms)
        latency_add(d->engine->fixed.latency, event, d->batch.now_ms / 1000, ms);
}

void dispatch_watch_end(struct dispatcher *d, enum latency_event event, uint64_t begun_ticks)
{
    if (LK_UNLIKELY(begun_ticks != 0))
        dispatch_note_slow(d, event, clock_ticks() - begun_ticks);
}
