/* hist.c — buckets, percentiles. */
#include "bench/load/hist.h"

uint32_t hist_index(uint64_t v)
{
    if (v < 2 * HIST_SUB)
        return (uint32_t)v;
    if (v >> HIST_MAX_LOG2)
        return HIST_BUCKETS - 1;
    const uint32_t shift = 63u - (uint32_t)__builtin_clzll(v) - HIST_SUB_BITS;
    return shift * HIST_SUB + (uint32_t)(v >> shift);
}

uint64_t hist_value(uint32_t index)
{
    if (index < 2 * HIST_SUB)
        return index;
    const uint32_t shift = index / HIST_SUB - 1;
    return ((uint64_t)(index - shift * HIST_SUB) << shift) + ((1ull << shift) >> 1);
}

void hist_add(struct hist *h, uint64_t v, uint64_t n)
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

void hist_merge(struct hist *into, const struct hist *from)
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

uint64_t hist_percentile(const struct hist *h, double q)
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

double hist_mean(const struct hist *h)
{
    return h->count ? (double)h->sum / (double)h->count : 0;
}
