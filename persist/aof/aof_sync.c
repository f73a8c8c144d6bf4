/*
 * aof_sync.c — from written to durable.
 *
 * Under `always` the log thread syncs each batch itself.  Otherwise a thread of its own does, so
 * that a slow disk holds up no batch: under everysec once a second, and in any case before it
 * closes a file that is full.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/store/shard.h"
#include "persist/aof/aof_priv.h"

#include <errno.h>
#include <string.h>

void aof_publish(struct aof *a)
{
    const uint64_t synced = a->locked.synced, held_back = a->locked.held_back;
    if (!a->locked.broken)
        shard_tell_retry(
            log_ring_publish_durable(a->ring, synced < held_back ? synced : held_back));
}

/* In lock.  The system may have thrown away what it could not write: no second try would tell. */
static void sync_failed(struct aof *a, int error, bool is_current)
{
    if (!a->locked.broken)
        trace_line(TRACE_WARNING,
                   "AOF fsync error: %s. Writes are refused until a rewrite succeeds.",
                   strerror(error));
    if (is_current || !a->locked.broken)
        a->locked.broken_turn = is_current ? a->locked.turned : UINT64_MAX;
    a->locked.broken = true;
    aof_set_fault(a, error);
}

/* What a sync that begins now makes durable. */
struct sync_scope {
    int fd;
    uint64_t ticket, bytes;
};

/* In lock. */
static struct sync_scope scope_of(const struct aof *a)
{
    return (struct sync_scope){a->fd, a->locked.written, a->locked.file_written};
}

/* In lock.  The file may have left meanwhile. */
static void sync_ended(struct aof *a, const struct sync_scope *scope, int error)
{
    const bool is_current = scope->fd == a->fd;
    if (error) { /* unless a base has taken its place: then it is of no use to anybody */
        if (is_current || scope->ticket > a->locked.adopted)
            sync_failed(a, error, is_current);
        return;
    }
    /* The file says so itself, and then all before it must be durable too. */
    if (is_current && !a->locked.leaving && !a->locked.broken)
        a->locked.file_synced = scope->bytes;
    if (scope->ticket > a->locked.synced)
        a->locked.synced = scope->ticket;
    aof_publish(a);
}

void aof_sync_now(struct aof *a)
{
    const int64_t begun_ns = stall_begin(&a->watch);
    const int error = a->ops->sync_data(a->ops->ctx, a->fd) == 0 ? 0 : errno;
    stall_end(&a->watch, STALL_AOF_SYNC, begun_ns);
    pthread_mutex_lock(&a->lock);
    const struct sync_scope scope = scope_of(a); /* nobody else writes */
    sync_ended(a, &scope, error);
    pthread_mutex_unlock(&a->lock);
}

void aof_set_fsync(struct aof *a, enum aof_fsync fsync)
{
    const bool always = fsync == AOF_FSYNC_ALWAYS;
    pthread_mutex_lock(&a->lock);
    store_relaxed(&a->policy, fsync);
    log_ring_set_awaited(a->ring, always);
    /* Who waits for a sync that need not come any more, or that nobody would begin. */
    if (!always)
        shard_tell_retry(log_ring_publish_durable(a->ring, 0));
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    log_ring_wake(a->ring);
}

void aof_hold_fsync(struct aof *a, bool hold)
{
    pthread_mutex_lock(&a->lock);
    a->locked.hold = hold;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

/* --- the thread; everything below in lock, but while it syncs --------------------------------- */

/* Returns errno, 0: it went well. */
static int sync_apart(struct aof *a, int fd)
{
    a->locked.syncing = true;
    store_relaxed(&a->syncing, 1);
    pthread_mutex_unlock(&a->lock);
    const int64_t start_ns = clock_mono_ns();
    const int error = a->ops->sync_data(a->ops->ctx, fd) == 0 ? 0 : errno;
    const bool slow = clock_mono_ns() - start_ns > 1000000000;
    pthread_mutex_lock(&a->lock);
    a->locked.syncing = false;
    store_relaxed(&a->syncing, 0);
    a->locked.delayed_syncs += slow;
    return error;
}

/* Files whose place a base has taken meanwhile are of no use to anybody. */
static void close_leaving(struct aof *a)
{
    while (a->locked.leaving) {
        struct aof_leaving *l = a->locked.leaving;
        const int error = sync_apart(a, l->fd);
        if (error && l->ticket > a->locked.adopted)
            sync_failed(a, error, false);
        a->locked.leaving = l->next;
        if (!l->next) {
            a->locked.held_back = UINT64_MAX;
            aof_publish(a);
        }
        a->ops->close(a->ops->ctx, l->fd);
        mem_delete(l);
    }
}

static bool is_behind(const struct aof *a)
{
    const uint32_t policy = load_relaxed(&a->policy);
    return a->fd >= 0 && a->locked.written > a->locked.synced && !a->locked.broken &&
           (policy == AOF_FSYNC_ALWAYS || (policy == AOF_FSYNC_EVERYSEC && !a->locked.hold));
}

static void wait_until(struct aof *a, int64_t mono_ns)
{
    const int64_t left = mono_ns - clock_mono_ns();
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    const int64_t ns = at.tv_nsec + (left > 0 ? left : 0);
    at.tv_sec += ns / 1000000000;
    at.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(&a->changed, &a->lock, &at);
}

void *aof_sync_run(void *aof)
{
    struct aof *a = aof;
    int64_t next_ns = 0;
    pthread_mutex_lock(&a->lock);
    for (;;) {
        close_leaving(a);
        if (a->locked.stop)
            break;
        if (!is_behind(a)) {
            a->locked.resting = true;
            pthread_cond_wait(&a->changed, &a->lock);
            a->locked.resting = false;
        } else if (clock_mono_ns() < next_ns) {
            wait_until(a, next_ns);
        } else {
            next_ns = clock_mono_ns() + 1000000000;
            const struct sync_scope scope = scope_of(a);
            sync_ended(a, &scope, sync_apart(a, scope.fd));
        }
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}
