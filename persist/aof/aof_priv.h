/*
 * aof_priv.h — the inside of the append-only file, for aof*.c.
 */
#ifndef LK_PERSIST_AOF_PRIV_H
#define LK_PERSIST_AOF_PRIV_H

#include "persist/aof/aof.h"

#include <pthread.h>

LK_BEGIN

/* A file that is full, to be synced and closed. */
struct aof_leaving {
    struct aof_leaving *next;
    int fd;
    uint64_t ticket; /* of the turn that ended it */
};

/* The INCR file that the next turn goes on with: there, synced and named. */
struct aof_ready {
    int fd; /* -1: none */
    bool listed;
    struct aof_manifest manifest;
};

struct aof {
    const struct file_ops *ops;
    char *directory, *filename;
    struct log_ring *ring;
    uint32_t policy;       /* __atomic: enum aof_fsync */
    uint32_t timestamps;   /* __atomic */
    uint32_t keep_history; /* __atomic */
    int64_t delay_us;      /* __atomic: before each batch, for tests */
    const char *fault;     /* __atomic: a text that lives for ever, or NULL */
    void (*faulted)(void *ctx, const char *line);
    void *ctx;
    struct stall_watch watch;
    uint32_t syncing; /* __atomic: as locked.syncing, for who asks without the lock */

    /* The log thread's; others only in lock, and it itself changes fd only in lock. */
    int fd;             /* -1: off */
    struct buf pending; /* what a failed write has left */
    int64_t stamped_s;  /* of the last #TS */
    uint64_t crc, crc_bytes;
    uint64_t file_bytes;  /* in the file so far */
    int64_t file_seq;     /* its number */
    int64_t after_seq;    /* of the last file before it that is not empty, 0: none; */
    uint64_t after_bytes; /* of that many bytes: */
    bool says_after;      /* its first line has still to say so */
    uint64_t retry_ns;    /* of the last try to write pending */
    uint64_t kept_ticket; /* all up to it is written or pending */

    pthread_mutex_t naming; /* held, before lock, by whoever writes the manifest's file */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t syncer;
    struct {
        struct aof_manifest manifest;
        struct aof_ready ready;
        bool unlisted;            /* the manifest file does not name the last INCR file yet */
        uint64_t size;            /* of the INCR files since the base */
        uint64_t size_since_turn; /* of the last of them */
        uint64_t base_size;
        uint64_t file_written, file_synced; /* bytes of the file that is written */
        uint64_t written;                   /* ticket: all up to it is in files */
        uint64_t synced;                    /* ticket: all up to it was synced */
        uint64_t turned;    /* ticket of the last rotation: a new base has all up to it */
        uint64_t adopted;   /* ticket of the last rotation that a base stands for */
        uint64_t held_back; /* while files leave: only tickets up to it are known to be durable */
        bool broken;        /* something is missing in the files: nothing is known to be durable */
        uint64_t broken_turn; /* `turned` of the file that is broken, if no turn has come since */
        bool syncing, hold, stop;
        bool resting; /* the thread waits for something to sync */
        uint64_t delayed_syncs;
        uint64_t buffered;
        int write_error;
        int fault_error; /* 0: none */
        int64_t fault_since_ns;
        struct aof_leaving *leaving;
    } locked; /* lock */
};

/* --- aof_fault.c ----------------------------------------------------------------------------- */

void aof_set_fault(struct aof *a, int error); /* 0: none; in lock */

/* --- aof_write.c ----------------------------------------------------------------------------- */

enum { ANNOTATION_MAX = 96 }; /* readers take lines of less than 128 bytes */

/* As much as can be written; what is not is kept in front of all that follows. */
void aof_put(struct aof *a, struct bytes b);
/* What was kept. */
void aof_put_again(struct aof *a);
/* The CRC of the bytes since the last one, even if there are none; returns the line's size. */
size_t aof_put_crc_now(struct aof *a);
/* The same, if there are any. */
void aof_put_crc(struct aof *a);
/* Begins to count them anew. */
void aof_put_crc_of_none(struct aof *a);
/* The first line of the file, if it must have one (aof_chain.h); returns its size. */
size_t aof_put_after(struct aof *a);

/* --- aof_manifest_file.c --------------------------------------------------------------------- */

char *aof_path(const struct aof *a, const char *name); /* mem_strdup */

/* --- aof_files.c ----------------------------------------------------------------------------- */

/* Closes the file that is ready, if there is one; in lock. */
void aof_drop_ready(struct aof *a);
/* At a LOG_ROTATE marker.  Waits for no disk, but under `always`. */
void aof_take_turn(struct aof *a, struct aof_turn_request *r, uint64_t ticket);

/* --- aof_history.c --------------------------------------------------------------------------- */

/* Deletes what the manifest names as history, then names it no more; in naming, or alone. */
void aof_drop_history(struct aof *a);

/* --- aof_sync.c ------------------------------------------------------------------------------ */

void *aof_sync_run(void *aof);    /* the sync thread */
void aof_sync_now(struct aof *a); /* the log thread's, which has written all it was given */
/* In lock: what was synced may be known, if the files as a whole are sound. */
void aof_publish(struct aof *a);

LK_END

#endif
