/*
 * engine.h — what the dispatchers of a server have in common, by who writes it.
 *
 *   part      written by                              when
 *   fixed     whoever builds the server (main)        before the first worker starts
 *   config    io/admin                                a whole new state at a time, in the gate
 *   saving    io/saving                               its fields say how
 *   pause     engine_pause, by purpose                in the closed gate
 *   role      io/repl                                 in the closed gate; link_down any time
 *   checks    the setters below                       with what they set
 *   eviction  dispatch_evict.c                        any time
 *   hooks     main; the events by whoever wants any   before the first worker; any time
 *
 * Every other part of the server reads.  A field that dispatch must test before each command is
 * one that may change between two commands of a batch; what changes in the gate only is read once
 * a batch (struct batch).
 *
 * Threads  fields marked __atomic are stored and loaded so; the token has a lock of its own
 */
#ifndef LK_CMD_ENGINE_H
#define LK_CMD_ENGINE_H

#include "core/base/atomic.h"
#include "core/base/buf.h"
#include "core/cmd/engine/dispatch_config.h"
#include "core/cmd/engine/own_keys.h"
#include "core/peer/slot_map.h"
#include "core/store/lock_set.h"
#include "core/store/log_copies.h"
#include "core/store/token.h"

LK_BEGIN

struct acl;
struct admin;
struct cluster_bus;
struct command_index;
struct inbox_node;
struct keyspace;
struct log_ring;
struct latency_monitor;
struct migrator;
struct push_hub;
struct registry;
struct repl;
struct role;
struct script_calls;
struct script_hub;
struct sentinel_service;
struct slowlog;
struct stats;
struct user_change;

/* Who pauses clients.  Each ends his own pause only; of all that are on the strictest counts. */
enum pause_purpose {
    PAUSE_BY_CLIENT, /* CLIENT PAUSE */
    PAUSE_BY_SHUTDOWN,
    PAUSE_BY_RELOAD, /* DEBUG RELOAD */
    PAUSE_BY_FAILOVER,
    PAUSE_BY_SLOTS, /* the handing over of slots */
    PAUSE_PURPOSES,
};
enum pause_what { PAUSE_NOTHING, PAUSE_WRITES, PAUSE_ALL };

struct engine {
    /* Pointers that stay for the server's life; what they lead to has locks of its own. */
    struct {
        struct keyspace *keyspace;
        struct command_index *commands;
        struct log_ring *log;            /* NULL, or nobody reads it: no tickets (P7) */
        struct slowlog *slowlog;         /* may be NULL */
        struct latency_monitor *latency; /* may be NULL */
        struct registry *registry;       /* may be NULL */
        struct acl *acl;                 /* NULL: no users, nobody is asked */
        struct push_hub *push;           /* NULL: nobody can subscribe */
        struct role *role;               /* io/repl sets it; NULL: a master for ever */
        struct repl *repl;               /* io/repl sets it; NULL in unit tests */
        struct script_hub *scripts;      /* of core/cmd/script; may be NULL */
        struct admin *admin;      /* handed to handlers; io/admin sets it and takes it back */
        struct stats **all_stats; /* of every dispatcher */
        uint32_t worker_count;
        uint32_t stats_count; /* length of all_stats: the workers', and those of services */

        struct sentinel_service *sentinel; /* io/sentinel sets it; NULL: this is a server */
    } fixed;

    const struct dispatch_config
        *config; /* __atomic; the old state lives until the gate was shut */

    /* By io/saving, log_active by io/repl too; loading and write_fault by engine_set_*. */
    struct {
        uint32_t log_active; /* __atomic: enum log_to; changed in the gate */
        uint32_t loading;    /* __atomic: most commands are refused */
        /*
         * Why the data cannot be saved, and so writes are refused: a whole error line, or NULL.
         * __atomic pointer to a text that lives for ever.
         */
        const char *write_fault;
    } saving;

    /* Of a cluster, by io/cluster; slots is NULL where there is none. */
    struct {
        const struct slot_map *slots; /* __atomic; the old one is retired (core/store/reclaim.h) */
        int64_t good_until_ns; /* __atomic, monotonic: who is in touch with a majority till then */
        struct cluster_bus *bus;   /* handed to handlers; only io/cluster looks inside */
        struct migrator *migrator; /* likewise */
    } cluster;

    struct {
        int64_t until_ms; /* __atomic; the first moment without it */
        uint32_t what;    /* __atomic: enum pause_what */
    } pause[PAUSE_PURPOSES];

    /* Through engine_set_*. */
    struct {
        uint32_t replica;   /* __atomic: the data follow a master's, who says what expires */
        uint32_t link_down; /* __atomic: of a replica: what it holds may be out of date */
    } role;

    /*
     * __atomic: enum command_check of saving, pause and role.  A bit may be on for nothing, and
     * then is a slower way to the same answer; it is never off for something.
     */
    uint32_t checks;

    /* Scripts that have become long, by core/cmd/script under a lock of its own. */
    struct {
        const char *line; /* __atomic: what others are answered, it lives for ever; NULL: none is */
        uint32_t ending;  /* __atomic: the server is to end, and no script may keep it from that */
        uint32_t broken;  /* __atomic: one that had written was ended so: nothing may be saved */
    } busy;

    /* What eviction shares (dispatch_evict.c).  Nobody touches it below the limit. */
    struct {
        int64_t claimed; /* __atomic: bytes over the limit that somebody is freeing now */
        int64_t told_ms; /* __atomic: when somebody was last told of a victim */
        int64_t leaving; /* __atomic: bytes of clients that are closed for maxmemory-clients */
        int64_t debt;    /* __atomic: while that is on its way: what was over before, and is left */
        int64_t since_ms;  /* __atomic: memory is over the limit since then; 0: it is not */
        uint64_t total_ms; /* __atomic: that it was over the limit before */
    } eviction;

    struct {
        /* Brings a waiter (core/cmd/engine/waiter.h) back to its worker. */
        void (*served)(void *ctx, uint32_t worker, struct inbox_node *message);
        void *served_ctx;
        /* Whom keyspace events are told at once, beside their subscribers; nobody if NULL. */
        void (*event)(void *ctx, uint32_t db, uint32_t event_class, const char *name,
                      struct bytes key);
        void *event_ctx;
        /* In a cluster: a client's message, for the other nodes.  NULL: they do not hear of it. */
        void (*published)(void *ctx, bool shard, struct bytes channel, struct bytes payload);
        void *published_ctx;
        /*
         * One who waits for replicas is answered as if its time were over, or refused.  False: that
         * session does not wait for them.  NULL: nobody does.
         */
        bool (*hurry)(void *ctx, uint64_t session_id, bool refuse);
        void *hurry_ctx;
        /*
         * In a cluster: which slots are on the move, as a full sync tells it ("609>id,610<id,");
         * and what a replica has been told so, in the closed gate.  NULL: there is no cluster.
         */
        void (*slot_states)(void *ctx, struct buf *out);
        void (*take_slot_states)(void *ctx, struct bytes states);
        void *slot_states_ctx;
        /* FLUSHALL has emptied everything: all shards are locked.  May be NULL. */
        void (*flushed)(void *ctx);
        void *flushed_ctx;
        const struct script_calls *scripts; /* NULL: there are no scripts */
        /*
         * A worker's script is long: it sees to its other connections for a moment, amid the
         * command that runs (struct pending).  NULL: nobody does.
         */
        void (*pass)(void *ctx, uint32_t worker, void *running);
        void *pass_ctx;
        /*
         * The file of users.  load reads it into the change; false: there is none, or *error says
         * what is wrong with it.  save returns false if there is none.  NULL: there is none.
         */
        bool (*users_load)(void *ctx, struct user_change *c, struct buf *error);
        bool (*users_save)(void *ctx, bool *written);
        void *users_ctx;
        uint32_t events; /* __atomic: enum event_class; by engine_show_events */
    } hooks;

    struct token token;         /* its own lock: who may wait for locks */
    uint64_t next_session_id;   /* __atomic; any worker counts it up */
    struct log_copies copies;   /* as it says: by io/repl; workers ask before they tell */
    uint64_t stream_bytes;      /* __atomic: kept for replicas beyond the backlog's size */
    struct own_keys own_keys;   /* its own lock: of a writable replica */
    uint32_t no_active_expire;  /* __atomic: DEBUG SET-ACTIVE-EXPIRE 0 */
    uint32_t scripts_may_debug; /* __atomic: DEBUG SET-DISABLE-DENY-SCRIPTS 1 */
    uint32_t skip_checksums;    /* __atomic: DEBUG SET-SKIP-CHECKSUM-VALIDATION 1 */
};

/* Most commands are refused, and nothing expires. */
void engine_set_loading(struct engine *e, bool on);
/* Data are loaded beside those that are served: CMD_NO_ASYNC_LOADING is refused. */
void engine_set_loading_beside(struct engine *e, bool on);
/* Either of the two. */
bool engine_is_loading(const struct engine *e);

/* In a cluster: before the first worker starts. */
void engine_set_clustered(struct engine *e);

/* Most commands are answered with this line: scripts are long.  NULL: no more.  One at a time. */
void engine_set_busy(struct engine *e, const char *line);
/* All workers look again at what they have parked: it may be refused now. */
void engine_look_again(const struct engine *e);

/*
 * The server is about to end: scripts that are long are ended from now on, whatever they have
 * written, and this returns when there is none.  True: one had written, which is told to nobody,
 * and the data may not be saved.  A thread outside the gate; it sleeps.
 */
bool engine_end_scripts(struct engine *e);
void engine_keep_scripts(struct engine *e); /* it goes on */

/* Of the events in mask these are wanted from now on, and the others of it are not. */
void engine_show_events(struct engine *e, uint32_t mask, uint32_t events);

/* Writes are refused with this line; NULL: no more.  One thread at a time. */
void engine_set_write_fault(struct engine *e, const char *line);

/* Too few replicas are near enough: writes are refused (min-replicas-to-write).  Any thread. */
void engine_set_few_replicas(struct engine *e, bool on);

/*
 * A replica: nothing expires or is evicted by itself, and clients may not write unless the
 * configuration lets them.  The gate is closed.
 */
void engine_set_replica(struct engine *e, bool on);
/* Its master is not there, or its data are not complete.  By one thread at a time. */
void engine_set_link_down(struct engine *e, bool on);
static inline bool engine_is_replica(const struct engine *e)
{
    return load_relaxed(&e->role.replica);
}

/*
 * Commands and expiry are held back until that moment of Unix time, or until engine_pause_end of
 * the same purpose.  Replaces the purpose's own pause.  The gate is closed: no command is half
 * done.
 */
void engine_pause(struct engine *e, enum pause_purpose purpose, enum pause_what what,
                  int64_t until_ms);
/* The gate is closed.  Whoever was held back is not told: registry_wake_all. */
void engine_pause_end(struct engine *e, enum pause_purpose purpose);

/* What is held back at that moment. */
enum pause_what engine_paused(const struct engine *e, int64_t now_ms);
/* When the next of the pauses that are on ends by itself; 0: none is on. */
int64_t engine_next_pause_end(const struct engine *e, int64_t now_ms);

LK_END

#endif
