/*
 * hist.h — a histogram of latencies with a constant relative error.
 *
 * Each power of two is cut into HIST_SUB equal buckets, so a bucket is at most 1/128 of its value
 * wide, and a percentile, given as the middle of its bucket, is off by at most 0.4 %.  Below 256 ns
 * each bucket is one nanosecond.
 *
 *   value 0 .. 255        256 .. 511          512 .. 1023
 *         one a bucket    two a bucket        four a bucket     ...
 *
 * Units    nanoseconds; the longest latency told apart is 2^42 ns, over an hour
 * Threads  one owner; merge after the owner has ended
 */
#ifndef LK_BENCH_LOAD_HIST_H
#define LK_BENCH_LOAD_HIST_H

#include <stdint.h>

enum {
    HIST_SUB_BITS = 7,
    HIST_SUB = 1 << HIST_SUB_BITS,
    HIST_MAX_LOG2 = 42,
    HIST_BUCKETS = (HIST_MAX_LOG2 - HIST_SUB_BITS + 1) * HIST_SUB
};

struct hist {
    uint64_t count, sum, min, max; /* min is meaningless while count is 0 */
    uint64_t bucket[HIST_BUCKETS];
};

/* The bucket of a latency of v ns. */
uint32_t hist_index(uint64_t v);

/* The middle of a bucket. */
uint64_t hist_value(uint32_t index);

/* Adds n equal values: the replies to one batch arrive together. */
void hist_add(struct hist *h, uint64_t v, uint64_t n);

/* Adds all that from has counted. */
void hist_merge(struct hist *into, const struct hist *from);

/* The value that a share q (0..1) of all values does not exceed; 0 of an empty histogram. */
uint64_t hist_percentile(const struct hist *h, double q);

/* 0 of an empty histogram. */
double hist_mean(const struct hist *h);

#endif
