/*
 * rdb_module.h — what modules leave in a file.
 *
 * We have no modules.  Their data is cut into elements that say what they are, so it can be passed
 * over without the module: that is done with what belongs to no key.  A key is not dropped in
 * silence.
 *
 *   module id 64 bits = name, nine characters of six bits | version, ten bits
 *   id | { 1 or 2 length | 3 four bytes | 4 eight bytes | 5 string } | 0
 */
#ifndef LK_PERSIST_RDB_MODULE_H
#define LK_PERSIST_RDB_MODULE_H

#include "persist/rdb/rdb_in.h"

LK_BEGIN

enum { RDB_MODULE_NAME_CHARS = 10 };

/* NUL terminated; returns the version. */
unsigned rdb_module_name(uint64_t id, char out[RDB_MODULE_NAME_CHARS]);

/* Reads the id and passes over the data. */
LK_MUST_USE int rdb_module_skip(struct rdb_in *in, uint64_t *id);

/* The error of a value of a module, whose id comes next. */
LK_MUST_USE int rdb_module_refuse(struct rdb_in *in);

LK_END

#endif
