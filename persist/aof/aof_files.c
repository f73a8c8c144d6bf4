/*
 * aof_files.c — files come, go, and are named in the manifest.
 *
 *   prepare:        create INCR n+1 --> name it in the manifest
 *   begin, rotate:  the log goes on there
 *   new base:       rename the base --> manifest: base, last INCR, the rest as history
 *                   --> delete the history --> manifest without it
 *
 * Each step is synced before the next, so whenever the machine stops, the manifest that is found
 * names files that are there, and they hold all that was durable.  A file that is ready is empty,
 * so the one before it may end anywhere, as the last one may; the first line of each says how long
 * the one before it was (aof_chain.h).
 */
#include "core/base/atomic.h"
#include "core/base/futex.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/store/shard.h"
#include "persist/aof/aof_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* --- the file that is written ---------------------------------------------------------------- */

/* The file that is written is the one to be told of in the next; an empty one leaves no trace. */
static void note_before(struct aof *a)
{
    if (a->fd >= 0 && a->file_bytes > 0) {
        a->after_seq = a->file_seq;
        a->after_bytes = a->file_bytes;
    }
}

/* In lock: the file that was written leaves, fd (-1: none) takes its place. */
static void switch_to(struct aof *a, int fd, uint64_t ticket)
{
    note_before(a);
    if (fd < 0)
        a->after_seq = 0;
    a->says_after = a->after_seq > 0;
    if (a->fd >= 0) {
        struct aof_leaving *l = mem_new(struct aof_leaving);
        *l = (struct aof_leaving){.fd = a->fd, .ticket = ticket};
        struct aof_leaving **at = &a->locked.leaving;
        if (!*at)
            a->locked.held_back = a->locked.synced;
        while (*at)
            at = &(*at)->next;
        *at = l;
        pthread_cond_signal(&a->changed);
    }
    a->fd = fd;
    a->crc = a->crc_bytes = a->file_bytes = 0;
    a->locked.file_written = a->locked.file_synced = 0;
    a->stamped_s = 0;
}

static int open_incr(const struct aof *a, const char *name, int flags)
{
    char *path = aof_path(a, name);
    const int fd = a->ops->open(a->ops->ctx, path, O_WRONLY | O_CREAT | flags, 0644);
    const int why = errno;
    mem_strfree(path);
    errno = why;
    return fd;
}

/* A new INCR file behind all of m's, which names it when it is there. */
static int make_incr(struct aof *a, struct aof_manifest *m, bool list_it, int *out)
{
    const struct aof_file *f = aof_manifest_add_incr(m, a->filename);
    const int fd = open_incr(a, f->name, O_TRUNC);
    if (fd < 0)
        return LK_EIO;
    int rc = file_sync_directory(a->ops, a->directory);
    if (rc == LK_OK && list_it)
        rc = aof_write_manifest(a, m);
    if (rc != LK_OK) {
        const int why = errno;
        a->ops->close(a->ops->ctx, fd);
        errno = why;
        return rc;
    }
    *out = fd;
    return LK_OK;
}

static void copy_manifest(struct aof *a, struct aof_manifest *out)
{
    pthread_mutex_lock(&a->lock);
    aof_manifest_copy(&a->locked.manifest, out);
    pthread_mutex_unlock(&a->lock);
}

static int prepare_turn(struct aof *a, enum aof_turn turn)
{
    struct aof_manifest m;
    LK_ASSERT(turn == AOF_TURN_BEGIN || turn == AOF_TURN_ROTATE);
    pthread_mutex_lock(&a->lock);
    const bool list_it = turn == AOF_TURN_ROTATE && !a->locked.unlisted;
    if (a->locked.ready.fd >= 0 && a->locked.ready.listed != list_it)
        aof_drop_ready(a);
    const bool ready = a->locked.ready.fd >= 0;
    const int write_error = turn == AOF_TURN_ROTATE ? a->locked.write_error : 0;
    pthread_mutex_unlock(&a->lock);
    errno = write_error;
    if (write_error)
        return LK_EIO;
    if (ready)
        return LK_OK;
    copy_manifest(a, &m);
    int fd = -1;
    const int rc = make_incr(a, &m, list_it, &fd);
    const int why = errno;
    if (rc == LK_OK) {
        pthread_mutex_lock(&a->lock);
        a->locked.ready = (struct aof_ready){.fd = fd, .listed = list_it, .manifest = m};
        pthread_mutex_unlock(&a->lock);
    } else {
        aof_manifest_release(&m);
    }
    errno = why;
    return rc;
}

int aof_prepare_turn(struct aof *a, enum aof_turn turn)
{
    pthread_mutex_lock(&a->naming);
    const int rc = prepare_turn(a, turn), why = errno;
    pthread_mutex_unlock(&a->naming);
    errno = why;
    return rc;
}

void aof_drop_ready(struct aof *a)
{
    struct aof_ready *ready = &a->locked.ready;
    if (ready->fd < 0)
        return;
    a->ops->close(a->ops->ctx, ready->fd);
    if (ready->listed) { /* the manifest file names it: it is one of the files, and stays empty */
        aof_manifest_release(&a->locked.manifest);
        a->locked.manifest = ready->manifest;
    } else {
        aof_manifest_release(&ready->manifest);
    }
    *ready = (struct aof_ready){.fd = -1};
}

/* In lock: the log goes on in the file that is ready. */
static void take_ready(struct aof *a, uint64_t ticket)
{
    struct aof_ready *ready = &a->locked.ready;
    LK_ASSERT(ready->fd >= 0);
    LK_ASSERT(ready->manifest.incr_seq > a->locked.manifest.incr_seq);
    switch_to(a, ready->fd, ticket);
    aof_manifest_release(&a->locked.manifest);
    a->locked.manifest = ready->manifest;
    a->file_seq = a->locked.manifest.incr_seq;
    a->locked.unlisted = !ready->listed;
    *ready = (struct aof_ready){.fd = -1};
}

static int begin_new(struct aof *a, struct aof_manifest *m)
{
    int fd = -1;
    const int rc = make_incr(a, m, true, &fd);
    if (rc != LK_OK)
        return rc;
    pthread_mutex_lock(&a->lock);
    a->fd = fd;
    a->file_seq = m->incr_seq;
    aof_manifest_release(&a->locked.manifest);
    a->locked.manifest = *m;
    pthread_mutex_unlock(&a->lock);
    memset(m, 0, sizeof *m);
    return LK_OK;
}

/*
 * What an earlier life has written to a file and did not live to sync: from here on nobody would,
 * and the file behind it says that it is durable.
 */
static int know_before(struct aof *a, const struct aof_file *f)
{
    char *path = aof_path(a, f->name);
    const int fd = a->ops->open(a->ops->ctx, path, O_RDWR, 0);
    mem_strfree(path);
    if (fd < 0)
        return LK_EIO;
    const int64_t size = a->ops->size(a->ops->ctx, fd);
    int rc = size < 0 ? LK_EIO : LK_OK;
    if (size > 0) {
        a->after_seq = f->seq;
        a->after_bytes = (uint64_t)size;
        rc = a->ops->sync_data(a->ops->ctx, fd) == 0 ? LK_OK : LK_EIO;
    }
    const int why = errno;
    a->ops->close(a->ops->ctx, fd);
    errno = why;
    return rc;
}

static int know_all_before(struct aof *a, const struct aof_manifest *m, const struct aof_file *last)
{
    int rc = LK_OK;
    for (size_t i = 0; i < m->count && rc == LK_OK; i++)
        if (m->files[i].kind == AOF_INCR && &m->files[i] != last)
            rc = know_before(a, &m->files[i]);
    return rc;
}

int aof_open(struct aof *a, struct aof_manifest *m, uint64_t incr_bytes, uint64_t base_bytes)
{
    const struct aof_file *last = aof_manifest_last_incr(m);
    if (!last) {
        const int rc = begin_new(a, m);
        pthread_mutex_lock(&a->lock);
        a->locked.base_size = base_bytes;
        pthread_mutex_unlock(&a->lock);
        aof_manifest_release(m);
        return rc;
    }
    const int fd = know_all_before(a, m, last) == LK_OK ? open_incr(a, last->name, O_APPEND) : -1;
    if (fd < 0) {
        aof_manifest_release(m);
        return LK_EIO;
    }
    const int64_t size = a->ops->size(a->ops->ctx, fd);
    a->file_bytes = size > 0 ? (uint64_t)size : 0;
    a->file_seq = last->seq;
    a->says_after = a->after_seq > 0 && a->file_bytes == 0;
    pthread_mutex_lock(&a->lock); /* the sync thread is there already */
    a->locked.file_written = a->file_bytes;
    a->locked.manifest = *m;
    a->locked.size = a->locked.size_since_turn = incr_bytes;
    a->locked.base_size = base_bytes;
    a->fd = fd;
    pthread_mutex_unlock(&a->lock);
    memset(m, 0, sizeof *m);
    aof_put_crc_of_none(a);
    if (!load_relaxed(&a->keep_history))
        aof_drop_history(a); /* what a crash has left between a rewrite and its deletions */
    return LK_OK;
}

void aof_know(struct aof *a, struct aof_manifest *m)
{
    pthread_mutex_lock(&a->lock);
    a->locked.manifest = *m;
    pthread_mutex_unlock(&a->lock);
    memset(m, 0, sizeof *m);
}

/* --- turns ----------------------------------------------------------------------------------- */

void aof_turn(struct log_ring *ring, struct aof_turn_request *r, enum aof_turn turn)
{
    *r = (struct aof_turn_request){.turn = turn};
    log_ring_put(ring, LOG_ROTATE, r, 0, 0, 0);
    log_ring_wake(ring);
}

int aof_turn_wait(struct aof_turn_request *r)
{
    while (!load_acquire(&r->done))
        futex_wait(&r->done, 0, -1);
    errno = r->error;
    return r->error ? LK_EIO : LK_OK;
}

/* In lock: nobody waits for the file any more. */
static void let_all_go(struct aof *a, uint64_t ticket)
{
    a->locked.broken = false;
    a->locked.write_error = 0;
    a->locked.buffered = 0;
    a->locked.held_back = UINT64_MAX;
    a->locked.adopted = ticket;
    log_ring_set_failing(a->ring, false);
    aof_set_fault(a, 0);
    a->locked.written = a->locked.synced = ticket;
    shard_tell_retry(log_ring_publish_written(a->ring, ticket));
    aof_publish(a);
}

static void end_writing(struct aof *a, uint64_t ticket)
{
    aof_put_crc(a);
    pthread_mutex_lock(&a->lock);
    switch_to(a, -1, ticket);
    aof_drop_ready(a);
    let_all_go(a, ticket);
    pthread_mutex_unlock(&a->lock);
    buf_release(&a->pending);
}

/*
 * What could not be written to the old file could be in no other: the new base will have it, the
 * files that count until then would not.  So while there is such, the old file goes on.
 *
 * Returns errno, 0: it went well.
 */
static int aof_files_rotate(struct aof *a, uint64_t ticket)
{
    aof_put_crc(a);
    if (a->pending.size > 0)
        return a->locked.write_error;
    /* Nothing in the new file may be durable before all of the old one is. */
    if (a->fd >= 0 && load_relaxed(&a->policy) == AOF_FSYNC_ALWAYS)
        aof_sync_now(a);
    pthread_mutex_lock(&a->lock);
    take_ready(a, ticket);
    a->locked.turned = ticket;
    a->locked.size_since_turn = 0;
    pthread_mutex_unlock(&a->lock);
    return 0;
}

void aof_take_turn(struct aof *a, struct aof_turn_request *r, uint64_t ticket)
{
    LK_ASSERT(r->turn != AOF_TURN_NONE);
    if (r->turn == AOF_TURN_END)
        end_writing(a, ticket);
    else if (r->turn == AOF_TURN_ROTATE && a->fd < 0)
        r->error = ECANCELED;
    else
        r->error = aof_files_rotate(a, ticket);
    store_release(&r->done, 1);
    futex_wake(&r->done, 1);
}

/* --- a new base ------------------------------------------------------------------------------ */

/* All of the log is in files that were synced, or will be, as if nothing had failed. */
static void made_whole(struct aof *a, struct aof_manifest *m, uint64_t bytes)
{
    pthread_mutex_lock(&a->lock);
    aof_manifest_release(&a->locked.manifest);
    aof_manifest_copy(m, &a->locked.manifest);
    a->locked.unlisted = false;
    a->locked.size = a->locked.size_since_turn;
    a->locked.base_size = bytes;
    const bool still = a->locked.broken && a->locked.broken_turn == a->locked.turned;
    if (a->locked.broken && !still)
        trace_line(TRACE_WARNING, "AOF error looks solved: the new files are whole.");
    a->locked.broken = still;
    if (a->locked.write_error == 0 && !still)
        aof_set_fault(a, 0);
    a->locked.adopted = a->locked.turned;
    a->locked.held_back = UINT64_MAX;
    if (a->locked.turned > a->locked.synced)
        a->locked.synced = a->locked.turned; /* up to there the base has it */
    aof_publish(a);
    pthread_mutex_unlock(&a->lock);
}

static int adopt_base(struct aof *a, const char *temp_name, bool rdb, uint64_t bytes)
{
    struct aof_manifest m;
    copy_manifest(a, &m);
    const struct aof_file *base = aof_manifest_new_base(&m, a->filename, rdb, a->fd >= 0 ? 1 : 0);
    char *from = aof_path(a, temp_name), *to = aof_path(a, base->name);
    const int64_t begun_ns = stall_begin(&a->watch);
    int rc = a->ops->rename(a->ops->ctx, from, to) == 0 ? LK_OK : LK_EIO;
    stall_end(&a->watch, STALL_AOF_RENAME, begun_ns);
    if (rc == LK_OK)
        rc = file_sync_directory(a->ops, a->directory);
    if (rc == LK_OK)
        rc = aof_write_manifest(a, &m);
    const int why = errno;
    if (rc == LK_OK) {
        made_whole(a, &m, bytes);
        if (!load_relaxed(&a->keep_history))
            aof_drop_history(a);
    }
    aof_manifest_release(&m);
    mem_strfree(from);
    mem_strfree(to);
    errno = why;
    return rc;
}

int aof_adopt_base(struct aof *a, const char *temp_name, bool rdb, uint64_t bytes)
{
    pthread_mutex_lock(&a->naming);
    const int rc = adopt_base(a, temp_name, rdb, bytes), why = errno;
    pthread_mutex_unlock(&a->naming);
    errno = why;
    return rc;
}
