/*
 * saver_priv.h — the saver's inside, for saver.c and saver_job.c.
 */
#ifndef LK_PERSIST_SAVER_PRIV_H
#define LK_PERSIST_SAVER_PRIV_H

#include "persist/saver.h"

#include <pthread.h>

LK_BEGIN

/* A job of the saver's own. */
struct saver_own {
    struct saver_entry entry; /* first */
    enum aof_turn turn;
};

struct saver {
    struct saver_parts parts;
    pthread_t thread;
    bool keeps; /* freed pages; the thread's own */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* lock: */
    struct saver_queue queue;
    struct saver_own own[SAVER_KINDS]; /* all but SLOTS */
    struct saver_entry *running;
    struct view *view; /* of the running job, while it may be aborted */
    uint32_t holds;    /* of saver_hold */
    bool stop;
    bool well[SAVER_KINDS]; /* the last job of that kind */
    struct saver_report report;
    int64_t began_ms;
    uint64_t keys_saved; /* __atomic, relaxed */
};

/* NULL: it is a task of somebody else's. */
static inline struct saver_own *saver_own_of(struct saver *s, struct saver_entry *e)
{
    struct saver_own *own = &s->own[e->kind];
    return e == &own->entry ? own : NULL;
}

/* Runs a job to its end, without the lock; how it went is in the report, and returned. */
int saver_job_run(struct saver *s, struct saver_entry *e);

LK_END

#endif
