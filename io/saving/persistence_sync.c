/*
 * persistence_sync.c — the data of a full sync, in place of what is here.
 *
 *   REPLACE  -LOADING --> jobs of the saver end, AOF off --> gate { emptied } --> loaded --> served
 *   SWAP     beside the old data, into a keyspace that nobody knows --> gate { exchanged }
 *
 * Libraries of functions are data: their sources are kept until the load has come to its end, and
 * take the place of those that are here in a closed gate.
 *
 * A load that fails leaves nothing of what it has loaded: REPLACE an empty data set, SWAP the old
 * one.  The AOF begins anew behind the load, since what it has is the past of other data; until its
 * new base has its name, the old files stay valid.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/trace.h"
#include "core/cmd/engine/invalidation.h"
#include "core/cmd/script/library_batch.h"
#include "core/store/watch.h"
#include "io/saving/key_loader.h"

struct sync_load {
    struct key_loader keys; /* first: rdb_receiver's ctx */
    struct key_crew crew;
    const struct persistence_sync *sync;
    struct keyspace *ks; /* that is filled */
    int64_t stream_db;
    struct buf sources; /* of libraries: each behind its size_t of bytes */
    struct buf slot_states;
};

/* What there is beside keys. */
struct sync_found {
    int64_t stream_db;
    struct buf sources;
    struct buf slot_states; /* of a cluster's master; empty: no slot is on the move */
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
    store_relaxed(&l->keys.p->loaded_bytes, offset);
    sync_outside(ctx, true); /* whoever wants to be alone in the gate gets his turn */
    l->sync->progress(l->sync->ctx);
    sync_outside(ctx, false);
}

static void sync_release_found(struct sync_found *found)
{
    buf_release(&found->sources);
    buf_release(&found->slot_states);
}

/* In the closed gate. */
static void sync_publish_slot_states(const struct persistence *p, const struct sync_found *found)
{
    const struct engine *e = p->parts.engine;
    if (e->hooks.take_slot_states)
        e->hooks.take_slot_states(e->hooks.slot_states_ctx, buf_bytes(&found->slot_states));
}

static int sync_take_aux(void *ctx, struct bytes name, struct bytes value)
{
    struct sync_load *l = ctx;
    int64_t db;
    if (bytes_equal(name, bytes_cstr("repl-stream-db")) && bytes_to_int64(value, &db))
        l->stream_db = db;
    if (bytes_equal(name, bytes_cstr("cluster-slot-states"))) {
        l->slot_states.size = 0;
        buf_append_bytes(&l->slot_states, value);
    }
    return key_loader_receiver(&l->keys).aux(&l->keys, name, value);
}

static int sync_take_function(void *ctx, struct bytes source)
{
    struct sync_load *l = ctx;
    buf_append(&l->sources, &source.size, sizeof source.size);
    buf_append_bytes(&l->sources, source);
    return LK_OK;
}

/* In the closed gate: makes libraries of the sources.  NULL: one of them is none. */
static struct library_batch *sync_make_functions(struct persistence *p, const struct buf *sources)
{
    struct library_batch *all = library_batch_new(p->parts.engine->fixed.scripts);
    struct buf error = {0};
    bool well = true;
    for (size_t at = 0, size; well && at < sources->size; at += size) {
        memcpy(&size, sources->data + at, sizeof size);
        at += sizeof size;
        well = library_batch_add(all, bytes_of(sources->data + at, size), &error);
    }
    if (!well) {
        trace_line(TRACE_WARNING, "Failed loading a library of functions: %.*s", (int)error.size,
                   error.data);
        library_batch_free(all);
    }
    buf_release(&error);
    return well ? all : NULL;
}

/* They take the place of those that are here. */
static void sync_publish_functions(const struct persistence *p, struct library_batch *all)
{
    struct buf error = {0};
    if (p->parts.engine->fixed.scripts && !library_batch_publish(all, LIBRARY_FLUSH, &error))
        trace_line(TRACE_WARNING, "Failed loading libraries of functions: %.*s", (int)error.size,
                   error.data);
    buf_release(&error);
}

static int sync_read(struct sync_load *l)
{
    struct persistence *p = l->keys.p;
    struct rdb_receiver r = key_loader_receiver(&l->keys);
    r.aux = sync_take_aux;
    r.function = sync_take_function;
    r.progress = sync_tell_progress;
    r.crew = l->crew.crew;
    dispatch_enter(l->sync->dispatcher);
    const int rc = rdb_load(l->sync->in, &r);
    dispatch_leave(l->sync->dispatcher);
    if (rc == LK_OK)
        trace_line(TRACE_NOTICE, "Done loading RDB, keys loaded: %llu, keys expired: %llu.",
                   (unsigned long long)load_relaxed(&p->loaded_keys),
                   (unsigned long long)load_relaxed(&p->load_expired));
    return rc;
}

static int sync_load_into(struct persistence *p, const struct persistence_sync *sync,
                          struct keyspace *ks, struct sync_found *found)
{
    struct sync_load l = {.sync = sync, .ks = ks, .stream_db = -1};
    store_relaxed(&p->load_began_ms, (uint64_t)clock_unix_ms());
    store_relaxed(&p->load_total, sync->size);
    store_relaxed(&p->loaded_bytes, 0);
    store_relaxed(&p->loaded_keys, 0);
    store_relaxed(&p->load_expired, 0);
    key_loader_begin(&l.keys, p, ks, false, true);
    key_crew_begin(&l.crew, &l.keys, sync_outside, &l);
    const int rc = sync_read(&l);
    key_crew_end(&l.crew);
    key_loader_end(&l.keys);
    *found = (struct sync_found){l.stream_db, l.sources, l.slot_states};
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
        if (p->parts.engine->fixed.scripts)
            library_batch_clear(p->parts.engine->fixed.scripts);
    }
    gate_open(&ks->gate);
    return wanted;
}

static bool sync_finish(struct persistence *p, const struct persistence_sync *sync,
                        struct sync_found *found)
{
    struct gate *gate = &p->parts.engine->fixed.keyspace->gate;
    gate_close(gate);
    struct library_batch *functions = sync_make_functions(p, &found->sources);
    if (functions) {
        sync_publish_functions(p, functions);
        library_batch_free(functions);
        sync_publish_slot_states(p, found);
        sync->end(sync->ctx, found->stream_db);
    }
    gate_open(gate);
    return functions != NULL;
}

static enum persistence_synced sync_replace(struct persistence *p,
                                            const struct persistence_sync *sync)
{
    struct sync_found found;
    trace_line(TRACE_NOTICE, "MASTER <-> REPLICA sync: Flushing old data");
    if (!sync_clear(p, sync))
        return SYNC_KEPT;
    trace_line(TRACE_NOTICE, "MASTER <-> REPLICA sync: Loading DB in memory");
    const bool well = sync_load_into(p, sync, p->parts.engine->fixed.keyspace, &found) == LK_OK &&
                      sync_finish(p, sync, &found);
    sync_release_found(&found);
    if (!well)
        sync_clear(p, NULL);
    return well ? SYNC_LOADED : SYNC_LOST;
}

static enum persistence_synced sync_swap(struct persistence *p, const struct persistence_sync *sync)
{
    struct keyspace *ks = p->parts.engine->fixed.keyspace;
    struct keyspace *fresh = keyspace_new_like(ks);
    enum persistence_synced result = SYNC_KEPT;
    struct sync_found found;
    trace_line(TRACE_NOTICE, "MASTER <-> REPLICA sync: Loading DB in memory");
    if (sync_load_into(p, sync, fresh, &found) == LK_OK) {
        sync_close_gate(p, ks);
        struct library_batch *functions = sync_make_functions(p, &found.sources);
        if (functions && sync->begin(sync->ctx)) {
            sync_publish_functions(p, functions);
            sync_mark_watches(ks);
            keyspace_exchange(ks, fresh);
            invalidation_flush(p->parts.engine->fixed.push, ks);
            sync_publish_slot_states(p, &found);
            sync->end(sync->ctx, found.stream_db);
            result = SYNC_LOADED;
        }
        gate_open(&ks->gate);
        if (functions)
            library_batch_free(functions);
        if (result == SYNC_LOADED)
            trace_line(TRACE_NOTICE, "MASTER <-> REPLICA sync: Discarding old DB in background");
    }
    sync_release_found(&found);
    keyspace_clear(fresh);
    keyspace_free(fresh);
    return result;
}

/* Whoever has ended the link, and was told so, does not meet -LOADING behind it. */
static bool sync_begin_loading(struct persistence *p, const struct persistence_sync *sync)
{
    struct gate *gate = &p->parts.engine->fixed.keyspace->gate;
    gate_close(gate);
    const bool wanted = sync->wanted(sync->ctx);
    if (wanted && sync->how == SYNC_BESIDE)
        engine_set_loading_beside(p->parts.engine, true);
    else if (wanted)
        engine_set_loading(p->parts.engine, true);
    gate_open(gate);
    return wanted;
}

enum persistence_synced persistence_sync(struct persistence *p, const struct persistence_sync *sync)
{
    const bool beside = sync->how == SYNC_BESIDE;
    store_seq_cst(&p->busy, 1);
    if (!sync_begin_loading(p, sync)) {
        store_seq_cst(&p->busy, 0);
        return SYNC_KEPT;
    }
    store_relaxed(&p->async_loading, beside);
    persistence_hold_aof(p);
    const enum persistence_synced result =
        sync->how == SYNC_REPLACE ? sync_replace(p, sync) : sync_swap(p, sync);
    store_relaxed(&p->async_loading, 0);
    store_relaxed(&p->partial, result == SYNC_LOST);
    if (result != SYNC_KEPT)
        saver_note_saved(p->saver, persistence_changes(p));
    if (beside)
        engine_set_loading_beside(p->parts.engine, false);
    else
        engine_set_loading(p->parts.engine, false);
    store_seq_cst(&p->busy, 0);
    persistence_release_aof(p);
    return result;
}
