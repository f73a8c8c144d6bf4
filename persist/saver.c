#include "persist/saver.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/sched.h"
#include "persist/aof/aof_base.h"
#include "persist/rdb/rdb_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEEP_S = 15 }; /* longer than pages are kept, so that few are left */

struct saver {
    struct saver_parts parts;
    pthread_t thread;
    bool keeps; /* freed pages; the thread's own */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* lock: */
    enum saver_job wanted, running;
    enum saver_pace pace; /* of the job that is wanted or running */
    enum aof_turn turn;
    struct view *view; /* of the running job, while it may be aborted */
    bool stop, last_well;
    bool aborted; /* the job that is wanted or running */
    struct saver_report report;
    int64_t began_ms;
    uint64_t keys_saved; /* __atomic, relaxed */
};

/* What one job knows. */
struct job {
    struct saver *saver;
    enum saver_job kind;
    struct saver_settings settings;
    struct view *view;
    struct rdb_sizes sizes;
    struct rdb_save_options options;
    struct aof_turn_request turn;
    bool turns;
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

static bool is_aborted(struct saver *s)
{
    pthread_mutex_lock(&s->lock);
    const bool aborted = s->stop || s->aborted;
    pthread_mutex_unlock(&s->lock);
    return aborted;
}

/*
 * One moment for the view, the sizes, the count of changes and the turn of the AOF.  LK_EAGAIN: the
 * job was aborted before, and nothing is begun: whoever does that and then closes the gate himself
 * finds no turn behind his own.
 */
static int saver_cut(struct job *j, enum aof_turn turn)
{
    const struct saver_parts *p = &j->saver->parts;
    gate_close(&p->ks->gate);
    if (is_aborted(j->saver)) {
        gate_open(&p->ks->gate);
        return LK_EAGAIN;
    }
    p->settings(p->ctx, j->kind, &j->settings);
    rdb_sizes_take(p->ks, &j->sizes);
    j->changes = p->changes(p->ctx);
    j->view = view_cut(p->ks);
    if (p->stream && j->kind != SAVER_REWRITE)
        j->mark = p->stream->cut(p->stream->ctx, j->kind);
    if (turn != AOF_TURN_NONE)
        aof_turn(p->ring, &j->turn, turn);
    gate_open(&p->ks->gate);
    j->keys = saver_sum_keys(&j->sizes);
    return LK_OK;
}

/* --- the file -------------------------------------------------------------------------------- */

/* Whoever aborts the job does not wait for the end of it. */
static void delay_key(const struct job *j)
{
    enum { SLICE_US = 10000 };
    for (int64_t left_us = j->settings.key_delay_us; left_us > 0; left_us -= SLICE_US) {
        if (left_us > SLICE_US && is_aborted(j->saver))
            return;
        usleep((useconds_t)(left_us < SLICE_US ? left_us : SLICE_US));
    }
}

static int key_saved(void *ctx, uint64_t keys)
{
    struct job *j = ctx;
    __atomic_store_n(&j->saver->keys_saved, keys, __ATOMIC_RELAXED);
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

static int write_rdb(struct job *j, struct rdb_out *out)
{
    const struct saver_settings *set = &j->settings;
    const struct rdb_save_hook hook = {key_saved, j};
    struct rdb_save save;
    out->compress = set->compress;
    out->checksum = set->checksum;
    rdb_save_begin(&save, out, &j->options);
    return rdb_save_view(&save, j->view, &hook);
}

static int write_plain(struct job *j, struct rdb_out *out)
{
    const struct rdb_save_hook hook = {key_saved, j};
    struct aof_base base;
    out->checksum = false;
    aof_base_begin(&base, out, j->settings.timestamps ? clock_unix_ms() / 1000 : -1);
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

/* --- the two other jobs
 * ---------------------------------------------------------------------------- */

static int save_rdb(struct job *j)
{
    const int rc = saver_write_file(j, NULL, j->settings.filename);
    if (rc == LK_OK)
        log_line(LOG_NOTICE, "DB saved on disk");
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
    if (j->turns && aof_turn_wait(&j->turn) != LK_OK && rc == LK_OK) {
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
        log_line(LOG_NOTICE, "Background AOF rewrite finished successfully");
    return rc;
}

static void saver_report_here(struct saver *s, const struct job *j, bool well)
{
    struct saver_report *r = &s->report;
    const int64_t now_ms = clock_unix_ms(), seconds = (now_ms - s->began_ms) / 1000;
    s->last_well = well;
    const bool aborted = s->aborted && !well; /* as asked: that says nothing of the disk */
    if (j->kind == SAVER_SYNC)
        return;
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

static void set_view(struct saver *s, struct view *v)
{
    pthread_mutex_lock(&s->lock);
    s->view = v;
    if (v && (s->stop || s->aborted))
        view_abort(v);
    pthread_mutex_unlock(&s->lock);
}

static void release_settings(struct saver_settings *set)
{
    mem_strfree(set->directory);
    mem_strfree(set->filename);
    mem_strfree(set->aof_directory);
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

static const struct {
    int (*run)(struct job *j);
    const char *well, *error;
} job_rows[] = {
    [SAVER_RDB] = {save_rdb, "Background saving terminated with success", "saving error"},
    [SAVER_REWRITE] = {saver_rewrite, "Background AOF rewrite terminated with success",
                       "AOF rewrite error"},
    [SAVER_SYNC] = {saver_sync, "Background RDB transfer terminated with success",
                    "transfer error"},
};

/* Between the cut and the end of its view. */
static bool write_job(struct job *j)
{
    struct saver *s = j->saver;
    pthread_mutex_lock(&s->lock);
    s->report.keys_total = j->keys;
    pthread_mutex_unlock(&s->lock);
    set_view(s, j->view);
    prepare_options(j);
    const bool well = job_rows[j->kind].run(j) == LK_OK;
    set_view(s, NULL);
    view_close(j->view);
    rdb_sizes_release(&j->sizes);
    release_settings(&j->settings);
    return well;
}

/* LK_EAGAIN: it was aborted.  LK_EIO and errno: the file for the turn cannot be made. */
static int begin_job(struct job *j, enum aof_turn turn)
{
    if (turn != AOF_TURN_NONE && aof_prepare_turn(j->saver->parts.aof, turn) != LK_OK)
        return LK_EIO;
    return saver_cut(j, turn);
}

static void run_job(struct saver *s, enum saver_job kind, enum aof_turn turn)
{
    struct job j = {.saver = s, .kind = kind, .turns = turn != AOF_TURN_NONE};
    const int rc = begin_job(&j, turn);
    if (rc != LK_OK)
        say_why(&j, NULL, rc);
    const bool well = rc == LK_OK && write_job(&j);
    if (well)
        log_line(LOG_NOTICE, "%s", job_rows[kind].well);
    else
        log_line(LOG_WARNING, "Background %s: %s", job_rows[kind].error, j.why);
    pthread_mutex_lock(&s->lock);
    saver_report_here(s, &j, well);
    pthread_mutex_unlock(&s->lock);
}

/* --- memory and rest ------------------------------------------------------------------------- */

/*
 * Pages that a snapshot has superseded are taken for its next ones, not given back one by one
 * meanwhile: each would stop all threads for a moment, and come back by a fault.
 */
static void keep_freed(struct saver *s, bool keep)
{
    if (s->keeps != keep)
        mem_keep_freed(keep);
    s->keeps = keep;
}

/* Until something is wanted, or what was kept has had its time. */
static void saver_rest(struct saver *s)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += KEEP_S;
    if (!s->keeps) {
        pthread_cond_wait(&s->changed, &s->lock);
    } else if (pthread_cond_clockwait(&s->changed, &s->lock, CLOCK_MONOTONIC, &until) ==
               ETIMEDOUT) {
        /* What is left goes at once, and a worker that reports must not wait for that. */
        pthread_mutex_unlock(&s->lock);
        keep_freed(s, false);
        pthread_mutex_lock(&s->lock);
    }
}

/* --- a thread for each job that goes beside the traffic --------------------------------------- */

struct job_call {
    struct saver *saver;
    enum saver_job kind;
    enum aof_turn turn;
};

static void *job_main(void *arg)
{
    const struct job_call *call = arg;
    sched_be_nice(10); /* workers come first */
    run_job(call->saver, call->kind, call->turn);
    return NULL;
}

/* A thread that was nice once cannot take it back, so it ends with its job. */
static void run_job_at(struct saver *s, enum saver_job kind, enum aof_turn turn,
                       enum saver_pace pace)
{
    struct job_call call = {s, kind, turn};
    pthread_t thread;
    if (pace == SAVER_BESIDE && pthread_create(&thread, NULL, job_main, &call) == 0)
        pthread_join(thread, NULL);
    else
        run_job(s, kind, turn);
}

/* --- the thread ------------------------------------------------------------------------------ */

static void *saver_run(void *arg)
{
    struct saver *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        if (s->wanted == SAVER_NONE) {
            saver_rest(s);
            continue;
        }
        const enum saver_job job = s->running = s->wanted;
        const enum saver_pace pace = s->pace;
        s->wanted = SAVER_NONE;
        pthread_mutex_unlock(&s->lock);
        keep_freed(s, true);
        run_job_at(s, job, s->turn, pace);
        pthread_mutex_lock(&s->lock);
        s->running = SAVER_NONE;
        s->report.keys_total = 0;
        __atomic_store_n(&s->keys_saved, 0, __ATOMIC_RELAXED);
        const bool well = s->last_well;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
        if (s->parts.ended)
            s->parts.ended(s->parts.ctx, job, well);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

struct saver *saver_new(const struct saver_parts *parts)
{
    struct saver *s = mem_new(struct saver);
    s->parts = *parts;
    s->last_well = true;
    s->report.last_save_duration_s = s->report.last_rewrite_duration_s = -1;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    LK_ASSERT(pthread_create(&s->thread, NULL, saver_run, s) == 0);
    return s;
}

void saver_set_stream(struct saver *s, const struct saver_stream *stream)
{
    pthread_mutex_lock(&s->lock);
    s->parts.stream = stream;
    pthread_mutex_unlock(&s->lock);
}

void saver_free(struct saver *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    if (s->view)
        view_abort(s->view);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    mem_delete(s);
}

int saver_begin(struct saver *s, enum saver_job job, enum aof_turn turn, enum saver_pace pace)
{
    int rc = LK_EBUSY;
    LK_ASSERT(job != SAVER_NONE);
    LK_ASSERT(turn == AOF_TURN_NONE || job == SAVER_REWRITE);
    pthread_mutex_lock(&s->lock);
    if (s->running == SAVER_NONE && s->wanted == SAVER_NONE && !s->stop) {
        s->wanted = job;
        s->aborted = false;
        s->turn = turn;
        s->pace = pace;
        s->began_ms = clock_unix_ms();
        pthread_cond_broadcast(&s->changed);
        rc = LK_OK;
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

bool saver_wait(struct saver *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->running != SAVER_NONE || s->wanted != SAVER_NONE)
        pthread_cond_wait(&s->changed, &s->lock);
    const bool well = s->last_well;
    pthread_mutex_unlock(&s->lock);
    return well;
}

void saver_abort(struct saver *s, enum saver_job job)
{
    pthread_mutex_lock(&s->lock);
    if (s->running == job || s->wanted == job)
        s->aborted = true; /* its view may not be cut yet */
    if (s->aborted && s->view)
        view_abort(s->view);
    pthread_mutex_unlock(&s->lock);
}

struct saver_report saver_report_get(struct saver *s)
{
    pthread_mutex_lock(&s->lock);
    struct saver_report r = s->report;
    r.job = s->running != SAVER_NONE ? s->running : s->wanted;
    r.aborted = r.job != SAVER_NONE && s->aborted;
    r.current_duration_s = r.job == SAVER_NONE ? -1 : (clock_unix_ms() - s->began_ms) / 1000;
    r.keys_saved = __atomic_load_n(&s->keys_saved, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&s->lock);
    if (r.keys_saved > r.keys_total) /* a job that has just ended, or is about to begin */
        r.keys_saved = r.keys_total;
    return r;
}

void saver_note_saved(struct saver *s, uint64_t changes)
{
    pthread_mutex_lock(&s->lock);
    s->report.changes_at_last_save = changes;
    s->report.last_save_s = clock_unix_ms() / 1000;
    pthread_mutex_unlock(&s->lock);
}

void saver_forget_rewrites(struct saver *s)
{
    pthread_mutex_lock(&s->lock);
    s->report.rewrites = 0;
    s->report.last_rewrite_duration_s = -1;
    s->report.last_rewrite_held_bytes = 0;
    pthread_mutex_unlock(&s->lock);
}
