#include "io/saving/rewrite_limit.h"

#include "core/base/trace.h"

enum { FAILURES_MIN = 3, DELAY_MAX_MINUTES = 60, MINUTE_MS = 60000 };

bool rewrite_limit_rests(struct rewrite_limit *l, uint64_t failures, int64_t now_ms)
{
    if (failures < FAILURES_MIN) {
        *l = (struct rewrite_limit){0};
        return false;
    }
    if (l->until_ms != 0) {
        const bool rests = now_ms < l->until_ms;
        if (!rests)
            l->until_ms = 0;
        return rests;
    }
    l->delay_minutes = l->delay_minutes ? l->delay_minutes * 2 : 1;
    if (l->delay_minutes > DELAY_MAX_MINUTES)
        l->delay_minutes = DELAY_MAX_MINUTES;
    l->until_ms = now_ms + (int64_t)l->delay_minutes * MINUTE_MS;
    trace_line(
        TRACE_WARNING,
        "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in "
        "%u minutes",
        l->delay_minutes);
    return true;
}
