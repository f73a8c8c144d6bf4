#include "core/store/watch.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"

struct watch_node *watch_new(struct shard *s, uint32_t db, struct bytes key, uint64_t hash,
                             uint32_t *dirty)
{
    struct watch_node *w = mem_calloc(sizeof *w + key.size);
    w->shard = s;
    w->dirty = dirty;
    w->hash = hash;
    w->db = db;
    w->key_size = key.size;
    memcpy(w->key, key.data, key.size);
    w->next = s->watchers;
    if (w->next)
        w->next->prev = w;
    s->watchers = w;
    s->watched++;
    return w;
}

void watch_drop(struct watch_node *w)
{
    struct shard *s = w->shard;
    if (w->prev)
        w->prev->next = w->next;
    else
        s->watchers = w->next;
    if (w->next)
        w->next->prev = w->prev;
    s->watched--;
    mem_free(w, sizeof *w + w->key_size);
}

static void watch_mark_here(struct watch_node *w)
{
    store_relaxed(w->dirty, 1); /* the shard's lock orders it */
}

static bool watch_watches(const struct watch_node *w, uint32_t db, struct bytes key)
{
    return w->db == db && bytes_equal(bytes_of(w->key, w->key_size), key);
}

void watch_mark_slow(struct shard *s, uint32_t db, struct bytes key)
{
    for (struct watch_node *w = s->watchers; w; w = w->next)
        if (watch_watches(w, db, key))
            watch_mark_here(w);
}

void watch_mark_expired_slow(struct shard *s, uint32_t db, struct bytes key)
{
    for (struct watch_node *w = s->watchers; w; w = w->next) {
        if (!watch_watches(w, db, key))
            continue;
        if (!w->absent)
            watch_mark_here(w);
        w->absent = false;
    }
}

enum presence { PRESENCE_NONE, PRESENCE_EXPIRED, PRESENCE_ALIVE };

static enum presence presence_in(struct shard *s, uint32_t db, const struct watch_node *w,
                                 int64_t now_ms)
{
    const struct table *t = shard_table(s, db);
    struct table_loc loc;
    const struct entry *e = t ? table_find(t, w->hash, bytes_of(w->key, w->key_size), &loc) : NULL;
    if (!e)
        return PRESENCE_NONE;
    return entry_has_deadline(e) && clock_passed(entry_deadline(e), now_ms) ? PRESENCE_EXPIRED
                                                                            : PRESENCE_ALIVE;
}

/* Who found the key expired, or not there, sees no change in one that is expired or not there. */
static void mark_replaced(struct watch_node *w, enum presence was, enum presence becomes)
{
    if (was == PRESENCE_NONE && becomes == PRESENCE_NONE)
        return;
    if ((w->absent || was == PRESENCE_NONE) && becomes != PRESENCE_ALIVE)
        w->absent = becomes == PRESENCE_EXPIRED;
    else
        watch_mark_here(w);
}

void watch_mark_flushed(struct shard *s, uint32_t db)
{
    for (struct watch_node *w = s->watchers; w; w = w->next)
        if (w->db == db)
            mark_replaced(w, presence_in(s, db, w, INT64_MIN), PRESENCE_NONE);
}

void watch_mark_swapped(struct shard *s, uint32_t a, uint32_t b, int64_t now_ms)
{
    for (struct watch_node *w = s->watchers; w; w = w->next)
        if (w->db == a || w->db == b)
            mark_replaced(w, presence_in(s, w->db, w, now_ms),
                          presence_in(s, w->db == a ? b : a, w, now_ms));
}
