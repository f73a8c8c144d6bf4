/*
 * aof_manifest_file.c — where a file of the log lies, and how the manifest is put in its place.
 */
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "persist/aof/aof_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

char *aof_path(const struct aof *a, const char *name)
{
    struct buf b = {0};
    LK_ASSERT(name[0] != '\0');
    buf_printf(&b, "%s/%s", a->directory, name);
    buf_append_char(&b, '\0');
    char *path = mem_strdup(b.data);
    buf_release(&b);
    return path;
}

static int aof_manifest_file_write_file(struct aof *a, const char *path, struct bytes text)
{
    const struct file_ops *ops = a->ops;
    const int fd = ops->open(ops->ctx, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0)
        return LK_EIO;
    int rc = file_write_all(ops, fd, text.data, text.size);
    if (rc == LK_OK && ops->sync(ops->ctx, fd) != 0)
        rc = LK_EIO;
    const int why = errno;
    if (ops->close(ops->ctx, fd) != 0 && rc == LK_OK)
        return LK_EIO;
    errno = why;
    return rc;
}

int aof_write_manifest(struct aof *a, const struct aof_manifest *m)
{
    struct buf name = {0}, text = {0};
    buf_printf(&name, "%s.manifest", a->filename);
    buf_append_char(&name, '\0');
    char *path = aof_path(a, name.data);
    buf_release(&name);
    buf_printf(&name, "temp-%s.manifest", a->filename);
    buf_append_char(&name, '\0');
    char *temp = aof_path(a, name.data);
    buf_release(&name);

    aof_manifest_print(m, &text);
    int rc = aof_manifest_file_write_file(a, temp, buf_bytes(&text));
    if (rc == LK_OK && a->ops->rename(a->ops->ctx, temp, path) != 0)
        rc = LK_EIO;
    if (rc == LK_OK)
        rc = file_sync_directory(a->ops, a->directory);
    const int why = errno;
    if (rc != LK_OK)
        a->ops->unlink(a->ops->ctx, temp);
    errno = why;
    mem_strfree(path);
    mem_strfree(temp);
    buf_release(&text);
    return rc;
}
