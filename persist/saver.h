/*
 * saver.h — one snapshot at a time, beside the traffic: RDB files, and new bases of the AOF.
 *
 *   saver_begin --> the saver's thread:  close the gate, cut a view (and turn the AOF), open it
 *                                        write the view to a temporary file
 *                                        give the file its name, close the view
 *
 * Nobody waits for it but who asks to (saver_wait), and such a job goes at the pace of workers.
 * What it needs of the configuration it is told in the closed gate, where nothing changes.
 *
 * Threads  any
 */
#ifndef LK_PERSIST_SAVER_H
#define LK_PERSIST_SAVER_H

#include "core/store/keyspace.h"
#include "persist/aof/aof.h"
#include "persist/rdb/rdb_save_view.h"

LK_BEGIN

/* SYNC: an RDB for replicas, wherever saver_stream wants it. */
enum saver_job { SAVER_NONE, SAVER_RDB, SAVER_REWRITE, SAVER_SYNC };

/* BESIDE: workers come first.  AWAITED: somebody stands still until it ends. */
enum saver_pace { SAVER_BESIDE, SAVER_AWAITED };

/* For one job; the texts are the saver's to free with mem_strfree. */
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
};

/*
 * Where the replication stream stands at a cut, and where the RDB for replicas goes.  In this
 * order, each once a job, by the thread that does it.
 */
struct saver_stream {
    /* In the closed gate, beside the cut: puts a marker.  NULL: there is nothing to say. */
    void *(*cut)(void *ctx, enum saver_job job);
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
    /* In the closed gate, by the thread that does the job. */
    void (*settings)(void *ctx, enum saver_job job, struct saver_settings *out);
    uint64_t (*changes)(void *ctx);    /* so far; in the closed gate */
    const struct saver_stream *stream; /* NULL: nobody replicates */
    /* Of the saver's thread, outside the gate; may be NULL. */
    void (*ended)(void *ctx, enum saver_job job, bool well);
    struct stall_watch watch;
};

struct saver;

struct saver *saver_new(const struct saver_parts *parts);
/* Before the first job. */
void saver_set_stream(struct saver *s, const struct saver_stream *stream);
void saver_free(struct saver *s); /* aborts what is under way, and waits for that */

/*
 * LK_EBUSY: one is under way.  turn, for SAVER_REWRITE: what becomes of the AOF at the cut
 * (AOF_TURN_BEGIN when it was off).
 */
LK_MUST_USE int saver_begin(struct saver *s, enum saver_job job, enum aof_turn turn,
                            enum saver_pace pace);
/* Until nothing is under way; returns whether the last job went well. */
bool saver_wait(struct saver *s);
void saver_abort(struct saver *s, enum saver_job job); /* if that is under way */

struct saver_report {
    enum saver_job job; /* under way */
    bool aborted;       /* that job; nothing will come of it */
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

/* After a load: the data are as saved at that count of changes. */
void saver_note_saved(struct saver *s, uint64_t changes);
/* Those so far were the server's own, at its start. */
void saver_forget_rewrites(struct saver *s);

LK_END

#endif
