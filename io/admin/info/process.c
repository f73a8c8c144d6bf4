#include "io/admin/info/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Reads a small file of /proc whole; "" if there is none. */
static void process_read_text(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "re");
    size_t n = 0;

    if (f) {
        n = fread(out, 1, size - 1, f);
        fclose(f);
    }
    out[n] = '\0';
}

uint64_t process_rss_bytes(void)
{
    char text[128];
    uint64_t pages = 0;

    process_read_text("/proc/self/statm", text, sizeof text);
    if (sscanf(text, "%*u %" SCNu64, &pages) != 1)
        return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t process_machine_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

static double process_seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static struct process_cpu usage_of(int who)
{
    struct rusage r;

    if (getrusage(who, &r) != 0)
        return (struct process_cpu){0, 0};
    return (struct process_cpu){process_seconds(r.ru_utime), process_seconds(r.ru_stime)};
}

struct process_cpu process_cpu_self(void)
{
    return usage_of(RUSAGE_SELF);
}

struct process_cpu process_cpu_children(void)
{
    return usage_of(RUSAGE_CHILDREN);
}

/* proc(5): fields 14 and 15, behind the name, which may hold anything but ends at the last ')'. */
struct process_cpu process_cpu_main_thread(void)
{
    char path[64], text[512];
    unsigned long user = 0, system = 0;

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)getpid());
    process_read_text(path, text, sizeof text);
    const char *rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                        &system) != 2)
        return (struct process_cpu){0, 0};
    const double ticks = (double)sysconf(_SC_CLK_TCK);
    return (struct process_cpu){(double)user / ticks, (double)system / ticks};
}
