/*
 * exec_slot.h — the keys of one hash slot, for commands of a cluster.
 */
#ifndef LK_CMD_EXEC_SLOT_H
#define LK_CMD_EXEC_SLOT_H

#include "core/cmd/engine/exec.h"

LK_BEGIN

/*
 * Visits the keys of a slot in database 0, expired ones left out, until visit returns false.  The
 * keyspace is slotted.  False: the slot was busy and nothing was visited; the worker will be told.
 */
bool exec_slot_keys(struct exec *x, uint32_t slot, exec_visit *visit, void *ctx);

LK_END

#endif
