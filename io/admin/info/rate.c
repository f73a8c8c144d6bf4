#include "io/admin/info/rate.h"

#include "core/base/atomic.h"

void rate_sample(struct rate *r, uint64_t counter, int64_t now_ms)
{
    const int64_t elapsed_ms = now_ms - r->last_ms;

    if (elapsed_ms == 0)
        return;
    /* Negative: the wall clock was set back, and this sample only begins the next. */
    if (r->last_ms != 0 && elapsed_ms > 0) {
        const uint64_t grown = counter >= r->last_value ? counter - r->last_value : counter;
        r->samples[r->next++ % RATE_SAMPLES] = grown * 1000 / (uint64_t)elapsed_ms;
    }
    r->last_ms = now_ms;
    r->last_value = counter;
    uint64_t sum = 0;
    for (int i = 0; i < RATE_SAMPLES; i++)
        sum += r->samples[i];
    store_relaxed(&r->average, sum / RATE_SAMPLES);
}

uint64_t rate_read(const struct rate *r)
{
    return load_relaxed(&r->average);
}
