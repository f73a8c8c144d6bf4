/*
 * debug_populate.h — DEBUG POPULATE: keys by the million, for tests.
 *
 * Threads  inside an exclusive command
 */
#ifndef LK_IO_ADMIN_DEBUG_POPULATE_H
#define LK_IO_ADMIN_DEBUG_POPULATE_H

#include "core/cmd/engine/exec.h"

LK_BEGIN

/*
 * DEBUG POPULATE <count> [<prefix>] [<size>]: <prefix>:<n> holds "value:<n>", cut or filled with
 * zeros to size.  Keys that are there stay.  Not logged, and no change: as elsewhere.
 */
void debug_populate(struct exec *x, const struct args *a);

LK_END

#endif
