#include "io/admin/memory/malloc_stats.h"

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

#else

void malloc_stats_write(struct buf *out)
{
    buf_append_cstr(out, "Stats not supported for the current allocator");
}

#endif
