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

static inline uint32_t hist_index(uint64_t v)
{
    if (v < 2 * HIST_SUB)
        return (uint32_t)v;
    if (v >> HIST_MAX_LOG2)
        return HIST_BUCKETS - 1;
    const uint32_t shift = 63u - (uint32_t)__builtin_clzll(v) - HIST_SUB_BITS;
    return shift * HIST_SUB + (uint32_t)(v >> shift);
}

/* The middle of a bucket. */
static inline uint64_t hist_value(uint32_t index)
{
    if (index < 2 * HIST_SUB)
        return index;
    const uint32_t shift = index / HIST_SUB - 1;
    return ((uint64_t)(index - shift * HIST_SUB) << shift) + ((1ull << shift) >> 1);
}

/* Adds n equal values: the replies to one batch arrive together. */
static inline void hist_add(struct hist *h, uint64_t v, uint64_t n)
{
    if (n == 0)
        return;
    if (h->count == 0 || v < h->min)
        h->min = v;
    if (v > h->max)
        h->max = v;
    h->count += n;
    h->sum += v * n;
    h->bucket[hist_index(v)] += n;
}

static inline void hist_merge(struct hist *into, const struct hist *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0 || from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
    into->count += from->count;
    into->sum += from->sum;
    for (uint32_t i = 0; i < HIST_BUCKETS; i++)
        into->bucket[i] += from->bucket[i];
}

/* The value that a share q (0..1) of all values does not exceed; 0 of an empty histogram. */
static inline uint64_t hist_percentile(const struct hist *h, double q)
{
    if (h->count == 0)
        return 0;
    uint64_t rank = (uint64_t)(q * (double)h->count);
    if ((double)rank < q * (double)h->count)
        rank++;
    if (rank >= h->count)
        return h->max;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < HIST_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen >= rank && seen > 0) {
            const uint64_t v = hist_value(i);
            return v < h->min ? h->min : v > h->max ? h->max : v;
        }
    }
    return h->max;
}

static inline double hist_mean(const struct hist *h)
{
    return h->count ? (double)h->sum / (double)h->count : 0;
}

#endif
