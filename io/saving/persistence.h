/*
 * persistence.h — when the data are saved and loaded, and where.
 *
 * persist/ knows how; this part knows the configuration, the clients who ask, and the moment:
 *
 *   start    AOF, else RDB  --> keyspace          most commands are refused meanwhile
 *   running  save points, automatic rewrites, BGSAVE …; CONFIG SET of appendonly and appendfsync
 *   end      the last RDB, if save points ask for it; what the AOF has left
 *
 * Threads  as each call says
 */
#ifndef LK_IO_PERSISTENCE_H
#define LK_IO_PERSISTENCE_H

#include "core/cmd/engine/dispatch.h"
#include "io/admin/admin.h"
#include "io/config/config_holder.h"
#include "persist/log_thread.h"
#include "persist/rdb/rdb_in.h"
#include "persist/saver.h"

LK_BEGIN

struct persistence;

struct persistence_parts {
    struct config_holder *config; /* its AOF hook becomes persistence's */
    struct engine *engine;        /* log, log_active, loading and write_fault are set here */
    uint32_t log_slots, log_slack;
    size_t log_bytes_max;
    void *ctx;
    /* Ends the wait of a session that waits for an answer.  Any thread. */
    void (*answer)(void *ctx, uint32_t worker, uint64_t session_id, struct bytes reply);
    /* persistence_settle is wanted.  Any thread, also inside the gate. */
    void (*ask_to_settle)(void *ctx);
};

/* Makes the log with its thread, AOF and saver; before any worker exists. */
struct persistence *persistence_new(const struct persistence_parts *parts);
/*
 * Who keeps the replication stream: where its bytes go, and what jobs of the saver ask about it.
 * Before persistence_load; both live as long as p.
 */
void persistence_set_stream(struct persistence *p, const struct log_sink *sink,
                            const struct saver_stream *stream);
/* Marks the server as loading if there is something to load: before the workers start. */
void persistence_begin(struct persistence *p);
/* Loads it; the workers run.  False: the log says why the server must not start. */
LK_MUST_USE bool persistence_load(struct persistence *p);

/* Where the replication stream stood when the file of the start was cut. */
struct persistence_place {
    char id[41];
    int64_t offset, db; /* db: -1: the next command says it */
};
/* False: it has not said, or an append-only file was loaded.  Behind persistence_load. */
bool persistence_place_get(const struct persistence *p, struct persistence_place *out);

/* --- while it runs --------------------------------------------------------------------------- */

/* About ten times a second, by one worker inside the gate. */
void persistence_cron(struct persistence *p, int64_t now_ms);
/* Outside the gate, by one thread: makes the AOF what the configuration says. */
void persistence_settle(struct persistence *p);
void persistence_report(struct persistence *p, struct admin_persistence *out);
/*
 * Is there an AOF that has all the data once it is synced?  Not while the rewrite that begins it is
 * under way, nor while it is being turned off.  Any thread; takes a lock for moments.
 */
bool persistence_has_file(struct persistence *p);
/* For tests: the log waits so long before each write.  Any thread. */
void persistence_delay_log(struct persistence *p, int64_t delay_us);

/* For BGSAVE, BGREWRITEAOF and SAVE, whose session then waits for its answer. */
enum save_answer persistence_bgsave(struct persistence *p, bool schedule);
enum save_answer persistence_bgrewrite(struct persistence *p);
enum save_answer persistence_save(struct persistence *p, uint32_t worker, uint64_t session_id);

/* Queues a job for replicas (saver_stream).  False: one is under way or waits, or must not be. */
bool persistence_bgsync(struct persistence *p);
/* Nobody wants what it writes any more: it ends early.  Any thread. */
void persistence_abort_sync(struct persistence *p);

/* In place of what is there.  Others meet -LOADING meanwhile.  Outside the gate, by one thread. */
void persistence_reload(struct persistence *p, const struct admin_reload *r);

/* --- a master's data ------------------------------------------------------------------------- */

enum persistence_sync_how {
    SYNC_REPLACE, /* the old data go first */
    SYNC_SWAP,    /* they go when the new ones are there; others meet -LOADING meanwhile */
    SYNC_BESIDE,  /* the same, and they are served meanwhile */
};

struct persistence_sync {
    enum persistence_sync_how how;
    struct dispatcher *dispatcher; /* the caller's; its thread is outside the gate */
    struct rdb_in *in;             /* a whole RDB */
    uint64_t size;                 /* of it; 0: nobody knows */
    /* In the closed gate, before clients are told -LOADING: false, if nobody wants it any more. */
    bool (*wanted)(void *ctx);
    /* In the closed gate, when the old data are about to go: false, if they are to stay. */
    bool (*begin)(void *ctx);
    /* In the closed gate, when the new data are there; db: what they say of the stream, or -1. */
    void (*end)(void *ctx, int64_t db);
    void (*progress)(void *ctx); /* now and then; outside the gate */
    void *ctx;
};

enum persistence_synced {
    SYNC_LOADED,
    SYNC_KEPT, /* the old data are as they were; in->error says what was wrong, if anything */
    SYNC_LOST, /* the data set is empty, and not to be saved */
};

/*
 * Loads them.  Ends what the saver does; the AOF ends, and begins anew behind it.  By a thread that
 * is no worker, one at a time.
 */
enum persistence_synced persistence_sync(struct persistence *p,
                                         const struct persistence_sync *sync);

/* Clients may write here again: what a failed load has left is the data set. */
void persistence_accept(struct persistence *p);

/* --- the end --------------------------------------------------------------------------------- */

/*
 * The workers still run.  Saves what is to be saved (flags: enum config_shutdown), with writes held
 * back.  False: that failed and was not forced; everything goes on as before.
 */
LK_MUST_USE bool persistence_try_end(struct persistence *p, unsigned flags);
/* Undoes what persistence_try_end is about; false: it is not at work.  Any thread. */
bool persistence_stay(struct persistence *p);
/* No worker runs.  What is in the log goes to the AOF; then all of it is freed. */
void persistence_end(struct persistence *p);

LK_END

#endif
