#include "core/store/lazy_free.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/rank.h"
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
    size_t bytes; /* of it that are still counted as pending */
};

struct lazy_free {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    struct item *head, *tail;   /* lock */
    bool stop;                  /* lock */
    uint64_t pending, done;     /* __atomic, relaxed: reports */
    size_t pending_bytes;       /* __atomic, relaxed: what they take, about */
    uint64_t freed, turn_began; /* the thread's */
    struct item *running;       /* the thread's */
    int64_t used_here;          /* the thread's: mem_used_here when its bytes were counted last */
};

/* What was freed of the item since the last call is pending no more. */
static void count_freed(struct lazy_free *l, struct item *i)
{
    const int64_t here = mem_used_here(), freed = l->used_here - here;
    l->used_here = here;
    if (freed <= 0)
        return;
    const size_t n = (size_t)freed < i->bytes ? (size_t)freed : i->bytes;
    i->bytes -= n;
    fetch_sub_relaxed(&l->pending_bytes, n);
}

/*
 * On a machine with few CPUs the system lets even a thread of low priority run for milliseconds
 * before the worker that was woken meanwhile: so it rests as long as it works, in short turns.
 */
static void lazy_free_give_way(struct lazy_free *l)
{
    const uint64_t now = clock_ticks();
    count_freed(l, l->running);
    if (clock_ticks_to_ns(now - l->turn_began) < TURN_NS)
        return;
    const struct timespec rest = {0, TURN_NS};
    nanosleep(&rest, NULL);
    l->turn_began = clock_ticks();
}

static void lazy_free_release_entry(void *ctx, struct entry *e)
{
    struct lazy_free *l = ctx;
    struct value_reaper r = {.cursor = 0};
    value_of_entry(e, &r.value);
    while (!value_reap(&r, BLOCKS_A_LOOK))
        lazy_free_give_way(l);
    entry_free(e);
    if (++l->freed % BLOCKS_A_LOOK == 0)
        lazy_free_give_way(l);
    fetch_sub_relaxed(&l->pending, 1);
    fetch_add_relaxed(&l->done, 1);
}

static void free_item(struct lazy_free *l, struct item *i)
{
    l->running = i;
    l->used_here = mem_used_here();
    if (i->entry)
        lazy_free_release_entry(l, i->entry);
    if (i->table) {
        table_release(i->table, lazy_free_release_entry, l);
        mem_delete(i->table);
    }
    fetch_sub_relaxed(&l->pending_bytes, i->bytes);
    l->running = NULL;
    mem_delete(i);
}

/* Background work gives way to workers: a preempted lock holder would cost more than a late free.
 */
static void lower_priority(void)
{
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
}

static void *lazy_free_run(void *arg)
{
    struct lazy_free *l = arg;
    lower_priority();
    leaf_lock(&l->lock);
    for (;;) {
        while (!l->head && !l->stop) {
            pthread_cond_broadcast(&l->idle);
            pthread_cond_wait(&l->work, &l->lock);
        }
        struct item *i = l->head;
        if (!i)
            break;
        l->head = i->next;
        leaf_unlock(&l->lock);
        free_item(l, i);
        reclaim_flush();
        leaf_lock(&l->lock);
    }
    leaf_unlock(&l->lock);
    return NULL;
}

struct lazy_free *lazy_free_new(void)
{
    struct lazy_free *l = mem_new(struct lazy_free);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    pthread_cond_init(&l->idle, NULL);
    LK_ASSERT(pthread_create(&l->thread, NULL, lazy_free_run, l) == 0);
    return l;
}

void lazy_free_end(struct lazy_free *l)
{
    leaf_lock(&l->lock);
    l->stop = true;
    pthread_cond_signal(&l->work);
    leaf_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->work);
    pthread_cond_destroy(&l->idle);
    pthread_mutex_destroy(&l->lock);
    mem_delete(l);
}

/* As many entries as there are, of the size that those of one bucket have, and their room. */
static size_t table_deep_bytes(const struct table *t)
{
    enum { PAGE_BYTES_AN_ENTRY = 11 };
    struct entry *sample[TABLE_BUCKET_SLOTS];
    const uint32_t n = table_sample(t, 0, false, sample);
    size_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += entry_deep_bytes(sample[i]);
    return n ? (sum / n + PAGE_BYTES_AN_ENTRY) * t->count : 0;
}

static void hand_over(struct lazy_free *l, struct entry *e, struct table *t)
{
    struct item *i = mem_new(struct item);
    i->entry = e;
    i->table = t;
    i->bytes = e ? entry_deep_bytes(e) : table_deep_bytes(t);
    fetch_add_relaxed(&l->pending_bytes, i->bytes);
    fetch_add_relaxed(&l->pending, e ? 1 : t->count);
    leaf_lock(&l->lock);
    if (!l->head)
        l->head = i;
    else
        l->tail->next = i;
    l->tail = i;
    pthread_cond_signal(&l->work);
    leaf_unlock(&l->lock);
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
    return load_relaxed(&l->pending);
}

size_t lazy_free_pending_bytes(const struct lazy_free *l)
{
    return load_relaxed(&l->pending_bytes);
}

uint64_t lazy_free_done(const struct lazy_free *l)
{
    return load_relaxed(&l->done);
}

void lazy_free_reset(struct lazy_free *l)
{
    store_relaxed(&l->done, 0);
}

void lazy_free_wait(struct lazy_free *l)
{
    leaf_lock(&l->lock);
    while (l->head || lazy_free_pending(l) > 0)
        pthread_cond_wait(&l->idle, &l->lock);
    leaf_unlock(&l->lock);
}
