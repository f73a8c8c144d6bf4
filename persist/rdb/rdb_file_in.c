/*
 * rdb_file_in.c — a file as the source of a reader.
 */
#include "persist/rdb/rdb_file.h"

#include <errno.h>
#include <fcntl.h>

static int read_source(void *ctx, void *data, size_t size, size_t *got)
{
    const struct rdb_file_in *f = ctx;
    return file_read_some(f->ops, f->fd, data, size, got);
}

int rdb_file_open(struct rdb_file_in *f, const struct file_ops *ops, const char *path)
{
    const int fd = ops->open(ops->ctx, path, O_RDONLY, 0);
    if (fd < 0)
        return errno == ENOENT ? LK_ENOKEY : LK_EIO;
    int64_t size = ops->size(ops->ctx, fd);
    if (size < 0 && errno != ESPIPE) {
        const int why = errno;
        ops->close(ops->ctx, fd);
        errno = why;
        return LK_EIO;
    }
    *f = (struct rdb_file_in){.ops = ops, .fd = fd};
    const struct rdb_source source = {read_source, f, size < 0 ? RDB_SIZE_UNKNOWN : (uint64_t)size};
    rdb_in_init(&f->in, &source, RDB_IN_WINDOW_BYTES);
    return LK_OK;
}

void rdb_file_close(struct rdb_file_in *f)
{
    rdb_in_release(&f->in);
    /* Nothing was written, so nothing can be lost. */
    (void)f->ops->close(f->ops->ctx, f->fd);
    f->fd = -1;
}
