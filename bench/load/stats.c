/* stats.c — adds up errors by their text, and threads. */
#include "bench/load/stats.h"

#include <string.h>

void stats_add_error(struct stats *s, const char *text, size_t size, uint64_t count)
{
    if (size >= STATS_ERROR_TEXT)
        size = STATS_ERROR_TEXT - 1;
    for (int i = 0; i < STATS_ERRORS; i++) {
        struct stats_error *e = &s->first_errors[i];
        if (e->count == 0) {
            memcpy(e->text, text, size);
            e->text[size] = '\0';
        } else if (strlen(e->text) != size || memcmp(e->text, text, size) != 0) {
            continue;
        }
        e->count += count;
        return;
    }
}

void stats_merge(struct stats *into, const struct stats *from)
{
    for (int i = 0; i < MIX_COMMANDS; i++)
        hist_merge(&into->latency[i], &from->latency[i]);
    into->replies += from->replies;
    into->errors += from->errors;
    into->misses += from->misses;
    into->wrong += from->wrong;
    into->sent_bytes += from->sent_bytes;
    into->received_bytes += from->received_bytes;
    into->unanswered += from->unanswered;
    if (from->oldest_ns > into->oldest_ns)
        into->oldest_ns = from->oldest_ns;
    into->lost_conns += from->lost_conns;
    into->cpu_ns += from->cpu_ns;
    if (from->seconds > into->seconds)
        into->seconds = from->seconds;
    for (int i = 0; i < STATS_ERRORS; i++) {
        const struct stats_error *e = &from->first_errors[i];
        if (e->count)
            stats_add_error(into, e->text, strlen(e->text), e->count);
    }
}
