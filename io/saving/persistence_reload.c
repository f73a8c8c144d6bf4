/*
 * persistence_reload.c — the data set written and read again while the server runs, for tests that
 * want to know whether both ways lead back.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/trace.h"
#include "core/cmd/engine/invalidation.h"
#include "core/cmd/script/library_batch.h"
#include "io/saving/persistence_priv.h"

#include <unistd.h>

/* Writes are held back: what is in the log now is all that the file will have. */
static bool drain_log(struct persistence *p)
{
    enum { PATIENCE_MS = 10000 };
    const uint64_t last = log_ring_last_ticket(p->parts.engine->fixed.log);
    const int64_t until_ms = clock_unix_ms() + PATIENCE_MS;
    while (log_thread_ticket(p->log) < last || aof_report_get(p->aof).buffered > 0) {
        if (clock_unix_ms() > until_ms)
            return false;
        usleep(1000);
    }
    return true;
}

static void set_logging(struct persistence *p, uint32_t active)
{
    struct engine *engine = p->parts.engine;
    gate_close(&engine->fixed.keyspace->gate);
    store_release(&engine->saving.log_active, active);
    gate_open(&engine->fixed.keyspace->gate);
}

static void persistence_reload_clear(struct persistence *p)
{
    struct keyspace *ks = p->parts.engine->fixed.keyspace;
    gate_close(&ks->gate);
    keyspace_clear(ks);
    invalidation_flush(p->parts.engine->fixed.push, ks);
    if (p->parts.engine->fixed.scripts)
        library_batch_clear(p->parts.engine->fixed.scripts);
    gate_open(&ks->gate);
}

static bool reload_rdb(struct persistence *p, const struct admin_reload *r)
{
    struct aof_load_result result = {0};
    if (!r->no_save && !persistence_save_now(p))
        return false;
    if (!r->no_flush)
        persistence_reload_clear(p);
    return persistence_read(p, NULL, r->merge, &result);
}

static bool reload_aof(struct persistence *p)
{
    struct aof_load_result result = {0};
    struct aof_manifest m = {0};
    if (!drain_log(p))
        return false;
    bool well = persistence_read_manifest(p, &m) == LK_OK;
    if (well) {
        persistence_reload_clear(p);
        well = persistence_read(p, &m, false, &result);
    }
    aof_manifest_release(&m);
    return well;
}

/* Nothing of this is logged: the files already say it. */
static bool persistence_reload_one(struct persistence *p, const struct admin_reload *r)
{
    struct engine *engine = p->parts.engine;
    const uint32_t logging = load_acquire(&engine->saving.log_active);
    saver_hold(p->saver, true); /* no view of what is half there */
    saver_settle(p->saver);
    engine_set_loading(engine, true);
    set_logging(p, 0);
    const bool well = r->aof ? reload_aof(p) : reload_rdb(p, r);
    set_logging(p, logging);
    engine_set_loading(engine, false);
    saver_hold(p->saver, false);
    return well;
}

void persistence_reload(struct persistence *p, const struct admin_reload *r)
{
    static const char rdb_error[] = "-ERR Error trying to load the RDB dump, check server logs\r\n",
                      aof_error[] =
                          "-ERR Error trying to load the AOF files, check server logs\r\n";
    store_relaxed(&p->busy, 1);
    persistence_pause_writes(p, PAUSE_BY_RELOAD, true);
    const bool well = persistence_reload_one(p, r);
    persistence_pause_writes(p, PAUSE_BY_RELOAD, false);
    store_relaxed(&p->busy, 0);
    if (well)
        trace_line(TRACE_WARNING, r->aof ? "Append Only File loaded by DEBUG LOADAOF"
                                         : "DB reloaded by DEBUG RELOAD");
    const char *answer = well ? "+OK\r\n" : r->aof ? aof_error : rdb_error;
    if (r->session)
        p->parts.answer(p->parts.ctx, r->worker, r->session, bytes_cstr(answer));
}
