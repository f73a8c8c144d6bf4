#include "io/admin/info/totals.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"

void totals_add_counters(const struct engine *engine, struct stats *out)
{
    for (uint32_t w = 0; w < engine->fixed.stats_count; w++) {
        const struct stats *s = engine->fixed.all_stats[w];
        for (uint32_t i = 0; i < STATS_COUNTER_COUNT; i++)
            out->counters[i] += stats_read(&s->counters[i]);
    }
}

static void add_error(struct stats *out, const struct error_stat *e)
{
    for (uint32_t i = 0; i < out->error_count; i++) {
        if (strcmp(out->errors[i].code, e->code) == 0) {
            out->errors[i].count += stats_read(&e->count);
            return;
        }
    }
    if (out->error_count == STATS_ERRORS_MAX)
        return;
    struct error_stat *fresh = &out->errors[out->error_count++];
    memcpy(fresh->code, e->code, sizeof fresh->code);
    fresh->count = stats_read(&e->count);
}

void totals_add_errors(const struct engine *engine, struct stats *out)
{
    for (uint32_t w = 0; w < engine->fixed.stats_count; w++) {
        const struct stats *s = engine->fixed.all_stats[w];
        const uint32_t n = load_acquire(&s->error_count);
        for (uint32_t i = 0; i < n; i++)
            add_error(out, &s->errors[i]);
    }
}

struct totals_command totals_of_command(const struct engine *engine, uint32_t id,
                                        uint64_t *histogram)
{
    struct totals_command t = {0};
    uint64_t ticks = 0;

    for (uint32_t w = 0; w < engine->fixed.stats_count; w++) {
        const struct command_stats *c = &engine->fixed.all_stats[w]->commands[id];
        t.calls += stats_read(&c->calls);
        t.rejected += stats_read(&c->rejected);
        t.failed += stats_read(&c->failed);
        ticks += stats_read(&c->ticks);
        const uint64_t *from = load_acquire(&c->histogram);
        for (uint32_t i = 0; histogram && from && i < HISTOGRAM_BUCKETS; i++)
            histogram[i] += stats_read(&from[i]);
    }
    t.microseconds = clock_ticks_to_ns(ticks) / 1000;
    return t;
}

uint64_t totals_percentile_ns(const uint64_t *histogram, double percent)
{
    uint64_t total = 0, seen = 0;

    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        total += histogram[i];
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram[i];
        if (seen > 0 && (double)seen >= (double)total * percent / 100)
            return histogram_last_ns(i);
    }
    return 0;
}
