/*
 * link_sync.c — a full sync: the RDB of a master, received and loaded.
 *
 *   disabled   socket --> temporary file --> whole: its name --> old data go, the file is loaded
 *   on-empty-db, where there are no data;  swapdb
 *              socket --> rdb_load, as it comes
 *
 * Until the data of the full sync touch the first key, the old ones are good for a partial sync
 * elsewhere (H18); from there on only what has come whole is.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "io/repl/role_priv.h"
#include "persist/rdb/rdb_file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { RECEIVE = 256 * 1024 };

struct link_sync {
    struct master_link *link;
    const struct handshake *handshake;
    struct payload payload;
    bool ended;       /* the payload has */
    bool failed;      /* the link is over */
    struct bytes run; /* what payload_take gave, and was not used yet */
    uint64_t seen;    /* bytes of the RDB so far */
    enum config_diskless_load how;
    bool checksum, keep_file;
    int fd; /* of the file that is loaded */
    char *filename;
};

/* --- bytes ----------------------------------------------------------------------------------- */

static void link_sync_note(struct link_sync *y, size_t n)
{
    struct link_figures *f = &y->link->figures;
    y->seen += n;
    store_relaxed(&f->sync_read, (int64_t)y->seen);
    store_relaxed(&f->sync_heard_ns, clock_mono_ns());
}

static void link_sync_say_head(struct link_sync *y)
{
    const struct payload *p = &y->payload;
    const char *to = y->how == CONFIG_LOAD_DISK ? "disk" : "parser";
    if (p->by_mark) {
        trace_line(TRACE_NOTICE,
                   "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to %s",
                   to);
        return;
    }
    store_relaxed(&y->link->figures.sync_total, (int64_t)p->size);
    trace_line(TRACE_NOTICE, "MASTER <-> REPLICA sync: receiving %llu bytes from master to %s",
               (unsigned long long)p->size, to);
}

/* y->run is not empty, or ended is set.  False: the link is over.  Outside the gate. */
static bool link_sync_more(struct link_sync *y)
{
    struct master_link *l = y->link;
    while (y->run.size == 0 && !y->ended) {
        size_t used;
        const enum payload_outcome outcome =
            payload_take(&y->payload, link_socket_bytes(&l->socket), &used, &y->run);
        l->socket.used += used;
        switch (outcome) {
        case PAYLOAD_HEAD:
            link_sync_say_head(y);
            break;
        case PAYLOAD_BYTES:
            link_sync_note(y, y->run.size);
            break;
        case PAYLOAD_END:
            y->ended = true;
            break;
        case PAYLOAD_ERROR:
            trace_line(TRACE_WARNING, "%.*s", (int)y->payload.error.size, y->payload.error.data);
            return false;
        case PAYLOAD_MORE:
            if (!link_wait_readable(
                    l, "Timeout receiving bulk data from MASTER... If the problem persists try to "
                       "set the 'repl-timeout' parameter in redis.conf to a larger value.") ||
                !link_receive(l, RECEIVE))
                return false;
        }
    }
    return true;
}

/* --- to a file ------------------------------------------------------------------------------- */

static bool link_sync_write_all(struct link_sync *y, struct rdb_file *f)
{
    const struct rdb_sink sink = rdb_file_sink(f);
    while (link_sync_more(y)) {
        if (y->ended)
            return true;
        if (sink.write(sink.ctx, y->run.data, y->run.size) != LK_OK) {
            trace_line(
                TRACE_WARNING,
                "Write error or short write writing to the DB dump file needed for MASTER <-> "
                "REPLICA synchronization: %s",
                f->error);
            return false;
        }
        y->run.size = 0;
    }
    return false;
}

static bool link_sync_to_file(struct link_sync *y)
{
    char temp[64];
    struct rdb_file f;
    snprintf(temp, sizeof temp, "temp-%lld.%d.rdb", (long long)(clock_unix_ms() / 1000),
             (int)getpid());
    const struct rdb_file_options options = {
        .directory = ".", .temp_name = temp, .incremental_fsync = true};
    if (rdb_file_create(&f, &file_ops_system, &options) != LK_OK) {
        trace_line(TRACE_WARNING,
                   "Opening the temp file needed for MASTER <-> REPLICA synchronization: %s",
                   strerror(errno));
        return false;
    }
    if (!link_sync_write_all(y, &f)) {
        rdb_file_abort(&f);
        return false;
    }
    if (rdb_file_commit(&f, y->filename) != LK_OK) {
        trace_line(TRACE_WARNING,
                   "Failed trying to rename the temp DB into %s in MASTER <-> REPLICA "
                   "synchronization: %s",
                   y->filename, f.error);
        return false;
    }
    return true;
}

/* --- from the socket ------------------------------------------------------------------------- */

/* Of rdb_load, inside the gate. */
static int link_sync_source_read(void *ctx, void *data, size_t size, size_t *got)
{
    struct link_sync *y = ctx;
    *got = 0;
    if (y->run.size == 0 && !y->ended && !y->failed) {
        dispatch_leave(y->link->dispatcher);
        y->failed = !link_sync_more(y);
        dispatch_enter(y->link->dispatcher);
    }
    if (y->failed)
        return LK_EIO;
    const size_t n = y->run.size < size ? y->run.size : size;
    if (n > 0)
        memcpy(data, y->run.data, n);
    y->run = bytes_of(y->run.data + n, y->run.size - n);
    *got = n;
    return LK_OK;
}

/* Of a file: a stop ends it, too. */
static int link_sync_file_read(void *ctx, void *data, size_t size, size_t *got)
{
    struct link_sync *y = ctx;
    if (!master_link_is_current(y->link))
        return LK_EIO;
    return file_read_some(&file_ops_system, y->fd, data, size, got);
}

/* --- loading --------------------------------------------------------------------------------- */

static bool link_sync_is_wanted(void *ctx)
{
    const struct link_sync *y = ctx;
    return master_link_is_current(y->link);
}

static bool link_sync_begin(void *ctx)
{
    struct link_sync *y = ctx;
    if (!master_link_is_current(y->link))
        return false;
    own_keys_clear(&y->link->role->parts.engine->own_keys);
    role_history_break(y->link->role);
    role_forget_upstream(y->link->role);
    return true;
}

static void link_sync_end(void *ctx, int64_t db)
{
    struct link_sync *y = ctx;
    struct role *r = y->link->role;
    if (!master_link_is_current(y->link))
        return;
    pthread_mutex_lock(&r->lock);
    memcpy(r->upstream.id, y->handshake->replid, sizeof r->upstream.id);
    r->upstream.offset = y->handshake->offset >= 0 ? y->handshake->offset : 0;
    r->upstream.known = y->handshake->offset >= 0;
    r->upstream.has_db = true; /* a master begins a stream with SELECT, if it does not say where */
    r->upstream.db = db >= 0 ? (uint32_t)db : 0;
    pthread_mutex_unlock(&r->lock);
    role_history_adopt(r);
    store_relaxed(&y->link->figures.offset, r->upstream.offset);
}

static void link_sync_progress(void *ctx)
{
    struct link_sync *y = ctx;
    link_send_newline(y->link);
}

static enum persistence_synced link_sync_load(struct link_sync *y, struct rdb_in *in, uint64_t size)
{
    const struct role *r = y->link->role;
    const bool same = r->upstream.known && strcmp(r->upstream.id, y->handshake->replid) == 0;
    const struct persistence_sync sync = {.how = y->how != CONFIG_LOAD_SWAPDB ? SYNC_REPLACE
                                                 : same                       ? SYNC_BESIDE
                                                                              : SYNC_SWAP,
                                          .dispatcher = y->link->dispatcher,
                                          .in = in,
                                          .size = size,
                                          .wanted = link_sync_is_wanted,
                                          .begin = link_sync_begin,
                                          .end = link_sync_end,
                                          .progress = link_sync_progress,
                                          .ctx = y};
    in->checksum = y->checksum;
    const enum persistence_synced result = persistence_sync(r->parts.persistence, &sync);
    if (result != SYNC_LOADED && in->status != LK_OK) {
        trace_line(TRACE_WARNING, "Internal error in RDB reading offset %llu: %s",
                   (unsigned long long)rdb_in_offset(in), in->error);
        trace_line(TRACE_WARNING, "Failed trying to load the MASTER synchronization DB.");
    }
    return result;
}

static bool link_sync_load_file(struct link_sync *y)
{
    struct rdb_file_in f;
    if (rdb_file_open(&f, &file_ops_system, y->filename) != LK_OK) {
        trace_line(TRACE_WARNING,
                   "Failed trying to load the MASTER synchronization DB from disk, check server "
                   "logs: %s",
                   strerror(errno));
        return false;
    }
    y->fd = f.fd;
    f.in.source.read = link_sync_file_read;
    f.in.source.ctx = y;
    const bool well = link_sync_load(y, &f.in, f.in.source.size) == SYNC_LOADED;
    rdb_file_close(&f);
    if (!y->keep_file) {
        trace_line(TRACE_NOTICE, "Removing the RDB file obtained from the master. This replica has "
                                 "persistence disabled");
        unlink(y->filename);
    }
    return well;
}

/* Behind the data comes nothing but the end of the payload. */
static bool link_sync_drain(struct link_sync *y)
{
    y->failed = y->run.size > 0 || !link_sync_more(y) || !y->ended;
    if (y->failed)
        trace_line(TRACE_WARNING,
                   "Replica: the data of the MASTER go on behind their end, or have none");
    return !y->failed;
}

static bool link_sync_load_stream(struct link_sync *y)
{
    const struct rdb_source source = {link_sync_source_read, y,
                                      y->payload.by_mark ? RDB_SIZE_UNKNOWN : y->payload.size};
    struct rdb_in in;
    rdb_in_init(&in, &source, RDB_IN_WINDOW_BYTES);
    const bool loaded =
        link_sync_load(y, &in, y->payload.by_mark ? 0 : y->payload.size) == SYNC_LOADED;
    const bool whole = loaded && rdb_in_rest(&in).size == 0 && link_sync_drain(y);
    if (loaded && !whole)
        link_distrust(y->link);
    rdb_in_release(&in);
    return whole;
}

/* --- all of it ------------------------------------------------------------------------------- */

static bool link_sync_is_empty(const struct keyspace *ks)
{
    for (uint32_t i = 0; i < ks->count; i++)
        for (uint32_t j = 0; j < shard_db_count(&ks->shards[i]); j++)
            if (load_relaxed(&shard_db_at(&ks->shards[i], j).table->count))
                return false;
    return true;
}

static void link_sync_read_settings(struct link_sync *y)
{
    const struct master_link *l = y->link;
    dispatch_enter(l->dispatcher);
    const struct config *c = config_current(l->role->parts.config);
    y->how = (enum config_diskless_load)c->repl_diskless_load;
    if (y->how == CONFIG_LOAD_ON_EMPTY_DB &&
        !link_sync_is_empty(l->role->parts.engine->fixed.keyspace))
        y->how = CONFIG_LOAD_DISK;
    y->checksum = c->rdbchecksum;
    y->keep_file = !c->rdb_del_sync_files || c->appendonly || c->save.n > 0;
    y->filename = mem_strdup(c->dbfilename);
    dispatch_leave(l->dispatcher);
}

bool link_sync_run(struct master_link *l, const struct handshake *h)
{
    struct link_sync y = {.link = l, .handshake = h};
    bool well = false;
    l->may_ack = false;
    link_set_state(l, LINK_SYNC);
    store_relaxed(&l->figures.sync_total, 0);
    store_relaxed(&l->figures.sync_read, 0);
    link_sync_read_settings(&y);
    payload_begin(&y.payload);
    if (y.how == CONFIG_LOAD_DISK)
        well = link_sync_to_file(&y) && link_sync_load_file(&y);
    else if (link_sync_more(&y))
        well = link_sync_load_stream(&y);
    payload_end(&y.payload);
    mem_strfree(y.filename);
    if (well)
        trace_line(TRACE_NOTICE, "MASTER <-> REPLICA sync: Finished with success");
    return well && master_link_is_current(l);
}
