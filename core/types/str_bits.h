/*
 * str_bits.h — the bits of a string of any encoding.
 *
 * Units    positions and counts are of bits; bit 0 is the highest of byte 0
 * Threads  hold the lock of the key
 */
#ifndef LK_TYPES_STR_BITS_H
#define LK_TYPES_STR_BITS_H

#include "core/ds/chunks_bits.h"
#include "core/types/str.h"

LK_BEGIN

/* Beyond the string's end there are zeros. */
bool str_get_bit(const struct value *v, uint64_t at);

/*
 * Ones in [first, end), and where the first bit of this kind is in there (end: nowhere); the string
 * must have these bits.  False: `pause` said to stop.  Call again with the lock held, whatever
 * happened to the string meanwhile: what was looked at and has not changed is known by then.
 */
bool str_count_bits(const struct value *v, uint64_t first, uint64_t end,
                    const struct bits_pause *pause, uint64_t *ones);
bool str_find_bit(const struct value *v, bool bit, uint64_t first, uint64_t end,
                  const struct bits_pause *pause, uint64_t *at);

LK_END

#endif
