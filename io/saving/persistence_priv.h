/*
 * persistence_priv.h — the inside of persistence, for persistence*.c.
 */
#ifndef LK_IO_PERSISTENCE_PRIV_H
#define LK_IO_PERSISTENCE_PRIV_H

#include "io/saving/persistence.h"
#include "io/saving/rewrite_limit.h"
#include "persist/aof/aof_load.h"
#include "persist/log_thread.h"
#include "persist/saver.h"

#include <pthread.h>

LK_BEGIN

/* A client that waits for a SAVE. */
struct save_waiter {
    struct save_waiter *next;
    uint32_t worker;
    uint64_t session_id;
};

struct persistence {
    struct persistence_parts parts;
    struct aof *aof;
    struct log_thread *log;
    const struct log_sink *stream_sink; /* NULL: nobody replicates */
    const struct saver_stream *stream;
    struct { /* what the RDB that is being loaded says of the stream; its first reader's */
        char id[41];
        int64_t offset, db;
        bool has_db;
        uint32_t
            found; /* __atomic: all three; keys that are past are kept, as replicas have them */
    } place;
    struct saver *saver;
    char *aof_directory;
    struct aof_manifest found; /* at the start, if there was one */
    bool load_aof, load_rdb;

    uint64_t loaded_bytes, load_total, load_began_ms; /* __atomic, relaxed */
    uint64_t loaded_keys, load_expired, load_empty;   /* the same */
    uint32_t beginning;                               /* __atomic: the AOF is to begin */
    uint32_t turning_off;    /* __atomic: the AOF is about to end; set before beginning is undone */
    uint64_t asked, settled; /* __atomic: changes of appendonly: made, and taken notice of */
    uint32_t flushed;     /* __atomic: FLUSHALL was here, and its changes are not to be counted */
    uint32_t busy;        /* __atomic: the last save, or a load, is under way: begin nothing */
    uint32_t partial;     /* __atomic: a load has failed: the files are better than what is here */
    uint32_t snapshot;    /* __atomic: one is being written */
    int64_t key_delay_us; /* __atomic: rdb-key-save-delay, as cron has seen it */
    uint32_t async_loading;      /* __atomic: new data are loaded beside those that are served */
    uint32_t end_asked;          /* __atomic: the last save is under way */
    uint32_t end_undone;         /* __atomic: somebody wants it to go on after all */
    int64_t last_rewrite_try_ms; /* cron's */
    struct rewrite_limit rewrite_limit;         /* cron's */
    uint32_t save_scheduled, rewrite_scheduled; /* __atomic */
    pthread_mutex_t fault_lock; /* whoever sets write_fault, from looking to storing */
    pthread_mutex_t aof_lock;   /* whoever begins or ends the AOF; not under the gate */
    bool aof_held;              /* aof_lock */
    pthread_mutex_t lock;
    struct save_waiter *save_waiters; /* lock */
};

static inline const struct config *persistence_config(const struct persistence *p)
{
    return config_current(p->parts.config);
}

/* --- persistence_load.c ---------------------------------------------------------------------- */

/* Looks for files; false: the log says what is wrong. */
bool persistence_find(struct persistence *p);
/* LK_ENOKEY: there is none; other errors: the log says what is wrong. */
int persistence_read_manifest(struct persistence *p, struct aof_manifest *out);
/*
 * Loads the files of the manifest, or the RDB if that is NULL, into what is there.  merge: the file
 * has the last word about keys.  False: the log says what is wrong.
 */
bool persistence_read(struct persistence *p, const struct aof_manifest *m, bool merge,
                      struct aof_load_result *result);

/* --- persistence.c --------------------------------------------------------------------------- */

/* Holds writes back, like CLIENT PAUSE, or lets them go on. */
void persistence_pause_writes(struct persistence *p, enum pause_purpose purpose, bool on);
/* Asks the saver for a job beside the running server; false: not now. */
bool persistence_begin_here(struct persistence *p, enum saver_kind job, enum saver_when when);
/* The log still goes to the file that CONFIG SET has turned off, for a moment. */
bool persistence_is_turning_off(struct persistence *p);
/*
 * CONFIG SET has turned the file on, and the rewrite that begins it has not ended well; or the file
 * that is on is still the one before, which CONFIG SET has turned off in between.
 */
bool persistence_is_turning_on(struct persistence *p, const struct aof_report *a);
/* A FLUSHALL since the last look is no change that a save would have to save. */
void persistence_take_flushed(struct persistence *p);
/* Of the data set, by all, so far. */
uint64_t persistence_changes(struct persistence *p);
/* Outside the gate: the AOF is off, and stays so until it is released. */
void persistence_hold_aof(struct persistence *p);
void persistence_release_aof(struct persistence *p);
/* Ends what the saver is doing, then saves the RDB; false: the log says why not. */
bool persistence_save_now(struct persistence *p);

LK_END

#endif
