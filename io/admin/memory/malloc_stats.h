/*
 * malloc_stats.h — the allocator's own report, or a line that says there is none.
 *
 * Threads  any
 */
#ifndef LK_IO_ADMIN_MALLOC_STATS_H
#define LK_IO_ADMIN_MALLOC_STATS_H

#include "core/base/buf.h"

LK_BEGIN

void malloc_stats_write(struct buf *out);

LK_END

#endif
