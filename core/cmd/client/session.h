/*
 * session.h — the protocol's state of one client, without its socket.
 *
 * A conn embeds a session; loading and tests have sessions with no conn at all.
 *
 * Threads  the owner worker; fields marked "registry" change under the registry's lock, because
 *          CLIENT LIST of another worker reads them
 */
#ifndef LK_CMD_SESSION_H
#define LK_CMD_SESSION_H

#include "core/base/atomic.h"
#include "core/base/buf.h"
#include "core/proto/resp_write.h"
#include "core/store/client_cell.h"
#include "core/store/token.h"

LK_BEGIN

struct acl_user;
struct command_info;
struct multi_state;
struct watch_list;
struct client_tracking;
struct subscriptions;
struct waiter;
struct session_peer;

enum session_flag {
    SESSION_MULTI = 1 << 0,       /* between MULTI and EXEC */
    SESSION_DIRTY_EXEC = 1 << 1,  /* queueing failed: EXEC answers EXECABORT */
    SESSION_CLOSE_AFTER = 1 << 2, /* close once the output is sent */
    SESSION_AUTHENTICATED = 1 << 3,
    SESSION_NO_EVICT = 1 << 4,
    SESSION_NO_TOUCH = 1 << 5,
    SESSION_REPLY_OFF = 1 << 6,
    SESSION_REPLY_SKIP = 1 << 7,      /* this command's reply is dropped */
    SESSION_REPLY_SKIP_NEXT = 1 << 8, /* the next one's is */
    SESSION_UNIX = 1 << 9,
    SESSION_LOADING = 1 << 10, /* the loader's own session: nothing is checked or logged */
    SESSION_IN_EXEC = 1 << 11, /* commands run as part of EXEC */
    SESSION_BLOCKED = 1 << 12, /* waits for keys: CLIENT UNBLOCK may end that */
    SESSION_REPLICA = 1 << 13, /* the peer is a replica of ours */
    SESSION_MASTER = 1 << 14,  /* the peer is our master */
    SESSION_MONITOR = 1 << 15,
    SESSION_SUBSCRIBER = 1 << 16,  /* has subscriptions of any kind */
    SESSION_ASKING = 1 << 17,      /* ASKING: its next command may go to an importing slot */
    SESSION_ASKING_NEXT = 1 << 18, /* it was sent just now */
    SESSION_READONLY = 1 << 19,    /* READONLY: a replica may answer it */
    SESSION_TRACKING = 1 << 20,    /* CLIENT TRACKING is on … */
    SESSION_TRACKING_BCAST = 1 << 21,
    SESSION_TRACKING_OPTIN = 1 << 22,
    SESSION_TRACKING_OPTOUT = 1 << 23,
    SESSION_TRACKING_NOLOOP = 1 << 24,
    SESSION_TRACKING_BROKEN = 1 << 25, /* … and the client that is to be told has gone */
    SESSION_CACHING = 1 << 26,         /* CLIENT CACHING was said for the next command */
    SESSION_SERVICE = 1 << 27,         /* the server's own, which nothing refuses */
    SESSION_POSTPONED = 1 << 28,       /* a pause holds its command back */
    SESSION_TLS = 1 << 29,             /* its connection speaks TLS */
    SESSION_FREE = 1 << 30,            /* its user may do everything: see session_settle */
};

/* How a blocked session is to go on, as CLIENT UNBLOCK of any worker asks. */
enum session_unblock {
    UNBLOCK_NONE,
    UNBLOCK_TIMEOUT,
    UNBLOCK_ERROR,
    UNBLOCK_ROLE,  /* the server's role has changed: told, and the connection ends */
    UNBLOCK_SLOTS, /* in a cluster: only if its keys are no longer served here */
    /* It waits for no key, but for an answer; only a change of role ends that, too. */
    UNBLOCK_BY_ANSWER,
};

struct session {
    struct reply reply; /* what is to be sent */
    uint64_t id;
    /*
     * enum session_flag, relaxed __atomic: the owner stores; SESSION_FREE also whoever changes the
     * rules of its user; others read.
     */
    uint32_t flags;
    uint32_t db;
    struct acl_user *user; /* with a reference; NULL: who is asked nothing.  The registry's lock */
    const struct command_info *last_command; /* __atomic, for CLIENT LIST; they live for ever */
    struct multi_state *multi;               /* NULL outside MULTI */
    struct watch_list *watch;                /* __atomic, for CLIENT LIST; NULL without WATCH */
    struct subscriptions *subscriptions;     /* channels and patterns; NULL: never had any */
    struct client_tracking *tracking;        /* NULL: never had it on */
    uint64_t tracker;        /* who it is to keys that it has read; 0 without tracking */
    struct token_node token; /* its place in the queue of those that may wait for locks */
    uint8_t lock_failures;   /* of the parked command */
    bool parked;             /* commands behind it wait too */
    bool ipv6;               /* its peer's address is one of IPv6 */
    struct waiter *waiter;   /* what it waits for; NULL unless it is blocked */
    struct {                 /* of a command that goes on in slices */
        uint32_t count;      /* those it has had */
        uint64_t ticks;      /* what they have taken so far */
        void *state;         /* what it keeps from one to the next; NULL: nothing */
        void (*end)(void *); /* frees that */
    } slice;
    struct session_peer *peer; /* of a replica of ours: what io/repl keeps of it; NULL: none */
    uint64_t ticket;           /* highest ticket that the pending replies rest on */
    uint64_t aside_ticket;     /* the same of those that were moved aside to be sent */
    uint64_t written;          /* highest ticket that the pending replies acknowledge; 0: none */
    int64_t created_ms, last_used_ms;
    uint64_t commands, bytes_in, bytes_out; /* __atomic, by session_count: for CLIENT LIST */
    struct client_cell *client;             /* what others may keep of it */
    uint32_t kill;          /* __atomic: as client->kill; tested before each command */
    uint64_t evicted_bytes; /* it is to free these, as engine.eviction says: the registry's lock */
    uint32_t worker;        /* index of the owner */
    /*
     * What CLIENT LIST shows of things that live elsewhere; whoever has them stores here (relaxed
     * __atomic).  Bytes, unless it says otherwise.
     */
    struct {
        int32_t fd;              /* -1: no socket */
        uint32_t multi_commands; /* queued since MULTI */
        uint32_t watched;        /* keys */
        uint32_t version;        /* of RESP: the reply itself moves when it is sent */
        uint32_t channels, patterns, shard_channels;
        int64_t redirect;    /* id of the client that hears of changes; 0: itself, -1: none */
        uint64_t multi_size; /* of those that are queued */
        uint64_t names_size; /* keys it watches, its channels, patterns and prefixes */
        uint64_t query_size, query_free; /* received and not yet run; room behind it */
        uint64_t query_args;  /* before it: whole arguments of a command that has not come whole */
        uint64_t args_size;   /* arguments of a parked or blocked command */
        uint64_t output_size; /* replies that are not sent yet */
        uint64_t output_capacity;
    } shown;
    struct {
        char *name, *lib_name, *lib_version; /* NULL when not set; mem_strdup */
        char *peer, *local;                  /* "ip:port" */
        struct session *next, *prev;
    } registry; /* the registry's lock */
};

/* Begins what stands behind session.peer. */
struct session_peer {
    void (*end)(struct session_peer *p); /* frees it; the session goes */
};

void session_init(struct session *s, uint64_t id);
void session_drop_names(struct session *s);

/* A session that stands for another (a waiter's, a script's) has the same user. */
void session_share_user(struct session *s, const struct session *from);

/*
 * Sets SESSION_FREE by what the session's user may do now.  Whoever changes rules stores those
 * first and then settles all sessions of the user: whichever comes last has seen the new ones.
 */
void session_settle(struct session *s);

/* Adds to a figure that others read while its owner, who calls this, counts. */
static inline void session_count(uint64_t *figure, uint64_t more)
{
    store_relaxed(figure, *figure + more);
}

/* Before anybody else can see the session. */
static inline void session_set_worker(struct session *s, uint32_t worker)
{
    s->worker = s->client->worker = worker;
}

/* The RESP version of what is written from now on. */
static inline void session_set_version(struct session *s, uint32_t version)
{
    s->reply.version = (int)version;
    store_relaxed(&s->shown.version, version);
}

/* Names that it has become, or no longer is, to be kept for.  By the owner. */
static inline void session_keep_names(struct session *s, int64_t bytes)
{
    store_relaxed(&s->shown.names_size, s->shown.names_size + (uint64_t)bytes);
}

/* All that is kept for it, as far as it is shown: tot-mem. */
static inline uint64_t session_bytes(const struct session *s)
{
    return sizeof *s + load_relaxed(&s->shown.query_size) + load_relaxed(&s->shown.query_free) +
           load_relaxed(&s->shown.query_args) + load_relaxed(&s->shown.args_size) +
           load_relaxed(&s->shown.multi_size) + load_relaxed(&s->shown.names_size) +
           load_relaxed(&s->shown.output_capacity);
}

static inline bool session_has(const struct session *s, uint32_t flag)
{
    return load_relaxed(&s->flags) & flag;
}

static inline void session_set(struct session *s, uint32_t flag, bool on)
{
    if (on)
        fetch_or_seq_cst(&s->flags, flag);
    else
        fetch_and_seq_cst(&s->flags, ~flag);
}

LK_END

#endif
