/*
 * info_commands.c — sections commandstats, errorstats, latencystats.
 *
 * Latencies are kept in buckets of doubling width, so a percentile is the upper end of its bucket:
 * never too good, at most twice too bad.
 */
#include "io/admin/info/info.h"

#include "io/admin/info/totals.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct command_info *command_at(const struct info *i, uint32_t id)
{
    return command_index_at(i->engine->fixed.commands, id);
}

void info_commandstats(struct info *i)
{
    const uint32_t n = command_index_count(i->engine->fixed.commands);

    for (uint32_t id = 0; id < n; id++) {
        const struct totals_command t = totals_of_command(i->engine, id, NULL);
        if (t.calls == 0 && t.rejected == 0 && t.failed == 0)
            continue;
        info_format(i,
                    "cmdstat_%s:calls=%" PRIu64 ",usec=%" PRIu64 ",usec_per_call=%.2f"
                    ",rejected_calls=%" PRIu64 ",failed_calls=%" PRIu64,
                    command_at(i, id)->full_name, t.calls, t.microseconds,
                    t.calls ? (double)t.microseconds / (double)t.calls : 0.0, t.rejected, t.failed);
    }
}

/* The code ends where a field's name would. */
static void error_line(struct info *i, const struct error_stat *e)
{
    char code[sizeof e->code];

    memcpy(code, e->code, sizeof code);
    for (char *p = code; *p; p++)
        if (*p == ':' || *p == '\n' || *p == '\r')
            *p = '_';
    info_format(i, "errorstat_%s:count=%" PRIu64, code, e->count);
}

static int compare_errors(const void *a, const void *b)
{
    const struct error_stat *const *x = a, *const *y = b;
    return strcmp((*x)->code, (*y)->code);
}

/* By their codes, as they have come in another order on each worker. */
void info_errorstats(struct info *i)
{
    const struct error_stat *all[STATS_ERRORS_MAX];
    const uint32_t n = i->totals->error_count;

    LK_ASSERT(n <= STATS_ERRORS_MAX);
    for (uint32_t e = 0; e < n; e++)
        all[e] = &i->totals->errors[e];
    qsort(all, n, sizeof *all, compare_errors);
    for (uint32_t e = 0; e < n; e++)
        if (all[e]->count > 0)
            error_line(i, all[e]);
}

static void latency_line(struct info *i, const char *name, const uint64_t *histogram)
{
    const struct config_doubles *percentiles = &i->config->latency_tracking_info_percentiles;

    buf_printf(i->out, "latency_percentiles_usec_%s:", name);
    for (size_t p = 0; p < percentiles->n; p++)
        buf_printf(i->out, "%sp%g=%.3f", p ? "," : "", percentiles->v[p],
                   (double)totals_percentile_ns(histogram, percentiles->v[p]) / 1000);
    buf_append_cstr(i->out, "\r\n");
}

void info_latencystats(struct info *i)
{
    const uint32_t n = command_index_count(i->engine->fixed.commands);

    if (!i->config->dispatch.latency_tracking)
        return;
    for (uint32_t id = 0; id < n; id++) {
        uint64_t histogram[HISTOGRAM_BUCKETS] = {0};
        uint64_t calls = 0;
        totals_of_command(i->engine, id, histogram);
        for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++)
            calls += histogram[b];
        if (calls > 0)
            latency_line(i, command_at(i, id)->full_name, histogram);
    }
}
