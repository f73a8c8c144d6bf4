/*
 * slots_left.h — slots are no longer served here, which clients of every worker must hear.
 *
 * Who subscribes to a channel of a shard in one of them is told that this is over, and who waits
 * for a key where it is now.  Each knows only its own worker, so all workers get a message.
 *
 * Threads  slots_left_tell: any, when the shards' words are set
 */
#ifndef LK_CMD_SLOTS_LEFT_H
#define LK_CMD_SLOTS_LEFT_H

#include "core/cmd/engine/push.h"

LK_BEGIN

enum { SLOTS_LEFT_BYTES = 16384 / 8 };

/* One bit a slot; none: only those who wait are to be looked at. */
void slots_left_tell(struct push_hub *h, const uint8_t slots[SLOTS_LEFT_BYTES], uint32_t workers);

/* Of such a message. */
static inline bool slots_left_has(const struct message *m, uint32_t slot)
{
    const struct bytes slots = message_payload(m);
    LK_ASSERT(slot / 8 < slots.size);
    return (uint8_t)slots.data[slot / 8] >> slot % 8 & 1;
}

LK_END

#endif
