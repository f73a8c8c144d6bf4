/*
 * function_commands.h — the subcommands of FUNCTION that need no file formats.
 *
 * The container's rows are io/admin's, which adds DUMP and RESTORE.
 */
#ifndef LK_CMD_FUNCTION_COMMANDS_H
#define LK_CMD_FUNCTION_COMMANDS_H

#include "core/cmd/command/command.h"

LK_BEGIN

command_run function_load, function_delete, function_flush, function_list, function_stats,
    function_kill, function_help;

LK_END

#endif
