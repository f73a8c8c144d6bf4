/*
 * persistence_sync.c — the data of a full sync, in place of what is here.
 *
 *   REPLACE  -LOADING --> jobs of the saver end, AOF off --> gate { emptied } --> loaded --> served
 *   SWAP     beside the old data, into a keyspace that nobody knows --> gate { exchanged }
 *
 * A load that fails leaves nothing of what it has loaded: REPLACE an empty data set, SWAP the old
 * one.  The AOF begins anew behind the load, since what it has is the past of other data; until its
 * new base has its name, the old files stay valid.
 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/cmd/engine/invalidation.h"
#include "core/store/watch.h"
#include "io/saving/key_loader.h"

struct sync_load {
    struct key_loader keys; /* first: rdb_receiver's ctx */
    struct key_crew crew;
    const struct persistence_sync *sync;
    struct keyspace *ks; /* that is filled */
    int64_t stream_db;
};

static void sync_outside(void *ctx, bool out)
{
    const struct sync_load *l = ctx;
    if (out)
        dispatch_leave(l->sync->dispatcher);
    else
        dispatch_enter(l->sync->dispatcher);
}

static void sync_tell_progress(void *ctx, uint64_t offset)
{
    const struct sync_load *l = ctx;
    __atomic_store_n(&l->keys.p->loaded_bytes, offset, __ATOMIC_RELAXED);
    sync_outside(ctx, true); /* whoever wants to be alone in the gate gets his turn */
    l->sync->progress(l->sync->ctx);
    sync_outside(ctx, false);
}

static int sync_take_aux(void *ctx, struct bytes name, struct bytes value)
{
    struct sync_load *l = ctx;
    int64_t db;
    if (bytes_equal(name, bytes_cstr("repl-stream-db")) && bytes_to_int64(value, &db))
        l->stream_db = db;
    return key_loader_receiver(&l->keys).aux(&l->keys, name, value);
}

static int sync_read(struct sync_load *l)
{
    struct persistence *p = l->keys.p;
    struct rdb_receiver r = key_loader_receiver(&l->keys);
    r.aux = sync_take_aux;
    r.progress = sync_tell_progress;
    r.crew = l->crew.crew;
    dispatch_enter(l->sync->dispatcher);
    const int rc = rdb_load(l->sync->in, &r);
    dispatch_leave(l->sync->dispatcher);
    if (rc == LK_OK)
        log_line(LOG_NOTICE, "Done loading RDB, keys loaded: %llu, keys expired: %llu.",
                 (unsigned long long)__atomic_load_n(&p->loaded_keys, __ATOMIC_RELAXED),
                 (unsigned long long)__atomic_load_n(&p->load_expired, __ATOMIC_RELAXED));
    return rc;
}

static int sync_load_into(struct persistence *p, const struct persistence_sync *sync,
                          struct keyspace *ks, int64_t *stream_db)
{
    struct sync_load l = {.sync = sync, .ks = ks, .stream_db = -1};
    __atomic_store_n(&p->load_began_ms, (uint64_t)clock_unix_ms(), __ATOMIC_RELAXED);
    __atomic_store_n(&p->load_total, sync->size, __ATOMIC_RELAXED);
    __atomic_store_n(&p->loaded_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&p->loaded_keys, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&p->load_expired, 0, __ATOMIC_RELAXED);
    key_loader_begin(&l.keys, p, ks, false, true);
    key_crew_begin(&l.crew, &l.keys, sync_outside, &l);
    const int rc = sync_read(&l);
    key_crew_end(&l.crew);
    key_loader_end(&l.keys);
    *stream_db = l.stream_db;
    return rc;
}

/* In the closed gate: every transaction that watches anything sees that it has gone. */
static void sync_mark_watches(struct keyspace *ks)
{
    for (uint32_t i = 0; i < ks->count; i++)
        for (uint32_t db = 0; ks->shards[i].watched > 0 && db < ks->databases; db++)
            watch_mark_flushed(&ks->shards[i], db);
}

/* Closes the gate when no view is open. */
static void sync_close_gate(struct persistence *p, struct keyspace *ks)
{
    saver_hold(p->saver, true);
    for (;;) {
        for (int kind = SAVER_NONE + 1; kind < SAVER_KINDS; kind++)
            saver_abort(p->saver, (enum saver_kind)kind);
        saver_settle(p->saver);
        gate_close(&ks->gate);
        if (!ks->view)
            break;
        gate_open(&ks->gate); /* one that somebody awaits was faster */
    }
    saver_hold(p->saver, false);
}

/* False: it is no more wanted, and nothing has changed. */
static bool sync_clear(struct persistence *p, const struct persistence_sync *sync)
{
    struct keyspace *ks = p->parts.engine->fixed.keyspace;
    sync_close_gate(p, ks);
    const bool wanted = !sync || sync->begin(sync->ctx);
    if (wanted) {
        sync_mark_watches(ks);
        keyspace_clear(ks);
        invalidation_flush(p->parts.engine->fixed.push, ks);
    }
    gate_open(&ks->gate);
    return wanted;
}

static void sync_finish(struct persistence *p, const struct persistence_sync *sync,
                        int64_t stream_db)
{
    struct gate *gate = &p->parts.engine->fixed.keyspace->gate;
    gate_close(gate);
    sync->end(sync->ctx, stream_db);
    gate_open(gate);
}

static enum persistence_synced sync_replace(struct persistence *p,
                                            const struct persistence_sync *sync)
{
    int64_t stream_db;
    log_line(LOG_NOTICE, "MASTER <-> REPLICA sync: Flushing old data");
    if (!sync_clear(p, sync))
        return SYNC_KEPT;
    log_line(LOG_NOTICE, "MASTER <-> REPLICA sync: Loading DB in memory");
    if (sync_load_into(p, sync, p->parts.engine->fixed.keyspace, &stream_db) != LK_OK) {
        sync_clear(p, NULL);
        return SYNC_LOST;
    }
    sync_finish(p, sync, stream_db);
    return SYNC_LOADED;
}

static enum persistence_synced sync_swap(struct persistence *p, const struct persistence_sync *sync)
{
    struct keyspace *ks = p->parts.engine->fixed.keyspace;
    struct keyspace *fresh = keyspace_new_like(ks);
    enum persistence_synced result = SYNC_KEPT;
    int64_t stream_db;
    log_line(LOG_NOTICE, "MASTER <-> REPLICA sync: Loading DB in memory");
    if (sync_load_into(p, sync, fresh, &stream_db) == LK_OK) {
        sync_close_gate(p, ks);
        if (sync->begin(sync->ctx)) {
            sync_mark_watches(ks);
            keyspace_exchange(ks, fresh);
            invalidation_flush(p->parts.engine->fixed.push, ks);
            sync->end(sync->ctx, stream_db);
            result = SYNC_LOADED;
        }
        gate_open(&ks->gate);
        if (result == SYNC_LOADED)
            log_line(LOG_NOTICE, "MASTER <-> REPLICA sync: Discarding old DB in background");
    }
    keyspace_clear(fresh);
    keyspace_free(fresh);
    return result;
}

enum persistence_synced persistence_sync(struct persistence *p, const struct persistence_sync *sync)
{
    const bool beside = sync->how == SYNC_BESIDE;
    __atomic_store_n(&p->busy, 1, __ATOMIC_SEQ_CST);
    if (!beside)
        engine_set_loading(p->parts.engine, true);
    __atomic_store_n(&p->async_loading, beside, __ATOMIC_RELAXED);
    persistence_hold_aof(p);
    const enum persistence_synced result =
        sync->how == SYNC_REPLACE ? sync_replace(p, sync) : sync_swap(p, sync);
    __atomic_store_n(&p->async_loading, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&p->partial, result == SYNC_LOST, __ATOMIC_RELAXED);
    if (result != SYNC_KEPT)
        saver_note_saved(p->saver, persistence_changes(p));
    if (!beside)
        engine_set_loading(p->parts.engine, false);
    __atomic_store_n(&p->busy, 0, __ATOMIC_SEQ_CST);
    persistence_release_aof(p);
    return result;
}
