/*
 * rdb_file.c — writing under a temporary name, and giving the final one.
 */
#include "persist/rdb/rdb_file.h"

#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { FILE_MODE = 0644 };

/* Notes what failed and why; keeps errno. */
static int rdb_file_fail(struct rdb_file *f, const char *what)
{
    const int why = errno;
    snprintf(f->error, sizeof f->error, "%s: %s", what, strerror(why));
    errno = why;
    return LK_EIO;
}

static char *rdb_file_path_of(const char *directory, const char *name)
{
    struct buf path = {0};
    buf_printf(&path, "%s/%s", directory, name);
    buf_append_char(&path, '\0');
    char *copy = mem_strdup(path.data);
    buf_release(&path);
    return copy;
}

static void rdb_file_release(struct rdb_file *f)
{
    mem_strfree(f->temp);
    mem_strfree(f->directory);
    f->temp = f->directory = NULL;
}

int rdb_file_create(struct rdb_file *f, const struct file_ops *ops,
                    const struct rdb_file_options *options)
{
    char own_name[64];
    snprintf(own_name, sizeof own_name, "temp-%d.rdb", (int)getpid());
    const char *name = options->temp_name ? options->temp_name : own_name;
    *f = (struct rdb_file){
        .ops = ops,
        .directory = mem_strdup(options->directory),
        .temp = rdb_file_path_of(options->directory, name),
        .incremental = options->incremental_fsync,
    };
    f->fd = ops->open(ops->ctx, f->temp, O_WRONLY | O_CREAT | O_TRUNC, FILE_MODE);
    if (f->fd >= 0)
        return LK_OK;
    const int rc = rdb_file_fail(f, "opening the temporary file");
    rdb_file_release(f);
    return rc;
}

/* Stretch n is sent when it is full; by then n - 1 should be there, and is waited for. */
static int send_stretches(struct rdb_file *f)
{
    while (f->written - f->sent >= RDB_FILE_STRETCH_BYTES) {
        const uint64_t stretch = RDB_FILE_STRETCH_BYTES, before = f->sent - stretch;
        if (f->ops->write_back(f->ops->ctx, f->fd, f->sent, stretch, false) != 0)
            return rdb_file_fail(f, "writing back");
        if (f->sent > 0 && f->ops->write_back(f->ops->ctx, f->fd, before, stretch, true) != 0)
            return rdb_file_fail(f, "writing back");
        f->sent += stretch;
    }
    return LK_OK;
}

static int write_sink(void *ctx, const void *data, size_t size)
{
    struct rdb_file *f = ctx;
    if (file_write_all(f->ops, f->fd, data, size) != LK_OK)
        return rdb_file_fail(f, "writing");
    f->written += size;
    return f->incremental ? send_stretches(f) : LK_OK;
}

static int patch_sink(void *ctx, uint64_t offset, const void *data, size_t size)
{
    struct rdb_file *f = ctx;
    if (file_write_all_at(f->ops, f->fd, data, size, offset) != LK_OK)
        return rdb_file_fail(f, "writing the header");
    return LK_OK;
}

struct rdb_sink rdb_file_sink(struct rdb_file *f)
{
    return (struct rdb_sink){write_sink, patch_sink, f};
}

/* After a failed close the descriptor is gone all the same. */
static int close_file(struct rdb_file *f)
{
    const int fd = f->fd;
    f->fd = -1;
    return f->ops->close(f->ops->ctx, fd) == 0 ? LK_OK : rdb_file_fail(f, "closing");
}

void rdb_file_abort(struct rdb_file *f)
{
    const int why = errno;
    if (!f->temp)
        return; /* a commit that failed has done it */
    if (f->fd >= 0)
        (void)f->ops->close(f->ops->ctx, f->fd);
    (void)f->ops->unlink(f->ops->ctx, f->temp); /* nothing more can be done about it */
    f->fd = -1;
    rdb_file_release(f);
    errno = why;
}

static int rdb_file_put_in_place(struct rdb_file *f, const char *path)
{
    if (f->ops->sync(f->ops->ctx, f->fd) != 0)
        return rdb_file_fail(f, "fsync");
    if (close_file(f) != LK_OK)
        return LK_EIO;
    if (f->ops->rename(f->ops->ctx, f->temp, path) != 0)
        return rdb_file_fail(f, "renaming the temporary file");
    return LK_OK;
}

int rdb_file_commit(struct rdb_file *f, const char *name)
{
    char *path = rdb_file_path_of(f->directory, name);
    int rc = rdb_file_put_in_place(f, path);
    mem_strfree(path);
    if (rc != LK_OK) {
        rdb_file_abort(f);
        return rc;
    }
    /* The new file is there, whole; only that it has this name may not outlive the machine. */
    if (file_sync_directory(f->ops, f->directory) != LK_OK)
        rc = rdb_file_fail(f, "fsync of the directory");
    rdb_file_release(f);
    return rc;
}
