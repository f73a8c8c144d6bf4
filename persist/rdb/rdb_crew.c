#include "persist/rdb/rdb_crew.h"

#include "core/base/mem.h"
#include "core/store/reclaim.h"

#include <string.h>

/* A run for each member and as many in stock. */
enum { JOBS_A_MEMBER = 2 };

struct run_job {
    struct rdb_run run;
    size_t capacity; /* of what run.data is copied to */
    struct run_job *next;
};

struct run_list {
    struct run_job *first, **end;
};

struct member {
    struct rdb_crew *crew;
    const struct rdb_receiver *receiver;
    pthread_t thread;
};

struct rdb_crew {
    struct rdb_crew_parts parts;
    struct member *members;
    struct run_job *jobs;
    pthread_mutex_t lock;
    pthread_cond_t given, done;
    /* lock: */
    struct run_list idle, waiting;
    uint32_t busy; /* jobs that are being read */
    bool stop;
    int status; /* of the first run in the file that was wrong, so far */
    uint64_t status_offset;
    char error[RDB_IN_ERROR_CHARS];
};

static void rdb_crew_push(struct run_list *l, struct run_job *j)
{
    j->next = NULL;
    *l->end = j;
    l->end = &j->next;
}

static struct run_job *rdb_crew_pop(struct run_list *l)
{
    struct run_job *j = l->first;
    if (j && !(l->first = j->next))
        l->end = &l->first;
    return j;
}

static void note_error(struct rdb_crew *c, const struct rdb_run *run, int rc, const char *error)
{
    pthread_mutex_lock(&c->lock);
    if (c->status == LK_OK || run->offset < c->status_offset) {
        c->status = rc;
        c->status_offset = run->offset;
        memcpy(c->error, error, sizeof c->error);
    }
    pthread_mutex_unlock(&c->lock);
}

/* Behind a run that was wrong none is read: a receiver that has refused is called no more. */
static int status_before(struct rdb_crew *c, const struct rdb_run *run)
{
    pthread_mutex_lock(&c->lock);
    const int status = c->status_offset < run->offset ? c->status : LK_OK;
    pthread_mutex_unlock(&c->lock);
    return status;
}

static int read_run(struct rdb_crew *c, const struct rdb_run *run, const struct rdb_receiver *to)
{
    struct rdb_in in;
    int rc = status_before(c, run);
    if (rc != LK_OK)
        return rc;
    rc = c->parts.read(&in, run, to);
    if (rc != LK_OK)
        note_error(c, run, rc, in.error);
    rdb_in_release(&in);
    return rc;
}

static void *rdb_crew_work(void *arg)
{
    struct member *m = arg;
    struct rdb_crew *c = m->crew;
    const int slot = gate_join(c->parts.gate);
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        struct run_job *j = rdb_crew_pop(&c->waiting);
        if (!j) {
            pthread_cond_wait(&c->given, &c->lock);
            continue;
        }
        c->busy++;
        pthread_mutex_unlock(&c->lock);
        gate_enter(c->parts.gate, slot);
        (void)read_run(c, &j->run, m->receiver); /* noted in c */
        gate_leave(c->parts.gate, slot);
        pthread_mutex_lock(&c->lock);
        c->busy--;
        rdb_crew_push(&c->idle, j);
        pthread_cond_signal(&c->done);
    }
    pthread_mutex_unlock(&c->lock);
    gate_part(c->parts.gate, slot);
    reclaim_flush();
    return NULL;
}

struct rdb_crew *rdb_crew_new(const struct rdb_crew_parts *parts)
{
    struct rdb_crew *c = mem_new(struct rdb_crew);
    const uint32_t n = parts->members, jobs = n * JOBS_A_MEMBER;
    c->parts = *parts;
    c->members = mem_calloc(n * sizeof *c->members);
    c->jobs = mem_calloc(jobs * sizeof *c->jobs);
    c->idle.end = &c->idle.first;
    c->waiting.end = &c->waiting.first;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->given, NULL);
    pthread_cond_init(&c->done, NULL);
    for (uint32_t i = 0; i < jobs; i++)
        rdb_crew_push(&c->idle, &c->jobs[i]);
    for (uint32_t i = 0; i < n; i++) {
        c->members[i] = (struct member){.crew = c, .receiver = &parts->receivers[i]};
        LK_ASSERT(pthread_create(&c->members[i].thread, NULL, rdb_crew_work, &c->members[i]) == 0);
    }
    return c;
}

void rdb_crew_free(struct rdb_crew *c)
{
    const uint32_t n = c->parts.members, jobs = n * JOBS_A_MEMBER;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_broadcast(&c->given);
    pthread_mutex_unlock(&c->lock);
    for (uint32_t i = 0; i < n; i++)
        pthread_join(c->members[i].thread, NULL);
    for (uint32_t i = 0; i < jobs; i++)
        mem_free((void *)(uintptr_t)c->jobs[i].run.data.data, c->jobs[i].capacity);
    pthread_cond_destroy(&c->given);
    pthread_cond_destroy(&c->done);
    pthread_mutex_destroy(&c->lock);
    mem_free(c->members, n * sizeof *c->members);
    mem_free(c->jobs, jobs * sizeof *c->jobs);
    mem_delete(c);
}

static void rdb_crew_copy_run(struct run_job *j, const struct rdb_run *run)
{
    char *to = (char *)(uintptr_t)j->run.data.data;
    if (j->capacity < run->data.size) {
        mem_free(to, j->capacity);
        to = mem_alloc(run->data.size);
        j->capacity = run->data.size;
    }
    memcpy(to, run->data.data, run->data.size);
    j->run = *run;
    j->run.data.data = to;
}

int rdb_crew_give(struct rdb_crew *c, const struct rdb_run *run, const struct rdb_receiver *own)
{
    pthread_mutex_lock(&c->lock);
    const int status = c->status;
    struct run_job *j = status == LK_OK ? rdb_crew_pop(&c->idle) : NULL;
    pthread_mutex_unlock(&c->lock);
    if (status != LK_OK)
        return status;
    if (!j)
        return read_run(c, run, own);
    rdb_crew_copy_run(j, run);
    pthread_mutex_lock(&c->lock);
    rdb_crew_push(&c->waiting, j);
    pthread_cond_signal(&c->given);
    pthread_mutex_unlock(&c->lock);
    return LK_OK;
}

int rdb_crew_wait(struct rdb_crew *c, char error[RDB_IN_ERROR_CHARS])
{
    c->parts.outside(c->parts.ctx, true);
    pthread_mutex_lock(&c->lock);
    while (c->waiting.first || c->busy > 0)
        pthread_cond_wait(&c->done, &c->lock);
    const int status = c->status;
    memcpy(error, c->error, sizeof c->error);
    pthread_mutex_unlock(&c->lock);
    c->parts.outside(c->parts.ctx, false);
    return status;
}
