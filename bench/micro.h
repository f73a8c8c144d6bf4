/*
 * micro.h — what the micro-benchmarks share: options, CPU time, medians, tables.
 *
 * The machine may be busy with other work, so costs are CPU time of the measuring thread, and each
 * figure is the least or the median of several runs.  Tables are printed in Markdown's form, ready
 * for RESULTS.md.
 *
 * Threads  any; options are read before the threads start
 */
#ifndef LK_BENCH_MICRO_H
#define LK_BENCH_MICRO_H

#include "core/base/attr.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- options --------------------------------------------------------------------------------- */

struct micro_option {
    const char *name; /* without "--" */
    uint64_t *value;
    const char *help;
};

/* A number with k or m behind it: 100k, 10m. */
static inline bool micro_number(const char *text, uint64_t *out)
{
    char *end = NULL;
    const uint64_t n = strtoull(text, &end, 10);
    const uint64_t unit = *end == 'k' ? 1000 : *end == 'm' ? 1000000 : 1;
    *out = n * unit;
    return end != text && end[unit > 1] == '\0';
}

LK_NORETURN static inline void micro_usage(const char *program, const struct micro_option *options,
                                           size_t n)
{
    fprintf(stderr, "usage: %s [--option number]…\n", program);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "  --%-10s %s (%llu)\n", options[i].name, options[i].help,
                (unsigned long long)*options[i].value);
    exit(2);
}

static inline void micro_options(int argc, char **argv, const struct micro_option *options,
                                 size_t n)
{
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0;
        while (k < n && (strncmp(argv[i], "--", 2) || strcmp(argv[i] + 2, options[k].name)))
            k++;
        if (k == n || i + 1 == argc || !micro_number(argv[i + 1], options[k].value))
            micro_usage(argv[0], options, n);
    }
}

/* --- time ------------------------------------------------------------------------------------ */

/* CPU time of the calling thread; a call costs some 0.3 us, so put it around many operations. */
static inline int64_t micro_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static inline void micro_sleep_us(int64_t us)
{
    const struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

/* --- several runs ---------------------------------------------------------------------------- */

enum { MICRO_RUNS_MAX = 32 };

struct micro_runs {
    double v[MICRO_RUNS_MAX];
    uint32_t n;
};

static inline void micro_add(struct micro_runs *r, double v)
{
    LK_ASSERT(r->n < MICRO_RUNS_MAX);
    uint32_t at = r->n++;
    for (; at > 0 && r->v[at - 1] > v; at--)
        r->v[at] = r->v[at - 1];
    r->v[at] = v;
}

static inline double micro_least(const struct micro_runs *r)
{
    return r->v[0];
}

static inline double micro_most(const struct micro_runs *r)
{
    return r->v[r->n - 1];
}

static inline double micro_median(const struct micro_runs *r)
{
    return r->v[r->n / 2];
}

/* --- printing -------------------------------------------------------------------------------- */

/* The head of a table; columns parted by '|'. */
static inline void micro_head(const char *title, const char *columns)
{
    printf("\n%s\n\n| %s |\n|---", title, columns);
    for (const char *c = strchr(columns, '|'); c; c = strchr(c + 1, '|'))
        printf("|---:");
    printf("|\n");
}

static inline const char *micro_count(uint64_t n)
{
    static char text[4][32];
    static unsigned next;
    char *to = text[next++ % 4];
    if (n >= 1000000 && n % 1000000 == 0)
        snprintf(to, 32, "%llu M", (unsigned long long)(n / 1000000));
    else if (n >= 1000 && n % 1000 == 0)
        snprintf(to, 32, "%llu k", (unsigned long long)(n / 1000));
    else
        snprintf(to, 32, "%llu", (unsigned long long)n);
    return to;
}

#endif
