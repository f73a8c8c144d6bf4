/*
 * resp_write_priv.h — what the writer needs of the references.
 */
#ifndef LK_PROTO_RESP_WRITE_PRIV_H
#define LK_PROTO_RESP_WRITE_PRIV_H

#include "core/proto/resp_segment.h"

/* Above this, what follows a deferred header is not moved. */
enum { REPLY_MOVE_MAX = 4096 };

void reply_ref_insert(struct reply *r, uint32_t index, const struct reply_ref *ref);

/* The index of the first reference that stands at or behind at; n when there is none. */
uint32_t reply_ref_find(const struct reply *r, size_t at);

/* Releases all but the first n. */
void reply_ref_truncate(struct reply *r, uint32_t n);
void reply_ref_clear(struct reply *r);
void reply_ref_release(struct reply *r);

#endif
