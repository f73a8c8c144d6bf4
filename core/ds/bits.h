/*
 * bits.h — bits in runs of bytes: count, find, combine, and fields of up to 64 bits.
 *
 * Bit 0 is the highest bit of byte 0, so a field reads as it is written down.
 *
 *   bit    0 1 2 3 4 5 6 7   8 9 ...
 *   byte   0                 1
 *
 * The loops over many bytes exist once for each set of vector instructions, and the first call
 * chooses what this CPU has; all give the same answers.
 *
 * Shapes   runs of any length and alignment
 * Units    positions and counts are of bits, sizes of bytes
 * Threads  any
 */
#ifndef LK_DS_BITS_H
#define LK_DS_BITS_H

#include "core/base/bytes.h"

LK_BEGIN

static inline bool bits_get(const void *p, uint64_t at)
{
    return ((const unsigned char *)p)[at / 8] >> (7 - at % 8) & 1;
}

/* Ones in the n bytes. */
uint64_t bits_count(const void *p, size_t n);
/* Ones among the bits [first, end); none if first >= end. */
uint64_t bits_count_range(const void *p, uint64_t first, uint64_t end);
/* Where the first bit of this kind in [first, end) is; end if there is none. */
uint64_t bits_find(const void *p, bool bit, uint64_t first, uint64_t end);

enum bits_op {
    BITS_AND,
    BITS_OR,
    BITS_XOR,
    BITS_NOT,   /* of one source */
    BITS_DIFF,  /* in the first source and in no other */
    BITS_DIFF1, /* in another source and not in the first */
    BITS_ANDOR, /* in the first source and in another */
    BITS_ONE,   /* in exactly one source */
};

/*
 * Makes n bytes of result out of at least one source; DIFF, DIFF1 and ANDOR take two or more.  A
 * source that is shorter goes on with zeros, what it has beyond n is left out.  to overlaps none.
 */
void bits_combine(enum bits_op op, void *to, size_t n, const struct bytes *sources, uint32_t count);

/*
 * A field of 1 to 64 bits is read and written through a window of bytes that begins with the byte
 * of its first bit, `shift` bits before the field.
 */
enum { BITS_WINDOW = 9 };

static inline size_t bits_window_size(unsigned shift, unsigned width)
{
    return (shift + width + 7) / 8;
}

uint64_t bits_field_get(const unsigned char window[BITS_WINDOW], unsigned shift, unsigned width);
/* value fits the width.  The bits around the field stay. */
void bits_field_put(unsigned char window[BITS_WINDOW], unsigned shift, unsigned width,
                    uint64_t value);

LK_END

#endif
