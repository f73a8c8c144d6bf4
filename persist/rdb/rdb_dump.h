/*
 * rdb_dump.h — one value as bytes, as DUMP gives it and RESTORE takes it.
 *
 *   type code | value as in an RDB | version, 2 bytes | crc of all before it, 8 bytes
 *
 * The version is that of Redis 7.0 unless the value needs a newer one.
 *
 * Threads  the value's
 */
#ifndef LK_RDB_DUMP_H
#define LK_RDB_DUMP_H

#include "core/types/value.h"

LK_BEGIN

enum { RDB_DUMP_FOOTER = 2 + 8 };

/* Writes the value into a buffer that is empty; long strings packed if compress says so. */
void rdb_dump_value(const struct value *v, bool compress, struct buf *to);

LK_END

#endif
