/*
 * tables.h — every family's rows.
 *
 * Each array ends with a row without name.
 */
#ifndef LK_CMD_TABLES_H
#define LK_CMD_TABLES_H

#include "core/cmd/command.h"

LK_BEGIN

extern const struct command string_commands[];       /* cmd_string.c */
extern const struct command string_set_commands[];   /* cmd_string_set.c */
extern const struct command string_range_commands[]; /* cmd_string_range.c */
extern const struct command string_multi_commands[]; /* cmd_string_multi.c */
extern const struct command counter_commands[];      /* cmd_counter.c */
extern const struct command lcs_commands[];          /* cmd_lcs.c */
extern const struct command geo_commands[];          /* cmd_geo.c */
extern const struct command geo_search_commands[];   /* cmd_geo_search.c */
extern const struct command key_commands[];          /* cmd_key.c */
extern const struct command expire_commands[];       /* cmd_expire.c */
extern const struct command ttl_commands[];          /* cmd_ttl.c */
extern const struct command rename_commands[];       /* cmd_rename.c */
extern const struct command copy_commands[];         /* cmd_copy.c */
extern const struct command scan_commands[];         /* cmd_scan.c */
extern const struct command object_commands[];       /* cmd_object.c */
extern const struct command flush_commands[];        /* cmd_flush.c */
extern const struct command transaction_commands[];  /* transaction.c */

/* MEMORY USAGE key [SAMPLES n]; the row stands among MEMORY's subcommands.  cmd_memory_usage.c */
command_run memory_usage;

LK_END

#endif
