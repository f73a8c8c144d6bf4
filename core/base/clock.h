/*
 * clock.h — the two clocks.
 *
 * Deadlines are wall-clock milliseconds, durations are monotonic nanoseconds.  Tests set the wall
 * clock; nothing else in the server asks the system for the time.
 *
 * Threads  any
 * Cost     clock_ticks ~8 ns (the CPU's counter where it is invariant), the others ~20 ns
 */
#ifndef LK_BASE_CLOCK_H
#define LK_BASE_CLOCK_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

int64_t clock_unix_ms(void);
int64_t clock_unix_us(void);
int64_t clock_mono_ns(void);

/*
 * Has a deadline passed?  Only when the clock shows a later millisecond: the one of the deadline
 * may have just begun, and nothing ends before its time.  Whatever compares deadlines asks this.
 */
static inline bool clock_passed(int64_t deadline_ms, int64_t now_ms)
{
    return now_ms > deadline_ms;
}

/* The first moment at which it has. */
static inline int64_t clock_after(int64_t deadline_ms)
{
    return deadline_ms < INT64_MAX ? deadline_ms + 1 : INT64_MAX;
}

/* From now on clock_unix_* answer this time; a negative ms gives the system's clock back. */
void clock_fake_unix_ms(int64_t ms);

/* Raw ticks of a monotonic counter, and their length. */
uint64_t clock_ticks(void);
uint64_t clock_ticks_to_ns(uint64_t ticks);

LK_END

#endif
