/*
 * command_index.h — finds a row by the name that a client wrote.
 *
 * Rows are constant; what is derived from them or renamed at start-up lives here, with a small
 * number for each command so that statistics are arrays.
 *
 * Threads  built before the workers start, then read only
 */
#ifndef LK_CMD_COMMAND_INDEX_H
#define LK_CMD_COMMAND_INDEX_H

#include "core/cmd/command/command.h"

LK_BEGIN

/*
 * States of the server, or of a session, in which a command may be refused or held back: the bits
 * of those that a command does not care about are off in its checks, so that one AND says whether
 * anything is to be looked at.
 */
enum command_check {
    CHECK_SHAPE = 1 << 0,        /* always on: containers of subcommands */
    CHECK_LOADING = 1 << 1,      /* all but CMD_LOADING */
    CHECK_FAULT = 1 << 2,        /* data cannot be saved: CMD_WRITE, CMD_HEALTH */
    CHECK_AUTH = 1 << 3,         /* a password is set: all but CMD_NO_AUTH */
    CHECK_MEMORY = 1 << 4,       /* there is a limit: CMD_DENYOOM */
    CHECK_PAUSE_WRITES = 1 << 5, /* CMD_WRITE, CMD_MAY_REPLICATE */
    CHECK_PAUSE_ALL = 1 << 6,    /* all */
    CHECK_READONLY = 1 << 7,     /* a replica: CMD_WRITE */
    CHECK_STALE = 1 << 8,        /* a replica without its master: all but CMD_STALE */
    CHECK_CHANNELS = 1 << 9,     /* in a cluster: names channels of shards */
    CHECK_REPLICAS = 1 << 10,    /* too few replicas: CMD_WRITE */
    CHECK_BUSY = 1 << 11,        /* a script is long: all but CMD_ALLOW_BUSY */
    CHECK_AMID = 1 << 12,        /* amid a script: all that needs more than the lock of one key */
    CHECK_LOADING_BESIDE = 1 << 13, /* beside what is served: CMD_NO_ASYNC_LOADING */
    CHECK_USER = 1 << 30,           /* always on: all but CMD_NO_AUTH */
};

/* Of CMD_SCRIPT, what a script says of itself decides which of these hold. */
enum {
    CHECKS_OF_SCRIPTS = CHECK_MEMORY | CHECK_FAULT | CHECK_REPLICAS | CHECK_READONLY |
                        CHECK_PAUSE_WRITES | CHECK_STALE
};

struct command_info {
    const struct command *row;
    const struct command_info *parent; /* of a subcommand */
    struct command_info *subcommands;  /* in the order of the rows */
    uint32_t subcommand_count;
    uint32_t flags;      /* of the row */
    uint32_t categories; /* of the row, and those that follow from its flags */
    uint32_t checks;     /* enum command_check */
    uint32_t args_min;   /* the least, with the name */
    uint32_t args_span;  /* and how many more there may be */
    uint16_t id;         /* 0 … command_index_count() - 1 */
    int16_t arity;
    int16_t first_key;     /* index of the key that dispatch hashes ahead; 0 without one */
    bool one_key;          /* and it is the only one */
    bool range;            /* its keys are those from first_key to one counted from the end */
    bool plain;            /* one key, and nothing in flags or row asks for anything special */
    bool publishes;        /* a message, and it names no key: PUBLISH */
    const char *full_name; /* "client|list" */
    char *name;            /* as clients call it: renamed or not */
};

/* May it have so many arguments, with its name? */
static inline bool command_takes(const struct command_info *c, uint32_t args)
{
    return args - c->args_min <= c->args_span;
}

struct command_index;

struct command_index *command_index_new(void);
void command_index_free(struct command_index *ix);

/* Subcommands ("client|no-touch"; the list ends with NULL) that rows added later do not have. */
void command_index_without(struct command_index *ix, const char *const *full_names);

/* rows ends with a row without name. */
void command_index_add(struct command_index *ix, const struct command *rows);

/* rename-command; an empty name hides it.  LK_ENOKEY, LK_EBUSY if the new name is taken. */
int command_index_rename(struct command_index *ix, struct bytes from, struct bytes to);

const struct command_info *command_index_find(const struct command_index *ix, struct bytes name);
/* The subcommand if name has any and args names one, else the command; NULL if unknown. */
const struct command_info *command_index_resolve(const struct command_index *ix,
                                                 const struct args *a);

/* By a name as COMMAND writes it: "client" or "client|list"; NULL if unknown. */
const struct command_info *command_index_lookup(const struct command_index *ix, struct bytes name);

uint32_t command_index_count(const struct command_index *ix); /* with subcommands */
const struct command_info *command_index_at(const struct command_index *ix, uint32_t id);
/* Top-level commands, in the order in which they were added. */
uint32_t command_index_top_count(const struct command_index *ix);
const struct command_info *command_index_top(const struct command_index *ix, uint32_t i);

/* By the number of the category's bit: "keyspace", "read" … */
enum { COMMAND_CATEGORIES = 21 };
extern const char *const command_category_names[COMMAND_CATEGORIES];

/* Where the keys of this call are; as command.find_keys. */
int command_keys(const struct command_info *c, const struct args *a, struct key_ref *refs,
                 uint32_t max);

/*
 * What this call does to a key for which its row says flags: with KEY_VARIABLE it depends on its
 * words.
 */
uint16_t command_key_use(const struct command_info *c, const struct args *a, uint16_t flags);

LK_END

#endif
