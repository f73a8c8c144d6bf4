/*
 * aof.h — the append-only file: what the log thread writes, and when it is durable.
 *
 *   log thread --batch--> INCR file --always--> fdatasync --> tickets are durable, workers are told
 *                                  \--everysec--> the sync thread, once a second
 *              --ROTATE--> a new INCR file begins, at exactly this point of the log
 *
 * A rewrite is a rotation and a base made of the view that was cut at the same point.  Until the
 * new base is whole the manifest names the old base and all INCR files since; then one rename makes
 * the new base and the last INCR file all there is.
 *
 * The file that a rotation goes on with is made ready beforehand, by whoever asks for the rotation,
 * so the log thread only takes one descriptor for another: under everysec it waits for no sync.
 *
 * What goes wrong  A write that fails is kept and tried again ten times a second; nothing is
 *                  skipped, and no reply that rests on it goes out.  A
 *                  sync that fails is never tried again, since the system may have dropped what it
 *                  could not write: only a rewrite, whose files are all new, makes the log durable
 *                  again.  Until then `aof_fault_line` says why, and writes are to be refused; who
 *                  waits for a reply is told after half a second.
 *
 * Annotations      "#TS:<unix time>" if asked for; "#CRC:<hex> <bytes> <synced>" after some 64
 *                  KiB: the CRC-64 of the bytes since the last such line, or of none where a server
 *                  goes on with the file of an earlier life; and how much of the file was synced
 *                  then, which no crash can have spoiled.  Redis skips lines with '#'.
 *
 * Threads  the sink's calls: the log thread; aof_open before it starts; the others any
 */
#ifndef LK_PERSIST_AOF_H
#define LK_PERSIST_AOF_H

#include "persist/aof/aof_manifest.h"
#include "persist/file_ops.h"
#include "persist/log_thread.h"
#include "persist/stall.h"

LK_BEGIN

enum aof_fsync { AOF_FSYNC_NO, AOF_FSYNC_ALWAYS, AOF_FSYNC_EVERYSEC };

struct aof;

struct aof_options {
    const struct file_ops *ops;
    const char *directory; /* of all its files */
    const char *filename;  /* the prefix of their names */
    enum aof_fsync fsync;
    bool timestamps;
    /* A fault line appears: writes are to be refused from now on.  Any thread; may be NULL. */
    void (*faulted)(void *ctx, const char *line);
    void *ctx;
    struct stall_watch watch;
};

/* Everything is copied.  The file is off. */
struct aof *aof_new(const struct aof_options *options, struct log_ring *ring);
void aof_free(struct aof *a); /* the log thread has ended; writes and syncs what is left */

struct log_sink aof_sink(struct aof *a);

void aof_set_fsync(struct aof *a, enum aof_fsync fsync);
void aof_set_timestamps(struct aof *a, bool on);
/* For tests: the log thread waits so long before each batch. */
void aof_set_delay(struct aof *a, int64_t delay_us);
/* no-appendfsync-on-rewrite: everysec rests meanwhile. */
void aof_hold_fsync(struct aof *a, bool hold);

/*
 * Before the log thread runs: goes on with the files of a manifest that was loaded (it is taken),
 * or begins a new one if it is empty; incr_bytes and base_bytes are their sizes.  LK_EIO and errno
 */
LK_MUST_USE int aof_open(struct aof *a, struct aof_manifest *m, uint64_t incr_bytes,
                         uint64_t base_bytes);

/* --- rotation -------------------------------------------------------------------------------- */

/* NONE: the file is off and stays so; a new base stands alone. */
enum aof_turn { AOF_TURN_NONE, AOF_TURN_BEGIN, AOF_TURN_ROTATE, AOF_TURN_END };

/* The data of a LOG_ROTATE marker; lives until aof_turn_wait has returned. */
struct aof_turn_request {
    enum aof_turn turn;
    uint32_t done; /* __atomic, futex */
    int error;     /* errno, 0: it went well */
};

/*
 * Before aof_turn, outside the gate: makes the file ready that the turn goes on with.  One that no
 * turn has taken serves the next.  LK_EIO and errno: nothing has changed
 */
LK_MUST_USE int aof_prepare_turn(struct aof *a, enum aof_turn turn);
/* Puts the marker: in the closed gate, beside view_cut. */
void aof_turn(struct log_ring *ring, struct aof_turn_request *r, enum aof_turn turn);
/*
 * Outside the gate.  LK_EIO and errno: the old file goes on, as it does while something could not
 * be written to it; ECANCELED: it was turned off before.
 */
LK_MUST_USE int aof_turn_wait(struct aof_turn_request *r);

/*
 * The base that belongs to the last rotation is whole under temp_name in the directory: gives it
 * its name, makes the manifest name it, and deletes what it replaces.  LK_EIO and errno: nothing
 * has changed, temp_name is still there unless it was renamed
 */
LK_MUST_USE int aof_adopt_base(struct aof *a, const char *temp_name, bool rdb, uint64_t bytes);

/* --- what it says of itself ------------------------------------------------------------------ */

struct aof_report {
    bool on, write_failed, sync_failed;
    uint64_t size, base_size; /* of base and INCR files together; of the base */
    uint64_t buffered;        /* could not be written yet */
    uint64_t delayed_syncs;   /* a second passed while a sync was under way */
    bool syncing;
};
struct aof_report aof_report_get(struct aof *a);

/* NULL, or the error line for writes, which are to be refused; it lives for ever. */
const char *aof_fault_line(const struct aof *a);
/* Now and then: tells those whose replies a fault has held for half a second. */
void aof_tell_waiting(struct aof *a);
/*
 * aof-disable-auto-gc: history stays in the manifest and in the directory.  Turning it off deletes
 * what has gathered.
 */
void aof_keep_history(struct aof *a, bool keep);
/* Writes the manifest's file anew: for one that is not the AOF's own yet.  LK_EIO and errno */
LK_MUST_USE int aof_write_manifest(struct aof *a, const struct aof_manifest *m);
/* Before the log thread runs: the files of a manifest that was found while the file stays off. */
void aof_know(struct aof *a, struct aof_manifest *m);

LK_END

#endif
