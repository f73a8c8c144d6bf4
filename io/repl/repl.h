/*
 * repl.h — replication as a part of the server: made by main, asked by INFO and by commands.
 *
 * Commands find it as engine->fixed.repl.
 *
 * Threads  as each call says
 */
#ifndef LK_IO_REPL_H
#define LK_IO_REPL_H

#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/exec.h"
#include "io/config/config_holder.h"
#include "persist/repl/backlog.h"
#include "persist/saver.h"

LK_BEGIN

struct repl;

struct repl_parts {
    struct config_holder *config; /* its REPL hook becomes replication's */
    struct engine *engine; /* fixed.repl is set; log_active and checks are changed as they say */
    void *ctx;
    bool (*bgsync)(void *ctx);     /* persistence_bgsync */
    void (*abort_sync)(void *ctx); /* persistence_abort_sync */
    bool (*has_file)(void *ctx);   /* persistence_has_file */
    /* Ends the wait of a session that waits for an answer.  Any thread. */
    void (*answer)(void *ctx, uint32_t worker, uint64_t session_id, struct bytes reply);
    void (*ask_to_settle)(void *ctx); /* repl_settle is wanted; any thread, also in the gate */
};

/* Before any worker; the log and the keyspace are there. */
struct repl *repl_new(const struct repl_parts *parts);
void repl_free(struct repl *r); /* the log thread has ended, no session is left */

/* For persistence_set_stream. */
const struct log_sink *repl_sink(const struct repl *r);
const struct saver_stream *repl_stream(const struct repl *r);

/* Adds PSYNC, SYNC, REPLCONF, WAIT and WAITAOF. */
void repl_add_commands(struct command_index *ix);

/* About ten times a second, by one worker inside the gate. */
void repl_cron(struct repl *r, int64_t now_ms);
/* Outside the gate, by one thread: what needs the gate closed. */
void repl_settle(struct repl *r);

uint32_t repl_count(const struct repl *r); /* replicas, online or not */
/* Is there a replica, and has each said that it speaks this version (70400: 7.4.0)?  Any thread. */
bool repl_all_speak(struct repl *r, uint32_t version);
/*
 * A handler's last step, as exec_wait: the session waits for an answer that done sees to.  It is
 * called once, by any thread: enough says that each replica that is online has all up to the
 * ticket; false: not within the time (0: any time), or the client has gone.  When the server ends
 * it may never be called.
 */
typedef void repl_awaited(void *arg, bool enough);
enum outcome repl_await(struct exec *x, const struct args *a, uint64_t ticket, int64_t timeout_ms,
                        repl_awaited *done, void *arg);

size_t repl_backlog_bytes(struct repl *r); /* of all its blocks */

/*
 * The server is to end: holds writes back, and waits until all replicas that are online have what
 * there is, or shutdown-timeout (H20).  now: does not wait.  False: repl_stay: call repl_go_on.
 * By one thread, outside the gate.
 */
LK_MUST_USE bool repl_try_end(struct repl *r, bool now);
int64_t repl_end_ms(const struct repl *r); /* how long it still waits; -1: it does not */
void repl_go_on(struct repl *r);           /* it is not to end after all: writes go on */
bool repl_stay(struct repl *r);            /* false: nobody waits; any thread */

/* --- what INFO says of it -------------------------------------------------------------------- */

struct repl_report {
    struct backlog_state backlog;
    uint32_t replicas, good_replicas; /* good: near enough for min-replicas-to-write */
    uint64_t sync_full, sync_partial_ok, sync_partial_err;
};
/*
 * Until the log thread has come to what was written before the call, or for some milliseconds if
 * it is held up; so that what is told now is not older than what a client has just seen.
 */
void repl_catch_up(struct repl *r);
/*
 * In the closed gate, while replicas are attached: a mark behind all that was written.  The stream,
 * and the offset that reports tell, have all of it when repl_has_mark is true; 0: nobody listens.
 */
uint64_t repl_mark(struct repl *r);
bool repl_has_mark(const struct repl *r, uint64_t mark);
void repl_report_get(struct repl *r, struct repl_report *out);
void repl_reset_stats(struct repl *r); /* the counts of syncs */

/* ROLE, of a primary. */
void repl_reply_role(struct exec *x);

/* One replica; the text lives as long as the call. */
struct repl_replica {
    const char *ip, *state;
    int64_t port, offset, lag_s;
    bool online;
};
/* Calls visit for each replica, in the order in which they came. */
void repl_each_replica(struct repl *r, void (*visit)(void *ctx, const struct repl_replica *one),
                       void *ctx);

LK_END

#endif
