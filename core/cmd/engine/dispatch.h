/*
 * dispatch.h — runs commands: a worker's side of the keyspace.
 *
 * A worker frames as many commands as it has, up to DISPATCH_BATCH, of any of its connections, and
 * hands them over together.  Dispatch looks up the rows, hashes the first keys and prefetches in
 * stages, shard line, directory, bucket, entry; then it runs the commands in order, each under the
 * locks of its keys.  The lock of a shard is kept from one command to the next while they want the
 * same one.
 *
 *   dispatch_enter ─ dispatch_run ─ dispatch_run ─ … ─ dispatch_leave
 *   (gate, clock)                                      (gate; between loops of the worker)
 *
 * A command that cannot have its locks parks its session: it and what the session sent behind it
 * come back as PENDING_PARKED, are kept by the worker, and are handed over again when the worker
 * is told to retry.
 *
 * Threads  one dispatcher a worker; what all of them share is in struct engine
 */
#ifndef LK_CMD_DISPATCH_H
#define LK_CMD_DISPATCH_H

#include "core/cmd/command/command_index.h"
#include "core/cmd/engine/engine.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/stats.h"
#include "core/store/keyspace.h"
#include "core/store/lock_set.h"
#include "core/store/log_ring.h"

LK_BEGIN

enum { DISPATCH_BATCH = 32 };

struct dispatcher;

struct dispatcher *dispatcher_new(struct engine *engine, uint32_t worker);
void dispatcher_free(struct dispatcher *d);
struct stats *dispatcher_stats(struct dispatcher *d);
struct engine *dispatcher_engine(struct dispatcher *d);
int64_t dispatcher_now_ms(const struct dispatcher *d);

enum pending_state {
    PENDING_NEW,
    PENDING_DONE,
    PENDING_BLOCKED, /* done, and the session waits for keys */
    PENDING_PARKED,  /* not begun: hand it over again after a retry, or a pause */
    PENDING_CLOSE,   /* the session ends; nothing behind it is run */
};

struct pending {
    struct session *session;
    struct args args; /* must live until dispatch_run returns */
    enum pending_state state;
    /* dispatch's own */
    const struct command_info *cmd;
    uint64_t hash;
    struct shard *shard;
    const struct table *table; /* to be prefetched from; NULL: none */
    const void *bucket;
};

void dispatch_enter(struct dispatcher *d);
void dispatch_leave(struct dispatcher *d);

/* Between enter and leave.  n <= DISPATCH_BATCH.  Commands of one session stand in order. */
void dispatch_run(struct dispatcher *d, struct pending *p, uint32_t n);

/*
 * Hands round what other sessions have published, and sends what clients hear of changed keys by
 * prefix: to be called between two batches, inside the gate, and always before replies go out.
 * output is told of every session whose reply grows by it; find gives the worker's sessions by id.
 */
void dispatch_deliver_slow(struct dispatcher *d);
bool dispatch_has_pushes(const struct dispatcher *d); /* any, waiting to be delivered? */
static inline void dispatch_deliver(struct dispatcher *d)
{
    if (LK_UNLIKELY(dispatch_has_pushes(d)))
        dispatch_deliver_slow(d);
}
void dispatch_on_output(struct dispatcher *d, void (*output)(void *ctx, struct session *s),
                        struct session *(*find)(void *ctx, uint64_t id), void *ctx);

/* In a cluster: called, with the same ctx, when sessions that wait for keys are to be asked whether
 * these are still served here (waiter_end, UNBLOCK_SLOTS). */
void dispatch_on_slots_left(struct dispatcher *d, void (*look)(void *ctx));

/* Sessions with subscriptions; any thread. */
uint64_t dispatch_subscriber_count(const struct dispatcher *d);

/* The connection is gone: leaves the token's queue, watches and transaction. Inside enter/leave. */
void dispatch_forget(struct dispatcher *d, struct session *s);

/*
 * Sessions that want to be alone in the gate are parked between their tries: when the next one is
 * due, in ms of Unix time (0: nobody waits); and is it due, so that what is parked is to be handed
 * over again?
 */
int64_t dispatch_gate_again_ms(const struct dispatcher *d);
bool dispatch_gate_due(struct dispatcher *d);

/* When the next of the pauses that are on ends by itself; 0: none is on. */
int64_t dispatch_next_pause_end(struct dispatcher *d);

/*
 * A worker's share of background work: expires what is due in its shards, for at most budget_us.
 * Returns true if more is due now.  *next_ms: when to call again at the latest.  Inside
 * enter/leave.
 */
bool dispatch_expire(struct dispatcher *d, uint32_t worker, uint32_t workers, int64_t budget_us,
                     int64_t *next_ms);

/* Bytes that maxmemory is compared with; never below 0, as sums of relaxed counters may be. */
size_t dispatch_uncounted_bytes(const struct engine *e);
size_t dispatch_counted_bytes(const struct engine *e);

/*
 * The same for memory: between two batches, at any time.  Evicts what is over the limit, in short
 * turns, though nobody writes: the limit was lowered, or clients do not read.  True: more is to be
 * done now.
 */
bool dispatch_evict_turn(struct dispatcher *d);

/* A worker's share of keeping tracking-table-max-keys; between two batches, at any time. */
void dispatch_tracking_turn(struct dispatcher *d, uint32_t worker, uint32_t workers);

/* For how long memory has been over the limit, and was before, in ms. */
void dispatch_exceeded_ms(const struct engine *e, int64_t now_ms, uint64_t *current_ms,
                          uint64_t *total_ms);

/*
 * Applies commands from a log or a peer in order, at most DISPATCH_BATCH, with no checks and no
 * logging; LK_EFORMAT on an error, which is the last reply: those behind it are not run.  *done:
 * how many went well.  The session is the loader's own and becomes SESSION_LOADING: for it no
 * deadline has passed, since whoever wrote the log has written a DEL for every key that went.
 */
int dispatch_apply(struct dispatcher *d, struct session *s, const struct args *a, uint32_t n,
                   uint32_t *done);

/*
 * The same for a master's stream, by a service: the session is SESSION_MASTER, and what it changes
 * is logged.  Where it has to wait it does so outside the gate, in slices of a millisecond; behind
 * each, inside the gate again, go_on says whether the rest may still run.
 * LK_EFORMAT  the command at *done answered with an error, as dispatch_apply
 * LK_EBUSY    go_on said no: the command at *done and those behind it did not run
 */
struct follower {
    bool (*go_on)(void *ctx);
    void *ctx;
    /*
     * Of each command: the bytes that go on to replicas of ours with it, of a transaction with its
     * EXEC; empty: none do.
     */
    const struct bytes *raw;
};
int dispatch_follow(struct dispatcher *d, struct session *s, const struct args *a, uint32_t n,
                    const struct follower *follow, uint32_t *done);

/* Of a stream: bytes that go on to replicas of ours, and mean nothing here. Inside the gate. */
void dispatch_pass_on(struct dispatcher *d, struct bytes raw);

LK_END

#endif
