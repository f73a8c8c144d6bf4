/*
 * rdb_ziplist.h — walks over ziplists, the packed lists of RDB versions before 10.
 *
 *   bytes u32 | offset of the last element u32 | count u16 | element … | 0xFF       little-endian
 *   element = size of the one before: u8, or 0xFE u32 | encoding | data
 *
 *   00 6 bits, 01 14 bits, 80 u32: a string of so many bytes (big-endian)
 *   C0 i16 | D0 i32 | E0 i64 | F0 i24 | FE i8: a number      F1 … FD: the number 0 … 12 itself
 *
 * Nothing is written in this form any more; what is read becomes a listpack or more.
 *
 * Source   the published descriptions of the RDB format
 * Threads  pure functions
 */
#ifndef LK_PERSIST_RDB_ZIPLIST_H
#define LK_PERSIST_RDB_ZIPLIST_H

#include "core/ds/listpack.h"

LK_BEGIN

/*
 * Checks every byte that says how long something is: header, sizes forwards and backwards, count.
 * True: *count elements may be walked over.
 */
LK_MUST_USE bool rdb_ziplist_validate(struct bytes zl, size_t *count);

/*
 * Calls each for every element in order, until it answers false; true if it never did.  zl is
 * validated; strings are borrowed from it.
 */
bool rdb_ziplist_each(struct bytes zl, bool (*each)(void *ctx, const struct listpack_value *v),
                      void *ctx);

LK_END

#endif
