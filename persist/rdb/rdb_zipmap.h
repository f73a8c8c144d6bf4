/*
 * rdb_zipmap.h — walks over zipmaps, the packed hashes of RDB versions 2 and 3.
 *
 *   count u8 | { length | field | length | free u8 | value | free bytes } … | 0xFF
 *   length = 0 … 253, or 0xFE u32 (little-endian)
 *
 * A count of 254 means that there are at least so many.
 *
 * Source   the published descriptions of the RDB format
 * Threads  pure functions
 */
#ifndef LK_PERSIST_RDB_ZIPMAP_H
#define LK_PERSIST_RDB_ZIPMAP_H

#include "core/ds/listpack.h"

LK_BEGIN

/* True: *count pairs may be walked over.  Says nothing about fields that occur twice. */
LK_MUST_USE bool rdb_zipmap_validate(struct bytes zm, size_t *count);

/*
 * Calls each with field and value of every pair in order, until it answers false; true if it never
 * did.  zm is validated; strings are borrowed from it.
 */
bool rdb_zipmap_each(struct bytes zm, bool (*each)(void *ctx, const struct listpack_value pair[2]),
                     void *ctx);

LK_END

#endif
