/*
 * totals.h — what all workers together have counted.
 *
 * Threads  any: the counters are read relaxed while their owners go on
 */
#ifndef LK_IO_ADMIN_TOTALS_H
#define LK_IO_ADMIN_TOTALS_H

#include "core/cmd/engine/dispatch.h"

LK_BEGIN

/* Adds every worker's plain counters to out. */
void totals_add_counters(const struct engine *engine, struct stats *out);

/* Adds the counts of each error code to out->errors. */
void totals_add_errors(const struct engine *engine, struct stats *out);

/* One command's figures; histogram has HISTOGRAM_BUCKETS places and may be NULL. */
struct totals_command {
    uint64_t calls, microseconds, rejected, failed;
};
struct totals_command totals_of_command(const struct engine *engine, uint32_t id,
                                        uint64_t *histogram);

/* The last nanosecond of the bucket that percent of the calls do not pass; 0 without calls. */
uint64_t totals_percentile_ns(const uint64_t *histogram, double percent);

LK_END

#endif
