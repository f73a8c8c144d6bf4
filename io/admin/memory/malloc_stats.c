#include "io/admin/memory/malloc_stats.h"

#include <errno.h>
#include <string.h>

#ifdef LK_JEMALLOC

#include <jemalloc/jemalloc.h>

static void malloc_stats_append(void *ctx, const char *text)
{
    buf_append_cstr(ctx, text);
}

void malloc_stats_write(struct buf *out)
{
    malloc_stats_print(malloc_stats_append, out, NULL);
}

/* Names whose value is a pointer, which has the size of a number. */
static bool malloc_is_text(const char *name)
{
    static const char *const words[] = {"version", "malloc_conf", "dss",          "metadata_thp",
                                        "thp",     "print_opts",  "percpu_arena", "zero_realloc",
                                        "name",    "hooks"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(name, words[i]))
            return true;
    return false;
}

int malloc_number(const char *name, int64_t *out)
{
    union {
        uint64_t large;
        uint32_t small;
        bool yes;
    } v = {0};
    if (malloc_is_text(name))
        return EINVAL;
    const size_t sizes[] = {sizeof v.large, sizeof v.small, sizeof v.yes};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];
        const int rc = mallctl(name, &v, &size, NULL, 0);
        if (rc != 0 && rc != EINVAL)
            return rc;
        if (rc != 0)
            continue;
        *out = i == 0 ? (int64_t)v.large : i == 1 ? (int64_t)v.small : (int64_t)v.yes;
        return 0;
    }
    return EINVAL;
}

#else

void malloc_stats_write(struct buf *out)
{
    buf_append_cstr(out, "Stats not supported for the current allocator");
}

int malloc_number(const char *name, int64_t *out)
{
    (void)name;
    (void)out;
    return ENOENT;
}

#endif
