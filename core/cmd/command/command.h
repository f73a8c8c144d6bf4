/*
 * command.h — one row says all there is to know about a command.
 *
 * Dispatch reads from the row what to check, which keys to lock and what to run; COMMAND reads the
 * same row to describe it.  Variants of a command are rows that differ in imm.
 */
#ifndef LK_CMD_COMMAND_H
#define LK_CMD_COMMAND_H

#include "core/cmd/command/args.h"

LK_BEGIN

struct exec;
struct command;

enum outcome {
    RUN_DONE,    /* the reply is written */
    RUN_BLOCK,   /* the session waits for keys; nothing is written yet */
    RUN_CLOSE,   /* the reply is written; the connection ends behind it */
    RUN_REFUSED, /* dispatch's own: it was not run, and the error is written */
    RUN_AGAIN,   /* not done, nothing is written: run it once more when others had their turn */
    RUN_LATER,   /* likewise, when a shard is free that was busy: its unlock tells this worker */
    RUN_STRAYED, /* of a script: nothing is done, it must have the token (exec_script.h) */
};

typedef enum outcome command_run(struct exec *x, const struct args *a);

/*
 * Flags with a name in COMMAND INFO come first, in the order in which it lists them; it does not
 * tell of CMD_MAY_REPLICATE.
 */
enum command_flag {
    CMD_WRITE = 1 << 0,
    CMD_READONLY = 1 << 1,
    CMD_DENYOOM = 1 << 2,
    CMD_ADMIN = 1 << 3,
    CMD_PUBSUB = 1 << 4,
    CMD_NOSCRIPT = 1 << 5,
    CMD_BLOCKING = 1 << 6,
    CMD_LOADING = 1 << 7,
    CMD_STALE = 1 << 8,
    CMD_SKIP_MONITOR = 1 << 9,
    CMD_SKIP_SLOWLOG = 1 << 10,
    CMD_ASKING = 1 << 11,
    CMD_FAST = 1 << 12,
    CMD_NO_AUTH = 1 << 13,
    CMD_MAY_REPLICATE = 1 << 14,
    CMD_NO_ASYNC_LOADING = 1 << 15,
    CMD_NO_MULTI = 1 << 16,
    CMD_MOVABLE_KEYS = 1 << 17,
    CMD_ALLOW_BUSY = 1 << 18,
    CMD_NO_MANDATORY_KEYS = 1 << 19,
    /* Ours: how dispatch runs it. */
    CMD_ALL_SHARDS = 1 << 20, /* holds the lock of every shard */
    CMD_EXCLUSIVE = 1 << 21,  /* alone in the gate: no other command runs anywhere */
    CMD_CONTROL = 1 << 22,    /* of the transaction itself: runs at once inside MULTI */
    CMD_EACH_SHARD = 1 << 23, /* goes shard by shard through exec_each_shard */
    CMD_PUSHES = 1 << 24,     /* its reply is made of pushes, which CLIENT REPLY does not silence */
    CMD_HEALTH = 1 << 25,     /* refused as writes are while data cannot be saved: PING */
    CMD_SUBSCRIBED = 1 << 26, /* a subscriber of RESP2 may send it */
    CMD_SCRIPT = 1 << 27,     /* runs others, on keys of which its words may not tell */
    CMD_SENDS_KEYS = 1 << 28, /* MIGRATE: keys that are not here are no matter */
    CMD_TOGETHER = 1 << 29,   /* asks for the memory of its keys itself: exec_find_each */
};

/* Categories, one bit each, in the order of ACL CAT. */
enum command_category {
    CAT_KEYSPACE = 1 << 0,
    CAT_READ = 1 << 1,
    CAT_WRITE = 1 << 2,
    CAT_SET = 1 << 3,
    CAT_SORTEDSET = 1 << 4,
    CAT_LIST = 1 << 5,
    CAT_HASH = 1 << 6,
    CAT_STRING = 1 << 7,
    CAT_BITMAP = 1 << 8,
    CAT_HYPERLOGLOG = 1 << 9,
    CAT_GEO = 1 << 10,
    CAT_STREAM = 1 << 11,
    CAT_PUBSUB = 1 << 12,
    CAT_ADMIN = 1 << 13,
    CAT_FAST = 1 << 14,
    CAT_SLOW = 1 << 15,
    CAT_BLOCKING = 1 << 16,
    CAT_DANGEROUS = 1 << 17,
    CAT_CONNECTION = 1 << 18,
    CAT_TRANSACTION = 1 << 19,
    CAT_SCRIPTING = 1 << 20,
};

/* Flags of a key specification, as COMMAND INFO names them. */
enum key_flag {
    KEY_RO = 1 << 0,
    KEY_RW = 1 << 1,
    KEY_OW = 1 << 2,
    KEY_RM = 1 << 3,
    KEY_ACCESS = 1 << 4,
    KEY_UPDATE = 1 << 5,
    KEY_INSERT = 1 << 6,
    KEY_DELETE = 1 << 7,
    KEY_NOT_KEY = 1 << 8,
    KEY_INCOMPLETE = 1 << 9,
    KEY_VARIABLE = 1 << 10,
};

/*
 * Where keys stand.  begin: an index, or the argument behind keyword (searched from index
 * start_from, backwards if negative), or unknown: only find_keys can tell.  find: a range (last
 * relative to begin; negative counts from the end, with limit cutting that rest to 1/limit), or a
 * number of keys at begin + keynum.
 */
enum key_begin { KEY_NONE, KEY_BEGIN_INDEX, KEY_BEGIN_KEYWORD, KEY_BEGIN_UNKNOWN };
enum key_find { KEY_FIND_RANGE, KEY_FIND_KEYNUM };

struct key_spec {
    uint16_t flags; /* enum key_flag */
    uint8_t begin;  /* enum key_begin; KEY_NONE ends the list */
    uint8_t find;   /* enum key_find */
    int16_t index;  /* KEY_BEGIN_INDEX */
    const char *keyword;
    int16_t start_from;
    int16_t last, step, limit; /* KEY_FIND_RANGE */
    int16_t keynum, first_key; /* KEY_FIND_KEYNUM: both relative to begin */
    int16_t keynum_step;
    const char *notes; /* for people; NULL: none */
};

enum { KEY_SPECS_MAX = 4 };

/* Channels among the arguments that a user must be allowed: all behind the name, or the first. */
enum channel_use { CHANNELS_NONE, CHANNELS_PUBLISH, CHANNELS_SUBSCRIBE, CHANNELS_PATTERNS };

#define KEY_AT(at, how)                                                                            \
    {                                                                                              \
        {                                                                                          \
            .flags = (how), .begin = KEY_BEGIN_INDEX, .index = (at), .step = 1                     \
        }                                                                                          \
    }
#define KEY_RANGE(first, to, by, how)                                                              \
    {                                                                                              \
        {                                                                                          \
            .flags = (how), .begin = KEY_BEGIN_INDEX, .index = (first), .last = (to), .step = (by) \
        }                                                                                          \
    }

/* A list of argument positions and how each key is used. */
struct key_ref {
    uint32_t index; /* in argv */
    uint16_t flags; /* enum key_flag */
};

struct command {
    const char *name;    /* lower case; a subcommand's own word */
    int16_t arity;       /* exact count with the name, or minus the least */
    uint8_t channels;    /* enum channel_use */
    uint32_t flags;      /* enum command_flag */
    uint32_t categories; /* enum command_category; those that follow from flags are added */
    int64_t imm;         /* what tells variants apart */
    command_run *run;
    struct key_spec keys[KEY_SPECS_MAX];
    /*
     * Rows whose keys no specification describes fully: writes at most max refs and returns how
     * many there are, or a negative status.  NULL where keys[] says all.
     */
    int (*find_keys)(const struct args *a, struct key_ref *refs, uint32_t max);
    /*
     * Rows that find keys as they run: do these arguments make it do so?  Then it holds every shard
     * (exec_find_made).  NULL: never.
     */
    bool (*looks_up)(const struct args *a);
    /*
     * Where in the payload of a large value the first key's command will look, as far as its words
     * tell: those bytes are fetched together with those of the other commands of a batch, before
     * any of them runs.  NULL: at its beginning.  A guess; it may lie behind the end.
     */
    size_t (*reach)(const struct args *a);
    const struct command *subcommands; /* ends with a row without name; then run may be NULL */
};

/* Every family of commands exports one array that ends with {0}. */

LK_END

#endif
