/*
 * tables.h — every family's rows.
 *
 * Each array ends with a row without name.
 */
#ifndef LK_CMD_TABLES_H
#define LK_CMD_TABLES_H

#include "core/cmd/command/command.h"

LK_BEGIN

extern const struct command string_commands[];       /* cmd_string.c */
extern const struct command string_set_commands[];   /* cmd_string_set.c */
extern const struct command string_range_commands[]; /* cmd_string_range.c */
extern const struct command string_multi_commands[]; /* cmd_string_multi.c */
extern const struct command counter_commands[];      /* cmd_counter.c */
extern const struct command lcs_commands[];          /* cmd_lcs.c */
extern const struct command hash_commands[];         /* cmd_hash.c */
extern const struct command hash_read_commands[];    /* cmd_hash_read.c */
extern const struct command hash_ttl_commands[];     /* cmd_hash_ttl.c */
extern const struct command hash_ex_commands[];      /* cmd_hash_ex.c */
extern const struct command set_commands[];          /* cmd_set.c */
extern const struct command set_random_commands[];   /* cmd_set_random.c */
extern const struct command set_algebra_commands[];  /* cmd_set_algebra.c */
extern const struct command zset_add_commands[];     /* cmd_zset_add.c */
extern const struct command zset_read_commands[];    /* cmd_zset_read.c */
extern const struct command zset_range_commands[];   /* cmd_zset_range.c */
extern const struct command zset_remove_commands[];  /* cmd_zset_remove.c */
extern const struct command zset_pop_commands[];     /* cmd_zset_pop.c */
extern const struct command zset_random_commands[];  /* cmd_zset_random.c */
extern const struct command zset_algebra_commands[]; /* cmd_zset_algebra.c */
extern const struct command sort_commands[];         /* cmd_sort.c */
extern const struct command bit_commands[];          /* cmd_bit.c */
extern const struct command bitop_commands[];        /* cmd_bitop.c */
extern const struct command bitfield_commands[];     /* cmd_bitfield.c */
extern const struct command geo_commands[];          /* cmd_geo.c */
extern const struct command geo_search_commands[];   /* cmd_geo_search.c */
extern const struct command hll_commands[];          /* cmd_hll.c */
extern const struct command key_commands[];          /* cmd_key.c */
extern const struct command expire_commands[];       /* cmd_expire.c */
extern const struct command ttl_commands[];          /* cmd_ttl.c */
extern const struct command rename_commands[];       /* cmd_rename.c */
extern const struct command copy_commands[];         /* cmd_copy.c */
extern const struct command scan_commands[];         /* cmd_scan.c */
extern const struct command object_commands[];       /* cmd_object.c */
extern const struct command flush_commands[];        /* cmd_flush.c */
extern const struct command transaction_commands[];  /* transaction.c */
extern const struct command subscribe_commands[];    /* cmd_subscribe.c */
extern const struct command publish_commands[];      /* cmd_publish.c */
extern const struct command pubsub_commands[];       /* cmd_pubsub.c */
extern const struct command list_commands[];         /* cmd_list.c */
extern const struct command list_read_commands[];    /* cmd_list_read.c */
extern const struct command list_edit_commands[];    /* cmd_list_edit.c */
extern const struct command list_move_commands[];    /* cmd_list_move.c */
extern const struct command list_block_commands[];   /* cmd_list_block.c */
extern const struct command stream_commands[];       /* cmd_stream.c */
extern const struct command stream_trim_commands[];  /* cmd_stream_trim.c */
extern const struct command stream_read_commands[];  /* cmd_stream_read.c */
extern const struct command xgroup_commands[];       /* cmd_stream_group.c */
extern const struct command xack_commands[];         /* cmd_stream_ack.c */
extern const struct command xpending_commands[];     /* cmd_stream_pending.c */
extern const struct command xclaim_commands[];       /* cmd_stream_claim.c */
extern const struct command xinfo_commands[];        /* cmd_stream_info.c */
extern const struct command eval_commands[];         /* cmd_eval.c */
extern const struct command fcall_commands[];        /* cmd_fcall.c */
extern const struct command script_commands[];       /* cmd_script.c */

/* All arrays above; *count says how many. */
const struct command *const *command_tables(uint32_t *count);

/* MEMORY USAGE key [SAMPLES n]; the row stands among MEMORY's subcommands.  cmd_memory_usage.c */
command_run memory_usage;

LK_END

#endif
