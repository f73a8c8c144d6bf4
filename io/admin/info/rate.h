/*
 * rate.h — how fast a counter grows, averaged over the last samples.
 *
 * Units    a second
 * Threads  rate_sample: one thread; rate_read: any
 */
#ifndef LK_IO_ADMIN_RATE_H
#define LK_IO_ADMIN_RATE_H

#include "core/base/attr.h"

#include <stdint.h>

LK_BEGIN

enum { RATE_SAMPLES = 16 };

struct rate {
    uint64_t last_value;
    int64_t last_ms; /* 0: none yet */
    uint64_t samples[RATE_SAMPLES];
    uint32_t next;
    uint64_t average; /* __atomic */
};

/* counter may have been set back to zero meanwhile. */
void rate_sample(struct rate *r, uint64_t counter, int64_t now_ms);
uint64_t rate_read(const struct rate *r);

LK_END

#endif
