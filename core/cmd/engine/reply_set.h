/*
 * reply_set.h — members of sets as bulks.
 *
 * Threads  hold the lock of the key
 */
#ifndef LK_CMD_REPLY_SET_H
#define LK_CMD_REPLY_SET_H

#include "core/proto/resp_write.h"
#include "core/types/set_walk.h"

LK_BEGIN

static inline void reply_member(struct reply *r, const struct set_member *m)
{
    if (m->text.data)
        reply_bulk(r, m->text);
    else
        reply_bulk_int(r, m->number);
}

void reply_run(struct reply *r, const struct set_run *run);

/* All members, without a header. */
void reply_members(struct reply *r, const struct value *v);

/* A set_visit; ctx is the reply. */
void reply_visited(void *ctx, const struct set_member *m);

LK_END

#endif
