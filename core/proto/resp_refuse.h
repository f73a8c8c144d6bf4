/*
 * resp_refuse.h — replies that may not be told after all.
 *
 *   :1 | $3 abc | >3 message … | *2 …      -->      -why | -why | >3 message … | -why
 *
 * Threads  one owner at a time
 * Cost     O(bytes): it is for when the disk has failed
 */
#ifndef LK_PROTO_RESP_REFUSE_H
#define LK_PROTO_RESP_REFUSE_H

#include "core/proto/resp_write.h"

LK_BEGIN

/*
 * An error line in place of each reply, of which nothing was sent yet and none is unfinished.
 * Errors, +QUEUED and pushes stay: they tell of no data.  why begins with its code.
 */
void reply_refuse(struct reply *r, const char *why);

LK_END

#endif
