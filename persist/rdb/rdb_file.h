/*
 * rdb_file.h — an RDB as a file that is there whole or not at all.
 *
 *   create  temp-<pid>.rdb    write … patch …    commit: fsync, rename, fsync of the directory
 *                                                abort: unlink
 *
 * Until the rename nobody sees the new file, and an old one of the name stays as it is.  The
 * temporary file is gone after every failure that leaves a directory to remove it from.
 *
 * While it is written, finished stretches are sent to the disk (rdb-save-incremental-fsync), so
 * that the last fsync does not meet gigabytes and stall everybody else's.
 *
 * Errors   LK_EIO, and in `error` what failed and why
 * Threads  one owner at a time; two files being written in one directory need different names
 */
#ifndef LK_PERSIST_RDB_FILE_H
#define LK_PERSIST_RDB_FILE_H

#include "persist/file_ops.h"
#include "persist/rdb/rdb_load.h"
#include "persist/rdb/rdb_out.h"

LK_BEGIN

enum { RDB_FILE_STRETCH_BYTES = 4 * 1024 * 1024, RDB_FILE_ERROR_CHARS = 256 };

struct rdb_file {
    const struct file_ops *ops;
    char *directory, *temp; /* temp is a path */
    int fd;
    bool incremental;
    uint64_t written, sent; /* bytes; those that are on their way to the disk */
    char error[RDB_FILE_ERROR_CHARS];
};

struct rdb_file_options {
    const char *directory;
    const char *temp_name; /* NULL: temp-<pid>.rdb */
    bool incremental_fsync;
};

/* On failure there is no file, and nothing to abort. */
LK_MUST_USE int rdb_file_create(struct rdb_file *f, const struct file_ops *ops,
                                const struct rdb_file_options *options);
/* Where an rdb_out writes. */
struct rdb_sink rdb_file_sink(struct rdb_file *f);
/* Ends the file's life here, under its final name or not at all. */
LK_MUST_USE int rdb_file_commit(struct rdb_file *f, const char *name);
void rdb_file_abort(struct rdb_file *f);

/* A file that is read.  Give `in` to rdb_load, and look there for errors and progress. */
struct rdb_file_in {
    struct rdb_in in;
    const struct file_ops *ops;
    int fd; /* stands behind the window: rdb_in_rest, then whatever the file has beyond */
};

/* LK_ENOKEY: there is no such file.  LK_EIO: errno says why it cannot be opened. */
LK_MUST_USE int rdb_file_open(struct rdb_file_in *f, const struct file_ops *ops, const char *path);
void rdb_file_close(struct rdb_file_in *f);

LK_END

#endif
