/*
 * file_ops.c — the system's own files, and calls repeated until they are whole.
 */
#include "persist/file_ops.h"

#include "core/base/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_open(void *ctx, const char *path, int flags, unsigned mode)
{
    (void)ctx;
    return open(path, flags | O_CLOEXEC, (mode_t)mode);
}

static int system_close(void *ctx, int fd)
{
    (void)ctx;
    return close(fd);
}

static int64_t system_read(void *ctx, int fd, void *data, size_t size)
{
    (void)ctx;
    return read(fd, data, size);
}

static int64_t system_write(void *ctx, int fd, const void *data, size_t size)
{
    (void)ctx;
    return write(fd, data, size);
}

static int64_t system_write_at(void *ctx, int fd, const void *data, size_t size, uint64_t offset)
{
    (void)ctx;
    return pwrite(fd, data, size, (off_t)offset);
}

static int64_t system_size(void *ctx, int fd)
{
    struct stat s;
    (void)ctx;
    if (fstat(fd, &s) != 0)
        return -1;
    if (!S_ISREG(s.st_mode)) {
        errno = ESPIPE;
        return -1;
    }
    return s.st_size;
}

static int system_sync(void *ctx, int fd)
{
    (void)ctx;
    return fsync(fd);
}

static int system_seek(void *ctx, int fd, uint64_t offset)
{
    (void)ctx;
    return lseek(fd, (off_t)offset, SEEK_SET) < 0 ? -1 : 0;
}

static int system_truncate(void *ctx, int fd, uint64_t size)
{
    (void)ctx;
    return ftruncate(fd, (off_t)size);
}

static int system_sync_data(void *ctx, int fd)
{
    (void)ctx;
    return fdatasync(fd);
}

static int system_write_back(void *ctx, int fd, uint64_t offset, uint64_t size, bool wait)
{
    const unsigned flags =
        wait ? SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER
             : SYNC_FILE_RANGE_WRITE;
    (void)ctx;
    if (sync_file_range(fd, (off_t)offset, (off_t)size, flags) == 0)
        return 0;
    /* Some file systems and sandboxes have no such call. */
    return errno == ENOSYS || errno == EINVAL || errno == ESPIPE ? fdatasync(fd) : -1;
}

static int system_rename(void *ctx, const char *from, const char *to)
{
    (void)ctx;
    return rename(from, to);
}

static int system_unlink(void *ctx, const char *path)
{
    (void)ctx;
    return unlink(path);
}

const struct file_ops file_ops_system = {
    .open = system_open,
    .close = system_close,
    .read = system_read,
    .write = system_write,
    .write_at = system_write_at,
    .size = system_size,
    .seek = system_seek,
    .truncate = system_truncate,
    .sync = system_sync,
    .sync_data = system_sync_data,
    .write_back = system_write_back,
    .rename = system_rename,
    .unlink = system_unlink,
};

/* True if the call is to be made again; n < 0. */
static bool file_ops_interrupted(int64_t n)
{
    return n < 0 && errno == EINTR;
}

/* A write of nothing would be tried for ever. */
static int file_ops_failed(int64_t n)
{
    if (n == 0)
        errno = EIO;
    return LK_EIO;
}

int file_write_all(const struct file_ops *ops, int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        const int64_t n = ops->write(ops->ctx, fd, at, size);
        if (file_ops_interrupted(n))
            continue;
        if (n <= 0)
            return file_ops_failed(n);
        at += n;
        size -= (size_t)n;
    }
    return LK_OK;
}

int file_write_all_at(const struct file_ops *ops, int fd, const void *data, size_t size,
                      uint64_t offset)
{
    const char *at = data;
    while (size > 0) {
        const int64_t n = ops->write_at(ops->ctx, fd, at, size, offset);
        if (file_ops_interrupted(n))
            continue;
        if (n <= 0)
            return file_ops_failed(n);
        at += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return LK_OK;
}

int file_read_some(const struct file_ops *ops, int fd, void *data, size_t size, size_t *got)
{
    int64_t n;
    do
        n = ops->read(ops->ctx, fd, data, size);
    while (file_ops_interrupted(n));
    *got = n > 0 ? (size_t)n : 0;
    return n < 0 ? LK_EIO : LK_OK;
}

int file_sync_directory(const struct file_ops *ops, const char *path)
{
    const int fd = ops->open(ops->ctx, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return LK_EIO;
    const int synced = ops->sync(ops->ctx, fd), why = errno;
    const int closed = ops->close(ops->ctx, fd);
    if (synced != 0)
        errno = why;
    return synced == 0 && closed == 0 ? LK_OK : LK_EIO;
}
