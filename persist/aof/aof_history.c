/*
 * aof_history.c — files that a new base has replaced.
 *
 * The manifest names them until they are gone, so that a crash between the two leaves nothing
 * behind.
 */
#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "persist/aof/aof_priv.h"

#include <errno.h>
#include <string.h>

static void delete_history(struct aof *a, const struct aof_manifest *m)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->files[i].kind != AOF_HISTORY)
            continue;
        char *path = aof_path(a, m->files[i].name);
        if (a->ops->unlink(a->ops->ctx, path) != 0 && errno != ENOENT)
            trace_line(TRACE_NOTICE, "Failed to remove the old AOF file %s: %s", path,
                       strerror(errno));
        mem_strfree(path);
    }
}

void aof_drop_history(struct aof *a)
{
    struct aof_manifest m;
    pthread_mutex_lock(&a->lock);
    const bool listed = a->locked.ready.fd >= 0 && a->locked.ready.listed;
    const bool unlisted = a->locked.unlisted;
    aof_manifest_copy(listed ? &a->locked.ready.manifest : &a->locked.manifest, &m);
    pthread_mutex_unlock(&a->lock);
    const size_t before = m.count;
    if (!unlisted) {
        delete_history(a, &m);
        aof_manifest_drop_history(&m);
    }
    if (m.count < before) {
        if (aof_write_manifest(a, &m) != LK_OK)
            trace_line(TRACE_WARNING, "The AOF manifest still names files that are gone: %s",
                       strerror(errno));
        pthread_mutex_lock(&a->lock);
        aof_manifest_drop_history(&a->locked.manifest);
        if (listed)
            aof_manifest_drop_history(&a->locked.ready.manifest);
        pthread_mutex_unlock(&a->lock);
    }
    aof_manifest_release(&m);
}

void aof_keep_history(struct aof *a, bool keep)
{
    if (exchange_relaxed(&a->keep_history, keep) == keep || keep)
        return;
    pthread_mutex_lock(&a->naming);
    aof_drop_history(a);
    pthread_mutex_unlock(&a->naming);
}
