/*
 * aof_write.c — bytes into the INCR file, what a failing disk keeps back, and the lines of
 * checksums.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "persist/aof/aof_chain.h"
#include "persist/aof/aof_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void aof_write_failed(struct aof *a, int error)
{
    pthread_mutex_lock(&a->lock);
    const bool first = a->locked.write_error == 0;
    a->locked.write_error = error;
    a->locked.buffered = a->pending.size;
    log_ring_set_failing(a->ring, true);
    aof_set_fault(a, error);
    pthread_mutex_unlock(&a->lock);
    if (first)
        trace_line(TRACE_WARNING, "Error writing to the AOF file: %s", strerror(error));
}

static void aof_write_recovered(struct aof *a)
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
        trace_line(TRACE_WARNING, "AOF write error looks solved. The server can write again.");
}

static int64_t aof_write_some(struct aof *a, struct bytes b)
{
    const int64_t begun_ns = stall_begin(&a->watch);
    const int64_t n = a->ops->write(a->ops->ctx, a->fd, b.data, b.size);
    const bool beside = load_relaxed(&a->syncing);
    stall_end(&a->watch, beside ? STALL_AOF_WRITE_BESIDE_SYNC : STALL_AOF_WRITE, begun_ns);
    return n;
}

/* As much as can be written; what is not is kept in front of all that follows. */
void aof_put(struct aof *a, struct bytes b)
{
    if (a->pending.size > 0) {
        buf_append_bytes(&a->pending, b);
        return;
    }
    while (b.size > 0) {
        const int64_t n = aof_write_some(a, b);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            const int error = n < 0 ? errno : EIO;
            buf_append_bytes(&a->pending, b);
            a->retry_ns = clock_mono_ns();
            aof_write_failed(a, error);
            return;
        }
        a->file_bytes += (uint64_t)n;
        b = bytes_of(b.data + n, b.size - (size_t)n);
    }
}

void aof_put_again(struct aof *a)
{
    struct buf left = a->pending;
    memset(&a->pending, 0, sizeof a->pending);
    aof_put(a, buf_bytes(&left));
    buf_release(&left);
    if (a->pending.size == 0)
        aof_write_recovered(a);
}

size_t aof_put_crc_now(struct aof *a)
{
    char line[ANNOTATION_MAX];
    pthread_mutex_lock(&a->lock);
    const uint64_t synced = a->locked.file_synced;
    pthread_mutex_unlock(&a->lock);
    const int n =
        snprintf(line, sizeof line, "#CRC:%016llx %llu %llu\r\n", (unsigned long long)a->crc,
                 (unsigned long long)a->crc_bytes, (unsigned long long)synced);
    a->crc = a->crc_bytes = 0;
    aof_put(a, bytes_of(line, (size_t)n));
    return (size_t)n;
}

void aof_put_crc(struct aof *a)
{
    if (a->crc_bytes > 0)
        aof_put_crc_now(a);
}

void aof_put_crc_of_none(struct aof *a)
{
    a->crc = a->crc_bytes = 0;
    const size_t n = aof_put_after(a) + aof_put_crc_now(a);
    pthread_mutex_lock(&a->lock);
    a->locked.size += n;
    a->locked.size_since_turn += n;
    pthread_mutex_unlock(&a->lock);
}

size_t aof_put_after(struct aof *a)
{
    char line[AOF_AFTER_CHARS];
    if (!a->says_after)
        return 0;
    LK_ASSERT(a->file_bytes == 0);
    a->says_after = false;
    const size_t n = aof_chain_print(line, a->after_seq, a->after_bytes);
    aof_put(a, bytes_of(line, n));
    return n;
}
