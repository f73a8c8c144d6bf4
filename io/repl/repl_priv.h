/*
 * repl_priv.h — the inside of struct repl, for io/repl and its tests.
 */
#ifndef LK_IO_REPL_PRIV_H
#define LK_IO_REPL_PRIV_H

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/engine/exec.h"
#include "io/repl/history.h"
#include "io/repl/repl.h"
#include "io/worker/conn_feed.h"
#include "persist/repl/rdb_socket.h"

#include <pthread.h>

LK_BEGIN

enum { DELIMITER_CHARS = 40, REPLICA_FILE_PIECE = 256 * 1024, REPLICA_HOST_MAX = 255 };

/* Where a replica is on its way. */
enum replica_phase {
    REPLICA_NEW,     /* has said something of itself, and asked for nothing */
    REPLICA_WAITS,   /* for a full sync to begin */
    REPLICA_WRITING, /* for its file to be written */
    REPLICA_SENDING, /* is sent the data */
    REPLICA_LOADING, /* has them all, and is to say so before the stream begins */
    REPLICA_ONLINE,
    REPLICA_DONE, /* wanted the data alone, and has been sent them */
};

enum replica_capa { CAPA_EOF = 1 << 0, CAPA_PSYNC2 = 1 << 1 };

/* A peer that wants this server to be its primary: how far that is. */
enum replica_takeover { REPLICA_NO_TAKEOVER, REPLICA_ASKS_TAKEOVER, REPLICA_TAKEN_OVER };

/* What of a replica is in flight. */
enum replica_flight { FLIGHT_NONE, FLIGHT_HEAD, FLIGHT_NEWLINE, FLIGHT_DATA, FLIGHT_STREAM };

/* A file for replicas, without a name; open as long as anybody reads it. */
struct sync_file {
    int fd;
    uint32_t refs; /* __atomic */
    uint64_t size;
};
void sync_file_drop(struct sync_file *f); /* may be NULL */

/*
 * How far its socket has taken the stream.  The goal is a ticket and an offset that is not below
 * it: there is one at a time, so nothing is kept for tickets between.
 */
struct replica_copy {
    int64_t given; /* offset: the socket has taken all up to it */
    int64_t goal;
    uint64_t goal_ticket;
    uint64_t ticket;  /* it has been given all up to it */
    int64_t moved_ms; /* of the monotonic clock: when given was looked at last */
};

/* A connection that replicates from us; session.peer, and the connection's feed. */
struct replica {
    struct session_peer peer; /* first */
    struct conn_feed feed;
    struct repl *repl;
    struct session *session; /* the worker's; others use id and worker */
    uint64_t id;
    uint32_t worker;
    /* What it says of itself: its worker's, until it is listed. */
    char *ip; /* NULL: that of its socket */
    char *name;
    int64_t port;
    uint32_t capa;
    uint32_t version; /* major * 10000 + minor * 100 + patch of Valkey's numbers; 0: not said */
    bool rdb_only;
    bool no_keys;                   /* functions at most */
    bool old;                       /* SYNC: no FULLRESYNC line */
    enum replica_takeover takeover; /* its worker's: of PSYNC … FAILOVER */
    uint64_t asks_behind;           /* its worker's: of a PSYNC that waits (history_is_told) */

    struct replica *next, *prev; /* all the following: repl.lock, unless it says otherwise */
    bool listed;
    enum replica_phase phase;
    bool member;             /* of the sync under way */
    bool dismissed;          /* its connection is to end, and it counts for nothing */
    int64_t leaves_until_ms; /* of one that is let go; of the monotonic clock */
    bool ended;              /* it has been sent all, and the end of the stream */
    struct buf head;         /* what it is sent first */
    struct rdb_reader reader;
    struct sync_file *file;
    uint64_t file_at;
    int64_t waits_since_ms; /* of the monotonic clock */
    int64_t ack, fack;      /* offsets */
    int64_t ack_ms;         /* __atomic; of the monotonic clock: the last sign of life */
    struct backlog_pin pin; /* the backlog's lock */
    struct backlog_hold hold;
    struct replica_copy copy;
    enum replica_flight flight; /* the worker's */
    struct buf flying;          /* the worker's: the head that is in flight */
    bool newline;               /* the worker's: one is due */
    int64_t newline_ms;         /* the worker's */
    char *piece;                /* the worker's: of the file */
};

/* Somebody who waits for acknowledgements. */
struct ack_waiter {
    struct ack_waiter *next;
    uint32_t worker;
    uint64_t session_id;
    uint64_t ticket;    /* what must be acknowledged */
    int64_t target;     /* the same as an offset; -1: not known yet */
    int64_t replicas;   /* how many are wanted */
    int64_t local;      /* WAITAOF: 1 if this server's file counts, else 0; -1: WAIT */
    int64_t until_ms;   /* of the monotonic clock; 0: for ever */
    bool refused;       /* CLIENT UNBLOCK has ended it with an error */
    bool all;           /* replicas: all that are online */
    repl_awaited *done; /* who is told instead of the session; NULL: nobody */
    void *arg;
};

struct repl {
    struct repl_parts parts;
    uint32_t follows; /* __atomic: the history is that of a primary */
    struct backlog *backlog;
    struct log_sink sink;
    struct saver_stream stream;
    pthread_mutex_t lock;
    struct replica *first, *last; /* those who have asked for a sync */
    uint32_t count;               /* of them */
    uint64_t sync_full, sync_partial_ok, sync_partial_err;
    uint32_t good_replicas; /* __atomic */
    struct {
        uint32_t wanted;    /* __atomic: so many are to have it before it is told; 0: none */
        int64_t max_lag_ms; /* repl.lock: who has said or taken nothing for so long counts not */
    } copies;
    uint32_t wants_settle;    /* __atomic: the backlog has had its time */
    int64_t without_since_ms; /* cron's: no replica since then, of the monotonic clock; 0: some */

    /* The sync under way: the saver's thread. */
    struct {
        bool diskless;
        bool no_keys;
        uint32_t writing; /* __atomic: its file is being written */
        struct rdb_window *window;
        struct sync_file *file;
        char delimiter[DELIMITER_CHARS + 1];
        struct backlog_mark *mark;
        struct history history; /* at the cut, for the RDB */
        int64_t end;            /* the offset there */
        struct buf slot_states; /* … and what was on the move then */
    } sync;

    struct {
        pthread_mutex_t lock;
        struct ack_waiter *first;
        uint32_t count;  /* __atomic */
        uint32_t getack; /* replicas are to be asked; the lock */
        uint32_t once;   /* __atomic: the same, whoever waits and whatever pauses */
    } acks;
    /* Of FAILOVER: by whoever holds the gate closed, unless it says otherwise. */
    struct {
        uint32_t state;   /* __atomic: enum failover_state */
        uint32_t ask;     /* __atomic: GETACK is to be said once, and then end is known */
        int64_t end;      /* of the stream; the log thread's until ask is 0 */
        uint64_t ticket;  /* of the marker behind which nobody writes */
        int64_t until_ms; /* of the monotonic clock; 0: none */
        bool force, any;  /* any: the first replica that has all is the target */
        char host[REPLICA_HOST_MAX + 1];
        int64_t port;
    } failover;
    /* What PSYNC … FAILOVER wants: repl.lock. */
    struct {
        uint32_t wanted; /* __atomic */
        int64_t offset;  /* what should have been applied, if it comes */
        int64_t until_ms;
        uint64_t workers; /* whose sessions wait, a bit each */
        char id[REPL_ID_CHARS + 1];
    } takeover;
    uint64_t history_ticket; /* __atomic: of the last marker that changes the history */
    /* repl.lock: the id becomes next_id at that marker, and the one of now the second. */
    bool foretold;
    char next_id[REPL_ID_CHARS + 1];
    uint64_t history_askers; /* __atomic: workers, a bit each, that wait (history_is_told) */
    int64_t ping_ms;         /* the log thread's: of the last PING */
    struct {
        uint32_t waiting; /* __atomic: a shutdown waits for replicas */
        int64_t until_ms; /* __atomic: of the monotonic clock */
        bool paused;      /* the main thread's: it holds writes back */
        uint32_t undone;  /* __atomic */
    } end;
};

static inline const struct config *repl_config(const struct repl *r)
{
    return config_current(r->parts.config);
}
static inline int64_t repl_now_ms(void) /* of the monotonic clock */
{
    return clock_mono_ns() / 1000000;
}

/* A sign of life; by its worker, and seen by any thread. */
static inline void replica_heard(struct replica *p)
{
    store_relaxed(&p->ack_ms, repl_now_ms());
}
static inline int64_t replica_heard_ms(const struct replica *p)
{
    return load_relaxed(&p->ack_ms);
}
static inline struct repl *repl_of(const struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->fixed.repl;
}

static inline bool repl_is_replica(const struct repl *r)
{
    return engine_is_replica(r->parts.engine);
}
/* Is the history one that replicas of ours may have?  Not while it is our primary's to say. */
static inline bool repl_may_serve(const struct repl *r)
{
    return !repl_is_replica(r) ||
           (load_acquire(&r->follows) && !load_acquire(&r->parts.engine->role.link_down));
}

/* Has the log thread come to the last marker that changes the history? */
static inline bool repl_has_history(const struct repl *r)
{
    return backlog_ticket(r->backlog) >= load_acquire(&r->history_ticket);
}

/* --- replica.c: one of them ------------------------------------------------------------------ */

/* What is kept of a session that talks as a replica; made if it is not there. */
struct replica *replica_of(struct repl *r, struct session *s);
/* As it is called in the log. */
const char *replica_name(struct replica *p);
/* It has asked for a sync: counted, and the connection is its feed. */
void replica_list(struct replica *p, enum replica_phase phase);
/* In repl.lock: its worker shall look. */
void replica_wake(const struct replica *p);
/* In repl.lock: its connection shall end. */
void replica_dismiss(struct replica *p);
/* In repl.lock, in the closed gate: likewise, but who is online gets what was written so far. */
void replica_let_go(struct replica *p);
const char *replica_state_name(enum replica_phase phase);
/* REPLCONF ACK: by its worker. */
void replica_acknowledge(struct replica *p, int64_t offset, int64_t fack);

/* --- full_sync.c ----------------------------------------------------------------------------- */

void full_sync_init(struct repl *r);
/* Ends the one under way if nobody waits for its file any more.  By one worker, inside the gate. */
void full_sync_abandon(struct repl *r);
/* Begins one if it is time: now and then, and when somebody has come. */
void full_sync_look(struct repl *r);
/* In the closed gate: there shall be a stream. */
void history_begin_stream(struct repl *r);

/* --- acks.c ---------------------------------------------------------------------------------- */

void acks_changed(struct repl *r); /* an offset has been acknowledged, or a replica has gone */
int64_t acks_round(void *repl);    /* backlog_options.round: the log thread */
bool acks_eager(void *repl);
bool acks_hurry(void *repl, uint64_t session_id, bool refuse); /* engine.hooks.hurry */
void acks_cron(struct repl *r);
void acks_release(struct repl *r);
command_run acks_wait, acks_waitaof;

/* --- copies.c: min-replicas-to-write ---------------------------------------------------------- */

/* Replicas have come, gone, or fallen silent, or it was changed.  Any thread, also in the gate. */
void copies_see_to_writes(struct repl *r, const struct config *c);
void copies_round(struct repl *r);    /* the log thread, behind what it has appended */
void copies_given(struct replica *p); /* in repl.lock, its worker: nothing is in flight to it */

/* --- cmd_failover.c -------------------------------------------------------------------------- */

command_run failover_command;

LK_END

#endif
