/*
 * view.c — cut, freeze, read, detach.
 *
 * Frozen tables hang on their shard in a list and remember the database they had at the cut, so
 * that SWAPDB and FLUSHDB change the live side only.
 */
#include "core/store/view.h"

#include "core/base/atomic.h"
#include "core/base/rank.h"
#include "core/ds/chunks.h"
#include "core/store/reclaim.h"
#include "core/store/view_priv.h"

static void defer_frozen(struct cow *cow, void *p, size_t size)
{
    struct table_frozen *f = (struct table_frozen *)cow;
    garbage_add_block(&f->garbage, p, size);
}

static void defer_nodes(struct cow *cow, void *p, size_t size)
{
    struct table_frozen *f =
        (struct table_frozen *)((char *)cow - offsetof(struct table_frozen, nodes));
    garbage_add_block(&f->garbage, p, size);
}

static void view_defer_pinned(struct cow *cow, void *p, size_t size)
{
    struct view *v = (struct view *)((char *)cow - offsetof(struct view, pinned));
    leaf_lock(&v->pinned_lock);
    garbage_add_block(&v->pinned_garbage, p, size);
    leaf_unlock(&v->pinned_lock);
}

struct view *view_cut(struct keyspace *ks)
{
    LK_ASSERT(ks->view == NULL && ks->view_epoch == 0);
    LK_ASSERT(load_relaxed(&ks->gate.closed) != 0);
    struct view *v = mem_new(struct view);
    v->ks = ks;
    v->epoch = ++ks->epoch;
    pthread_mutex_init(&v->pinned_lock, NULL);
    v->pinned_garbage.held = &ks->view_held;
    v->pinned = (struct cow){.epoch = v->epoch, .defer = view_defer_pinned};
    ks->view = v;
    store_release(&ks->view_epoch, v->epoch);
    return v;
}

struct table_frozen *view_freeze(struct view *v, struct shard *s, uint32_t db, struct table *t)
{
    struct table_frozen *f = mem_new(struct table_frozen);
    f->cow = (struct cow){.epoch = v->epoch, .defer = defer_frozen};
    f->nodes = (struct cow){.epoch = v->epoch, .defer = defer_nodes};
    f->table = t;
    f->db = db;
    f->view = v;
    f->garbage.held = &v->ks->view_held;
    table_freeze(t, v->epoch, &f->image);
    t->frozen = f;
    f->next = s->frozen;
    s->frozen = f;
    return f;
}

static void freeze_one(struct view *v, struct shard *s, uint32_t db, struct table *t)
{
    if (t->epoch == v->epoch)
        return;
    if (t->live)
        view_freeze(v, s, db, t);
    else
        t->epoch = v->epoch; /* nothing in it that the view could see */
}

static void freeze_all(struct view *v, struct shard *s)
{
    for (uint32_t i = 0; i < shard_db_count(s); i++) {
        const struct shard_db at = shard_db_at(s, i);
        freeze_one(v, s, at.db, at.table);
    }
}

/* Databases in ascending order; a handful of them, so insertion does. */
static struct table_frozen *view_sorted(struct table_frozen *list)
{
    struct table_frozen *out = NULL;
    while (list) {
        struct table_frozen *f = list, **at = &out;
        list = f->next;
        while (*at && (*at)->db < f->db)
            at = &(*at)->next;
        f->next = *at;
        *at = f;
    }
    return out;
}

static void free_frozen(struct table_frozen *list)
{
    while (list) {
        struct table_frozen *f = list;
        list = f->next;
        garbage_release(&f->garbage);
        table_image_release(&f->image, reclaim_retire);
        mem_delete(f);
    }
}

/* Takes the view off a shard; tables that nobody froze will not be frozen any more. */
static void view_detach(struct view *v, struct shard *s)
{
    gate_enter(&v->ks->gate, v->reader.slot);
    shard_lock(s);
    struct table_frozen *list = s->frozen;
    s->frozen = NULL;
    for (struct table_frozen *f = list; f; f = f->next)
        if (f->table)
            f->table->frozen = NULL;
    shard_unlock(s);
    gate_leave(&v->ks->gate, v->reader.slot);
    free_frozen(list);
}

static void reader_join(struct view *v)
{
    v->reader.joined = true;
    v->reader.slot = gate_join(&v->ks->gate);
}

static void reader_part(struct view *v)
{
    gate_part(&v->ks->gate, v->reader.slot);
    v->reader.joined = false;
}

/* The frozen tables of the shard that comes next; NULL if it has none. */
static struct table_frozen *open_shard(struct view *v)
{
    struct shard *s = &v->ks->shards[v->reader.shard];
    gate_enter(&v->ks->gate, v->reader.slot);
    shard_lock(s);
    freeze_all(v, s);
    struct table_frozen *list = s->frozen = view_sorted(s->frozen);
    shard_unlock(s);
    gate_leave(&v->ks->gate, v->reader.slot);
    return list;
}

/* The next entry of a frozen table; NULL when its last page is done. */
static const struct entry *read_table(struct view *v, struct table_frozen *f)
{
    struct table_image_step *step = &v->reader.step;
    uint64_t cursor = f->cursor;
    while (cursor < TABLE_POSITIONS && !load_relaxed(&v->aborted)) {
        const struct entry *e =
            v->reader.in_page ? table_image_next(step) : table_image_first(step, &f->image, cursor);
        v->reader.in_page = e != NULL;
        if (e)
            return e;
        cursor = step->next;
        /* Partner of the acquire in shard_cow: behind it, writers change and free in place. */
        store_release(&f->cursor, cursor);
    }
    return NULL;
}

const struct entry *view_next(struct view *v, uint32_t *db)
{
    LK_ASSERT(!v->reader.whole);
    if (LK_UNLIKELY(!v->reader.joined))
        reader_join(v);
    while (!load_relaxed(&v->aborted) && v->reader.shard < v->ks->count) {
        /* All tables are frozen, so nobody adds to the list: it may be read without the lock. */
        struct table_frozen *f = v->reader.table;
        if (!f)
            f = v->reader.table = open_shard(v);
        for (; f; f = v->reader.table = f->next) {
            const struct entry *e = read_table(v, f);
            *db = f->db;
            if (e)
                return e;
            if (f->cursor < TABLE_POSITIONS)
                return NULL; /* aborted */
        }
        view_detach(v, &v->ks->shards[v->reader.shard++]);
    }
    v->reader.whole = v->reader.shard == v->ks->count;
    return NULL;
}

bool view_is_whole(const struct view *v)
{
    return v->reader.whole;
}

void view_abort(struct view *v)
{
    store_relaxed(&v->aborted, 1);
}

/*
 * A writer that saw view_epoch froze before the sweep takes its shard's lock, so the sweep sees
 * it; one that locks later sees view_epoch cleared.
 */
void view_close(struct view *v)
{
    struct keyspace *ks = v->ks;
    LK_ASSERT(ks->view == v);
    store_release(&ks->view_epoch, 0);
    if (!v->reader.joined)
        reader_join(v);
    for (uint32_t i = 0; i < ks->count; i++)
        view_detach(v, &ks->shards[i]);
    reader_part(v);
    /* Every shard was locked once since: nobody holds a pinned cow any more. */
    garbage_release(&v->pinned_garbage);
    chunk_view_closed();
    pthread_mutex_destroy(&v->pinned_lock);
    ks->view = NULL;
    mem_delete(v);
    reclaim_flush();
}

size_t view_held_bytes(const struct keyspace *ks)
{
    return load_relaxed(&ks->view_held);
}
