/*
 * dispatch_service.c — commands that the server gives itself, on a thread that is no worker.
 */
#include "core/cmd/engine/dispatch_service.h"

#include "core/cmd/engine/dispatch_priv.h"

enum { SLICE_NS = 1000000 };

void dispatch_run_service(struct dispatcher *d, struct session *s, const struct args *a)
{
    LK_ASSERT(d->worker >= SHARD_WORKERS);
    for (;;) {
        const uint32_t seen = shard_service_word(d->worker);
        struct pending p = {.session = s, .args = *a};
        s->parked = false;
        dispatch_enter(d);
        dispatch_run(d, &p, 1);
        dispatch_leave(d);
        if (p.state != PENDING_PARKED)
            return;
        shard_service_wait(d->worker, seen, SLICE_NS);
    }
}
