/*
 * config_cpu.c — how many CPUs this process may use.
 *
 * More workers than CPUs wait for each other's locks.  The affinity mask says where the process
 * may run; a cgroup says for how much of the time, on every level from its own to the root.  The
 * smallest of all counts, and a part of a CPU counts as one.
 *
 *   version 2   <root>/<path>/cpu.max                "quota period" or "max period"
 *   version 1   <root>/cpu/<path>/cpu.cfs_quota_us   quota, -1 for none; and cpu.cfs_period_us
 *
 * Source   the kernel's Documentation/admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst
 */
#include "io/config/config_priv.h"

#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

enum { CPU_SETS_MAX = 64 * 1024 };

/* The first two numbers of a file; returns how many there were. */
static int read_numbers(const char *path, int64_t v[2])
{
    FILE *f = fopen(path, "re");

    if (!f)
        return 0;
    const int n = fscanf(f, "%" SCNd64 " %" SCNd64, &v[0], &v[1]);
    fclose(f);
    return n > 0 ? n : 0;
}

static int whole_cpus(int64_t quota, int64_t period)
{
    if (quota <= 0 || period <= 0)
        return 0;
    const int64_t n = (quota - 1) / period + 1;
    return n > INT_MAX ? 0 : (int)n;
}

static int quota_at(const char *root, const char *path)
{
    char file[PATH_MAX];
    int64_t v[2] = {0}, period[2] = {0};

    snprintf(file, sizeof file, "%s%s/cpu.max", root, path);
    if (read_numbers(file, v) == 2)
        return whole_cpus(v[0], v[1]);
    snprintf(file, sizeof file, "%s/cpu%s/cpu.cfs_quota_us", root, path);
    if (read_numbers(file, v) < 1)
        return 0;
    snprintf(file, sizeof file, "%s/cpu%s/cpu.cfs_period_us", root, path);
    return read_numbers(file, period) < 1 ? 0 : whole_cpus(v[0], period[0]);
}

int config_cpu_quota(const char *root, const char *path)
{
    char level[1024];
    int least = 0;

    snprintf(level, sizeof level, "%s", path);
    for (;;) {
        if (strcmp(level, "/") == 0)
            level[0] = '\0';
        const int here = quota_at(root, level);
        if (here > 0 && (least == 0 || here < least))
            least = here;
        char *slash = strrchr(level, '/');
        if (!slash)
            return least;
        *slash = '\0';
    }
}

static int affinity_count(void)
{
    /* A mask too small for the machine is refused, so it grows until it is taken. */
    for (int cpus = CPU_SETSIZE; cpus <= CPU_SETS_MAX; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        const size_t size = CPU_ALLOC_SIZE((size_t)cpus);
        int n = 0;
        if (set && sched_getaffinity(0, size, set) == 0)
            n = CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (n > 0)
            return n;
    }
    return 1;
}

/* Lines "id:controllers:path"; the path of version 2 ("0::") or of version 1's cpu controller. */
static int own_quota(void)
{
    char line[1024];
    int least = 0;
    FILE *f = fopen("/proc/self/cgroup", "re");

    while (f && fgets(line, sizeof line, f)) {
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        const bool cpu = controllers[1] == '\0' || strstr(controllers, "cpu");
        const int n = cpu ? config_cpu_quota("/sys/fs/cgroup", path) : 0;
        if (n > 0 && (least == 0 || n < least))
            least = n;
    }
    if (f)
        fclose(f);
    return least;
}

int config_cpu_count(void)
{
    const int allowed = affinity_count(), quota = own_quota();

    return quota > 0 && quota < allowed ? quota : allowed;
}
