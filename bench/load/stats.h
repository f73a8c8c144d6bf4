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

/* Counts an error by its text; texts beyond STATS_ERRORS different ones are not kept. */
void stats_add_error(struct stats *s, const char *text, size_t size, uint64_t count);

/* Adds what from has seen; rates and times are of the longest thread. */
void stats_merge(struct stats *into, const struct stats *from);

#endif
