/*
 * stream_lag.c — counts of entries read and to come.
 */
#include "core/types/stream_lag.h"

/* May entries be missing from that ID on?  Trimmed ones are not: they lie before the first. */
static bool has_holes(const struct stream_state *s, struct stream_id from)
{
    const bool any = s->max_deleted_id.ms > 0 || s->max_deleted_id.seq > 0;
    return s->length > 0 && any && stream_id_compare(from, s->max_deleted_id) <= 0;
}

int64_t stream_added_up_to(const struct stream_state *s, struct stream_id id)
{
    const int with_last = stream_id_compare(id, s->last_id);
    const int with_first = stream_id_compare(id, s->first_id);
    if (s->entries_added == 0)
        return 0;
    if (with_last == 0 || (with_last < 0 && s->length == 0))
        return (int64_t)s->entries_added;
    if (with_last > 0 || with_first > 0 || has_holes(s, s->first_id))
        return -1;
    return (int64_t)(s->entries_added - s->length) + (with_first == 0);
}

/*
 * Does what the group has counted say where it is?  More than was ever added is no count: clients
 * may set what they like.
 */
static bool stream_lag_counts(const struct stream_state *s, struct stream_id last_id,
                              int64_t entries_read)
{
    return entries_read >= 0 && (uint64_t)entries_read <= s->entries_added &&
           stream_id_compare(last_id, s->first_id) >= 0 && !has_holes(s, last_id);
}

int64_t stream_lag(const struct stream_state *s, struct stream_id last_id, int64_t entries_read)
{
    if (s->entries_added == 0)
        return 0;
    if (s->length == 0 && stream_id_compare(last_id, s->last_id) <= 0)
        return 0;
    if (!stream_lag_counts(s, last_id, entries_read))
        entries_read = stream_added_up_to(s, last_id);
    return entries_read < 0 ? -1 : (int64_t)s->entries_added - entries_read;
}

int64_t stream_entries_read(const struct stream_state *s, struct stream_id last_id,
                            int64_t entries_read, struct stream_id id)
{
    if (stream_lag_counts(s, last_id, entries_read))
        return entries_read + 1;
    return stream_added_up_to(s, id);
}
