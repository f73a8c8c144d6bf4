/*
 * debug_value.h — DEBUG words about how one value, or a database, is kept.
 *
 * Threads  inside an exclusive command
 */
#ifndef LK_IO_ADMIN_DEBUG_VALUE_H
#define LK_IO_ADMIN_DEBUG_VALUE_H

#include "core/cmd/engine/exec.h"

LK_BEGIN

/* Each answers; a->v[2] is the key, or the database. */
void debug_object(struct exec *x, const struct args *a);
void debug_sdslen(struct exec *x, const struct args *a);
/* Both write the elements to standard output. */
void debug_listpack(struct exec *x, const struct args *a);
void debug_quicklist(struct exec *x, const struct args *a);
void debug_htstats(struct exec *x, const struct args *a);
void debug_htstats_key(struct exec *x, const struct args *a);

LK_END

#endif
