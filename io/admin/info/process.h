/*
 * process.h — what the system says of this process and of the machine.
 *
 * Errors   0 where the system does not say
 * Threads  any
 */
#ifndef LK_IO_ADMIN_PROCESS_H
#define LK_IO_ADMIN_PROCESS_H

#include "core/base/attr.h"

#include <stdint.h>

LK_BEGIN

uint64_t process_rss_bytes(void);
uint64_t process_machine_bytes(void); /* the machine's memory */

struct process_cpu {
    double user_s, system_s;
};
struct process_cpu process_cpu_self(void);
struct process_cpu process_cpu_children(void);
struct process_cpu process_cpu_main_thread(void); /* in the kernel's ticks of 10 ms */

LK_END

#endif
