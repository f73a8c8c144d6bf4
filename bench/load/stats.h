/*
 * stats.h — what one thread, or all of them together, have seen.
 *
 * Threads  one owner, merged after it has ended; what the progress line shows meanwhile is in
 *          struct client (client.h)
 */
#ifndef LK_BENCH_LOAD_STATS_H
#define LK_BENCH_LOAD_STATS_H

#include "bench/load/hist.h"
#include "bench/load/mix.h"

enum { STATS_ERRORS = 8, STATS_ERROR_TEXT = 96 };

struct stats_error {
    char text[STATS_ERROR_TEXT];
    uint64_t count;
};

struct stats {
    struct hist latency[MIX_COMMANDS];       /* by command */
    uint64_t replies, errors, misses, wrong; /* wrong: a verified value was not its key's */
    uint64_t sent_bytes, received_bytes;
    uint64_t unanswered; /* with a rate: due before the end and not answered by it */
    uint64_t oldest_ns;  /* the age of the oldest of those */
    uint64_t lost_conns;
    int64_t cpu_ns;                                /* user and system time of the threads */
    double seconds;                                /* measured; of the longest thread */
    struct stats_error first_errors[STATS_ERRORS]; /* by text; later texts only count above */
};

static inline void stats_add_error(struct stats *s, const char *text, size_t size, uint64_t count)
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

static inline void stats_merge(struct stats *into, const struct stats *from)
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

#endif
