/*
 * aof.c — batches of the log into the INCR file.
 */
#include "persist/aof/aof.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/crc64.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/store/shard.h"
#include "persist/aof/aof_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    CRC_EVERY_BYTES = 64 * 1024,
    RETRY_NS = 100000000,
};

struct aof *aof_new(const struct aof_options *options, struct log_ring *ring)
{
    struct aof *a = mem_new(struct aof);
    a->ops = options->ops;
    a->directory = mem_strdup(options->directory);
    a->filename = mem_strdup(options->filename);
    a->ring = ring;
    a->fd = a->locked.ready.fd = -1;
    a->locked.held_back = UINT64_MAX;
    a->faulted = options->faulted;
    a->ctx = options->ctx;
    a->watch = options->watch;
    a->timestamps = options->timestamps;
    pthread_mutex_init(&a->naming, NULL);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    aof_set_fsync(a, options->fsync);
    LK_ASSERT(pthread_create(&a->syncer, NULL, aof_sync_run, a) == 0);
    return a;
}

void aof_set_timestamps(struct aof *a, bool on)
{
    store_relaxed(&a->timestamps, on);
}

void aof_set_delay(struct aof *a, int64_t delay_us)
{
    store_relaxed(&a->delay_us, delay_us);
}

/* --- writing --------------------------------------------------------------------------------- */

static size_t put_annotations(struct aof *a)
{
    char line[ANNOTATION_MAX];
    size_t n = aof_put_after(a);
    n += a->crc_bytes >= CRC_EVERY_BYTES ? aof_put_crc_now(a) : 0;
    const int64_t now_s = clock_unix_ms() / 1000;
    if (load_relaxed(&a->timestamps) && now_s != a->stamped_s) {
        const size_t m = (size_t)snprintf(line, sizeof line, "#TS:%lld\r\n", (long long)now_s);
        a->stamped_s = now_s;
        aof_put(a, bytes_of(line, m));
        n += m;
    }
    return n;
}

/*
 * Nothing of what came last is for the file: it is as durable as what is before it, and needs no
 * write and no sync.
 */
static void aof_passed(void *ctx, uint64_t ticket)
{
    struct aof *a = ctx;
    a->kept_ticket = ticket;
    if (a->pending.size > 0)
        return; /* told with what is kept */
    shard_tell_retry(log_ring_publish_written(a->ring, ticket));
    pthread_mutex_lock(&a->lock);
    const bool all_synced = a->fd < 0 || a->locked.synced >= a->locked.written;
    a->locked.written = ticket;
    if (all_synced) {
        a->locked.synced = ticket;
        aof_publish(a);
    }
    pthread_mutex_unlock(&a->lock);
}

static void write_batch(void *ctx, struct bytes b, uint64_t offset, uint64_t ticket)
{
    struct aof *a = ctx;
    (void)offset;
    LK_ASSERT(ticket > a->kept_ticket);
    if (a->fd < 0) {
        aof_passed(a, ticket); /* it goes nowhere */
        return;
    }
    a->kept_ticket = ticket;
    const int64_t delay_us = load_relaxed(&a->delay_us);
    if (delay_us > 0)
        usleep((useconds_t)delay_us);
    const size_t extra = put_annotations(a);
    aof_put(a, b);
    a->crc = crc64(a->crc, b.data, b.size);
    a->crc_bytes += b.size;
    if (a->pending.size == 0)
        shard_tell_retry(log_ring_publish_written(a->ring, ticket));

    pthread_mutex_lock(&a->lock);
    a->locked.size += extra + b.size;
    a->locked.size_since_turn += extra + b.size;
    a->locked.file_written = a->file_bytes;
    if (a->pending.size == 0)
        a->locked.written = ticket;
    const bool sync_now = load_relaxed(&a->policy) == AOF_FSYNC_ALWAYS;
    if (!sync_now && a->locked.resting)
        pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    if (sync_now && a->pending.size == 0)
        aof_sync_now(a);
}

static int64_t aof_tick(void *ctx)
{
    struct aof *a = ctx;
    if (a->pending.size == 0)
        return -1;
    const int64_t wait = RETRY_NS - (int64_t)((uint64_t)clock_mono_ns() - a->retry_ns);
    if (wait > 0)
        return wait;
    aof_put_again(a);
    if (a->pending.size > 0)
        return RETRY_NS;
    shard_tell_retry(log_ring_publish_written(a->ring, a->kept_ticket));
    pthread_mutex_lock(&a->lock);
    /* Batches that came meanwhile were kept behind what could not be written. */
    a->locked.file_written = a->file_bytes;
    a->locked.written = a->kept_ticket;
    pthread_mutex_unlock(&a->lock);
    if (load_relaxed(&a->policy) == AOF_FSYNC_ALWAYS)
        aof_sync_now(a);
    return -1;
}

static void aof_take_marker(void *ctx, const struct log_record *marker, uint64_t offset)
{
    (void)offset;
    if (marker->kind == LOG_ROTATE)
        aof_take_turn(ctx, marker->data, marker->ticket);
}

static bool aof_is_eager(void *ctx)
{
    const struct aof *a = ctx;
    return load_relaxed(&a->policy) == AOF_FSYNC_ALWAYS;
}

struct log_sink aof_sink(struct aof *a)
{
    return (struct log_sink){.to = LOG_TO_AOF,
                             .write = write_batch,
                             .passed = aof_passed,
                             .marker = aof_take_marker,
                             .tick = aof_tick,
                             .eager = aof_is_eager,
                             .ctx = a};
}

/* --- the end --------------------------------------------------------------------------------- */

void aof_free(struct aof *a)
{
    if (a->pending.size > 0)
        aof_put_again(a);
    pthread_mutex_lock(&a->lock);
    a->locked.stop = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->syncer, NULL);
    if (a->fd >= 0) {
        if (a->ops->sync(a->ops->ctx, a->fd) != 0)
            trace_line(TRACE_WARNING, "AOF fsync error: %s", strerror(errno));
        a->ops->close(a->ops->ctx, a->fd);
    }
    aof_drop_ready(a);
    buf_release(&a->pending);
    aof_manifest_release(&a->locked.manifest);
    pthread_mutex_destroy(&a->naming);
    pthread_mutex_destroy(&a->lock);
    pthread_cond_destroy(&a->changed);
    mem_strfree(a->directory);
    mem_strfree(a->filename);
    mem_delete(a);
}

struct aof_report aof_report_get(struct aof *a)
{
    pthread_mutex_lock(&a->lock);
    const struct aof_report r = {.on = a->fd >= 0,
                                 .write_failed = a->locked.write_error != 0,
                                 .sync_failed = a->locked.broken,
                                 .size = a->locked.base_size + a->locked.size,
                                 .base_size = a->locked.base_size,
                                 .buffered = a->locked.buffered,
                                 .delayed_syncs = a->locked.delayed_syncs,
                                 .syncing = a->locked.syncing};
    pthread_mutex_unlock(&a->lock);
    return r;
}
