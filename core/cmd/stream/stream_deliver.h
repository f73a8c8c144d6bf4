/*
 * stream_deliver.h — what a group of readers hands to one of its consumers.
 *
 * Logged is what it came to: each entry as it is pending now, and how far the group has read.
 */
#ifndef LK_CMD_STREAM_DELIVER_H
#define LK_CMD_STREAM_DELIVER_H

#include "core/cmd/engine/exec.h"
#include "core/types/stream_group.h"

LK_BEGIN

struct stream_reader {
    struct bytes key, group, consumer; /* the key has a stream, and that the group */
    uint64_t count;                    /* at most so many entries */
    bool acknowledged;                 /* entries are not pending once they are read */
};

/*
 * Replies with an array of the entries that the group has not read yet, or writes nothing and
 * returns false where there are none.  LK_ENOMEM is negative.
 */
int stream_deliver_new(struct exec *x, const struct stream_reader *r);

/* Replies with an array of the entries above an ID that are pending for the consumer. */
int stream_deliver_pending(struct exec *x, const struct stream_reader *r, struct stream_id above);

LK_END

#endif
