/*
 * debug_protocol.h — one reply of each kind.
 *
 * Threads  the reply's owner
 */
#ifndef LK_IO_ADMIN_DEBUG_PROTOCOL_H
#define LK_IO_ADMIN_DEBUG_PROTOCOL_H

#include "core/proto/resp_write.h"

LK_BEGIN

/* Writes the reply that kind names, or an error line that lists the kinds. */
void debug_protocol(struct reply *r, struct bytes kind);

LK_END

#endif
