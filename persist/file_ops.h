/*
 * file_ops.h — the file system, as far as persistence asks for it.
 *
 * Everything that can fail goes through this table, so that a test can let the n-th call fail, or
 * put a simulated file system behind it.
 *
 * Errors   -1 and errno, as the system calls of these names; short reads and writes happen, EINTR
 *          does too
 * Threads  any
 */
#ifndef LK_PERSIST_FILE_OPS_H
#define LK_PERSIST_FILE_OPS_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

LK_BEGIN

struct file_ops {
    int (*open)(void *ctx, const char *path, int flags, unsigned mode);
    int (*close)(void *ctx, int fd);
    int64_t (*read)(void *ctx, int fd, void *data, size_t size);
    int64_t (*write)(void *ctx, int fd, const void *data, size_t size);
    int64_t (*write_at)(void *ctx, int fd, const void *data, size_t size, uint64_t offset);
    int64_t (*size)(void *ctx, int fd); /* -1 with ESPIPE: not a regular file */
    int (*seek)(void *ctx, int fd, uint64_t offset);
    int (*truncate)(void *ctx, int fd, uint64_t size);
    int (*sync)(void *ctx, int fd);
    int (*sync_data)(void *ctx, int fd); /* of the file's times, what reading it needs only */
    /* Begins to write the range back; with wait, also waits until it is written.  No promise of
     * durability: that is sync's. */
    int (*write_back)(void *ctx, int fd, uint64_t offset, uint64_t size, bool wait);
    int (*rename)(void *ctx, const char *from, const char *to);
    int (*unlink)(void *ctx, const char *path);
    void *ctx;
};

extern const struct file_ops file_ops_system;

/* All of the bytes, at the file's position or at an offset.  LK_OK, or LK_EIO and errno. */
LK_MUST_USE int file_write_all(const struct file_ops *ops, int fd, const void *data, size_t size);
LK_MUST_USE int file_write_all_at(const struct file_ops *ops, int fd, const void *data, size_t size,
                                  uint64_t offset);
/* At least one byte, or *got 0 at the end. */
LK_MUST_USE int file_read_some(const struct file_ops *ops, int fd, void *data, size_t size,
                               size_t *got);
/* What makes names in a directory last. */
LK_MUST_USE int file_sync_directory(const struct file_ops *ops, const char *path);

LK_END

#endif
