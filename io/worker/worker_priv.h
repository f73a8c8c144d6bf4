/*
 * worker_priv.h — the worker's inside, for worker*.c and conn*.c.
 */
#ifndef LK_IO_WORKER_PRIV_H
#define LK_IO_WORKER_PRIV_H

#include "core/base/inbox.h"
#include "io/worker/conn.h"
#include "io/worker/worker.h"

#include <pthread.h>

LK_BEGIN

enum {
    WORKER_EVENTS = 256,
    ARGS_INLINE = 16, /* arguments a framed command has room for without a heap block */
    SPARE_BUFS = 64,  /* reply buffers a worker keeps … */
    SPARE_BUF_BYTES = 16 * 1024,
    SPARE_BUF_LARGEST = 2 * SPARE_BUF_BYTES, /* … of up to so much, and altogether not more than */
    SPARE_BYTES = SPARE_BUFS * SPARE_BUF_BYTES,
    OUTPUT_THROTTLE = 256 << 20, /* unsent output above which no connection is read */
    READ_AHEAD = 256 << 10,      /* bytes of whole commands above which it is not read */
    /*
     * Before AUTH there is no reason for more: the largest AUTH or HELLO has three bulks of
     * RESP_UNAUTHENTICATED_BULK, and who asks reads what it is told.
     */
    UNTRUSTED_INPUT = 64 << 10,
    UNTRUSTED_OUTPUT = 8 << 10,
};

enum listener_kind { LISTENER_TCP, LISTENER_TLS, LISTENER_UNIX, LISTENER_KINDS };

/* A socket that another worker accepted. */
struct handover {
    struct inbox_node node; /* first */
    int fd;
    enum listener_kind kind;
};

struct framed {
    struct conn *conn;
    size_t end; /* of cur: behind the command */
};

/* For reports: the owner stores, anybody loads (relaxed). */
struct worker_figures {
    uint64_t blocked;
    uint64_t buffer_bytes, input_max, output_max; /* once a cron */
    uint64_t reads, writes;
    struct worker_cycles cycles;
    uint64_t awake_since; /* ticks; 0: it waits for its net */
};

/* An answer on its way to a session, which may have gone. */
struct answer {
    struct inbox_node node; /* first */
    uint64_t session_id;
    size_t size;
    char reply[];
};

/* Commands on their way to dispatch. */
struct framing {
    struct pending pending[DISPATCH_BATCH];
    struct framed framed[DISPATCH_BATCH];
    struct resp_args args[DISPATCH_BATCH];
    struct bytes arg_storage[DISPATCH_BATCH][ARGS_INLINE];
};

/* A script of a batch is long: worker_pass.c. */
struct worker_pass {
    struct conn *conn; /* whose script it is */
    uint32_t at;       /* of the batch */
    size_t command;    /* bytes of it: the first that its connection keeps */
    char *words;       /* the copy of its arguments */
    size_t words_size;
    bool close;          /* the connection has ended meanwhile */
    bool inside;         /* a pass is under way */
    bool look;           /* ends of waits are to be looked at */
    struct framing kept; /* of the batch, during a pass */
};

struct worker {
    struct worker_group *group;
    uint32_t index;
    pthread_t thread;
    struct net *net;
    const char *backend; /* __atomic */
    struct worker_figures figures;
    struct dispatcher *dispatcher;
    struct stats *stats;
    struct inbox inbox;   /* sockets */
    struct inbox served;  /* waiters */
    struct inbox answers; /* to those who wait for no key */
    uint32_t retry, look; /* __atomic: set with a wake */
    bool slots_left;      /* those who wait for keys are to be asked where these are */
    uint32_t connections; /* __atomic */

    struct conn *conns;                   /* all */
    struct id_table ids;                  /* all, by the id of their session */
    struct conn *ready_head, *ready_tail; /* have bytes to frame */
    struct conn *dirty;                   /* have replies to send */
    struct conn *parked;                  /* wait for a retry or the end of a pause */
    struct conn *held;                    /* have replies that are not durable yet */
    struct conn *feeds;                   /* are sent a stream */
    struct wait_heap waits;

    struct framing framing;
    uint32_t batch;                   /* commands that were handed to dispatch together */
    struct worker_pass *pass;         /* NULL: no script is long */
    const struct config *config_seen; /* what these were taken from; only to be compared */
    struct resp_limits limits;
    uint64_t query_limit;
    size_t
        output_most; /* unsent output above which a connection is not read, nor its commands run */
    uint64_t client_limit; /* maxmemory-clients in bytes; 0: none, and nothing is counted */
    uint64_t client_bytes; /* __atomic: what its connections take */
    uint32_t batch_most;   /* commands a round */
    bool clients_grew;     /* since it was compared */
    bool clients_unseen;   /* the limit has changed, and nobody has looked at all of them since */

    struct buf spare[SPARE_BUFS];
    uint32_t spare_count, spare_bytes;
    struct outgoing *spare_sends;
    int64_t next_cron_ms, next_expire_ms;
    bool expire_more;
    bool evict_more; /* likewise of eviction */
    uint32_t cron_count;
    uint64_t alarmed; /* the watchdog's: since when it was awake in the turn that was too long */
    struct net_event events[WORKER_EVENTS];
};

/* Of the old and the new state at once: TCP and TLS have up to LISTEN_MAX sockets each. */
enum { LISTENERS = 80 };

/* See worker_listen.h. */
enum listener_state { LISTENER_FREE, LISTENER_NEW, LISTENER_OPEN, LISTENER_CONDEMNED };

struct listener {
    int fd;
    enum listener_kind kind;
    uint32_t state; /* __atomic: enum listener_state */
};

struct worker_group {
    struct worker_setup setup;
    struct worker **workers;
    uint32_t count;
    struct listener listeners[LISTENERS];
    uint32_t relisten;         /* __atomic: worker 0 is to look at them */
    uint32_t connections;      /* __atomic: of all workers, with those being handed over */
    uint32_t stopping;         /* __atomic */
    uint32_t unheard;          /* __atomic: it listens no more */
    uint32_t wakers;           /* __atomic: calls that may be waking a net just now */
    uint32_t evicting;         /* __atomic: somebody looks for the largest clients */
    uint32_t deaf;             /* __atomic: the nets are about to go */
    pthread_barrier_t started; /* every worker has its net */
    pthread_barrier_t ended;   /* no worker loops any more */
};

/* Said and not sent: what is being sent, what is held, and what is written behind them. */
static inline size_t conn_output_bytes(const struct conn *c)
{
    return reply_size(&c->session.reply) + (c->sending ? reply_size(&c->sending->reply) : 0) +
           (LK_UNLIKELY(c->held != NULL) ? reply_size(&c->held->reply) : 0);
}

/* Does its script run, and for long?  Then it is left as it is until that ends. */
static inline bool conn_is_pinned(const struct worker *w, const struct conn *c)
{
    return LK_UNLIKELY(w->pass != NULL) && w->pass->conn == c;
}

/* What has come and is kept, whole commands or not. */
static inline size_t conn_input_bytes(const struct conn *c)
{
    return c->in.size - c->in_pos;
}

/* Output beyond the throttle stops it at once; flush then says so to the net. */
static inline bool conn_may_run(const struct worker *w, const struct conn *c)
{
    return !c->closing && !c->session.parked && !(c->paused & PAUSED_BY_OUTPUT) &&
           conn_output_bytes(c) <= w->output_most &&
           !session_has(&c->session, SESSION_CLOSE_AFTER | SESSION_BLOCKED);
}

/* --- worker_clients.c ------------------------------------------------------------------------- */

uint64_t worker_client_limit(const struct config *config); /* in bytes; 0: none */
/* The limit as it is now; counts all connections if there is one. */
void worker_count_clients(struct worker *w, uint64_t limit);
/* What the connection takes has changed.  There is a limit. */
void conn_count_memory(struct worker *w, struct conn *c);
/* Behind a round of so many commands, if there is a limit: counts those that it was for. */
void worker_count_round(struct worker *w, uint32_t n);
/* Its memory is free: what maxmemory-clients had it closed for. */
void conn_has_left(struct worker *w, const struct conn *c);
/* Has clients closed if all take more than they may together.  Between two batches. */
void worker_evict_clients(struct worker *w);

/* --- conn_queue.c ---------------------------------------------------------------------------- */

void conn_ready(struct worker *w, struct conn *c); /* has bytes to frame */
struct conn *conn_take_ready(struct worker *w);    /* the first one, or NULL */
void conn_dirty(struct worker *w, struct conn *c); /* has something to send, or to be looked at */
void conn_park(struct worker *w, struct conn *c);
void conn_unpark(struct worker *w, struct conn *c); /* it goes */
void conn_retry_parked(struct worker *w);           /* all of them */
void conn_hold(struct worker *w, struct conn *c);
void conn_release_held(struct worker *w); /* some of it may be durable by now */
void conn_leave_queues(struct worker *w, struct conn *c);
void conn_unready(struct worker *w, struct conn *c);       /* it is not framed now, */
void conn_undirty(struct worker *w, struct conn *c);       /* and not flushed */
void conn_wait(struct worker *w, struct conn *c);          /* its command has blocked */
void conn_wait_timeless(struct worker *w, struct conn *c); /* its deadline is of no account now */
void conn_wait_ended(struct worker *w, struct conn *c);
/* Its command was held back by a pause: it still is, or no longer.  It counts as blocked. */
void conn_postpone(struct worker *w, struct conn *c, bool still);

/* --- conn_feed.c ----------------------------------------------------------------------------- */

void conn_feed_leave(struct worker *w, struct conn *c); /* it is being closed */
void conn_feed_look(struct worker *w);                  /* there may be more for all of them */
/* Nothing is in flight, and its replies have gone.  False: it is to be closed. */
LK_MUST_USE bool conn_feed_send(struct worker *w, struct conn *c);
void conn_feed_sent(struct worker *w, struct conn *c); /* the feed's bytes have gone */

/* --- conn_spare.c ---------------------------------------------------------------------------- */

void conn_take_spare(struct worker *w, struct conn *c); /* a buffer for replies */
void conn_give_spare(struct worker *w, struct buf *b);
struct outgoing *outgoing_take(struct worker *w);
void outgoing_release(struct worker *w, struct outgoing *s);
void outgoing_free_all(struct worker *w);

/* --- conn_input.c ---------------------------------------------------------------------------- */

void conn_data(struct worker *w, struct conn *c, struct bytes data);
/* cur becomes what was kept; framing begins anew at its first byte. */
void conn_frame_in(struct conn *c);
/* What is not run yet is kept for the next loop. */
void conn_keep_rest(struct worker *w, struct conn *c);
/* May close it.  After conn_keep_rest: does it hold more than it may?  Is it to be read again? */
void conn_bound_input(struct worker *w, struct conn *c);
/* Stops receiving; once no reason is left, it goes on. */
void conn_pause(struct worker *w, struct conn *c, enum conn_pause why);
void conn_resume(struct worker *w, struct conn *c, enum conn_pause why);

/* --- conn_login.c ---------------------------------------------------------------------------- */

/*
 * Before the first bytes of a TLS connection are looked at: it becomes the user's whom its
 * certificate names, as tls-auth-clients-user says; a name that is nobody's goes to the log of
 * refusals, and the connection stays the default user's.
 */
void conn_login(struct worker *w, struct conn *c);

/* --- conn.c ---------------------------------------------------------------------------------- */

void conn_accept(struct worker *w, int fd, enum listener_kind kind); /* takes the socket */
/* Ends the connection: now, or behind its replies. Inside the gate. */
void conn_close(struct worker *w, struct conn *c);
void conn_close_behind_output(struct worker *w, struct conn *c);
void conn_free(struct worker *w, struct conn *c); /* at CLOSED */
void conn_protocol_error(struct worker *w, struct conn *c, const char *error);

/* --- conn_send.c ----------------------------------------------------------------------------- */

void conn_flush_all(struct worker *w);
void conn_sent(struct worker *w, struct conn *c, int error);
/* May close it: does it hold more unsent output than its class may, or has it for too long? */
void conn_watch_output(struct worker *w, struct conn *c);
void conn_show_unsent(const struct worker *w,
                      struct conn *c); /* to CLIENT LIST, before it is sent */

/* --- worker.c -------------------------------------------------------------------------------- */

void worker_handle(struct worker *w, const struct net_event *e);
void worker_take_sockets(struct worker *w); /* that others have handed over */

/* --- worker_inbox.c: from any thread --------------------------------------------------------- */

void worker_wake(struct worker *w);
void worker_hand_over(struct worker *w, int fd, enum listener_kind kind);

/* --- worker_listen.c: worker 0 --------------------------------------------------------------- */

void worker_listen_look(struct worker *w); /* what has been opened or condemned */
void worker_listen_end(struct worker *w);  /* closes all */

/* --- worker_run.c ---------------------------------------------------------------------------- */

/* Frames and runs until nobody is ready, or for as long as a loop may take. */
void worker_run_ready(struct worker *w);
void worker_frame_init(struct worker *w);
void worker_frame_release(struct worker *w);

/* Puts the outcome of a framed command where the connection goes on from. */
void worker_run_settle(struct worker *w, const struct framed *f, enum pending_state state);

/* --- worker_wait.c --------------------------------------------------------------------------- */

void worker_take_served(struct worker *w);
struct conn *conn_of_session(struct session *s);
struct conn *conn_of_id(struct id_node *n); /* NULL of NULL */
void worker_take_answers(struct worker *w);
void worker_end_waits(struct worker *w, int64_t now_ms); /* whose deadline has come */
void worker_look_at_unblocked(struct worker *w);         /* CLIENT UNBLOCK, slots that left */
void worker_slots_left(void *worker); /* dispatch_on_slots_left: looks in its next loop */
int64_t worker_next_wait_ms(const struct worker *w); /* INT64_MAX: none */
void worker_release_waits(struct worker *w);

/* --- worker_timer.c -------------------------------------------------------------------------- */

void worker_timers(struct worker *w);
/* Has the configuration changed?  Its limits hold for what is run from now on. */
void worker_look_at_config(struct worker *w);
int64_t worker_timeout_ns(struct worker *w);
void worker_look_at_sessions(struct worker *w); /* kill flags, and ends of waits */
void worker_close_killed(struct worker *w);

LK_END

#endif
