#include "core/base/sched.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEEP_POLICY 0x08 /* whichever the server was started with */

enum { SHORT_SLICE_NS = 100000 }; /* no kernel takes less */

/* The system's struct sched_attr in its first form; libc names it only since glibc 2.41. */
struct slice_attr {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime; /* the slice, ns */
    uint64_t deadline;
    uint64_t period;
};

static id_t own_id(void)
{
    return (id_t)syscall(SYS_gettid);
}

void sched_be_prompt(void)
{
    const struct slice_attr attr = {
        .size = sizeof attr,
        .flags = KEEP_POLICY,
        .nice = getpriority(PRIO_PROCESS, own_id()), /* which is set along with it */
        .runtime = SHORT_SLICE_NS,
    };
    (void)syscall(SYS_sched_setattr, 0, &attr, 0);
}

void sched_be_nice(int level)
{
    (void)setpriority(PRIO_PROCESS, own_id(), level);
}

uint32_t sched_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (uint32_t)CPU_COUNT(&set);
    const long online = sysconf(_SC_NPROCESSORS_ONLN); /* more than the set has room for */
    return online > 0 ? (uint32_t)online : 1;
}
