#include "core/cmd/engine/stats.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"

#define STATS_OVERFLOW "ERRORSTATS_OVERFLOW" /* all that have no row of their own */

void stats_init(struct stats *s, uint32_t commands)
{
    memset(s, 0, sizeof *s);
    s->command_count = commands;
    s->commands = mem_calloc(commands * sizeof *s->commands);
}

void stats_release(struct stats *s)
{
    for (uint32_t i = 0; i < s->command_count; i++)
        mem_free(s->commands[i].histogram, HISTOGRAM_BUCKETS * sizeof(uint64_t));
    mem_free(s->commands, s->command_count * sizeof *s->commands);
}

static void stats_zero(uint64_t *counter)
{
    store_relaxed(counter, 0);
}

void stats_reset(struct stats *s)
{
    for (uint32_t i = 0; i < s->command_count; i++) {
        struct command_stats *c = &s->commands[i];
        stats_zero(&c->calls);
        stats_zero(&c->ticks);
        stats_zero(&c->rejected);
        stats_zero(&c->failed);
        for (uint32_t b = 0; c->histogram && b < HISTOGRAM_BUCKETS; b++)
            stats_zero(&c->histogram[b]);
    }
    for (uint32_t i = 0; i < STATS_COUNTER_COUNT; i++)
        if (i != STATS_changes)
            stats_zero(&s->counters[i]);
    for (uint32_t i = 0; i < s->error_count; i++)
        stats_zero(&s->errors[i].count);
    store_release(&s->error_count, 0);
}

LK_COLD void stats_make_histogram(struct command_stats *c)
{
    uint64_t *fresh = mem_calloc(HISTOGRAM_BUCKETS * sizeof(uint64_t));
    store_release(&c->histogram, fresh);
}

static struct error_stat *stats_find_error(struct stats *s, const char *code)
{
    for (uint32_t i = 0; i < s->error_count; i++)
        if (strcmp(s->errors[i].code, code) == 0)
            return &s->errors[i];
    return NULL;
}

void stats_error(struct stats *s, struct bytes line, bool made_up)
{
    char code[sizeof s->errors[0].code] = {0};
    for (size_t i = 0;
         i < line.size && i + 1 < sizeof code && line.data[i] != ' ' && line.data[i] != '\r'; i++)
        code[i] = line.data[i];
    stats_add(&s->error_replies, 1);
    struct error_stat *e = stats_find_error(s, code);
    if (!e && s->error_count >= (made_up ? STATS_ERRORS_OF_SCRIPTS : STATS_ERRORS_MAX - 1)) {
        memset(code, 0, sizeof code);
        memcpy(code, STATS_OVERFLOW, sizeof STATS_OVERFLOW);
        e = stats_find_error(s, code);
    }
    if (e) {
        stats_add(&e->count, 1);
        return;
    }
    LK_ASSERT(s->error_count < STATS_ERRORS_MAX);
    e = &s->errors[s->error_count];
    memcpy(e->code, code, sizeof code);
    e->count = 1;
    store_release(&s->error_count, s->error_count + 1);
}
