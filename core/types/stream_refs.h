/*
 * stream_refs.h — entries that go while groups may still refer to them.
 *
 * A group refers to an entry that is pending, and to one that it has not read yet.
 *
 * Threads  hold the lock of the key
 */
#ifndef LK_TYPES_STREAM_REFS_H
#define LK_TYPES_STREAM_REFS_H

#include "core/types/stream_group.h"

LK_BEGIN

/* Does any group refer to it? */
bool stream_is_referred(const struct value *v, struct stream_id id);

/* The entry is pending in no group any more, whether it is there or not. */
void stream_forget_pending(struct value_edit *e, struct stream_id id);

enum stream_delete_result { STREAM_NO_ENTRY = -1, STREAM_DELETED = 1, STREAM_REFERRED = 2 };

/*
 * Deletes one entry: STREAM_KEEPREF leaves it pending where it is, STREAM_DELREF takes it out there
 * as well, even if there is no such entry; STREAM_ACKED deletes it only when no group refers to it.
 */
enum stream_delete_result stream_delete_with(struct value_edit *e, struct stream_id id,
                                             enum stream_refs refs);

LK_END

#endif
