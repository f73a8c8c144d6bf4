/*
 * nodes_file.c — nodes.conf on the disk: whole or not at all.
 *
 * A second process with a copy of the file would be a second node of one name, with two votes.  So
 * the file is locked; as it is replaced by renaming, the lock is on a file of its own beside it.
 */
#include "core/base/trace.h"
#include "io/cluster/bus_priv.h"
#include "persist/file_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

int nodes_file_lock(const char *path)
{
    char lock[PATH_MAX];
    snprintf(lock, sizeof lock, "%s.lock", path);
    const int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        trace_line(TRACE_WARNING, "Can't open %s in order to acquire a lock: %s", lock,
                   strerror(errno));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (errno == EWOULDBLOCK)
        trace_line(TRACE_WARNING,
                   "Sorry, the cluster configuration file %s is already used by a different Redis "
                   "Cluster node. Please make sure that different nodes use different cluster "
                   "configuration files.",
                   path);
    else
        trace_line(TRACE_WARNING, "Impossible to lock %s: %s", lock, strerror(errno));
    close(fd);
    return -1;
}

bool nodes_file_read(const char *path, struct buf *out)
{
    const struct file_ops *ops = &file_ops_system;
    const int fd = ops->open(ops->ctx, path, O_RDONLY | O_CLOEXEC, 0);
    size_t got = 1;
    if (fd < 0 && errno == ENOENT)
        return false;
    while (fd >= 0 && got > 0) {
        char *to = buf_reserve(out, 65536);
        if (file_read_some(ops, fd, to, 65536, &got) != LK_OK)
            break;
        out->size += got;
    }
    if (fd < 0 || got > 0) {
        trace_line(TRACE_WARNING, "Loading the cluster node config from %s: %s", path,
                   strerror(errno));
        exit(1);
    }
    ops->close(ops->ctx, fd);
    return out->size > 0;
}

static bool nodes_file_fail(const char *what, const char *path, int fd)
{
    trace_line(TRACE_WARNING, "Could not %s the cluster config file %s: %s", what, path,
               strerror(errno));
    if (fd >= 0)
        close(fd);
    return false;
}

static bool nodes_file_sync_directory(const char *path)
{
    char directory[PATH_MAX];
    snprintf(directory, sizeof directory, "%s", path);
    return file_sync_directory(&file_ops_system, dirname(directory)) == LK_OK;
}

void nodes_file_sync(const char *path)
{
    const struct file_ops *ops = &file_ops_system;
    const int fd = ops->open(ops->ctx, path, O_RDONLY | O_CLOEXEC, 0);
    const bool synced = fd >= 0 && ops->sync(ops->ctx, fd) == 0;
    if (fd >= 0)
        ops->close(ops->ctx, fd);
    if (!synced || !nodes_file_sync_directory(path))
        nodes_file_fail("sync", path, -1);
}

bool nodes_file_write(const char *path, struct bytes text, bool sync)
{
    const struct file_ops *ops = &file_ops_system;
    char temporary[PATH_MAX];
    snprintf(temporary, sizeof temporary, "%s.tmp-%d", path, (int)getpid());
    const int fd = ops->open(ops->ctx, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return nodes_file_fail("open", temporary, -1);
    if (file_write_all(ops, fd, text.data, text.size) != LK_OK ||
        (sync && ops->sync(ops->ctx, fd) != 0)) {
        unlink(temporary);
        return nodes_file_fail("write", temporary, fd);
    }
    ops->close(ops->ctx, fd);
    if (ops->rename(ops->ctx, temporary, path) != 0) {
        unlink(temporary);
        return nodes_file_fail("rename", temporary, -1);
    }
    if (sync && !nodes_file_sync_directory(path))
        return nodes_file_fail("sync the directory of", path, -1);
    return true;
}
