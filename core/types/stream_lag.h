/*
 * stream_lag.h — how many entries a group of readers still has before it.
 *
 * A stream counts what was ever added, and a group what it has read of that; the difference is its
 * lag.  Deleted entries are still in the first count, so where some lie before the reader the
 * difference tells nothing.  Of a few IDs the place among all entries is known without the group:
 * of those before the first one, of the first and of the last.
 *
 *   added   | trimmed | first ... last ID |
 *                      \ length less holes /
 *
 * Units    counts of entries; -1: nobody can tell
 */
#ifndef LK_TYPES_STREAM_LAG_H
#define LK_TYPES_STREAM_LAG_H

#include "core/types/stream.h"

LK_BEGIN

/* How many entries were ever added up to this ID. */
int64_t stream_added_up_to(const struct stream_state *s, struct stream_id id);

/* Of a group that has read up to that ID, and so many entries as it knows. */
int64_t stream_lag(const struct stream_state *s, struct stream_id last_id, int64_t entries_read);

/* What such a group has read when the next entry it is given is that of `id`. */
int64_t stream_entries_read(const struct stream_state *s, struct stream_id last_id,
                            int64_t entries_read, struct stream_id id);

LK_END

#endif
