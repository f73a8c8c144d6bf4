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

/*
 * A number that the allocator knows by a name of its manual, "arenas.page".  0, or an errno: ENOENT
 * where there is none, EINVAL where it is no number.
 */
LK_MUST_USE int malloc_number(const char *name, int64_t *out);

LK_END

#endif
