/*
 * dispatcher.h — what one worker's dispatcher is made of: batch, locks held, the running call,
 * the unit.
 *
 * Threads  its worker's, but for what says otherwise
 */
#ifndef LK_CMD_DISPATCHER_H
#define LK_CMD_DISPATCHER_H

#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/invalidation.h"
#include "core/cmd/engine/publication.h"
#include "core/cmd/engine/subscriber.h"
#include "core/store/evict.h"
#include "core/store/shard_write.h"
#include "core/store/wait.h"

LK_BEGIN

/* A key argument and its hash; handlers look their keys up in the order in which they came. */
struct key_hash {
    const char *data;
    size_t size;
    uint64_t hash;
    struct shard *shard;
};

/* The last look-up: good until anything changes in its table. */
struct found {
    struct place at; /* at.key.data is that of the key argument; NULL: nothing was looked up */
    bool expired;    /* not there, but its entry still is: nobody could delete it */
};

enum effect_mode { EFFECT_VERBATIM, EFFECT_EXPLICIT };

enum effect_forms {
    FORMS_DIFFER = 1 << 0, /* what the replicas are told is in effects.repl */
    FORMS_AOF = 1 << 1,    /* what is added now is for the file alone, */
    FORMS_REPL = 1 << 2,   /* or for the replicas alone */
};

struct effects {
    struct buf bytes; /* whole RESP commands, for all who read the log */
    struct log_arena arena;
    uint32_t commands;
    uint32_t first_db, last_db;
    uint32_t forms; /* enum effect_forms */
    /* What the replicas are told, where that is not the same. */
    struct {
        struct buf bytes;
        uint32_t commands;
        uint32_t first_db, last_db;
    } repl;
    bool apart; /* the commands need not be one unit: expiry */
};

struct edit {
    struct place_edit kept; /* first */
    struct exec *x;
    struct bytes key; /* of a fresh one */
    bool open;
    bool fresh; /* of a value that is nowhere yet: its payload lies in dispatcher.fresh */
};

/* What holds for the commands of a batch, and what one hands to the next. */
struct batch {
    const struct dispatch_config *config; /* read again each time the gate is entered */
    uint32_t logging;                     /* log_active, likewise: enum log_to */
    bool cluster_down;                    /* likewise: keys are not served */
    const struct slot_map *slots;         /* likewise; NULL outside a cluster */
    uint32_t checks;                      /* enum command_check: those of the configuration */
    uint64_t slow_ns; /* likewise: from here on a call is told to who watches for slow ones */
    uint32_t lru_now;
    int64_t now_ms;
    uint64_t now_ticks;  /* when now_ms was read */
    uint64_t tick_stale; /* ticks after which now_ms is read again */
    uint64_t mark_ticks; /* when the running command began */
    struct shard *kept;  /* a single shard that is locked from the command before */
    uint32_t kept_commands;
    bool cut; /* it ends with the running command: the others have been taken back */
};

/* The locks of a command that holds more than one shard. */
struct held {
    struct lock_set *set;
    bool set_locked;
    bool all_locked; /* the set has every shard */
    bool exclusive;  /* alone in the gate */
};

/* The running command: begins with exec_begin. */
struct call {
    struct exec x;
    struct found found;           /* its last look-up */
    uint32_t key_count, key_next; /* of dispatcher.keys */
    uint32_t db_in_use;           /* exec_use_db */
    uint32_t errors; /* that the session's reply had before, or that others have made */
    enum effect_mode mode;
    struct edit edit;
};

/* What a unit has to commit; 0 between two units. */
enum unit_work {
    UNIT_EFFECTS = 1 << 0,
    UNIT_READY = 1 << 1,    /* keys that somebody waits for */
    UNIT_SERVED = 1 << 2,   /* waiters that go home */
    UNIT_MESSAGES = 1 << 3, /* for subscribers of any worker */
    UNIT_ASIDE = 1 << 4,    /* pushes that came before are to be delivered first: struct aside */
    UNIT_RAW = 1 << 5,      /* bytes of a master for replicas of ours */
    UNIT_INVALID = 1 << 6,  /* keys that clients have read */
};

/* A command with all that it runs (unit.c): committed at once, under the command's locks. */
struct unit {
    uint32_t work; /* enum unit_work */
    struct effects effects;
    struct wait_key **ready; /* keys that were written and somebody waits for */
    size_t ready_count, ready_capacity;
    bool readers_only;      /* of waiters, those who write nothing are served */
    bool serving;           /* a waiter's command runs again … */
    struct bytes ready_key; /* … because this key was written */
    struct waiter *served;  /* linked by their messages */
    struct publication publication;
    struct invalidations invalid;
    /*
     * A served waiter that tracks hears of its own changes behind its own reply, and that goes home
     * with it: pushes to be appended.  NULL: as anybody else.
     */
    struct reply *own_invalid;
    struct bytes raw;      /* UNIT_RAW: the unit as it came … */
    uint32_t raw_first_db; /* … and where it began in its stream; LOG_NO_DB: it names no key */
    uint64_t ticket;       /* of the effects that were committed last */
};

/*
 * What was pushed to this worker before a subscriber's command, or that of a client that tracks,
 * had its locks: it is delivered before the reply, so that no reply shows a later state than a
 * message that is still on its way (rule M13).
 */
struct aside {
    struct push *taken, *last; /* under the command's locks */
};

/* The script that runs: see dispatch_script.c. */
struct script_state {
    bool running;
    bool token;              /* it holds the token, and may wait for shards */
    bool wrote;              /* a command of it writes or publishes */
    bool oom;                /* memory was over its limit when it began, and nothing could go */
    bool stays;              /* it cannot begin anew: it is EXEC's, or keeps state */
    bool is_long;            /* it should not: it has run for so long */
    bool gave_way;           /* it lets all go, for another that cannot */
    void *who;               /* see exec_script_begin */
    int64_t clock_us;        /* what it has been told of the time; 0: it has not asked */
    uint32_t reached;        /* enum script_reach: the shards that it has touched so far */
    uint32_t slot;           /* in a cluster: of its keys so far; UINT32_MAX: none */
    uint32_t hashed;         /* keys of its next command, at the begin of dispatcher.keys */
    struct session stand_in; /* on which its commands run … */
    const struct session *caller; /* … for this one; only while it runs */
    void *vm;                     /* of whoever runs scripts */
    uint64_t begun_ticks;
    struct pending *pending;   /* the command that runs it, of the batch */
    struct lock_set *amid_set; /* of commands amid it: dispatch_pass.c; NULL: not needed yet */
};

struct dispatcher {
    struct engine *engine;
    struct keyspace *ks;
    struct push_hub *push; /* NULL: nobody can subscribe */
    uint32_t worker;
    int slot;              /* in the gate */
    int64_t gate_again_ms; /* when parked sessions try again to be alone in it; 0: there are none */
    struct batch batch;
    struct held held;
    struct call call;
    struct unit unit;
    struct aside aside;
    struct subscribers subscribers; /* of this worker */
    struct buf event_name;          /* of the event that is being put together */
    struct buf monitor_line;        /* likewise */
    struct name_map changed_keys;   /* for clients that track by prefix: broadcast.c */
    struct {
        uint32_t next;     /* of this worker's shards: where forgetting goes on */
        uint32_t anywhere; /* of all shards: the same for clients' commands */
        int64_t next_ms;
    } tracking;
    struct script_state script;
    struct {
        struct token_node node; /* of all scripts of this worker */
        bool held;              /* it has the token */
        bool parked;            /* sessions wait for it, and have not been handed over since */
        bool offered;           /* it had the token's place when the gate was entered */
    } turn;

    struct {
        struct key_hash *v;
        uint32_t capacity;
    } keys; /* of the running command */
    struct {
        struct key_ref *v;
        uint32_t capacity;
    } refs;             /* room for finding them */
    struct buf scratch; /* handlers' */
    struct buf fresh;   /* the payload of a value that exec_open has begun */
    struct stats stats;
    struct rng rng;
    struct session system; /* whose commands are the server's own: expiry */
    struct {
        uint32_t next; /* of this worker's shards: where it goes on */
        bool timed;    /* the last round saw keys with deadlines */
    } expiry;
    struct { /* over, with nodes in shards that were busy: dispatch_tidy */
        struct waiter *waiters;
        struct watch_list *watches;
    } left;
    struct {
        struct evict search;
        int64_t here;    /* mem_used_here when it looked last */
        uint64_t limit;  /* maxmemory at the last turn */
        int64_t next_ms; /* the next turn */
        bool more;       /* the last one did not come to the end */
        /* While mem_used_here is below it, this limit is far, and nobody looks. */
        int64_t far_until;
        uint64_t far_limit;
    } eviction;
};

LK_END

#endif
