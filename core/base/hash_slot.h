/*
 * hash_slot.h — which of the 16384 slots of a cluster a key belongs to.
 *
 * Keys that share the text between their first '{' and the first '}' behind it share a slot, if
 * there is any text between them (cluster specification, "Hash tags").
 */
#ifndef LK_BASE_HASH_SLOT_H
#define LK_BASE_HASH_SLOT_H

#include "core/base/crc16.h"

LK_BEGIN

enum { HASH_SLOT_BITS = 14, HASH_SLOTS = 1 << HASH_SLOT_BITS };

/* The bytes of the key that count. */
static inline struct bytes hash_slot_tag(struct bytes key)
{
    const char *open = key.size ? (const char *)memchr(key.data, '{', key.size) : NULL;
    if (LK_LIKELY(!open))
        return key;
    const size_t rest = key.size - (size_t)(open + 1 - key.data);
    const char *close = rest ? (const char *)memchr(open + 1, '}', rest) : NULL;
    if (!close || close == open + 1)
        return key;
    return bytes_of(open + 1, (size_t)(close - open - 1));
}

/* hash_slot_fold.c.  Only where hash_slot_folds, which is fixed before main(). */
extern bool hash_slot_folds;
uint32_t hash_slot_fold(struct bytes key);

static inline uint32_t hash_slot(struct bytes key)
{
    if (LK_LIKELY(hash_slot_folds))
        return hash_slot_fold(key);
    const struct bytes tag = hash_slot_tag(key);
    LK_DEBUG_ASSERT(tag.size <= key.size);
    return crc16_xmodem(tag) & (HASH_SLOTS - 1);
}

LK_END

#endif
