#include "persist/repl/rdb_socket.h"

#include "core/base/mem.h"
#include "core/store/shard.h"

#include <pthread.h>

enum { CHUNK_MAX = 64 * 1024 };

struct rdb_chunk {
    struct rdb_chunk *next;
    uint32_t refs; /* readers that have not sent it */
    uint32_t size;
    char bytes[];
};

struct rdb_window {
    pthread_mutex_t lock;
    pthread_cond_t room; /* for the writer */
    struct rdb_chunk *head, *tail;
    struct rdb_reader *readers;
    uint32_t reader_count;
    uint32_t owners; /* the writer and the readers */
    uint64_t bytes, bytes_max;
    uint64_t waiting; /* workers to be told of more */
    bool ended, well;
};

struct rdb_window *rdb_window_new(uint64_t bytes_max)
{
    struct rdb_window *w = mem_new(struct rdb_window);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->room, NULL);
    w->bytes_max = bytes_max;
    w->owners = 1;
    return w;
}

static struct rdb_chunk *rdb_window_take_spent(struct rdb_window *w)
{
    struct rdb_chunk *gone = NULL, **last = &gone;
    while (w->head && w->head->refs == 0) {
        struct rdb_chunk *c = w->head;
        w->head = c->next;
        if (!w->head)
            w->tail = NULL;
        w->bytes -= c->size;
        c->next = NULL;
        *last = c;
        last = &c->next;
    }
    return gone;
}

static void free_chunks(struct rdb_chunk *c)
{
    while (c) {
        struct rdb_chunk *next = c->next;
        mem_free(c, sizeof *c + c->size);
        c = next;
    }
}

/* Unlocks; the last owner frees. */
static void rdb_window_unlock(struct rdb_window *w, bool leaves)
{
    struct rdb_chunk *gone = rdb_window_take_spent(w);
    const bool last = leaves && --w->owners == 0;
    const uint64_t tell = w->ended ? w->waiting : 0;
    if (tell)
        w->waiting = 0;
    if (gone || leaves)
        pthread_cond_signal(&w->room);
    pthread_mutex_unlock(&w->lock);
    free_chunks(gone);
    shard_tell_retry(tell);
    if (!last)
        return;
    LK_ASSERT(!w->head && !w->readers);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->room);
    mem_delete(w);
}

void rdb_window_join(struct rdb_window *w, struct rdb_reader *r)
{
    LK_ASSERT(!r->window);
    pthread_mutex_lock(&w->lock);
    LK_ASSERT(!w->head && !w->ended);
    *r = (struct rdb_reader){.next = w->readers, .window = w};
    if (r->next)
        r->next->prev = r;
    w->readers = r;
    w->reader_count++;
    w->owners++;
    pthread_mutex_unlock(&w->lock);
}

/* In lock. */
static void rdb_window_link(struct rdb_window *w, struct rdb_chunk *c)
{
    c->refs = w->reader_count;
    if (w->tail)
        w->tail->next = c;
    else
        w->head = c;
    w->tail = c;
    w->bytes += c->size;
    for (struct rdb_reader *r = w->readers; r; r = r->next)
        if (!r->at)
            r->at = c;
}

static int window_write(void *ctx, const void *data, size_t size)
{
    struct rdb_window *w = ctx;
    const char *from = data;
    while (size > 0) {
        const size_t n = size < CHUNK_MAX ? size : CHUNK_MAX;
        struct rdb_chunk *c = mem_alloc(sizeof *c + n);
        *c = (struct rdb_chunk){.size = (uint32_t)n};
        memcpy(c->bytes, from, n);
        pthread_mutex_lock(&w->lock);
        while (w->reader_count > 0 && w->bytes + n > w->bytes_max && w->head)
            pthread_cond_wait(&w->room, &w->lock);
        const bool alone = w->reader_count == 0;
        if (!alone)
            rdb_window_link(w, c);
        const uint64_t tell = w->waiting;
        w->waiting = 0;
        pthread_mutex_unlock(&w->lock);
        shard_tell_retry(tell);
        if (alone) {
            free_chunks(c);
            return LK_EAGAIN;
        }
        from += n;
        size -= n;
    }
    return LK_OK;
}

struct rdb_sink rdb_window_sink(struct rdb_window *w)
{
    return (struct rdb_sink){.write = window_write, .ctx = w};
}

void rdb_window_end(struct rdb_window *w, bool well)
{
    pthread_mutex_lock(&w->lock);
    w->ended = true;
    w->well = well;
    rdb_window_unlock(w, true);
}

enum rdb_read rdb_reader_read(struct rdb_reader *r, struct bytes *runs, uint32_t max,
                              uint32_t *count, uint32_t worker)
{
    struct rdb_window *w = r->window;
    LK_ASSERT(w && r->sending_count == 0 && max <= RDB_READER_RUNS);
    enum rdb_read state = RDB_READ_MORE;
    pthread_mutex_lock(&w->lock);
    r->sending = r->at;
    while (r->at && r->sending_count < max) {
        runs[r->sending_count++] = bytes_of(r->at->bytes, r->at->size);
        r->at = r->at->next;
    }
    *count = r->sending_count;
    if (*count == 0 && w->ended)
        state = w->well ? RDB_READ_WHOLE : RDB_READ_FAILED;
    else if (*count == 0)
        w->waiting |= UINT64_C(1) << worker;
    pthread_mutex_unlock(&w->lock);
    return state;
}

/* In lock. */
static void rdb_reader_unref(struct rdb_chunk *c, uint32_t count)
{
    for (; c && count > 0; c = c->next, count--)
        c->refs--;
}

void rdb_reader_sent(struct rdb_reader *r)
{
    struct rdb_window *w = r->window;
    pthread_mutex_lock(&w->lock);
    rdb_reader_unref(r->sending, r->sending_count);
    r->sending_count = 0;
    rdb_window_unlock(w, false);
}

void rdb_reader_leave(struct rdb_reader *r)
{
    struct rdb_window *w = r->window;
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    rdb_reader_unref(r->sending, r->sending_count);
    rdb_reader_unref(r->at, UINT32_MAX);
    if (r->prev)
        r->prev->next = r->next;
    else
        w->readers = r->next;
    if (r->next)
        r->next->prev = r->prev;
    w->reader_count--;
    *r = (struct rdb_reader){0};
    rdb_window_unlock(w, true);
}
