/*
 * full_sync.c — an RDB for all replicas that wait: one cut, one pass, one marker in the stream.
 *
 *   closed gate: { stream on, view cut, ATTACH marker }
 *   log thread:  at the marker: the offset, a pin on the first byte behind it
 *   then:        +FULLRESYNC id offset; the data through a window, or by a file; the stream
 *
 * Those who come later wait for the next cut (H3), unless a file is being written: it is theirs as
 * well, as the stream behind the cut is kept.
 *
 * Threads  the saver's thread, but full_sync_look
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/trace.h"
#include "io/repl/repl_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- when ------------------------------------------------------------------------------------ */

struct waiting {
    uint32_t count;
    int64_t longest_ms;
    bool all_marked; /* all know the mark that ends data of unknown size */
};

static struct waiting full_sync_count(struct repl *r)
{
    struct waiting w = {.all_marked = true};
    const int64_t now = repl_now_ms();
    pthread_mutex_lock(&r->lock);
    for (const struct replica *p = r->first; p; p = p->next) {
        if (p->phase != REPLICA_WAITS || p->dismissed)
            continue;
        w.count++;
        w.all_marked &= (p->capa & CAPA_EOF) != 0;
        if (now - p->waits_since_ms > w.longest_ms)
            w.longest_ms = now - p->waits_since_ms;
    }
    pthread_mutex_unlock(&r->lock);
    return w;
}

/* In lock.  It is told where its data begin, and the stream is kept for it from there on. */
static void full_sync_join(struct repl *r, struct replica *p, const struct backlog_pin *from)
{
    if (!backlog_pin_like(r->backlog, &p->pin, from)) {
        replica_dismiss(p); /* the history has changed since */
        return;
    }
    replica_heard(p);
    if (!p->old)
        buf_printf(&p->head, "+FULLRESYNC %s %lld\r\n", r->sync.history.id, (long long)r->sync.end);
    if (r->sync.diskless) {
        buf_printf(&p->head, "$EOF:%s\r\n", r->sync.delimiter);
        rdb_window_join(r->sync.window, &p->reader);
        p->phase = REPLICA_SENDING;
    } else {
        p->phase = REPLICA_WRITING;
    }
    replica_wake(p);
}

/* In lock.  Who has all of its stream in its pin yet, from the cut on; NULL: nobody. */
static const struct replica *full_sync_at_cut(const struct repl *r)
{
    const struct replica *p = r->first;
    while (p && !(p->member && p->phase == REPLICA_WRITING && !p->dismissed && p->pin.on))
        p = p->next;
    return p;
}

/* A file that is being written is one for those, too, who have come behind its cut. */
static void full_sync_join_late(struct repl *r)
{
    if (LK_LIKELY(!load_acquire(&r->sync.writing)))
        return;
    uint32_t n = 0;
    pthread_mutex_lock(&r->lock);
    const struct replica *like = full_sync_at_cut(r);
    for (struct replica *p = r->first; like && p; p = p->next) {
        if (p->phase != REPLICA_WAITS || p->dismissed || p->no_keys != r->sync.no_keys)
            continue;
        if (p->version < like->version) /* the stream has words that it may not know */
            continue;
        p->member = true;
        full_sync_join(r, p, &like->pin);
        n++;
    }
    pthread_mutex_unlock(&r->lock);
    if (n > 0)
        trace_line(TRACE_NOTICE, "Waiting for end of BGSAVE for SYNC");
}

void full_sync_look(struct repl *r)
{
    if (load_relaxed(&r->count) == 0 || !repl_may_serve(r))
        return;
    full_sync_join_late(r);
    const struct config *c = repl_config(r);
    const struct waiting w = full_sync_count(r);
    if (w.count == 0)
        return;
    const bool diskless = c->repl_diskless_sync && w.all_marked;
    const bool full = c->repl_diskless_sync_max_replicas > 0 &&
                      w.count >= (uint64_t)c->repl_diskless_sync_max_replicas;
    if (diskless && !full && w.longest_ms < c->repl_diskless_sync_delay_s * 1000)
        return;
    if (r->parts.bgsync(r->parts.ctx))
        trace_line(TRACE_NOTICE, "Starting BGSAVE for SYNC with target: %s",
                   diskless ? "replicas sockets" : "disk");
}

/* One through a window ends by itself when nobody reads it. */
void full_sync_abandon(struct repl *r)
{
    bool wanted = false;
    if (LK_LIKELY(!load_acquire(&r->sync.writing)))
        return;
    pthread_mutex_lock(&r->lock);
    for (const struct replica *p = r->first; p; p = p->next)
        wanted |= p->phase == REPLICA_WRITING && p->member && !p->dismissed;
    pthread_mutex_unlock(&r->lock);
    if (wanted)
        return;
    trace_line(TRACE_NOTICE, "No replica waits for the file of the full sync any more.");
    store_release(&r->sync.writing, 0); /* once is enough */
    r->parts.abort_sync(r->parts.ctx);
}

/* --- the cut --------------------------------------------------------------------------------- */

/* In the closed gate; how many are to be synced. */
static uint32_t full_sync_choose(struct repl *r)
{
    uint32_t n = 0;
    r->sync.diskless = repl_config(r)->repl_diskless_sync;
    pthread_mutex_lock(&r->lock);
    for (struct replica *p = r->first; p; p = p->next) {
        p->member =
            p->phase == REPLICA_WAITS && !p->dismissed && (n == 0 || p->no_keys == r->sync.no_keys);
        if (!p->member)
            continue;
        n++;
        r->sync.no_keys = p->no_keys; /* the others wait for the next one */
        r->sync.diskless &= (p->capa & CAPA_EOF) != 0;
    }
    pthread_mutex_unlock(&r->lock);
    return n;
}

static void *full_sync_cut(void *ctx, enum saver_kind kind)
{
    struct repl *r = ctx;
    struct engine *e = r->parts.engine;
    if (kind == SAVER_SYNC && (!repl_may_serve(r) || full_sync_choose(r) == 0))
        return NULL;
    if (kind == SAVER_SYNC)
        history_begin_stream(r);
    else if (!(load_relaxed(&e->saving.log_active) & LOG_TO_REPL))
        return NULL;
    struct backlog_mark *mark = mem_new(struct backlog_mark);
    mark->wants_pin = kind == SAVER_SYNC;
    /* A replica's stream is its primary's, byte for byte; ours says its database anew. */
    const uint32_t db = repl_is_replica(r) ? 0 : LOG_NO_DB;
    log_ring_put(e->fixed.log, kind == SAVER_SYNC ? LOG_ATTACH : LOG_CUT, mark, 0, db, db);
    log_ring_wake(e->fixed.log);
    return mark;
}

static void full_sync_place(void *ctx, void *at, struct rdb_save_options *options)
{
    struct repl *r = ctx;
    struct backlog_mark *mark = at;
    backlog_mark_wait(mark);
    r->sync.history = mark->history;
    r->sync.end = mark->end;
    options->replication_id = r->sync.history.id;
    r->sync.slot_states.size = 0;
    if (r->parts.engine->hooks.slot_states)
        r->parts.engine->hooks.slot_states(r->parts.engine->hooks.slot_states_ctx,
                                           &r->sync.slot_states);
    options->slot_states = buf_bytes(&r->sync.slot_states);
    options->replication_offset = mark->end;
    options->replication_db = mark->db == LOG_NO_DB ? 0 : mark->db;
    if (mark->wants_pin)
        r->sync.mark = mark; /* for full_sync_begin */
    else
        mem_delete(mark);
}

/* --- where the data go ----------------------------------------------------------------------- */

/* Old enough for who has said nothing, new enough for what there is (H5). */
static void full_sync_settle_version(struct repl *r, const struct rdb_sizes *sizes,
                                     struct rdb_save_options *options)
{
    enum { REDIS_7_0 = 10, REDIS_7_2 = 11, REDIS_7_4 = 12, VALKEY_7_2 = 70200 };
    bool all_new = true;
    pthread_mutex_lock(&r->lock);
    for (const struct replica *p = r->first; p; p = p->next)
        all_new &= !p->member || p->version >= VALKEY_7_2;
    pthread_mutex_unlock(&r->lock);
    options->newest = all_new ? REDIS_7_2 : REDIS_7_0;
    options->promise = sizes->inner > 0 ? REDIS_7_4 : options->newest;
}

static uint32_t full_sync_join_all(struct repl *r, const struct backlog_mark *mark)
{
    uint32_t n = 0;
    pthread_mutex_lock(&r->lock);
    for (struct replica *p = r->first; p; p = p->next)
        if (p->member) {
            full_sync_join(r, p, &mark->pin);
            n += !p->dismissed;
        }
    pthread_mutex_unlock(&r->lock);
    return n;
}

static void make_delimiter(char out[DELIMITER_CHARS + 1])
{
    unsigned char raw[DELIMITER_CHARS / 2];
    rng_system(raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++)
        snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

static int write_file(void *ctx, const void *data, size_t size)
{
    struct sync_file *f = ctx;
    const char *from = data;
    while (size > 0) {
        const ssize_t n = write(f->fd, from, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return LK_EIO;
        f->size += (uint64_t)n;
        from += n;
        size -= (size_t)n;
    }
    return LK_OK;
}

static int patch_file(void *ctx, uint64_t offset, const void *data, size_t size)
{
    const struct sync_file *f = ctx;
    return pwrite(f->fd, data, size, (off_t)offset) == (ssize_t)size ? LK_OK : LK_EIO;
}

/* In `dir`, where there is room for it; without a name, so that nothing of it is left behind. */
static int open_file(struct repl *r, struct rdb_sink *sink)
{
    char name[64];
    snprintf(name, sizeof name, "temp-sync-%d.rdb", (int)getpid());
    const int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        trace_line(TRACE_WARNING, "Opening the temp file for replicas: %s", strerror(errno));
        return LK_EIO;
    }
    unlink(name);
    r->sync.file = mem_new(struct sync_file);
    r->sync.file->fd = fd;
    r->sync.file->refs = 1;
    *sink = (struct rdb_sink){.write = write_file, .patch = patch_file, .ctx = r->sync.file};
    return LK_OK;
}

static int full_sync_begin(void *ctx, const struct rdb_sizes *sizes,
                           struct rdb_save_options *options, struct rdb_sink *sink)
{
    struct repl *r = ctx;
    struct backlog_mark *mark = r->sync.mark;
    r->sync.mark = NULL;
    if (!mark)
        return LK_EAGAIN;
    int rc = LK_OK;
    options->no_keys = r->sync.no_keys;
    if (r->sync.diskless) {
        full_sync_settle_version(r, sizes, options);
        make_delimiter(r->sync.delimiter);
        r->sync.window = rdb_window_new(RDB_WINDOW_BYTES);
        *sink = rdb_window_sink(r->sync.window);
        trace_line(TRACE_NOTICE, "Background RDB transfer started by pid %d", (int)getpid());
    } else {
        options->newest = 10;
        rc = open_file(r, sink);
    }
    if (full_sync_join_all(r, mark) == 0 && rc == LK_OK)
        rc = LK_EAGAIN;
    if (rc == LK_OK && !r->sync.diskless)
        store_release(&r->sync.writing, 1);
    backlog_unpin(r->backlog, &mark->pin);
    mem_delete(mark);
    return rc;
}

/* In lock. */
static void full_sync_hand_over(struct repl *r, struct replica *p)
{
    buf_printf(&p->head, "$%llu\r\n", (unsigned long long)r->sync.file->size);
    fetch_add_relaxed(&r->sync.file->refs, 1);
    p->file = r->sync.file;
    p->file_at = 0;
    p->phase = REPLICA_SENDING;
    replica_heard(p);
    replica_wake(p);
}

/* In the words that tools look for, though no pipe and no child is there. */
static void full_sync_log_end(uint32_t up)
{
    if (up > 0)
        trace_line(TRACE_NOTICE,
                   "Diskless rdb transfer, done reading from pipe, %u replicas still up.", up);
    else
        trace_line(TRACE_NOTICE,
                   "Diskless rdb transfer, last replica dropped, killing fork child.");
}

static void full_sync_end(void *ctx, bool well)
{
    struct repl *r = ctx;
    store_release(&r->sync.writing, 0);
    if (r->sync.window && well) {
        const struct rdb_sink sink = rdb_window_sink(r->sync.window);
        well = sink.write(sink.ctx, r->sync.delimiter, DELIMITER_CHARS) == LK_OK;
    }
    uint32_t up = 0;
    pthread_mutex_lock(&r->lock);
    for (struct replica *p = r->first; p; p = p->next) {
        if (!p->member)
            continue;
        p->member = false;
        up += !p->dismissed;
        if (p->phase == REPLICA_WRITING && well)
            full_sync_hand_over(r, p);
        else if (!well)
            replica_dismiss(p);
    }
    pthread_mutex_unlock(&r->lock);
    if (r->sync.window)
        full_sync_log_end(up);
    if (r->sync.window)
        rdb_window_end(r->sync.window, well);
    sync_file_drop(r->sync.file);
    r->sync.window = NULL;
    r->sync.file = NULL;
}

/*
 * The file of an earlier life: its id is good up to its end, for replicas that go on from there.
 * One of a replica is still its primary's.
 */
static void full_sync_loaded(void *ctx, const char *id, int64_t offset)
{
    struct repl *r = ctx;
    struct history h;
    if (repl_config(r)->replicaof_host)
        history_adopt(&h, id);
    else
        history_after(&h, id, offset);
    backlog_begin(r->backlog, &h, offset);
    fetch_or_release(&r->parts.engine->saving.log_active, LOG_TO_REPL);
}

void full_sync_init(struct repl *r)
{
    r->stream = (struct saver_stream){.cut = full_sync_cut,
                                      .place = full_sync_place,
                                      .begin = full_sync_begin,
                                      .end = full_sync_end,
                                      .loaded = full_sync_loaded,
                                      .ctx = r};
}
