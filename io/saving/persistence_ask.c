/*
 * persistence_ask.c — what clients ask: BGSAVE, BGREWRITEAOF, SAVE, a sync's data, and INFO.
 */
#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "io/saving/persistence_priv.h"

#include <sys/stat.h>

/* What was asked for begins in a moment: nothing is under way but what ends. */
static bool ask_is_next(const struct saver_report *r, enum saver_kind job)
{
    enum { FAILURES_MAX = 3 }; /* then it rests */
    return (r->job == SAVER_NONE || r->aborted) &&
           (job != SAVER_REWRITE || r->rewrite_failures < FAILURES_MAX);
}

enum save_answer persistence_bgsave(struct persistence *p, bool schedule)
{
    const struct saver_report r = saver_report_get(p->saver);
    const bool ends = r.job == SAVER_RDB && r.aborted; /* then this one is next */
    if (!ends && (r.job == SAVER_RDB || (r.job == SAVER_SYNC && !schedule)))
        return SAVE_BUSY_SAVING;
    if (r.job == SAVER_NONE && persistence_begin_here(p, SAVER_RDB, SAVER_NOW))
        return SAVE_STARTED;
    if (!ends && !schedule)
        return SAVE_BUSY_REWRITING;
    store_relaxed(&p->save_scheduled, 1);
    return ends ? SAVE_STARTED : SAVE_SCHEDULED;
}

bool persistence_bgsync(struct persistence *p)
{
    return !load_relaxed(&p->parts.engine->saving.loading) && !load_relaxed(&p->busy) &&
           persistence_begin_here(p, SAVER_SYNC, SAVER_QUEUED);
}

void persistence_abort_sync(struct persistence *p)
{
    saver_abort(p->saver, SAVER_SYNC);
}

enum save_answer persistence_bgrewrite(struct persistence *p)
{
    const struct saver_report r = saver_report_get(p->saver);
    if (r.job == SAVER_REWRITE && !r.aborted)
        return SAVE_BUSY_REWRITING;
    mkdir(p->aof_directory, 0755);
    if (r.job == SAVER_NONE && !persistence_is_turning_off(p) &&
        persistence_begin_here(p, SAVER_REWRITE, SAVER_NOW))
        return SAVE_STARTED;
    store_relaxed(&p->rewrite_scheduled, 1);
    return ask_is_next(&r, SAVER_REWRITE) ? SAVE_STARTED : SAVE_SCHEDULED;
}

enum save_answer persistence_save(struct persistence *p, uint32_t worker, uint64_t session_id)
{
    const enum saver_kind job = saver_report_get(p->saver).job;
    if (job == SAVER_RDB || job == SAVER_SYNC)
        return SAVE_BUSY_SAVING;
    struct save_waiter *w = mem_new(struct save_waiter);
    w->worker = worker;
    w->session_id = session_id;
    pthread_mutex_lock(&p->lock);
    /* In lock, so that the job cannot end before its waiter is there. */
    const bool begun =
        saver_begin(p->saver, SAVER_RDB, AOF_TURN_NONE, SAVER_AWAITED, SAVER_QUEUED) == LK_OK;
    if (begun) {
        w->next = p->save_waiters;
        p->save_waiters = w;
    }
    pthread_mutex_unlock(&p->lock);
    if (begun)
        return SAVE_STARTED;
    mem_delete(w);
    return SAVE_BUSY_SAVING;
}

void persistence_report(struct persistence *p, struct admin_persistence *out)
{
    persistence_take_flushed(p);
    /* Before the job: cron begins it, and then takes the wish away. */
    bool save_asked = load_acquire(&p->save_scheduled),
         rewrite_asked = load_acquire(&p->rewrite_scheduled);
    /* So, too: the job turns the file on as it begins. */
    const struct aof_report a = aof_report_get(p->aof);
    const struct saver_report s = saver_report_get(p->saver);
    save_asked |= saver_waits(&s, SAVER_RDB);
    rewrite_asked |= saver_waits(&s, SAVER_REWRITE);
    const bool saving = (s.job == SAVER_RDB || s.job == SAVER_SYNC) && !s.aborted,
               rewriting = s.job == SAVER_REWRITE && !s.aborted,
               begins = persistence_is_turning_on(p, &a),
               save_next = save_asked && ask_is_next(&s, SAVER_RDB) && !rewrite_asked,
               rewrite_next = rewrite_asked && ask_is_next(&s, SAVER_REWRITE),
               others = s.job != SAVER_NONE && s.job != SAVER_REWRITE && !s.aborted;
    *out = (struct admin_persistence){
        .loading = load_relaxed(&p->parts.engine->saving.loading),
        .async_loading = load_relaxed(&p->async_loading),
        .saving = saving || save_next,
        .rewriting = rewriting || rewrite_next ||
                     (begins && (s.job == SAVER_NONE || s.aborted) && s.rewrite_failures == 0),
        .aof_enabled = persistence_config(p)->appendonly,
        .save_failed = s.save_failed,
        .rewrite_failed = s.rewrite_failed,
        .aof_write_failed = a.write_failed || a.sync_failed,
        .last_save_s = s.last_save_s,
        .last_save_duration_s = s.last_save_duration_s,
        .current_save_duration_s = saving ? s.current_duration_s : -1,
        .last_rewrite_duration_s = s.last_rewrite_duration_s,
        .current_rewrite_duration_s = rewriting ? s.current_duration_s : -1,
        .saves = s.saves,
        .rewrites = s.rewrites,
        .rewrite_failures = s.rewrite_failures,
        .changes_at_last_save = s.changes_at_last_save,
        .keys_saved = s.keys_saved,
        .keys_total = s.keys_total,
        .load_keys_loaded = load_relaxed(&p->loaded_keys),
        .load_keys_expired = load_relaxed(&p->load_expired),
        .load_began_ms = load_relaxed(&p->load_began_ms),
        .load_bytes = load_relaxed(&p->loaded_bytes),
        .load_bytes_total = load_relaxed(&p->load_total),
        .aof_current_size = a.size,
        .aof_base_size = a.base_size,
        .aof_buffer_size = a.buffered,
        .aof_delayed_fsync = a.delayed_syncs,
        .save_scheduled = save_asked && !save_next,
        .rewrite_scheduled =
            (rewrite_asked && !rewrite_next) || (begins && (s.rewrite_failures > 0 || others)),
        .last_save_held_bytes = s.last_save_held_bytes,
        .last_rewrite_held_bytes = s.last_rewrite_held_bytes};
}
