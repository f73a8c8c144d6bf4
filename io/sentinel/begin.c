/*
 * begin.c — a process becomes a Sentinel, or ends and says why.
 *
 * A Sentinel has no data: nothing is loaded, and nothing saved.
 */
#include "io/sentinel/service.h"

#include "core/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct sentinel_service *sentinel_make(const struct sentinel_parts *parts)
{
    struct buf error = {0};
    LK_ASSERT(config_current(parts->config)->sentinel_mode);
    struct sentinel_service *v = sentinel_service_new(parts, &error);
    if (v)
        return v;
    fprintf(stderr, "%.*s", (int)error.size, error.data);
    exit(1);
}

void sentinel_begin(struct sentinel_service *v, struct engine *engine)
{
    LK_ASSERT(engine->fixed.sentinel == v);
    engine_set_loading(engine, false);
    if (!sentinel_service_start(v))
        _exit(1); /* the log says why */
}
