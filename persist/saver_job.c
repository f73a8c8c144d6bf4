/*
 * saver_job.c — one job, from its cut to its end.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "persist/aof/aof_base.h"
#include "persist/rdb/rdb_file.h"
#include "persist/saver_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What one job knows. */
struct job {
    struct saver *saver;
    struct saver_entry *entry;
    enum saver_kind kind;
    struct saver_task *task; /* NULL: one of the saver's own */
    struct saver_settings settings;
    struct view *view;
    struct rdb_sizes sizes;
    struct rdb_save_options options;
    struct aof_turn_request turn;
    enum aof_turn turns;
    void *mark; /* where the replication stream stands at the cut; NULL: nobody asked */
    uint64_t changes, keys, bytes, held_bytes;
    const char *why; /* it did not go well */
    char error[RDB_FILE_ERROR_CHARS];
};

/* --- the cut --------------------------------------------------------------------------------- */

static uint64_t saver_sum_keys(const struct rdb_sizes *sizes)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < sizes->count; i++)
        sum += sizes->rows[i].keys;
    return sum;
}

static bool is_aborted(const struct job *j)
{
    struct saver *s = j->saver;
    pthread_mutex_lock(&s->lock);
    const bool aborted = s->stop || j->entry->aborted;
    pthread_mutex_unlock(&s->lock);
    return aborted;
}

/* What grows with the data, or takes memory: all that need not be of one moment with the view. */
static void before_cut(struct job *j)
{
    const struct saver_parts *p = &j->saver->parts;
    const int slot = gate_join(&p->ks->gate);
    gate_enter(&p->ks->gate, slot);
    p->settings(p->ctx, j->kind, &j->settings);
    gate_leave(&p->ks->gate, slot);
    rdb_sizes_take(p->ks, slot, &j->sizes);
    gate_part(&p->ks->gate, slot);
    j->keys = saver_sum_keys(&j->sizes);
}

/*
 * One moment for the view, the count of changes and the turn of the AOF.  LK_EAGAIN: the job was
 * aborted before, or may not save what there is, and nothing is begun: whoever does that and then
 * closes the gate himself finds no turn behind his own.
 */
static int saver_cut(struct job *j)
{
    const struct saver_parts *p = &j->saver->parts;
    gate_close(&p->ks->gate);
    if (is_aborted(j) || (p->may_cut && !p->may_cut(p->ctx))) {
        gate_open(&p->ks->gate);
        return LK_EAGAIN;
    }
    if (p->cut)
        p->cut(p->ctx, j->kind);
    if (p->functions)
        p->functions(p->ctx, &j->settings.functions);
    j->changes = p->changes(p->ctx);
    j->view = view_cut(p->ks);
    if (p->stream && (j->kind == SAVER_RDB || j->kind == SAVER_SYNC))
        j->mark = p->stream->cut(p->stream->ctx, j->kind);
    if (j->turns != AOF_TURN_NONE)
        aof_turn(p->ring, &j->turn, j->turns);
    if (j->task && j->task->cut)
        j->task->cut(j->task->ctx);
    gate_open(&p->ks->gate);
    return LK_OK;
}

/* --- the file -------------------------------------------------------------------------------- */

static int64_t saver_key_delay_us(const struct job *j)
{
    const struct saver_parts *p = &j->saver->parts;
    return p->key_delay_us ? p->key_delay_us(p->ctx) : j->settings.key_delay_us;
}

/* Whoever aborts the job, or makes the delay shorter, does not wait for the end of it. */
static void delay_key(const struct job *j)
{
    enum { SLICE_US = 10000 };
    if (LK_LIKELY(j->settings.key_delay_us <= 0))
        return;
    for (int64_t us = 0, left_us; (left_us = saver_key_delay_us(j) - us) > 0; us += SLICE_US) {
        if (left_us > SLICE_US && is_aborted(j))
            return;
        usleep((useconds_t)(left_us < SLICE_US ? left_us : SLICE_US));
    }
}

static int key_saved(void *ctx, uint64_t keys)
{
    struct job *j = ctx;
    store_relaxed(&j->saver->keys_saved, keys);
    delay_key(j);
    const size_t held = keys % 1024 == 0 ? view_held_bytes(j->saver->parts.ks) : 0;
    if (held > j->held_bytes)
        j->held_bytes = held;
    return LK_OK;
}

static bool saver_is_plain(const struct job *j)
{
    return j->kind == SAVER_REWRITE && !j->settings.rdb_preamble;
}

static void saver_put_function(void *ctx, struct bytes source)
{
    rdb_save_function(ctx, source);
}

static void saver_put_plain_function(void *ctx, struct bytes source)
{
    aof_base_function(ctx, source);
}

static void saver_each_function(const struct saver_functions *f,
                                void (*put)(void *ctx, struct bytes source), void *ctx)
{
    if (f->kept)
        f->each(f->kept, put, ctx);
}

static int write_rdb(struct job *j, struct rdb_out *out)
{
    const struct rdb_save_hook hook = {key_saved, j};
    struct rdb_save save;
    out->compress = j->settings.compress;
    out->checksum = j->settings.checksum;
    rdb_save_begin(&save, out, &j->options);
    saver_each_function(&j->settings.functions, saver_put_function, &save);
    return rdb_save_view(&save, j->view, &hook);
}

static int write_plain(struct job *j, struct rdb_out *out)
{
    const struct rdb_save_hook hook = {key_saved, j};
    struct aof_base base;
    out->checksum = false;
    aof_base_begin(&base, out, j->settings.timestamps ? clock_unix_ms() / 1000 : -1);
    saver_each_function(&j->settings.functions, saver_put_plain_function, &base);
    return aof_base_view(&base, j->view, &hook);
}

static int write_view(struct job *j, struct rdb_file *f)
{
    const struct rdb_sink sink = rdb_file_sink(f);
    struct rdb_out out;
    rdb_out_init(&out, &sink, RDB_OUT_BUFFER_BYTES);
    const int rc = saver_is_plain(j) ? write_plain(j, &out) : write_rdb(j, &out);
    j->bytes = rdb_out_offset(&out);
    rdb_out_release(&out);
    return rc;
}

static void say_why(struct job *j, const struct rdb_file *f, int rc)
{
    if (rc == LK_EAGAIN)
        j->why = "it was aborted";
    else if (f && f->error[0])
        snprintf(j->error, sizeof j->error, "%s", f->error);
    else
        snprintf(j->error, sizeof j->error, "%s", strerror(errno));
    if (!j->why)
        j->why = j->error;
}

static int saver_write_file(struct job *j, const char *temp, const char *name)
{
    const struct saver_settings *set = &j->settings;
    const struct rdb_file_options options = {.directory = j->kind == SAVER_RDB ? set->directory
                                                                               : set->aof_directory,
                                             .temp_name = temp,
                                             .incremental_fsync = set->incremental_fsync};
    struct rdb_file f;
    int rc = rdb_file_create(&f, j->saver->parts.ops, &options);
    if (rc != LK_OK) {
        say_why(j, &f, rc);
        return rc;
    }
    rc = write_view(j, &f);
    if (rc == LK_OK)
        rc = rdb_file_commit(&f, name);
    if (rc == LK_OK)
        return rc;
    say_why(j, &f, rc);
    const int64_t begun_ns = stall_begin(&j->saver->parts.watch);
    rdb_file_abort(&f);
    stall_end(&j->saver->parts.watch, STALL_RDB_UNLINK, begun_ns);
    return rc;
}

/* --- for replicas ---------------------------------------------------------------------------- */

static int saver_sync(struct job *j)
{
    const struct saver_stream *stream = j->saver->parts.stream;
    LK_ASSERT(stream);
    struct rdb_sink sink;
    int rc = stream->begin(stream->ctx, &j->sizes, &j->options, &sink);
    if (rc == LK_OK) {
        struct rdb_out out;
        rdb_out_init(&out, &sink, RDB_OUT_BUFFER_BYTES);
        rc = write_rdb(j, &out);
        rdb_out_release(&out);
    }
    stream->end(stream->ctx, rc == LK_OK);
    if (rc != LK_OK)
        say_why(j, NULL, rc);
    return rc;
}

/* --- the jobs -------------------------------------------------------------------------------- */

static int save_rdb(struct job *j)
{
    const int rc = saver_write_file(j, NULL, j->settings.filename);
    if (rc == LK_OK)
        trace_line(TRACE_NOTICE, "DB saved on disk");
    return rc;
}

static int saver_rewrite(struct job *j)
{
    struct aof *aof = j->saver->parts.aof;
    char temp[64], whole[64];
    if (j->settings.hold_fsync)
        aof_hold_fsync(aof, true);
    snprintf(temp, sizeof temp, "temp-rewriteaof-%d.aof", (int)getpid());
    snprintf(whole, sizeof whole, "temp-rewriteaof-bg-%d.aof", (int)getpid());
    int rc = saver_write_file(j, temp, whole);
    if (j->turns != AOF_TURN_NONE && aof_turn_wait(&j->turn) != LK_OK && rc == LK_OK) {
        say_why(j, NULL, LK_EIO);
        rc = LK_EIO;
    }
    if (rc == LK_OK) {
        rc = aof_adopt_base(aof, whole, !saver_is_plain(j), j->bytes);
        if (rc != LK_OK)
            say_why(j, NULL, rc);
    }
    if (j->settings.hold_fsync)
        aof_hold_fsync(aof, false);
    if (rc == LK_OK)
        trace_line(TRACE_NOTICE, "Background AOF rewrite finished successfully");
    return rc;
}

static int saver_run_task(struct job *j)
{
    const struct saver_cut cut = {j->view, &j->settings, &j->sizes, j->keys};
    const int rc = j->task->write(j->task->ctx, &cut);
    if (rc != LK_OK)
        say_why(j, NULL, rc);
    return rc;
}

static void saver_report_here(struct saver *s, const struct job *j, bool well)
{
    struct saver_report *r = &s->report;
    const int64_t now_ms = clock_unix_ms(), seconds = (now_ms - s->began_ms) / 1000;
    s->well[j->kind] = well;
    if (j->kind == SAVER_SYNC || j->kind == SAVER_SLOTS)
        return;
    const bool aborted = j->entry->aborted && !well; /* as asked: that says nothing of the disk */
    if (j->kind == SAVER_REWRITE) {
        if (!aborted) {
            r->rewrite_failed = !well;
            r->rewrite_failures = well ? 0 : r->rewrite_failures + 1;
        }
        r->last_rewrite_duration_s = seconds;
        r->last_rewrite_held_bytes = j->held_bytes;
        r->rewrites += well;
        return;
    }
    if (!aborted)
        r->save_failed = !well;
    r->last_save_duration_s = seconds;
    r->last_save_held_bytes = j->held_bytes;
    r->last_try_ms = now_ms;
    r->saves += well;
    if (well) {
        r->last_save_s = now_ms / 1000;
        r->changes_at_last_save = j->changes;
    }
}

/* It is counted and over in one step: who sees the one sees the other. */
static void saver_end(struct saver *s, const struct job *j, bool well)
{
    pthread_mutex_lock(&s->lock);
    saver_report_here(s, j, well);
    s->running = NULL;
    s->report.keys_total = 0;
    store_relaxed(&s->keys_saved, 0);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void set_view(struct job *j, struct view *v)
{
    struct saver *s = j->saver;
    pthread_mutex_lock(&s->lock);
    s->view = v;
    if (v && (s->stop || j->entry->aborted))
        view_abort(v);
    pthread_mutex_unlock(&s->lock);
}

static void release_settings(struct saver_settings *set)
{
    mem_strfree(set->directory);
    mem_strfree(set->filename);
    mem_strfree(set->aof_directory);
    if (set->functions.kept)
        set->functions.release(set->functions.kept);
}

static void prepare_options(struct job *j)
{
    const struct saver_settings *set = &j->settings;
    const struct saver_stream *stream = j->saver->parts.stream;
    j->options = (struct rdb_save_options){.redis_version = set->redis_version,
                                           .now_ms = clock_unix_ms(),
                                           .used_bytes = mem_used(),
                                           .aof_base = j->kind == SAVER_REWRITE,
                                           .use = set->use,
                                           .lfu_decay_minutes = set->lfu_decay_minutes,
                                           .sizes = j->sizes.rows,
                                           .sizes_count = j->sizes.count};
    if (j->mark)
        stream->place(stream->ctx, j->mark, &j->options);
}

/* How it is done, and what the log says of it: who asks for a SYNC or a task says more. */
static const struct {
    int (*run)(struct job *j);
    const char *begins, *well, *failed; /* NULL: nothing */
} job_rows[SAVER_KINDS] = {
    [SAVER_SYNC] = {saver_sync, NULL, "Background RDB transfer terminated with success",
                    "transfer error"},
    [SAVER_SLOTS] = {saver_run_task, NULL, NULL, NULL},
    [SAVER_REWRITE] = {saver_rewrite, "Background append only file rewriting started",
                       "Background AOF rewrite terminated with success", "AOF rewrite error"},
    [SAVER_RDB] = {save_rdb, "Background saving started",
                   "Background saving terminated with success", "saving error"},
};

/* Between the cut and the end of its view. */
static int write_job(struct job *j)
{
    struct saver *s = j->saver;
    pthread_mutex_lock(&s->lock);
    s->report.keys_total = j->keys;
    pthread_mutex_unlock(&s->lock);
    set_view(j, j->view);
    prepare_options(j);
    const int rc = job_rows[j->kind].run(j);
    set_view(j, NULL);
    view_close(j->view);
    return rc;
}

/* LK_EAGAIN: it was aborted.  LK_EIO and errno: the file for the turn cannot be made. */
static int begin_job(struct job *j)
{
    if (is_aborted(j))
        return LK_EAGAIN;
    if (j->turns != AOF_TURN_NONE && aof_prepare_turn(j->saver->parts.aof, j->turns) != LK_OK)
        return LK_EIO;
    before_cut(j);
    return saver_cut(j);
}

static void job_say_end(const struct job *j, int rc)
{
    if (rc == LK_OK && job_rows[j->kind].well)
        trace_line(TRACE_NOTICE, "%s", job_rows[j->kind].well);
    else if (rc != LK_OK && job_rows[j->kind].failed)
        trace_line(TRACE_WARNING, "Background %s: %s", job_rows[j->kind].failed, j->why);
}

int saver_job_run(struct saver *s, struct saver_entry *e)
{
    struct job j = {.saver = s, .entry = e, .kind = e->kind, .turns = AOF_TURN_NONE};
    const struct saver_own *own = saver_own_of(s, e);
    if (own)
        j.turns = own->turn;
    else
        j.task = (struct saver_task *)e;
    if (job_rows[e->kind].begins && !e->awaited && !is_aborted(&j))
        trace_line(TRACE_NOTICE, "%s", job_rows[e->kind].begins);
    int rc = begin_job(&j);
    if (rc != LK_OK)
        say_why(&j, NULL, rc);
    else
        rc = write_job(&j);
    rdb_sizes_release(&j.sizes);
    release_settings(&j.settings);
    job_say_end(&j, rc);
    saver_end(s, &j, rc == LK_OK);
    return rc;
}
