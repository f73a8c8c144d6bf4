/*
 * sched.h — what a thread asks of the system's scheduler.
 *
 * Threads  each for itself
 * Source   Linux: sched_setattr(2); the length of a slice since 6.12
 */
#ifndef LK_BASE_SCHED_H
#define LK_BASE_SCHED_H

#include "core/base/attr.h"

#include <stdint.h>

LK_BEGIN

/*
 * The thread works in short stretches: it is let run sooner than others that are due, and not for
 * longer in sum.  A kernel that cannot do that leaves everything as it is.
 */
void sched_be_prompt(void);

/* As nice(2), for this thread alone. */
void sched_be_nice(int level);

/* In a loop that waits for another thread: the CPU may see to its other one. */
static inline void sched_pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* How many CPUs this thread may run on; at least one. */
uint32_t sched_cpus(void);

LK_END

#endif
