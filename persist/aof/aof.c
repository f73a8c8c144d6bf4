/*
 * aof.c — batches of the log into the INCR file.
 */
#include "persist/aof/aof.h"

#include "core/base/clock.h"
#include "core/base/crc64.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/store/shard.h"
#include "persist/aof/aof_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    CRC_EVERY_BYTES = 64 * 1024,
    RETRY_NS = 100000000,
    ANNOTATION_MAX = 64, /* readers take lines of less than 128 bytes */
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
    __atomic_store_n(&a->timestamps, on, __ATOMIC_RELAXED);
}

/* --- writing --------------------------------------------------------------------------------- */

static void write_failed(struct aof *a, int error)
{
    pthread_mutex_lock(&a->lock);
    const bool first = a->locked.write_error == 0;
    a->locked.write_error = error;
    a->locked.buffered = a->pending.size;
    log_ring_set_failing(a->ring, true);
    aof_set_fault(a, error);
    pthread_mutex_unlock(&a->lock);
    if (first)
        log_line(LOG_WARNING, "Error writing to the AOF file: %s", strerror(error));
}

static void write_recovered(struct aof *a)
{
    pthread_mutex_lock(&a->lock);
    const bool was = a->locked.write_error != 0;
    a->locked.write_error = 0;
    a->locked.buffered = 0;
    log_ring_set_failing(a->ring, false);
    if (was && !a->locked.broken)
        aof_set_fault(a, 0);
    pthread_mutex_unlock(&a->lock);
    if (was)
        log_line(LOG_WARNING, "AOF write error looks solved. The server can write again.");
}

/* As much as can be written; what is not is kept in front of all that follows. */
static void put(struct aof *a, struct bytes b)
{
    if (a->pending.size > 0) {
        buf_append_bytes(&a->pending, b);
        return;
    }
    while (b.size > 0) {
        const int64_t n = a->ops->write(a->ops->ctx, a->fd, b.data, b.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            const int error = n < 0 ? errno : EIO;
            buf_append_bytes(&a->pending, b);
            a->retry_ns = clock_mono_ns();
            write_failed(a, error);
            return;
        }
        a->file_bytes += (uint64_t)n;
        b = bytes_of(b.data + n, b.size - (size_t)n);
    }
}

static void retry(struct aof *a)
{
    struct buf left = a->pending;
    memset(&a->pending, 0, sizeof a->pending);
    put(a, buf_bytes(&left));
    buf_release(&left);
    if (a->pending.size == 0)
        write_recovered(a);
}

static size_t put_crc(struct aof *a)
{
    char line[ANNOTATION_MAX];
    pthread_mutex_lock(&a->lock);
    const uint64_t synced = a->locked.file_synced;
    pthread_mutex_unlock(&a->lock);
    const int n =
        snprintf(line, sizeof line, "#CRC:%016llx %llu %llu\r\n", (unsigned long long)a->crc,
                 (unsigned long long)a->crc_bytes, (unsigned long long)synced);
    a->crc = a->crc_bytes = 0;
    put(a, bytes_of(line, (size_t)n));
    return (size_t)n;
}

void aof_put_crc(struct aof *a)
{
    if (a->crc_bytes > 0)
        put_crc(a);
}

void aof_put_crc_of_none(struct aof *a)
{
    a->crc = a->crc_bytes = 0;
    const size_t n = put_crc(a);
    pthread_mutex_lock(&a->lock);
    a->locked.size += n;
    a->locked.size_since_turn += n;
    pthread_mutex_unlock(&a->lock);
}

static size_t put_annotations(struct aof *a)
{
    char line[ANNOTATION_MAX];
    size_t n = a->crc_bytes >= CRC_EVERY_BYTES ? put_crc(a) : 0;
    const int64_t now_s = clock_unix_ms() / 1000;
    if (__atomic_load_n(&a->timestamps, __ATOMIC_RELAXED) && now_s != a->stamped_s) {
        const size_t m = (size_t)snprintf(line, sizeof line, "#TS:%lld\r\n", (long long)now_s);
        a->stamped_s = now_s;
        put(a, bytes_of(line, m));
        n += m;
    }
    return n;
}

static void write_batch(void *ctx, struct bytes b, uint64_t offset, uint64_t ticket)
{
    struct aof *a = ctx;
    (void)offset;
    LK_ASSERT(ticket > a->kept_ticket);
    a->kept_ticket = ticket;
    if (a->fd < 0) {
        shard_tell_retry(log_ring_publish_written(a->ring, ticket)); /* it goes nowhere */
        return;
    }
    const size_t extra = put_annotations(a);
    put(a, b);
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
    const bool sync_now = __atomic_load_n(&a->policy, __ATOMIC_RELAXED) == AOF_FSYNC_ALWAYS;
    if (!sync_now && a->locked.resting)
        pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    if (sync_now && a->pending.size == 0)
        aof_sync_now(a);
}

static int64_t tick(void *ctx)
{
    struct aof *a = ctx;
    if (a->pending.size == 0)
        return -1;
    const int64_t wait = RETRY_NS - (int64_t)((uint64_t)clock_mono_ns() - a->retry_ns);
    if (wait > 0)
        return wait;
    retry(a);
    if (a->pending.size > 0)
        return RETRY_NS;
    shard_tell_retry(log_ring_publish_written(a->ring, a->kept_ticket));
    pthread_mutex_lock(&a->lock);
    /* Batches that came meanwhile were kept behind what could not be written. */
    a->locked.file_written = a->file_bytes;
    a->locked.written = a->kept_ticket;
    pthread_mutex_unlock(&a->lock);
    if (__atomic_load_n(&a->policy, __ATOMIC_RELAXED) == AOF_FSYNC_ALWAYS)
        aof_sync_now(a);
    return -1;
}

static void take_marker(void *ctx, const struct log_record *marker, uint64_t offset)
{
    (void)offset;
    if (marker->kind == LOG_ROTATE)
        aof_take_turn(ctx, marker->data, marker->ticket);
}

static bool is_eager(void *ctx)
{
    const struct aof *a = ctx;
    return __atomic_load_n(&a->policy, __ATOMIC_RELAXED) == AOF_FSYNC_ALWAYS;
}

struct log_sink aof_sink(struct aof *a)
{
    return (struct log_sink){
        .write = write_batch, .marker = take_marker, .tick = tick, .eager = is_eager, .ctx = a};
}

/* --- the end --------------------------------------------------------------------------------- */

void aof_free(struct aof *a)
{
    if (a->pending.size > 0)
        retry(a);
    pthread_mutex_lock(&a->lock);
    a->locked.stop = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->syncer, NULL);
    if (a->fd >= 0) {
        if (a->ops->sync(a->ops->ctx, a->fd) != 0)
            log_line(LOG_WARNING, "AOF fsync error: %s", strerror(errno));
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
