/*
 * cmd_command.h — what the commands about commands share.
 */
#ifndef LK_CMD_CMD_COMMAND_H
#define LK_CMD_CMD_COMMAND_H

#include "core/cmd/command/command_index.h"
#include "core/cmd/engine/exec.h"

LK_BEGIN

const struct command_index *commands_of(struct exec *x);

/* Names of the flags of a key's use, in a set: "RW", "access". */
void reply_key_flags(struct reply *r, uint32_t flags);
/* A row as COMMAND INFO shows it, with its subcommands. */
void reply_command_info(struct reply *r, const struct command_info *c);

/* cmd_command_docs.c */
command_run command_docs;
/* cmd_command_keys.c: imm is 1 for GETKEYSANDFLAGS */
command_run command_getkeys;

LK_END

#endif
