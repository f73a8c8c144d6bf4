/*
 * cmd_cluster.h — CLUSTER, for the composition root.
 */
#ifndef LK_IO_CMD_CLUSTER_H
#define LK_IO_CMD_CLUSTER_H

#include "core/cmd/command/command.h"

LK_BEGIN

extern const struct command cluster_commands[]; /* ends with a row without name */

LK_END

#endif
