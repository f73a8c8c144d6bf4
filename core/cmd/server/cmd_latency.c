/*
 * cmd_latency.c — LATENCY: how long commands take, and how often.
 *
 * Every worker counts its own calls (core/cmd/engine/histogram.h); HISTOGRAM adds them up.  The
 * others show what the latency monitor has kept (core/cmd/client/latency.h).
 */
#include "core/base/atomic.h"
#include "core/cmd/client/latency.h"
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/dispatch.h"

#include <stdio.h>

/*
 * The rows of LATENCY HISTOGRAM: about a doubling of microseconds each, with the bounds that Redis'
 * histogram gives them: 1, 2, 4, 8, 16, 33, 66, 132 …, from 2^10 ns on, 1/128 beyond the power.
 */
enum { ROWS = HISTOGRAM_DOUBLINGS + 1 };

static int64_t row_bound_us(uint32_t row)
{
    return ((INT64_C(1) << (HISTOGRAM_LOW_BITS + row)) + (INT64_C(1) << (row + 3)) - 1) / 1000;
}

/* Calls of command id in each row, of all workers; returns how many in all. */
static uint64_t sum_rows(const struct engine *engine, uint32_t id, uint64_t out[ROWS])
{
    uint64_t total = 0;
    memset(out, 0, ROWS * sizeof out[0]);
    for (uint32_t w = 0; w < engine->fixed.stats_count; w++) {
        const struct command_stats *c = &engine->fixed.all_stats[w]->commands[id];
        const uint64_t *histogram = load_acquire(&c->histogram);
        for (uint32_t b = 0; histogram && b < HISTOGRAM_BUCKETS; b++) {
            const uint64_t n = stats_read(&histogram[b]);
            out[b >> HISTOGRAM_CUT_BITS] += n;
            total += n;
        }
    }
    return total;
}

/* Writes name and histogram; false, and nothing, if the command was not called yet. */
static bool reply_histogram(struct exec *x, const struct command_info *c)
{
    uint64_t rows[ROWS], filled = 0, sum = 0;
    const uint64_t calls = sum_rows(dispatcher_engine(x->dispatcher), c->id, rows);
    if (calls == 0)
        return false;
    for (uint32_t row = 0; row < ROWS; row++)
        filled += rows[row] != 0;
    struct reply *r = x->reply;
    reply_bulk_cstr(r, c->full_name);
    reply_map(r, 2);
    reply_bulk_cstr(r, "calls");
    reply_int(r, (int64_t)calls);
    reply_bulk_cstr(r, "histogram_usec");
    reply_map(r, filled);
    for (uint32_t row = 0; row < ROWS; row++) {
        if (rows[row] == 0)
            continue;
        sum += rows[row];
        reply_int(r, row_bound_us(row));
        reply_int(r, (int64_t)sum);
    }
    return true;
}

/* A container is the sum of nothing: its subcommands are shown. */
static uint64_t reply_family(struct exec *x, const struct command_info *c)
{
    uint64_t n = c->row->run && reply_histogram(x, c);
    for (uint32_t i = 0; i < c->subcommand_count; i++)
        n += reply_histogram(x, &c->subcommands[i]);
    return n;
}

static enum outcome latency_histogram(struct exec *x, const struct args *a)
{
    const struct command_index *ix = dispatcher_engine(x->dispatcher)->fixed.commands;
    const size_t head = reply_begin_deferred(x->reply);
    uint64_t n = 0;
    for (uint32_t i = 0; a->n == 2 && i < command_index_top_count(ix); i++)
        n += reply_family(x, command_index_top(ix, i));
    for (uint32_t i = 2; i < a->n; i++) {
        const struct command_info *c = command_index_lookup(ix, a->v[i]);
        n += c ? reply_family(x, c) : 0;
    }
    reply_end_deferred(x->reply, head, REPLY_MAP, n);
    return RUN_DONE;
}

/* --- events ---------------------------------------------------------------------------------- */

static struct latency_monitor *monitor_of(struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->fixed.latency;
}

static enum outcome latency_latest(struct exec *x, const struct args *a)
{
    const size_t head = reply_begin_deferred(x->reply);
    struct latency_history h;
    uint64_t n = 0;
    (void)a;
    for (uint32_t e = 0; e < LATENCY_EVENTS; e++) {
        if (!latency_get(monitor_of(x), e, &h))
            continue;
        reply_array(x->reply, 4);
        reply_bulk_cstr(x->reply, h.name);
        reply_int(x->reply, h.samples[h.count - 1].unix_s);
        reply_int(x->reply, (int64_t)h.samples[h.count - 1].ms);
        reply_int(x->reply, (int64_t)h.max_ms);
        n++;
    }
    reply_end_deferred(x->reply, head, REPLY_ARRAY, n);
    return RUN_DONE;
}

static enum outcome latency_history_command(struct exec *x, const struct args *a)
{
    struct latency_history h;
    if (!latency_get(monitor_of(x), latency_find(a->v[2]), &h))
        h.count = 0;
    reply_array(x->reply, h.count);
    for (uint32_t i = 0; i < h.count; i++) {
        reply_array(x->reply, 2);
        reply_int(x->reply, h.samples[i].unix_s);
        reply_int(x->reply, (int64_t)h.samples[i].ms);
    }
    return RUN_DONE;
}

/* How many events had something to forget. */
static enum outcome latency_reset_command(struct exec *x, const struct args *a)
{
    int64_t n = 0;
    for (uint32_t e = 0; a->n == 2 && e < LATENCY_EVENTS; e++)
        n += latency_reset(monitor_of(x), e);
    for (uint32_t i = 2; i < a->n; i++)
        n += latency_reset(monitor_of(x), latency_find(a->v[i]));
    reply_int(x->reply, n);
    return RUN_DONE;
}

struct span {
    uint64_t low_ms, high_ms;
};

static struct span span_of(const struct latency_history *h)
{
    struct span s = {h->samples[0].ms, h->samples[0].ms};
    for (uint32_t i = 1; i < h->count; i++) {
        s.low_ms = h->samples[i].ms < s.low_ms ? h->samples[i].ms : s.low_ms;
        s.high_ms = h->samples[i].ms > s.high_ms ? h->samples[i].ms : s.high_ms;
    }
    return s;
}

/* How long ago, in the largest whole unit: "15s", "3m", "2h", "9d". */
static size_t age_of(int64_t seconds, char *out, size_t size)
{
    static const struct {
        int64_t seconds;
        char letter;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    uint32_t u = 0;
    while (u + 1 < sizeof units / sizeof *units && seconds < units[u].seconds)
        u++;
    const int n =
        snprintf(out, size, "%lld%c", (long long)(seconds / units[u].seconds), units[u].letter);
    return n < 0 ? 0 : (size_t)n;
}

enum { GRAPH_ROWS = 4, GRAPH_STEPS = 3, AGE_CHARS = 24 };

/* A column a sample: a bar whose top has three heights, and below it its age, from top to bottom.
 */
static void draw_bars(const struct latency_history *h, struct span s, struct buf *out)
{
    static const char tops[GRAPH_STEPS + 1] = "_-`";
    for (uint32_t row = GRAPH_ROWS; row-- > 0;) {
        for (uint32_t i = 0; i < h->count; i++) {
            const uint64_t above = h->samples[i].ms - s.low_ms, all = s.high_ms - s.low_ms;
            const uint64_t step = all ? above * (GRAPH_ROWS * GRAPH_STEPS - 1) / all : 0;
            const uint64_t foot = (uint64_t)row * GRAPH_STEPS;
            buf_append_char(out, step < foot                 ? ' '
                                 : step < foot + GRAPH_STEPS ? tops[step - foot]
                                                             : '|');
        }
        buf_append_char(out, '\n');
    }
}

static void draw_ages(const struct latency_history *h, int64_t now_s, struct buf *out)
{
    char age[AGE_CHARS];
    buf_append_char(out, '\n');
    for (size_t line = 0, longest = 1; line < longest; line++) {
        for (uint32_t i = 0; i < h->count; i++) {
            const int64_t seconds = now_s - h->samples[i].unix_s;
            const size_t size = age_of(seconds > 0 ? seconds : 0, age, sizeof age);
            longest = size > longest ? size : longest;
            buf_append_char(out, line < size ? age[line] : ' ');
        }
        buf_append_char(out, '\n');
    }
}

static enum outcome latency_graph(struct exec *x, const struct args *a)
{
    struct latency_history h;
    struct buf text = {0};
    if (!latency_get(monitor_of(x), latency_find(a->v[2]), &h)) {
        reply_error(x->reply, "ERR No samples available for event '%.*s'", (int)a->v[2].size,
                    a->v[2].data);
        return RUN_DONE;
    }
    const struct span s = span_of(&h);
    buf_printf(&text, "%s - high %llu ms, low %llu ms (all time high %llu ms)\n", h.name,
               (unsigned long long)s.high_ms, (unsigned long long)s.low_ms,
               (unsigned long long)h.max_ms);
    for (int i = 0; i < 80; i++)
        buf_append_char(&text, '-');
    buf_append_char(&text, '\n');
    draw_bars(&h, s, &text);
    draw_ages(&h, x->now_ms / 1000, &text);
    reply_verbatim(x->reply, "txt", buf_bytes(&text));
    buf_release(&text);
    return RUN_DONE;
}

/* What each event's samples say together, and where to look next. */
static void latency_describe(const struct latency_history *h, struct buf *out)
{
    const struct span s = span_of(h);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < h->count; i++)
        sum += h->samples[i].ms;
    const int64_t first = h->samples[0].unix_s, last = h->samples[h->count - 1].unix_s;
    buf_printf(out,
               "%s: %u samples within %lld seconds, %llu ms on average, %llu to %llu ms; the "
               "slowest ever %llu ms.\n",
               h->name, h->count, (long long)(last - first), (unsigned long long)(sum / h->count),
               (unsigned long long)s.low_ms, (unsigned long long)s.high_ms,
               (unsigned long long)h->max_ms);
}

static enum outcome latency_doctor(struct exec *x, const struct args *a)
{
    const struct engine *engine = dispatcher_engine(x->dispatcher);
    const struct dispatch_config *config = load_acquire(&engine->config);
    struct latency_history h;
    struct buf text = {0};
    (void)a;
    if (config->latency_ms == 0)
        buf_append_cstr(&text,
                        "Latency events are not being watched: latency-monitor-threshold is 0.  "
                        "LATENCY HISTOGRAM shows how long commands take.\n");
    for (uint32_t e = 0; e < LATENCY_EVENTS; e++)
        if (latency_get(engine->fixed.latency, e, &h))
            latency_describe(&h, &text);
    if (text.size == 0)
        buf_printf(&text, "Nothing took %lld ms or longer so far.\n",
                   (long long)config->latency_ms);
    else if (config->latency_ms > 0)
        buf_append_cstr(&text, "SLOWLOG GET shows which commands were slow, INFO commandstats how "
                               "often they run.\n");
    reply_verbatim(x->reply, "txt", buf_bytes(&text));
    buf_release(&text);
    return RUN_DONE;
}

static enum outcome latency_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "DOCTOR",
        "    What the events tell, in words.",
        "GRAPH <event>",
        "    An event's samples as a drawing.",
        "HISTOGRAM [<command> ...]",
        "    Of each command, how many calls took at most so many microseconds.",
        "HISTORY <event>",
        "    An event's samples.",
        "LATEST",
        "    The latest sample of each event.",
        "RESET [<event> ...]",
        "    Forgets samples.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}

#define ADMIN .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE

static const struct command latency_subcommands[] = {
    {"doctor", .arity = 2, .run = latency_doctor, ADMIN},
    {"graph", .arity = 3, .run = latency_graph, ADMIN},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .run = latency_help},
    {"histogram", .arity = -2, .run = latency_histogram, ADMIN},
    {"history", .arity = 3, .run = latency_history_command, ADMIN},
    {"latest", .arity = 2, .run = latency_latest, ADMIN},
    {"reset", .arity = -2, .run = latency_reset_command, ADMIN},
    {0},
};

const struct command latency_commands[] = {
    {"latency", .arity = -2, .subcommands = latency_subcommands},
    {0},
};
