#include "persist/saver.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/sched.h"
#include "persist/saver_priv.h"

#include <errno.h>

enum { KEEP_S = 15 }; /* longer than pages are kept, so that few are left */

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
    struct saver_entry *entry;
    int rc;
};

static void *job_main(void *arg)
{
    struct job_call *call = arg;
    sched_be_nice(10); /* workers come first */
    call->rc = saver_job_run(call->saver, call->entry);
    return NULL;
}

/* A thread that was nice once cannot take it back, so it ends with its job. */
static int run_job_at(struct saver *s, struct saver_entry *e)
{
    struct job_call call = {s, e, LK_OK};
    pthread_t thread;
    if (e->awaited || pthread_create(&thread, NULL, job_main, &call) != 0)
        return saver_job_run(s, e);
    pthread_join(thread, NULL);
    return call.rc;
}

/* --- the thread ------------------------------------------------------------------------------ */

/* Holding nothing.  A task is its owner's again from here on. */
static void tell_ended(struct saver *s, struct saver_entry *e, enum saver_kind kind, int rc)
{
    if (!saver_own_of(s, e)) {
        const struct saver_task *t = (struct saver_task *)e;
        t->ended(t->ctx, rc);
    } else if (s->parts.ended) {
        s->parts.ended(s->parts.ctx, kind, rc == LK_OK);
    }
}

/* In lock, which it leaves meanwhile. */
static void run_one(struct saver *s, struct saver_entry *e)
{
    const enum saver_kind kind = e->kind;
    s->running = e;
    s->began_ms = clock_unix_ms();
    pthread_mutex_unlock(&s->lock);
    keep_freed(s, true);
    const int rc = run_job_at(s, e);
    tell_ended(s, e, kind, rc);
    pthread_mutex_lock(&s->lock);
}

static void *saver_run(void *arg)
{
    struct saver *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        struct saver_entry *e = saver_queue_take(&s->queue, s->holds > 0);
        if (e)
            run_one(s, e);
        else
            saver_rest(s);
    }
    /* Tasks belong to others, who wait to hear of them. */
    for (struct saver_entry *e; (e = saver_queue_take(&s->queue, false)) != NULL;) {
        pthread_mutex_unlock(&s->lock);
        if (!saver_own_of(s, e))
            tell_ended(s, e, e->kind, LK_EAGAIN);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

struct saver *saver_new(const struct saver_parts *parts)
{
    struct saver *s = mem_new(struct saver);
    s->parts = *parts;
    for (int kind = 0; kind < SAVER_KINDS; kind++) {
        s->well[kind] = true;
        s->own[kind].entry.kind = (enum saver_kind)kind;
    }
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
    LK_ASSERT(!s->queue.first);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    mem_delete(s);
}

/* --- asking for jobs ------------------------------------------------------------------------- */

/* In lock: is one of that kind under way, or does it wait? */
static bool saver_has(const struct saver *s, enum saver_kind kind)
{
    return (s->running && s->running->kind == kind) || saver_queue_has(&s->queue, kind);
}

int saver_begin(struct saver *s, enum saver_kind kind, enum aof_turn turn, enum saver_pace pace,
                enum saver_when when)
{
    LK_ASSERT(kind == SAVER_REWRITE || kind == SAVER_RDB || kind == SAVER_SYNC);
    LK_ASSERT(turn == AOF_TURN_NONE || kind == SAVER_REWRITE);
    struct saver_own *own = &s->own[kind];
    int rc = LK_EBUSY;
    pthread_mutex_lock(&s->lock);
    const bool idle = !s->running && !s->queue.first;
    const bool refused = s->stop || (s->holds > 0 && pace != SAVER_AWAITED);
    if (!refused && (when == SAVER_NOW ? idle : !saver_has(s, kind))) {
        own->turn = turn;
        own->entry.awaited = pace == SAVER_AWAITED;
        saver_queue_add(&s->queue, &own->entry);
        if (idle)
            s->began_ms = clock_unix_ms(); /* it is under way for whoever asks now */
        pthread_cond_broadcast(&s->changed);
        rc = LK_OK;
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

int saver_queue_task(struct saver *s, struct saver_task *t)
{
    LK_ASSERT(t->entry.kind == SAVER_SLOTS);
    pthread_mutex_lock(&s->lock);
    const int rc = s->stop ? LK_EBUSY : LK_OK;
    if (rc == LK_OK) {
        LK_ASSERT(s->running != &t->entry);
        saver_queue_add(&s->queue, &t->entry);
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

bool saver_wait(struct saver *s, enum saver_kind kind)
{
    pthread_mutex_lock(&s->lock);
    while (saver_has(s, kind))
        pthread_cond_wait(&s->changed, &s->lock);
    const bool well = s->well[kind];
    pthread_mutex_unlock(&s->lock);
    return well;
}

/* In lock.  The view of a running job may not be cut yet. */
static void abort_entry(struct saver *s, struct saver_entry *e)
{
    e->aborted = true;
    if (e == s->running && s->view)
        view_abort(s->view);
    pthread_cond_broadcast(&s->changed);
}

void saver_abort(struct saver *s, enum saver_kind kind)
{
    pthread_mutex_lock(&s->lock);
    if (s->running && s->running->kind == kind)
        abort_entry(s, s->running);
    for (struct saver_entry *e = s->queue.first; e; e = e->next)
        if (e->kind == kind)
            abort_entry(s, e);
    pthread_mutex_unlock(&s->lock);
}

void saver_abort_task(struct saver *s, struct saver_task *t)
{
    pthread_mutex_lock(&s->lock);
    abort_entry(s, &t->entry);
    pthread_mutex_unlock(&s->lock);
}

void saver_hold(struct saver *s, bool on)
{
    pthread_mutex_lock(&s->lock);
    LK_ASSERT(on || s->holds > 0);
    if (on)
        s->holds++;
    else
        s->holds--;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void saver_settle(struct saver *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->running)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

/* --- what is said of it ---------------------------------------------------------------------- */

struct saver_report saver_report_get(struct saver *s)
{
    pthread_mutex_lock(&s->lock);
    struct saver_report r = s->report;
    const struct saver_entry *e = s->running ? s->running : s->queue.first;
    r.job = e ? e->kind : SAVER_NONE;
    r.aborted = e && e->aborted;
    for (const struct saver_entry *w = s->queue.first; w; w = w->next)
        if (w != e)
            r.waiting |= 1u << w->kind;
    r.current_duration_s = e ? (clock_unix_ms() - s->began_ms) / 1000 : -1;
    r.keys_saved = load_relaxed(&s->keys_saved);
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
