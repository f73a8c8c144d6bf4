/*
 * cmd_sentinel_lock.c — what every command of SENTINEL does: the lock, the master, the file.
 */
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/exec.h"
#include "io/sentinel/cmd_sentinel.h"

static struct sentinel_service *service_of(const struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->fixed.sentinel;
}

struct sentinel_service *sentinel_lock(const struct exec *x)
{
    struct sentinel_service *v = service_of(x);
    LK_ASSERT(v);
    pthread_mutex_lock(&v->lock);
    return v;
}

enum outcome sentinel_unlock(struct sentinel_service *v)
{
    pthread_mutex_unlock(&v->lock);
    return RUN_DONE;
}

struct sentinel_master *sentinel_master_named(const struct sentinel_service *v, struct bytes name)
{
    struct sentinel_master *m = v->machine.masters;
    while (m && !bytes_equal(name, bytes_cstr(m->name)))
        m = m->next;
    return m;
}

struct sentinel_master *sentinel_master_wanted(struct exec *x, const struct sentinel_service *v,
                                               const struct args *a)
{
    struct sentinel_master *m = sentinel_master_named(v, a->v[2]);
    if (!m)
        reply_error(x->reply, "ERR No such master with that name");
    return m;
}

void sentinel_reply_saved(struct exec *x, struct sentinel_service *v)
{
    if (file_save(v))
        reply_ok(x->reply);
    else
        reply_error(x->reply, "ERR Failed to save config file. Check server logs.");
}
