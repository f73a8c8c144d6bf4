/*
 * cmd_latency.c — LATENCY: how long commands take, and how often.
 *
 * Every worker counts its own calls (core/cmd/engine/histogram.h); HISTOGRAM adds them up.  Latency
 * events are not watched (latency-monitor-threshold 0), so the commands about them find none.
 */
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/dispatch.h"

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
    for (uint32_t w = 0; w < engine->fixed.worker_count; w++) {
        const struct command_stats *c = &engine->fixed.all_stats[w]->commands[id];
        const uint64_t *histogram = __atomic_load_n(&c->histogram, __ATOMIC_ACQUIRE);
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

static enum outcome histogram(struct exec *x, const struct args *a)
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

/* LATEST and HISTORY: no events. */
static enum outcome no_events(struct exec *x, const struct args *a)
{
    (void)a;
    reply_array(x->reply, 0);
    return RUN_DONE;
}

/* How many events were forgotten. */
static enum outcome reset(struct exec *x, const struct args *a)
{
    (void)a;
    reply_int(x->reply, 0);
    return RUN_DONE;
}

static enum outcome graph(struct exec *x, const struct args *a)
{
    reply_error(x->reply, "ERR No samples available for event '%.*s'", (int)a->v[2].size,
                a->v[2].data);
    return RUN_DONE;
}

static enum outcome doctor(struct exec *x, const struct args *a)
{
    (void)a;
    reply_verbatim(x->reply, "txt",
                   bytes_cstr("Latency events are not being watched: latency-monitor-threshold is "
                              "0.  LATENCY HISTOGRAM shows how long commands take.\n"));
    return RUN_DONE;
}

static enum outcome help(struct exec *x, const struct args *a)
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
    {"doctor", .arity = 2, .run = doctor, ADMIN},
    {"graph", .arity = 3, .run = graph, ADMIN},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .run = help},
    {"histogram", .arity = -2, .run = histogram, ADMIN},
    {"history", .arity = 3, .run = no_events, ADMIN},
    {"latest", .arity = 2, .run = no_events, ADMIN},
    {"reset", .arity = -2, .run = reset, ADMIN},
    {0},
};

const struct command latency_commands[] = {
    {"latency", .arity = -2, .subcommands = latency_subcommands},
    {0},
};
