/*
 * rdb_scan.h — where the records of keys end, found without reading them.
 *
 * A record is what stands in front of the type, type, key and value.  What is found whole here may
 * still be refused when it is read; what is not may yet be right, only longer than the data.
 *
 * Threads  any
 * Cost     a few ns an element: strings are stepped over by their lengths
 */
#ifndef LK_PERSIST_RDB_SCAN_H
#define LK_PERSIST_RDB_SCAN_H

#include "core/base/bytes.h"

LK_BEGIN

/* How many bytes at the beginning of data are whole records of keys, and nothing else. */
size_t rdb_scan(unsigned version, struct bytes data);

LK_END

#endif
