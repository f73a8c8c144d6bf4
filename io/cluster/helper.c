#include "io/cluster/helper.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/engine/dispatch_drain.h"
#include "core/cmd/engine/dispatch_service.h"
#include "core/store/keyspace.h"
#include "core/store/reclaim.h"
#include "io/cluster/bus_priv.h"

#include <pthread.h>

enum { DRAIN_AT_ONCE = 64, SLICE_NS = 1000000 };

struct cluster_helper {
    struct dispatcher *d;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct buf heard;          /* lock: {shard, sizes, bytes} … */
    const char *sync;          /* lock: the file that is to be on the disk */
    bool overflowed;           /* lock: messages were dropped since the queue was empty */
    uint32_t drains;           /* lock: slots that are marked below */
    uint8_t drain[HASH_SLOTS]; /* __atomic, set under the lock: keys are to be deleted */
    uint32_t next;             /* the thread's: the slot that it looks at next */
    void (*drained)(void *ctx);
    void *ctx;
    uint32_t stop; /* __atomic; set under the lock */
};

/* --- messages -------------------------------------------------------------------------------- */

void helper_hear(void *helper, bool shard, struct bytes channel, struct bytes message)
{
    struct cluster_helper *h = helper;
    const size_t sizes[3] = {shard, channel.size, message.size};
    pthread_mutex_lock(&h->lock);
    const bool fits =
        h->heard.size + sizeof sizes + channel.size + message.size <= HELPER_HEARD_MAX;
    const bool says = !fits && !h->overflowed;
    h->overflowed = h->overflowed || !fits;
    if (fits) {
        buf_append(&h->heard, sizes, sizeof sizes);
        buf_append_bytes(&h->heard, channel);
        buf_append_bytes(&h->heard, message);
        pthread_cond_signal(&h->changed);
    }
    pthread_mutex_unlock(&h->lock);
    if (says)
        trace_line(TRACE_WARNING, "Subscribers are too slow: messages of other nodes are lost.");
}

static bool helper_stops(const struct cluster_helper *h)
{
    return load_acquire(&h->stop);
}

static void helper_publish(struct cluster_helper *h, const struct buf *heard)
{
    size_t sizes[3];
    for (size_t at = 0; at < heard->size && !helper_stops(h);) {
        memcpy(sizes, heard->data + at, sizeof sizes);
        at += sizeof sizes;
        const char *channel = heard->data + at;
        dispatch_publish_service(h->d, sizes[0] ? MESSAGE_SHARD : MESSAGE_PLAIN,
                                 bytes_of(channel, sizes[1]),
                                 bytes_of(channel + sizes[1], sizes[2]));
        at += sizes[1] + sizes[2];
    }
}

/* --- slots that have left -------------------------------------------------------------------- */

void helper_drain(struct cluster_helper *h, uint32_t slot)
{
    pthread_mutex_lock(&h->lock);
    h->drains += !h->drain[slot];
    store_release(&h->drain[slot], 1);
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

bool helper_drains(const struct cluster_helper *h, uint32_t slot)
{
    return load_acquire(&h->drain[slot]);
}

/* Some keys of the slot.  True: no more of it is to be done. */
static bool helper_drain_some(struct cluster_helper *h, uint32_t slot)
{
    uint32_t count;
    const uint32_t seen = shard_service_word(SHARD_HELPER);
    dispatch_enter(h->d);
    const enum drained how = dispatch_drain(h->d, slot, DRAIN_AT_ONCE, &count);
    dispatch_leave(h->d);
    if (how == DRAINED_LATER)
        shard_service_wait(SHARD_HELPER, seen, SLICE_NS);
    return how == DRAINED;
}

static void helper_end_drain(struct cluster_helper *h, uint32_t slot)
{
    pthread_mutex_lock(&h->lock);
    h->drains--;
    store_release(&h->drain[slot], 0);
    const bool last = h->drains == 0;
    pthread_mutex_unlock(&h->lock);
    if (last)
        h->drained(h->ctx);
}

/* For a turn; messages that have come meanwhile are handed round between two. */
static void helper_drain_turn(struct cluster_helper *h)
{
    uint32_t i = 0;
    for (; i < HASH_SLOTS && !helper_drains(h, h->next); i++)
        h->next = (h->next + 1) % HASH_SLOTS;
    if (i < HASH_SLOTS && helper_drain_some(h, h->next))
        helper_end_drain(h, h->next);
}

/* --- nodes.conf ------------------------------------------------------------------------------ */

void helper_sync(struct cluster_helper *h, const char *path)
{
    pthread_mutex_lock(&h->lock);
    h->sync = path;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

/* --- the thread ------------------------------------------------------------------------------ */

static bool helper_take(struct cluster_helper *h, struct buf *heard, bool *drains,
                        const char **sync)
{
    pthread_mutex_lock(&h->lock);
    while (h->heard.size == 0 && h->drains == 0 && !h->sync && !helper_stops(h))
        pthread_cond_wait(&h->changed, &h->lock);
    *heard = h->heard;
    *drains = h->drains > 0;
    *sync = h->sync;
    h->sync = NULL;
    h->heard = (struct buf){0};
    h->overflowed = false;
    pthread_mutex_unlock(&h->lock);
    return !helper_stops(h);
}

static void *helper_main(void *arg)
{
    struct cluster_helper *h = arg;
    struct buf heard = {0};
    const char *sync;
    bool drains;
    while (helper_take(h, &heard, &drains, &sync)) {
        helper_publish(h, &heard);
        buf_release(&heard);
        if (drains)
            helper_drain_turn(h);
        if (sync)
            nodes_file_sync(sync);
    }
    buf_release(&heard);
    reclaim_flush();
    return NULL;
}

struct cluster_helper *helper_new(struct engine *engine, void (*drained)(void *ctx), void *ctx)
{
    struct cluster_helper *h = mem_new(struct cluster_helper);
    h->drained = drained;
    h->ctx = ctx;
    h->d = dispatcher_new(engine, SHARD_HELPER);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, NULL);
    const bool made = pthread_create(&h->thread, NULL, helper_main, h) == 0;
    LK_ASSERT(made);
    return h;
}

void helper_stop(struct cluster_helper *h)
{
    pthread_mutex_lock(&h->lock);
    store_release(&h->stop, 1);
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    dispatcher_free(h->d);
    h->d = NULL;
}

void helper_free(struct cluster_helper *h)
{
    LK_ASSERT(!h->d);
    buf_release(&h->heard);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    mem_delete(h);
}
