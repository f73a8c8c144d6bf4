#include "core/store/lazy_free.h"

#include "core/base/clock.h"
#include "core/store/reclaim.h"
#include "core/store/view_priv.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TURN_NS = 250000, BLOCKS_A_LOOK = 256 };

struct item {
    struct item *next;
    struct entry *entry;
    struct table *table;
};

struct lazy_free {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    struct item *head, *tail;   /* lock */
    bool stop;                  /* lock */
    uint64_t pending, done;     /* __atomic, relaxed: reports */
    uint64_t freed, turn_began; /* the thread's */
};

/*
 * On a machine with few CPUs the system lets even a thread of low priority run for milliseconds
 * before the worker that was woken meanwhile: so it rests as long as it works, in short turns.
 */
static void give_way(struct lazy_free *l)
{
    const uint64_t now = clock_ticks();
    if (clock_ticks_to_ns(now - l->turn_began) < TURN_NS)
        return;
    const struct timespec rest = {0, TURN_NS};
    nanosleep(&rest, NULL);
    l->turn_began = clock_ticks();
}

static void release_entry(void *ctx, struct entry *e)
{
    struct lazy_free *l = ctx;
    struct value_reaper r = {.cursor = 0};
    value_of_entry(e, &r.value);
    while (!value_reap(&r, BLOCKS_A_LOOK))
        give_way(l);
    entry_free(e);
    if (++l->freed % BLOCKS_A_LOOK == 0)
        give_way(l);
    __atomic_fetch_sub(&l->pending, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&l->done, 1, __ATOMIC_RELAXED);
}

static void free_item(struct lazy_free *l, struct item *i)
{
    if (i->entry)
        release_entry(l, i->entry);
    if (i->table) {
        table_release(i->table, release_entry, l);
        mem_delete(i->table);
    }
    mem_delete(i);
}

/* Background work gives way to workers: a preempted lock holder would cost more than a late free.
 */
static void lower_priority(void)
{
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
}

static void *run(void *arg)
{
    struct lazy_free *l = arg;
    lower_priority();
    pthread_mutex_lock(&l->lock);
    for (;;) {
        while (!l->head && !l->stop) {
            pthread_cond_broadcast(&l->idle);
            pthread_cond_wait(&l->work, &l->lock);
        }
        struct item *i = l->head;
        if (!i)
            break;
        l->head = i->next;
        pthread_mutex_unlock(&l->lock);
        free_item(l, i);
        reclaim_flush();
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

struct lazy_free *lazy_free_new(void)
{
    struct lazy_free *l = mem_new(struct lazy_free);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    pthread_cond_init(&l->idle, NULL);
    LK_ASSERT(pthread_create(&l->thread, NULL, run, l) == 0);
    return l;
}

void lazy_free_end(struct lazy_free *l)
{
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_signal(&l->work);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->work);
    pthread_cond_destroy(&l->idle);
    pthread_mutex_destroy(&l->lock);
    mem_delete(l);
}

static void hand_over(struct lazy_free *l, struct entry *e, struct table *t)
{
    struct item *i = mem_new(struct item);
    i->entry = e;
    i->table = t;
    __atomic_fetch_add(&l->pending, e ? 1 : t->count, __ATOMIC_RELAXED);
    pthread_mutex_lock(&l->lock);
    if (!l->head)
        l->head = i;
    else
        l->tail->next = i;
    l->tail = i;
    pthread_cond_signal(&l->work);
    pthread_mutex_unlock(&l->lock);
}

void lazy_free_entry(struct lazy_free *l, struct entry *e)
{
    hand_over(l, e, NULL);
}

void lazy_free_table(struct lazy_free *l, struct table *t)
{
    LK_ASSERT(t->frozen == NULL); /* no view reads it */
    hand_over(l, NULL, t);
}

uint64_t lazy_free_pending(const struct lazy_free *l)
{
    return __atomic_load_n(&l->pending, __ATOMIC_RELAXED);
}

uint64_t lazy_free_done(const struct lazy_free *l)
{
    return __atomic_load_n(&l->done, __ATOMIC_RELAXED);
}

void lazy_free_wait(struct lazy_free *l)
{
    pthread_mutex_lock(&l->lock);
    while (l->head || lazy_free_pending(l) > 0)
        pthread_cond_wait(&l->idle, &l->lock);
    pthread_mutex_unlock(&l->lock);
}
