/*
 * script_rows.h — what the rows of EVAL and FCALL have in common.
 */
#ifndef LK_CMD_SCRIPT_ROWS_H
#define LK_CMD_SCRIPT_ROWS_H

#include "core/cmd/command/command.h"

/* What the first argument is: the rows' imm. */
enum { SCRIPT_BY_SOURCE, SCRIPT_BY_NAME, SCRIPT_BY_FUNCTION };

#define SCRIPT_KEYS(how, note)                                                                     \
    {                                                                                              \
        {                                                                                          \
            .flags = (how), .begin = KEY_BEGIN_INDEX, .index = 2, .find = KEY_FIND_KEYNUM,         \
            .keynum = 0, .first_key = 1, .keynum_step = 1, .notes = (note)                         \
        }                                                                                          \
    }
#define SCRIPT_FLAGS                                                                               \
    CMD_NOSCRIPT | CMD_STALE | CMD_SKIP_MONITOR | CMD_NO_MANDATORY_KEYS | CMD_MOVABLE_KEYS |       \
        CMD_SCRIPT
#define SCRIPT_WRITES(note)                                                                        \
    .arity = -3, .flags = SCRIPT_FLAGS | CMD_MAY_REPLICATE, .categories = CAT_SCRIPTING,           \
    .keys = SCRIPT_KEYS(KEY_RW | KEY_ACCESS | KEY_UPDATE, note)
#define SCRIPT_READS(note)                                                                         \
    .arity = -3, .flags = SCRIPT_FLAGS | CMD_READONLY, .categories = CAT_SCRIPTING,                \
    .keys = SCRIPT_KEYS(KEY_RO | KEY_ACCESS, note)

#endif
