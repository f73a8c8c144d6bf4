/*
 * acl_selector.h — one set of permissions: commands, keys, channels.
 *
 * A user has one, and more in parentheses: whatever one of them allows the user may do.
 *
 *   +@read -keys +config|get ~user:* %R~shared:* &news
 *    |                        |       |           channels
 *    a bit a command          keys for all, keys to read
 *
 * What was said of commands is kept as words beside the bits, in order, since that is what ACL LIST
 * shows and what a later version with more commands must be told.
 *
 * Shapes   a rule is one word, as ACL SETUSER takes it
 * Memory   a selector owns all that it has
 */
#ifndef LK_CMD_ACL_SELECTOR_H
#define LK_CMD_ACL_SELECTOR_H

#include "core/base/buf.h"
#include "core/cmd/client/acl_pattern.h"
#include "core/cmd/command/command_index.h"

LK_BEGIN

enum { ACL_COMMANDS = 1024, ACL_COMMAND_WORDS = ACL_COMMANDS / 64 };

enum acl_selector_flag {
    ACL_ALL_COMMANDS = 1 << 0, /* every bit is set */
    ACL_ALL_KEYS = 1 << 1,
    ACL_ALL_CHANNELS = 1 << 2,
    ACL_NEW_COMMANDS = 1 << 3, /* those of later versions, too: "+@all" was said last */
    ACL_ALL = ACL_ALL_COMMANDS | ACL_ALL_KEYS | ACL_ALL_CHANNELS,
};

/* +select|0: a command that is refused but for this first argument. */
struct acl_first {
    const struct command_info *command;
    char *word; /* in lower case; mem_strdup */
};

struct acl_selector {
    uint32_t flags; /* enum acl_selector_flag */
    uint32_t first_count;
    uint64_t commands[ACL_COMMAND_WORDS]; /* by command_info.id */
    struct acl_first *first;
    struct acl_patterns keys, channels; /* empty where ACL_ALL_* says it */
    struct buf words;                   /* "+get -config|set" */
};

/* Why a rule cannot be taken. */
enum acl_fault {
    ACL_FINE,
    ACL_FAULT_SYNTAX,
    ACL_FAULT_NAME,     /* no such command or category */
    ACL_FAULT_KEYS,     /* a pattern behind "allkeys" */
    ACL_FAULT_CHANNELS, /* a pattern behind "allchannels" */
    ACL_FAULT_FIRST,    /* a first argument of a subcommand */
    ACL_FAULT_PASSWORD, /* there is none to take away */
    ACL_FAULT_HASH,
    ACL_FAULT_TWICE, /* two users of one name in a file */
    ACL_FAULTS,
};
const char *acl_fault_text(enum acl_fault fault); /* as clients are told */

/* What rules are read by. */
struct acl_basis {
    const struct command_index *commands;
    bool all_channels; /* acl-pubsub-default */
};

/* One that allows nothing but the channels that the basis says. */
void acl_selector_init(struct acl_selector *s, const struct acl_basis *basis);
void acl_selector_copy(struct acl_selector *to, const struct acl_selector *from);
void acl_selector_release(struct acl_selector *s);

/* Adds a rule.  A rule that cannot be taken changes nothing. */
enum acl_fault acl_selector_set(struct acl_selector *s, const struct acl_basis *basis,
                                struct bytes rule);

static inline bool acl_selector_has(const struct acl_selector *s, const struct command_info *c)
{
    return s->commands[c->id / 64] >> c->id % 64 & 1;
}

/* The three parts as ACL GETUSER shows them: "+@all -get", "~* %R~x", "&*". */
void acl_selector_append_commands(struct buf *out, const struct acl_selector *s);
void acl_selector_append_keys(struct buf *out, const struct acl_selector *s);
void acl_selector_append_channels(struct buf *out, const struct acl_selector *s);
/* All of them as rules from which the selector can be made again: as ACL LIST. */
void acl_selector_append(struct buf *out, const struct acl_selector *s);

LK_END

#endif
