/*
 * absent.h — commands that Redis 7.4 has and that a server may not have.
 *
 * Files of other servers hide or rename them (rename-command EVAL ""): that asks for no more than
 * there is, so such a line must not stop a start.
 */
#ifndef LK_CMD_ABSENT_H
#define LK_CMD_ABSENT_H

#include "core/base/bytes.h"

LK_BEGIN

/* Is this, in any case, the name of one of them?  It may have been added since. */
bool command_is_absent(struct bytes name);

LK_END

#endif
