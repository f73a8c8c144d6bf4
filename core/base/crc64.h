/*
 * crc64.h — the checksum of RDB files and DUMP payloads.
 *
 * Jones' polynomial 0xad93d23594c935a9, bits reflected, no inversion at either end: so the crc of
 * nothing is 0, and a crc can be carried on from piece to piece.  "123456789" gives
 * e9c6d914c4b8d9ca.
 *
 * Source   the RDB file format; D. T. Jones, "An improved 64-bit cyclic redundancy check"
 * Threads  any
 * Cost     16 bytes and more at once by carry-less multiplication where the CPU has it, else eight
 *          bytes at once from tables of 16 KiB
 */
#ifndef LK_BASE_CRC64_H
#define LK_BASE_CRC64_H

#include "core/base/attr.h"

#include <stddef.h>
#include <stdint.h>

LK_BEGIN

/* The crc of what gave crc and then these bytes; begin with 0. */
uint64_t crc64(uint64_t crc, const void *data, size_t size);

/*
 * The crc of two runs, one behind the other: `first` is the crc of the front one, `second` that of
 * the other, which is second_size bytes long.
 * Cost  O(log second_size)
 */
uint64_t crc64_combine(uint64_t first, uint64_t second, uint64_t second_size);

LK_END

#endif
