#include "core/store/watch.h"

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

static void mark(struct watch_node *w)
{
    __atomic_store_n(w->dirty, 1, __ATOMIC_RELAXED); /* the shard's lock orders it */
}

static bool watches(const struct watch_node *w, uint32_t db, struct bytes key)
{
    return w->db == db && bytes_equal(bytes_of(w->key, w->key_size), key);
}

void watch_mark_slow(struct shard *s, uint32_t db, struct bytes key)
{
    for (struct watch_node *w = s->watchers; w; w = w->next)
        if (watches(w, db, key))
            mark(w);
}

void watch_mark_expired_slow(struct shard *s, uint32_t db, struct bytes key)
{
    for (struct watch_node *w = s->watchers; w; w = w->next) {
        if (!watches(w, db, key))
            continue;
        if (!w->absent)
            mark(w);
        w->absent = false;
    }
}

static bool exists(struct shard *s, uint32_t db, const struct watch_node *w)
{
    const struct table *t = shard_table(s, db);
    struct table_loc loc;
    return t && table_find(t, w->hash, bytes_of(w->key, w->key_size), &loc) != NULL;
}

void watch_mark_dbs(struct shard *s, uint32_t a, uint32_t b)
{
    for (struct watch_node *w = s->watchers; w; w = w->next)
        if ((w->db == a || w->db == b) && (exists(s, a, w) || exists(s, b, w)))
            mark(w);
}
