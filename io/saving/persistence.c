#include "io/saving/persistence.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/client/latency.h"
#include "core/cmd/command/version.h"
#include "core/cmd/script/library_batch.h"
#include "core/store/lazy_free.h"
#include "io/saving/persistence_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* --- what the saver asks --------------------------------------------------------------------- */

static enum rdb_use persistence_use_of(const struct config *c)
{
    if (c->dispatch.maxmemory == 0)
        return RDB_USE_NONE;
    switch (c->maxmemory_policy) {
    case CONFIG_VOLATILE_LFU:
    case CONFIG_ALLKEYS_LFU:
        return RDB_USE_LFU;
    case CONFIG_VOLATILE_LRU:
    case CONFIG_ALLKEYS_LRU:
        return RDB_USE_LRU;
    default:
        return RDB_USE_NONE;
    }
}

static void persistence_each_function(const void *kept,
                                      void (*visit)(void *ctx, struct bytes source), void *ctx)
{
    library_batch_each(kept, visit, ctx);
}

static void persistence_release_functions(void *kept)
{
    library_batch_free(kept);
}

/* The moment from which on changes are logged. */
static void persistence_at_cut(void *ctx, enum saver_kind job)
{
    const struct persistence *p = ctx;
    if (job == SAVER_REWRITE && load_acquire(&p->beginning))
        fetch_or_release(&p->parts.engine->saving.log_active, LOG_TO_AOF);
}

/* In the closed gate: what is logged behind the cut is not among them. */
static void persistence_functions(void *ctx, struct saver_functions *out)
{
    const struct persistence *p = ctx;
    if (p->parts.engine->fixed.scripts)
        *out =
            (struct saver_functions){.kept = library_batch_of_all(p->parts.engine->fixed.scripts),
                                     .each = persistence_each_function,
                                     .release = persistence_release_functions};
}

static void persistence_settings(void *ctx, enum saver_kind job, struct saver_settings *out)
{
    struct persistence *p = ctx;
    const struct config *c = persistence_config(p);
    const bool rewrite = job == SAVER_REWRITE;
    store_relaxed(&p->snapshot, 1);
    store_relaxed(&p->key_delay_us, c->rdb_key_save_delay_us);
    *out = (struct saver_settings){
        .directory = mem_strdup("."), /* the process stands in `dir` */
        .filename = mem_strdup(c->dbfilename),
        .aof_directory = mem_strdup(p->aof_directory),
        .compress = c->rdbcompression,
        .checksum = c->rdbchecksum,
        .incremental_fsync =
            rewrite ? c->aof_rewrite_incremental_fsync : c->rdb_save_incremental_fsync,
        .hold_fsync = c->no_appendfsync_on_rewrite,
        .rdb_preamble = c->aof_use_rdb_preamble,
        .timestamps = c->aof_timestamp_enabled,
        .use = persistence_use_of(c),
        .lfu_decay_minutes = (uint32_t)c->dispatch.limits.lfu_decay_minutes,
        .redis_version = REDIS_VERSION,
        .key_delay_us = c->rdb_key_save_delay_us,
    };
}

/* It may be lowered while a job is under way, which is outside the gate. */
static int64_t persistence_key_delay_us(void *ctx)
{
    const struct persistence *p = ctx;
    return load_relaxed(&p->key_delay_us);
}

/* Not if a script that had written was ended amid it: the server ends, and its files stay. */
static bool persistence_may_cut(void *ctx)
{
    const struct engine *engine = ((struct persistence *)ctx)->parts.engine;
    return !load_acquire(&engine->busy.broken);
}

static uint64_t persistence_count_changes(void *ctx)
{
    const struct engine *engine = ((struct persistence *)ctx)->parts.engine;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < engine->fixed.stats_count; i++)
        sum += stats_read(&engine->fixed.all_stats[i]->changes);
    return sum;
}

uint64_t persistence_changes(struct persistence *p)
{
    return persistence_count_changes(p);
}

static void answer_savers(struct persistence *p, bool well)
{
    static const char ok[] = "+OK\r\n", error[] = "-ERR\r\n";
    pthread_mutex_lock(&p->lock);
    struct save_waiter *w = p->save_waiters;
    p->save_waiters = NULL;
    pthread_mutex_unlock(&p->lock);
    while (w) {
        struct save_waiter *next = w->next;
        p->parts.answer(p->parts.ctx, w->worker, w->session_id, bytes_cstr(well ? ok : error));
        mem_delete(w);
        w = next;
    }
}

static void job_ended(void *ctx, enum saver_kind job, bool well)
{
    struct persistence *p = ctx;
    store_relaxed(&p->snapshot, 0);
    if (job == SAVER_RDB)
        answer_savers(p, well);
    else if (job == SAVER_REWRITE && well)
        store_release(&p->beginning, 0);
}

/* --- the parts ------------------------------------------------------------------------------- */

static enum aof_fsync fsync_of(const struct config *c)
{
    switch (c->appendfsync) {
    case CONFIG_FSYNC_ALWAYS:
        return AOF_FSYNC_ALWAYS;
    case CONFIG_FSYNC_EVERYSEC:
        return AOF_FSYNC_EVERYSEC;
    default:
        return AOF_FSYNC_NO;
    }
}

static void aof_applied(void *ctx, const struct config *before, const struct config *after)
{
    struct persistence *p = ctx;
    if (before->appendfsync != after->appendfsync)
        aof_set_fsync(p->aof, fsync_of(after));
    aof_set_timestamps(p->aof, after->aof_timestamp_enabled);
    aof_keep_history(p->aof, after->aof_disable_auto_gc);
    if (before->appendonly && !after->appendonly) {
        store_relaxed(&p->rewrite_scheduled, 0);
        if (saver_report_get(p->saver).job == SAVER_REWRITE)
            trace_line(TRACE_NOTICE, "Killing AOF child");
        saver_abort(p->saver, SAVER_REWRITE);
    }
    if (before->appendonly != after->appendonly) {
        fetch_add_seq_cst(&p->asked, 1);
        p->parts.ask_to_settle(p->parts.ctx);
    }
}

/* Any thread, also when the saver is gone. */
static void persistence_stalled(void *ctx, enum stall what, int64_t ns)
{
    struct persistence *p = ctx;
    const int64_t threshold_ms = persistence_config(p)->dispatch.latency_ms;
    struct latency_monitor *m = p->parts.engine->fixed.latency;
    if (LK_LIKELY(threshold_ms == 0) || !m || ns / 1000000 < threshold_ms)
        return;
    const uint64_t ms = (uint64_t)ns / 1000000;
    const int64_t now_s = clock_unix_ms() / 1000;
    enum latency_event event = LATENCY_AOF_SYNC_ALWAYS;
    if (what == STALL_AOF_RENAME)
        event = LATENCY_AOF_RENAME;
    else if (what == STALL_RDB_UNLINK)
        event = LATENCY_RDB_UNLINK_TEMP_FILE;
    else if (what == STALL_AOF_WRITE_BESIDE_SYNC)
        event = LATENCY_AOF_WRITE_PENDING_SYNC;
    else if (what == STALL_AOF_WRITE)
        event =
            load_relaxed(&p->snapshot) ? LATENCY_AOF_WRITE_ACTIVE_CHILD : LATENCY_AOF_WRITE_ALONE;
    if (what == STALL_AOF_WRITE || what == STALL_AOF_WRITE_BESIDE_SYNC)
        latency_add(m, LATENCY_AOF_WRITE, now_s, ms);
    latency_add(m, event, now_s, ms);
}

/* At once, and not when cron looks: until then writes would be acknowledged. */
static void aof_faulted(void *ctx, const char *line)
{
    struct persistence *p = ctx;
    pthread_mutex_lock(&p->fault_lock);
    engine_set_write_fault(p->parts.engine, line);
    pthread_mutex_unlock(&p->fault_lock);
}

/*
 * A snapshot of what is gone is of no use.  With save points the empty data set is saved in its
 * place, and from here on changes are counted anew.
 */
static void persistence_flushed(void *ctx)
{
    struct persistence *p = ctx;
    saver_abort(p->saver, SAVER_RDB);
    if (persistence_config(p)->save.n > 0) {
        store_release(&p->flushed, 1);
        store_relaxed(&p->save_scheduled, 1);
    }
}

/* The command that flushed counts its changes when it is through. */
void persistence_take_flushed(struct persistence *p)
{
    if (load_relaxed(&p->flushed) && exchange_acq_rel(&p->flushed, 0))
        saver_note_saved(p->saver, persistence_count_changes(p));
}

struct persistence *persistence_new(const struct persistence_parts *parts)
{
    struct persistence *p = mem_new(struct persistence);
    struct engine *engine = parts->engine;
    p->parts = *parts;
    pthread_mutex_init(&p->lock, NULL);
    pthread_mutex_init(&p->fault_lock, NULL);
    pthread_mutex_init(&p->aof_lock, NULL);
    const struct config *c = persistence_config(p);
    p->aof_directory = mem_strdup(c->appenddirname);
    engine->fixed.log = log_ring_new(parts->log_slots, parts->log_slack, parts->log_bytes_max);
    const struct aof_options options = {.ops = &file_ops_system,
                                        .directory = p->aof_directory,
                                        .filename = c->appendfilename,
                                        .fsync = fsync_of(c),
                                        .timestamps = c->aof_timestamp_enabled,
                                        .faulted = aof_faulted,
                                        .ctx = p,
                                        .watch = {persistence_stalled, p}};
    p->aof = aof_new(&options, engine->fixed.log);
    const struct saver_parts saver = {.ks = engine->fixed.keyspace,
                                      .ring = engine->fixed.log,
                                      .aof = p->aof,
                                      .ops = &file_ops_system,
                                      .ctx = p,
                                      .settings = persistence_settings,
                                      .key_delay_us = persistence_key_delay_us,
                                      .may_cut = persistence_may_cut,
                                      .cut = persistence_at_cut,
                                      .functions = persistence_functions,
                                      .changes = persistence_count_changes,
                                      .ended = job_ended,
                                      .watch = {persistence_stalled, p}};
    p->saver = saver_new(&saver);
    aof_keep_history(p->aof, c->aof_disable_auto_gc);
    engine->hooks.flushed = persistence_flushed;
    engine->hooks.flushed_ctx = p;
    config_register(parts->config, CONFIG_HOOK_AOF, &(struct config_hook){NULL, aof_applied, p});
    return p;
}

void persistence_set_stream(struct persistence *p, const struct log_sink *sink,
                            const struct saver_stream *stream)
{
    p->stream_sink = sink;
    p->stream = stream;
    saver_set_stream(p->saver, stream);
}

/* --- now and then ---------------------------------------------------------------------------- */

static void persistence_see_delay(struct persistence *p)
{
    store_relaxed(&p->key_delay_us, persistence_config(p)->rdb_key_save_delay_us);
}

bool persistence_begin_here(struct persistence *p, enum saver_kind job, enum saver_when when)
{
    enum aof_turn turn = AOF_TURN_NONE;
    persistence_see_delay(p); /* a job obeys what was set before it */
    if (job == SAVER_REWRITE && load_acquire(&p->beginning))
        turn = AOF_TURN_BEGIN;
    else if (job == SAVER_REWRITE && aof_report_get(p->aof).on)
        turn = AOF_TURN_ROTATE;
    return saver_begin(p->saver, job, turn, SAVER_BESIDE, when) == LK_OK;
}

enum { RETRY_MS = 5000 };

static bool save_is_due(const struct persistence *p, const struct config *c,
                        const struct saver_report *r, int64_t now_ms)
{
    const uint64_t changes =
        persistence_count_changes((void *)(uintptr_t)p) - r->changes_at_last_save;
    if (r->save_failed && now_ms - r->last_try_ms < RETRY_MS)
        return false;
    for (size_t i = 0; i < c->save.n; i++) {
        const struct config_save_point *point = &c->save.v[i];
        if (changes < (uint64_t)point->changes || now_ms / 1000 - r->last_save_s <= point->seconds)
            continue;
        trace_line(TRACE_NOTICE, "%lld changes in %lld seconds. Saving...",
                   (long long)point->changes, (long long)point->seconds);
        return true;
    }
    return false;
}

bool persistence_is_turning_off(struct persistence *p)
{
    return !persistence_config(p)->appendonly && aof_report_get(p->aof).on;
}

bool persistence_is_turning_on(struct persistence *p, const struct aof_report *a)
{
    const bool settled = load_seq_cst(&p->settled) == load_seq_cst(&p->asked);
    return persistence_config(p)->appendonly && !(a->on && settled) &&
           !load_relaxed(&p->parts.engine->saving.loading);
}

/* Somebody has asked for it, and it may begin. */
static bool rewrite_is_asked(struct persistence *p, uint64_t failures, int64_t now_ms)
{
    return load_relaxed(&p->rewrite_scheduled) && !persistence_is_turning_off(p) &&
           !rewrite_limit_rests(&p->rewrite_limit, failures, now_ms);
}

/* failures: of rewrites, in a row. */
static bool rewrite_is_due(struct persistence *p, const struct config *c, uint64_t failures,
                           int64_t now_ms)
{
    const struct aof_report r = aof_report_get(p->aof);
    const bool begin = load_acquire(&p->beginning);
    if (begin || r.sync_failed) /* which is mended by nothing else */
        return now_ms - p->last_rewrite_try_ms > RETRY_MS &&
               (r.sync_failed || !rewrite_limit_rests(&p->rewrite_limit, failures, now_ms));
    if (!r.on || c->auto_aof_rewrite_percentage == 0 || r.size <= c->auto_aof_rewrite_min_size)
        return false;
    const uint64_t base = r.base_size ? r.base_size : 1;
    const int64_t growth = (int64_t)(r.size * 100 / base) - 100;
    if (growth < c->auto_aof_rewrite_percentage ||
        rewrite_limit_rests(&p->rewrite_limit, failures, now_ms))
        return false;
    trace_line(TRACE_NOTICE, "Starting automatic rewriting of AOF on %lld%% growth",
               (long long)growth);
    return true;
}

static void note_fault(struct persistence *p, const struct config *c, const struct saver_report *r)
{
    static const char misconf[] =
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist "
        "to disk. Commands that may modify the data set are disabled, because this instance is "
        "configured to report errors during writes if RDB snapshotting fails "
        "(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the "
        "RDB error.";
    aof_tell_waiting(p->aof);
    pthread_mutex_lock(&p->fault_lock);
    const char *fault = aof_fault_line(p->aof);
    if (!fault && r->save_failed && c->stop_writes_on_bgsave_error && c->save.n > 0)
        fault = misconf;
    engine_set_write_fault(p->parts.engine, fault);
    pthread_mutex_unlock(&p->fault_lock);
}

/* Is such a job under way, or will it be? */
static bool is_at_it(const struct saver_report *r, enum saver_kind job)
{
    return r->job == job || saver_waits(r, job);
}

void persistence_cron(struct persistence *p, int64_t now_ms)
{
    const struct config *c = persistence_config(p);
    persistence_see_delay(p);
    persistence_take_flushed(p);
    const struct saver_report r = saver_report_get(p->saver);
    note_fault(p, c, &r);
    if (load_relaxed(&p->parts.engine->saving.loading) || load_relaxed(&p->busy) ||
        load_relaxed(&p->partial))
        return;
    /* Queued: one that waits until nothing is under way would never come among many replicas. */
    if (!is_at_it(&r, SAVER_REWRITE) && (rewrite_is_asked(p, r.rewrite_failures, now_ms) ||
                                         rewrite_is_due(p, c, r.rewrite_failures, now_ms))) {
        p->last_rewrite_try_ms = now_ms;
        if (persistence_begin_here(p, SAVER_REWRITE, SAVER_QUEUED))
            store_relaxed(&p->rewrite_scheduled, 0);
    }
    if (!is_at_it(&r, SAVER_RDB) &&
        (load_relaxed(&p->save_scheduled) || save_is_due(p, c, &r, now_ms))) {
        if (persistence_begin_here(p, SAVER_RDB, SAVER_QUEUED))
            store_relaxed(&p->save_scheduled, 0);
    }
}

static void turn_off(struct persistence *p)
{
    struct gate *gate = &p->parts.engine->fixed.keyspace->gate;
    struct aof_turn_request r;
    store_seq_cst(&p->turning_off, 1);
    store_release(&p->beginning, 0);
    saver_abort(p->saver, SAVER_REWRITE);
    gate_close(gate);
    fetch_and_release(&p->parts.engine->saving.log_active, ~(uint32_t)LOG_TO_AOF);
    aof_turn(p->parts.engine->fixed.log, &r, AOF_TURN_END);
    gate_open(gate);
    if (aof_turn_wait(&r) != LK_OK)
        trace_line(TRACE_WARNING, "Cannot close the AOF: %s", strerror(errno));
    store_seq_cst(&p->turning_off, 0);
}

/* It begins by `beginning`, then on; it ends by `turning_off`, not `beginning`, then off. */
bool persistence_has_file(struct persistence *p)
{
    /* No look at the configuration: the caller need not be inside the gate. */
    if (load_seq_cst(&p->asked) != load_seq_cst(&p->settled) || load_seq_cst(&p->beginning) ||
        load_seq_cst(&p->turning_off))
        return false;
    return aof_report_get(p->aof).on && !load_seq_cst(&p->beginning);
}

/* A rewrite that began while the file was off ends without turning it on. */
static void begin_later(struct persistence *p)
{
    const struct saver_report r = saver_report_get(p->saver);
    const bool rewriting = r.job == SAVER_REWRITE;
    trace_line(TRACE_NOTICE, rewriting
                                 ? "AOF was enabled but there is already an AOF rewriting in "
                                   "background. Stopping background AOF and starting a rewrite now."
                                 : "AOF was enabled but there is already another background "
                                   "operation. An AOF background was scheduled to start when "
                                   "possible.");
    if (rewriting || saver_waits(&r, SAVER_REWRITE))
        saver_abort(p->saver, SAVER_REWRITE);
    store_relaxed(&p->rewrite_scheduled, 1);
}

static void settle_aof(struct persistence *p)
{
    const bool wanted = persistence_config(p)->appendonly;
    const bool on = aof_report_get(p->aof).on;
    if (on && !wanted) {
        turn_off(p);
    } else if (!on && wanted) {
        mkdir(p->aof_directory, 0755);
        store_release(&p->beginning, 1);
        if (!persistence_begin_here(p, SAVER_REWRITE, SAVER_NOW))
            begin_later(p);
    }
}

/* While a master's data are loaded the AOF stays off; behind them it is settled again. */
void persistence_settle(struct persistence *p)
{
    pthread_mutex_lock(&p->aof_lock);
    const uint64_t asked = load_seq_cst(&p->asked);
    if (!p->aof_held)
        settle_aof(p);
    store_seq_cst(&p->settled, asked);
    pthread_mutex_unlock(&p->aof_lock);
}

void persistence_hold_aof(struct persistence *p)
{
    pthread_mutex_lock(&p->aof_lock);
    p->aof_held = true;
    if (aof_report_get(p->aof).on)
        turn_off(p);
    pthread_mutex_unlock(&p->aof_lock);
}

void persistence_release_aof(struct persistence *p)
{
    pthread_mutex_lock(&p->aof_lock);
    p->aof_held = false;
    pthread_mutex_unlock(&p->aof_lock);
    p->parts.ask_to_settle(p->parts.ctx);
}

void persistence_accept(struct persistence *p)
{
    store_relaxed(&p->partial, 0);
}

void persistence_delay_log(struct persistence *p, int64_t delay_us)
{
    aof_set_delay(p->aof, delay_us);
}

/* --- the end --------------------------------------------------------------------------------- */

void persistence_pause_writes(struct persistence *p, enum pause_purpose purpose, bool on)
{
    struct engine *engine = p->parts.engine;
    gate_close(&engine->fixed.keyspace->gate);
    engine_pause(engine, purpose, on ? PAUSE_WRITES : PAUSE_NOTHING, INT64_MAX);
    gate_open(&engine->fixed.keyspace->gate);
}

bool persistence_save_now(struct persistence *p)
{
    /* All others make room, and none of them comes between. */
    saver_hold(p->saver, true);
    for (int kind = SAVER_NONE + 1; kind < SAVER_KINDS; kind++)
        saver_abort(p->saver, (enum saver_kind)kind);
    saver_wait(p->saver, SAVER_RDB);
    const bool well =
        saver_begin(p->saver, SAVER_RDB, AOF_TURN_NONE, SAVER_AWAITED, SAVER_QUEUED) == LK_OK &&
        saver_wait(p->saver, SAVER_RDB);
    saver_hold(p->saver, false);
    return well;
}

static const char cannot_end[] =
    "Errors trying to shut down the server. Check the logs for more information.";

static bool file_begins(struct persistence *p)
{
    const struct aof_report a = aof_report_get(p->aof);
    return load_acquire(&p->beginning) || persistence_is_turning_on(p, &a);
}

/*
 * Nothing has the data until the rewrite that begins the file is through.  One that CONFIG SET has
 * asked for, and that failed, or waits for a save, keeps nobody.  If there is none it is about to
 * be asked for, which is main's to do and so the caller's, or it is through, and the saver is about
 * to say so.
 */
static bool is_first_rewrite(struct persistence *p)
{
    enum { TRIES = 200 };
    const struct timespec nap = {.tv_nsec = 5000000};
    for (int i = 0; i < TRIES; i++) {
        const struct saver_report r = saver_report_get(p->saver);
        if (!file_begins(p))
            return false;
        if (r.job != SAVER_NONE)
            return r.job == SAVER_REWRITE && !r.aborted;
        if (r.rewrite_failures > 0 || saver_waits(&r, SAVER_REWRITE))
            return r.rewrite_failures == 0;
        if (load_seq_cst(&p->settled) != load_seq_cst(&p->asked))
            persistence_settle(p);
        else
            nanosleep(&nap, NULL);
    }
    return true;
}

/* May it end though the file begins? */
static bool persistence_may_leave(struct persistence *p, bool force)
{
    if (!is_first_rewrite(p))
        return true;
    trace_line(TRACE_WARNING,
               force ? "Writing initial AOF. Exit anyway." : "Writing initial AOF, can't exit.");
    if (!force)
        trace_line(TRACE_WARNING, "%s", cannot_end);
    return force;
}

bool persistence_try_end(struct persistence *p, unsigned flags)
{
    if (!persistence_may_leave(p, flags & CONFIG_SHUTDOWN_FORCE))
        return false;
    const bool save = flags & CONFIG_SHUTDOWN_SAVE ||
                      (persistence_config(p)->save.n > 0 && !(flags & CONFIG_SHUTDOWN_NOSAVE));
    if (!save || load_relaxed(&p->parts.engine->saving.loading) || load_relaxed(&p->partial))
        return true;
    trace_line(TRACE_NOTICE, "Saving the final RDB snapshot before exiting.");
    store_relaxed(&p->busy, 1);
    store_relaxed(&p->end_undone, 0);
    store_seq_cst(&p->end_asked, 1);
    persistence_pause_writes(p, PAUSE_BY_SHUTDOWN, true);
    const bool saved = persistence_save_now(p);
    store_seq_cst(&p->end_asked, 0);
    const bool undone = load_seq_cst(&p->end_undone);
    if (!undone && (saved || flags & CONFIG_SHUTDOWN_FORCE))
        return true;
    trace_line(TRACE_WARNING,
               undone ? "Shutdown manually aborted." : "Error trying to save the DB, can't exit.");
    if (!undone)
        trace_line(TRACE_WARNING, "%s", cannot_end);
    persistence_pause_writes(p, PAUSE_BY_SHUTDOWN, false);
    store_relaxed(&p->busy, 0);
    return false;
}

bool persistence_stay(struct persistence *p)
{
    if (!load_seq_cst(&p->end_asked))
        return false;
    store_seq_cst(&p->end_undone, 1);
    saver_abort(p->saver, SAVER_RDB);
    return true;
}

void persistence_end(struct persistence *p)
{
    saver_free(p->saver);
    if (p->log)
        log_thread_end(p->log);
    if (aof_report_get(p->aof).on)
        trace_line(TRACE_NOTICE, "Calling fsync() on the AOF file.");
    aof_free(p->aof);
    aof_manifest_release(&p->found);
    mem_strfree(p->aof_directory);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->fault_lock);
    pthread_mutex_destroy(&p->aof_lock);
    mem_delete(p);
}
