/*
 * assert.c — what happens when one of our own rules is broken.
 *
 * The condition goes to standard error and, with the stack, to the log: whoever finds the process
 * dead looks into one of the two.  A rule broken while reporting must not report again.
 */
#include "core/base/trace.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void lk_assert_fail(const char *condition, const char *file, int line)
{
    /* Relaxed: the flag guards no data, it only breaks a recursion. */
    static atomic_flag reporting = ATOMIC_FLAG_INIT;

    if (!atomic_flag_test_and_set_explicit(&reporting, memory_order_relaxed)) {
        dprintf(STDERR_FILENO, "%s:%d: assertion failed: %s\n", file, line, condition);
        trace_line(TRACE_WARNING, "=== ASSERTION FAILED === %s:%d '%s' is not true", file, line,
                   condition);
        trace_stack();
    }
    abort();
}
