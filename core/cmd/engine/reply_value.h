/*
 * reply_value.h — values as replies.
 *
 * Small strings are copied into the reply; of a string in chunks the long pieces are sent from
 * where they lie, held by a reference to their chunk.
 *
 * Threads  hold the lock of the key
 */
#ifndef LK_CMD_REPLY_VALUE_H
#define LK_CMD_REPLY_VALUE_H

#include "core/proto/resp_write.h"
#include "core/types/str.h"

LK_BEGIN

void reply_string_slow(struct reply *r, const struct value *v);

/* A bulk; null if v is TYPE_NONE. */
static inline void reply_string(struct reply *r, const struct value *v)
{
    struct bytes b;
    if (LK_LIKELY(v->type == TYPE_STRING && str_piece(v, &b)))
        reply_bulk(r, b);
    else
        reply_string_slow(r, v);
}

/* A bulk of n bytes from offset on, which the string must have. */
void reply_string_range(struct reply *r, const struct value *v, size_t offset, size_t n);

LK_END

#endif
