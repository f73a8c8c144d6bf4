/*
 * aof_load.h — what an append-only file holds, given away command by command.
 *
 *   manifest --> base: an RDB (with commands behind it, in old files), or commands
 *            --> each INCR file in order: commands and annotations
 *
 * A file may end in the middle of a command, or inside MULTI … EXEC, or in what a file system
 * leaves behind the last sync (aof_tail.h), as a crash leaves it: the last one that is not empty,
 * or one behind which nothing was durable (aof_chain.h), and only if that is allowed; then it is
 * cut where the last sound unit ends, and what stands in files behind it is left out.  Anything
 * else that is wrong is an error: which file, at which byte, and why.
 *
 * Threads  one owner at a time
 */
#ifndef LK_PERSIST_AOF_LOAD_H
#define LK_PERSIST_AOF_LOAD_H

#include "persist/aof/aof_manifest.h"
#include "persist/file_ops.h"
#include "persist/rdb/rdb_load.h"

LK_BEGIN

/* So many commands come at once, at most: their receiver can fetch the memory of all of them. */
enum { AOF_LOAD_BATCH = 16 };

struct aof_command {
    const struct bytes *argv;
    uint32_t n;
};

struct aof_receiver {
    /*
     * In order, MULTI and EXEC like the others.  Anything but LK_OK ends the load; error takes
     * why, *done how many went well.
     */
    int (*commands)(void *ctx, const struct aof_command *v, uint32_t n, uint32_t *done,
                    struct buf *error);
    const struct rdb_receiver *rdb;
    /* Now and then: bytes read of all files, and of how many.  May be NULL. */
    void (*progress)(void *ctx, uint64_t read, uint64_t total);
    void *ctx;
};

struct aof_load_options {
    const struct file_ops *ops;
    const char *directory;
    bool truncated_ok;         /* aof-load-truncated */
    uint64_t corrupt_tail_max; /* aof-load-corrupt-tail-max-size: of what is cut in any case */
    int64_t until_unix_s;      /* commands behind a later timestamp are left out; 0: none are */
    bool only_look;            /* cut nothing */
};

struct aof_load_result {
    uint64_t commands;
    uint64_t base_bytes, incr_bytes; /* sizes, as loaded */
    bool truncated;
    const struct aof_file *file; /* the one that was truncated, or that is wrong */
    uint64_t offset;             /* where it was cut, or the error is */
    uint64_t sound;              /* where the last whole unit before that ends */
    bool ends;                   /* nothing that counts stands behind that file */
    bool again;                  /* it was cut before what was given away: load it anew */
    bool in_rdb;                 /* the error is in an RDB, of which no part stands alone */
};

/*
 * Reads all files of the manifest.  LK_EIO: a file is missing or cannot be read.  LK_EFORMAT: it is
 * not what it should be.  Both: error has a line for people.
 */
LK_MUST_USE int aof_load(const struct aof_manifest *m, const struct aof_load_options *options,
                         const struct aof_receiver *receiver, struct aof_load_result *result,
                         struct buf *error);

LK_END

#endif
