/*
 * stream_reply.h — IDs and entries of streams as replies.
 */
#ifndef LK_CMD_STREAM_REPLY_H
#define LK_CMD_STREAM_REPLY_H

#include "core/proto/resp_write.h"
#include "core/types/stream.h"

LK_BEGIN

/* A bulk. */
void reply_stream_id(struct reply *r, struct stream_id id);

/* [id, [field, value ...]] of where the iterator stands. */
void reply_stream_entry(struct reply *r, struct stream_iter *it);

/* An array of the entries on its way, at most `most`; returns how many. */
uint64_t reply_stream_entries(struct reply *r, struct stream_iter *it, uint64_t most);

LK_END

#endif
