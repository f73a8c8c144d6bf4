/*
 * histogram.h — how long calls took, in buckets of a constant relative width.
 *
 * Each doubling is cut into 64 buckets, so a bucket is 1/64 of its values wide: two digits, as the
 * HDR histogram of Redis keeps.  Below 1,024 ns a bucket is 16 ns wide.
 *
 *   0    16   32  ...  1024  1040 ... 2048  2080  ...  4096        nanoseconds
 *   | 0  | 1  |   ...  | 64  |    ... | 128  |    ...  | 192
 *
 * Threads  one writer, relaxed; any reader
 * Cost     a shift and an add a call; 13.5 KiB a command and worker, from the first call on
 */
#ifndef LK_CMD_HISTOGRAM_H
#define LK_CMD_HISTOGRAM_H

#include "core/base/attr.h"

#include <stdint.h>

LK_BEGIN

enum {
    HISTOGRAM_CUT_BITS = 6,   /* 64 buckets a doubling */
    HISTOGRAM_LOW_BITS = 10,  /* below 1,024 ns buckets have one width */
    HISTOGRAM_DOUBLINGS = 26, /* up to 2^36 ns, 68 seconds; what took longer is in the last one */
    HISTOGRAM_BUCKETS = (1 + HISTOGRAM_DOUBLINGS) << HISTOGRAM_CUT_BITS,
};

static inline unsigned histogram_bucket(uint64_t ns)
{
    if (ns >> HISTOGRAM_LOW_BITS == 0)
        return (unsigned)(ns >> (HISTOGRAM_LOW_BITS - HISTOGRAM_CUT_BITS));
    const unsigned log2 = 63u - (unsigned)__builtin_clzll((unsigned long long)ns);
    const unsigned shift = log2 - HISTOGRAM_CUT_BITS;
    const unsigned row = log2 - HISTOGRAM_LOW_BITS; /* ns >> shift lies in [64, 128) */
    const uint64_t bucket = ((uint64_t)row << HISTOGRAM_CUT_BITS) + (ns >> shift);
    return bucket < HISTOGRAM_BUCKETS ? (unsigned)bucket : HISTOGRAM_BUCKETS - 1;
}

/* The last nanosecond that lies in this bucket. */
static inline uint64_t histogram_last_ns(unsigned bucket)
{
    if (bucket >> HISTOGRAM_CUT_BITS == 0)
        return ((uint64_t)bucket + 1) * (1u << (HISTOGRAM_LOW_BITS - HISTOGRAM_CUT_BITS)) - 1;
    const unsigned row = (bucket >> HISTOGRAM_CUT_BITS) - 1;
    const uint64_t cut = (bucket & ((1u << HISTOGRAM_CUT_BITS) - 1)) + (1u << HISTOGRAM_CUT_BITS);
    return ((cut + 1) << (row + HISTOGRAM_LOW_BITS - HISTOGRAM_CUT_BITS)) - 1;
}

LK_END

#endif
