/*
 * saver.h — one snapshot at a time, beside the traffic: RDB files, new bases of the AOF, and what
 * others do with a view of the keyspace.
 *
 *   saver_begin --> queue --> the saver's thread:  inside the gate: settings, sizes
 *   saver_queue_task                               close the gate, cut a view (and turn the AOF,
 *                                                  or the task's own mark), open it
 *                                                  write the view, close it
 *
 * Jobs wait in a queue for their view (saver_queue.h); one that waits is not under way.  Nobody
 * waits for a job but who asks to (saver_wait), and such a job goes first, and at the pace of
 * workers.  In the closed gate nothing is done that grows with the data.
 *
 * Threads  any
 */
#ifndef LK_PERSIST_SAVER_H
#define LK_PERSIST_SAVER_H

#include "core/store/keyspace.h"
#include "persist/aof/aof.h"
#include "persist/rdb/rdb_save_view.h"
#include "persist/saver_queue.h"

LK_BEGIN

/* BESIDE: workers come first.  AWAITED: somebody stands still until it ends. */
enum saver_pace { SAVER_BESIDE, SAVER_AWAITED };

/* NOW: only if nothing else is under way or waits.  QUEUED: when its turn comes. */
enum saver_when { SAVER_NOW, SAVER_QUEUED };

/* For one job; the texts are the saver's to free with mem_strfree. */
/* Libraries of functions as they were at the cut; each is a source. */
struct saver_functions {
    void *kept; /* NULL: there are none */
    void (*each)(const void *kept, void (*visit)(void *ctx, struct bytes source), void *ctx);
    void (*release)(void *kept);
};

struct saver_settings {
    char *directory, *filename; /* of the RDB */
    char *aof_directory;
    bool compress, checksum, incremental_fsync;
    bool hold_fsync;   /* no-appendfsync-on-rewrite */
    bool rdb_preamble; /* a base in RDB form, else of commands */
    bool timestamps;   /* an annotation in front of commands */
    enum rdb_use use;
    uint32_t lfu_decay_minutes;
    const char *redis_version;
    int64_t key_delay_us; /* rdb-key-save-delay: for tests */
    struct saver_functions functions;
};

/*
 * Where the replication stream stands at a cut, and where the RDB for replicas goes.  In this
 * order, each once a job, by the thread that does it.
 */
struct saver_stream {
    /* In the closed gate, beside the cut: puts a marker.  NULL: there is nothing to say. */
    void *(*cut)(void *ctx, enum saver_kind kind);
    /* Outside the gate: waits for the marker, fills what the RDB says of the stream, frees mark. */
    void (*place)(void *ctx, void *mark, struct rdb_save_options *options);
    /* Of SAVER_SYNC: where the bytes go; LK_EAGAIN if nobody wants them any more. */
    int (*begin)(void *ctx, const struct rdb_sizes *sizes, struct rdb_save_options *options,
                 struct rdb_sink *sink);
    /* All have been given to the sink, or that failed. */
    void (*end)(void *ctx, bool well);
    /*
     * The server's own file said where the stream stood (id: 40 characters), and the data are
     * those: before the log thread begins.
     */
    void (*loaded)(void *ctx, const char *id, int64_t offset);
    void *ctx;
};

struct saver_parts {
    struct keyspace *ks;
    struct log_ring *ring;
    struct aof *aof;
    const struct file_ops *ops;
    void *ctx;
    /* By the thread that does the job, inside the gate, where no configuration is freed. */
    void (*settings)(void *ctx, enum saver_kind kind, struct saver_settings *out);
    /* What key_delay_us is now: of a job that has one.  NULL: as it was.  The saver's thread. */
    int64_t (*key_delay_us)(void *ctx);
    /* In the closed gate, at the cut; in no time that grows.  May be NULL. */
    void (*cut)(void *ctx, enum saver_kind kind);
    /* Likewise, before it: false, what is in memory may not be saved.  May be NULL. */
    bool (*may_cut)(void *ctx);
    /* Likewise: the libraries of functions that there are.  May be NULL. */
    void (*functions)(void *ctx, struct saver_functions *out);
    uint64_t (*changes)(void *ctx);    /* so far; in the closed gate */
    const struct saver_stream *stream; /* NULL: nobody replicates */
    /* Of the saver's thread, outside the gate; may be NULL. */
    void (*ended)(void *ctx, enum saver_kind kind, bool well);
    struct stall_watch watch;
};

struct saver;

struct saver *saver_new(const struct saver_parts *parts);
/* Before the first job. */
void saver_set_stream(struct saver *s, const struct saver_stream *stream);
/* Aborts what is under way or waits, and waits for that: each task hears that it has ended. */
void saver_free(struct saver *s);

/*
 * SAVER_RDB, SAVER_REWRITE or SAVER_SYNC.  turn, for a rewrite: what becomes of the AOF at the cut
 * (AOF_TURN_BEGIN when it was off).
 * LK_EBUSY  NOW: another job is under way or waits; QUEUED: one of that kind.  See saver_hold
 */
LK_MUST_USE int saver_begin(struct saver *s, enum saver_kind kind, enum aof_turn turn,
                            enum saver_pace pace, enum saver_when when);
/* Until no job of that kind is under way or waits; returns whether the last one went well. */
bool saver_wait(struct saver *s, enum saver_kind kind);
/* All jobs of that kind, under way or waiting; those that wait end without a view. */
void saver_abort(struct saver *s, enum saver_kind kind);

/*
 * From here on no job begins but those that somebody awaits: tasks wait, and saver_begin refuses
 * others.  Calls count: as many with false let jobs begin again.
 */
void saver_hold(struct saver *s, bool on);
void saver_settle(struct saver *s); /* until none is under way */

/* --- jobs of others -------------------------------------------------------------------------- */

/* What one job may read of the moment of its cut. */
struct saver_cut {
    struct view *view; /* open and unread; view_aborted when the job is */
    const struct saver_settings *settings;
    const struct rdb_sizes *sizes;
    uint64_t keys; /* their sum: about as many as the view has */
};

/*
 * A job that is not the saver's own.  It lives until `ended` is called, which happens once for each
 * time it was queued; from inside of that it may be freed, or queued again.
 */
struct saver_task {
    struct saver_entry entry; /* its kind: SAVER_SLOTS */
    void *ctx;
    /*
     * In the closed gate, behind the cut of the view: no command is half done, and what is put into
     * the log's ring now stands exactly between what the view shows and what it does not.  In no
     * time that grows with the data.  May be NULL.
     */
    void (*cut)(void *ctx);
    /*
     * Reads the view to its end, by rdb_save_view or view_next, on a thread of its own that is nice
     * to workers.  The view is closed for it afterwards.  Anything but LK_OK is no success.
     */
    int (*write)(void *ctx, const struct saver_cut *cut);
    /* LK_EAGAIN: aborted, maybe before its cut.  Outside the gate, holding nothing. */
    void (*ended)(void *ctx, int rc);
};

/* Its turn comes before REWRITE's and RDB's.  LK_EBUSY: the saver ends. */
LK_MUST_USE int saver_queue_task(struct saver *s, struct saver_task *t);
/* Ends it early, whether it waits or is under way; `ended` is still to come. */
void saver_abort_task(struct saver *s, struct saver_task *t);

/* --- what is said of it ---------------------------------------------------------------------- */

struct saver_report {
    enum saver_kind job; /* under way, or the next one if none is */
    uint32_t waiting;    /* a bit a kind: jobs of it wait behind that one */
    bool aborted;        /* that job; nothing will come of it */
    bool save_failed, rewrite_failed;
    uint64_t rewrite_failures; /* in a row, but for those that were aborted */
    int64_t last_save_s;       /* Unix time of the last RDB that went well; 0: none */
    int64_t last_save_duration_s, last_rewrite_duration_s; /* -1: none */
    int64_t current_duration_s;                            /* -1: none */
    int64_t last_try_ms;                                   /* when the last RDB job ended */
    uint64_t saves, rewrites;
    uint64_t changes_at_last_save;
    uint64_t keys_saved, keys_total;
    uint64_t last_save_held_bytes, last_rewrite_held_bytes;
};
struct saver_report saver_report_get(struct saver *s);

static inline bool saver_waits(const struct saver_report *r, enum saver_kind kind)
{
    return r->waiting >> kind & 1;
}

/* After a load: the data are as saved at that count of changes. */
void saver_note_saved(struct saver *s, uint64_t changes);
/* Those so far were the server's own, at its start. */
void saver_forget_rewrites(struct saver *s);

LK_END

#endif
