/*
 * role_priv.h — the inside of the role and of its link, for role.c, master_link.c and link_*.c.
 */
#ifndef LK_IO_REPL_ROLE_PRIV_H
#define LK_IO_REPL_ROLE_PRIV_H

#include "core/base/atomic.h"
#include "core/peer/payload.h"
#include "core/proto/resp_parse.h"
#include "io/repl/link_socket.h"
#include "io/repl/role.h"

#include <pthread.h>

LK_BEGIN

/*
 * What is held of a master's stream.  Changed inside the gate by the link, of its own generation,
 * or in the closed gate by the role; so at any moment in the closed gate it is true (H8).
 */
struct upstream {
    bool known; /* the data are those of id at offset: a partial sync may be asked for */
    char id[REPLID_CHARS + 1];
    int64_t offset; /* of the last unit that was applied */
    bool has_db;    /* the stream's database is known */
    uint32_t db;    /* … and this */
};

/* Stored by the link, loaded by anybody; __atomic, relaxed. */
struct link_figures {
    uint32_t state;            /* enum link_state */
    int64_t heard_ns, down_ns; /* clock_mono_ns: last heard; down since, 0: never was up */
    int64_t offset, read_offset;
    int64_t sync_total, sync_read, sync_heard_ns;
    uint64_t errors;
};

/* What the link needs of the configuration, copied. */
struct link_settings {
    struct buf user, password, announce_ip, source;
    uint16_t port;
    uint32_t mark;
    int64_t timeout_ms; /* __atomic: it may change under way */
    bool tls;
};

/*
 * How much of the stream is synced in this server's own file: FACK.  One point is watched at a
 * time: where the link stood, and the last ticket there was by then.  The link's.
 */
struct link_kept {
    int64_t offset; /* -1: nobody knows, or there is no file */
    bool watched;
    int64_t at;      /* is kept once … */
    uint64_t ticket; /* … this is durable */
    /* The master asked when the link stood here, and is told once that is kept; -1: no more. */
    int64_t asked;
    int64_t look_ms, until_ms; /* of the monotonic clock: last looked at; looked for so long */
};

enum { LINK_ARGS_INLINE = 8 };

struct master_link {
    struct role *role;
    pthread_t thread;
    struct link_waker waker;
    struct link_socket socket;
    struct dispatcher *dispatcher;
    struct session session; /* SESSION_MASTER */
    struct link_settings settings;
    struct link_figures figures;
    uint64_t generation; /* of the attempt that is under way */
    int64_t ack_due_ms;
    struct link_kept kept;
    bool may_ack;      /* the master knows offsets */
    bool got_data;     /* the attempt came as far as a full sync */
    bool in_multi;     /* what was framed last stands between MULTI and EXEC */
    int64_t uncounted; /* bytes that were framed and are in no offset yet */
    bool logged_error;
    bool running;
    bool listed; /* the registry has the session */
    /* Frames. */
    struct resp_progress progress;
    struct resp_args args[DISPATCH_BATCH];
    struct bytes arg_storage[DISPATCH_BATCH][LINK_ARGS_INLINE];
    struct buf unit; /* a transaction so far, as it came */
};

struct role {
    struct role_parts parts;
    uint64_t generation; /* __atomic; counted up in the closed gate */
    uint32_t stop;       /* __atomic */
    uint32_t started;    /* __atomic: the data are loaded */
    pthread_mutex_t lock;
    bool handing;                 /* changed in the gate: PSYNC is to say FAILOVER */
    bool replica;                 /* lock, to read outside the gate */
    char host[ROLE_HOST_MAX + 1]; /* the same */
    uint16_t port;                /* the same */
    struct upstream upstream;
    /*
     * The marker behind which this server's own history is one that the master may know; 0: the
     * upstream says what is known.  Set in the closed gate, cleared by the link inside the gate.
     */
    uint64_t own_ticket;
    struct master_link link;
};

/* --- link_wait.c ----------------------------------------------------------------------------- */

/*
 * In the gate, by the link of its generation, or in the closed gate: a partial sync is out of the
 * question.
 */
void role_forget_upstream(struct role *r);

/* --- role_history.c: in the closed gate ------------------------------------------------------- */

/* Does this server keep a stream, and so have a history? */
bool role_has_stream(const struct role *r);
/* It follows another one from here on.  was: it was a replica before. */
void role_history_follow(struct role *r, bool was);
void role_history_promote(struct role *r);
/* The first key is about to be replaced: no history is good for what comes (H18). */
void role_history_break(struct role *r);
/* The data are those of the upstream. */
void role_history_adopt(struct role *r);
/* The stream goes on under another id. */
void role_history_continue(struct role *r, const char *id);
/*
 * By the link, outside the gate, before it asks: what this server's own history has become is what
 * it may ask for.
 */
void role_history_take(struct role *r, struct dispatcher *d);

/* --- master_link.c --------------------------------------------------------------------------- */

void master_link_init(struct master_link *l, struct role *r);
void master_link_start(struct master_link *l);
void master_link_end(struct master_link *l); /* the role's stop is set */

/* Is what the link does still wanted? */
static inline bool master_link_is_current(const struct master_link *l)
{
    return !load_acquire(&l->role->stop) && load_acquire(&l->role->generation) == l->generation;
}
/* … and nobody has killed it as a client? */
static inline bool master_link_goes_on(const struct master_link *l)
{
    return master_link_is_current(l) && !load_acquire(&l->session.kill);
}
bool link_is_late(const struct master_link *l); /* the master was not heard for repl-timeout */
void link_set_state(struct master_link *l, enum link_state state);
/* Something has come. */
void link_heard(struct master_link *l);
/*
 * Sleeps until the master can be read.  False: it is over, and the log says why, naming what was
 * waited for.
 */
bool link_wait_readable(struct master_link *l, const char *timeout_text);
/* Receives what is there.  False: it is over, and the log says why. */
bool link_receive(struct master_link *l, size_t max);
/* Nobody knows where the stream stands: all data are asked for next.  Outside the gate. */
void link_distrust(struct master_link *l);
/* A sign of life for a master that waits while data are loaded. */
void link_send_newline(struct master_link *l);
/* An ACK if a second has passed, or at once. */
void link_ack(struct master_link *l, bool now);
/* The stream begins: what was kept of another one counts nothing. */
void link_kept_begin(struct master_link *l);

/* --- link_sync.c ----------------------------------------------------------------------------- */

/* Behind FULLRESYNC.  False: it did not come to its end. */
bool link_sync_run(struct master_link *l, const struct handshake *h);

/* --- link_client.c --------------------------------------------------------------------------- */

/*
 * The stream is to run: CLIENT LIST shows it as a client from here on, until link_client_end.
 * anew: behind a full sync; else it is the client of before, if there was one.
 */
void link_client_begin(struct master_link *l, bool anew);
void link_client_end(struct master_link *l); /* it may have begun or not */
/* What it has received and not run yet, and what it has to send. */
void link_client_show(struct master_link *l);

/* --- link_stream.c --------------------------------------------------------------------------- */

/* Applies the stream until the link ends. */
void link_stream_run(struct master_link *l);
void link_stream_init(struct master_link *l);
void link_stream_release(struct master_link *l);
/* Forgets what was framed and not run: the stream goes on at upstream.offset. */
void link_stream_reset(struct master_link *l);

LK_END

#endif
