/*
 * rdb_save_view.c — sizes of databases, and the view's visitor.
 */
#include "persist/rdb/rdb_save_view.h"

#include "core/base/mem.h"

static struct rdb_db_size *rdb_save_view_row_of(struct rdb_sizes *sizes, uint32_t db)
{
    size_t at = 0;
    while (at < sizes->count && sizes->rows[at].db < db)
        at++;
    if (at < sizes->count && sizes->rows[at].db == db)
        return &sizes->rows[at];
    if (sizes->count == sizes->capacity) {
        const size_t more = sizes->capacity ? sizes->capacity * 2 : 16, row = sizeof *sizes->rows;
        sizes->rows = mem_realloc(sizes->rows, sizes->capacity * row, more * row);
        sizes->capacity = more;
    }
    memmove(&sizes->rows[at + 1], &sizes->rows[at], (sizes->count - at) * sizeof *sizes->rows);
    sizes->count++;
    sizes->rows[at] = (struct rdb_db_size){.db = db};
    return &sizes->rows[at];
}

static void rdb_save_view_add_table(struct rdb_sizes *sizes, uint32_t db, const struct table *t)
{
    if (t->count == 0)
        return;
    struct rdb_db_size *row = rdb_save_view_row_of(sizes, db);
    row->keys += t->count;
    row->deadlines += t->deadlines;
    sizes->inner += t->inner;
}

static void rdb_save_view_add_shard(struct rdb_sizes *sizes, struct shard *s)
{
    shard_lock(s);
    for (uint32_t j = 0; j < shard_db_count(s); j++) {
        const struct shard_db at = shard_db_at(s, j);
        rdb_save_view_add_table(sizes, at.db, at.table);
    }
    shard_unlock(s);
}

void rdb_sizes_take(struct keyspace *ks, int slot, struct rdb_sizes *out)
{
    enum { SHARDS_AT_ONCE = 64 }; /* so that whoever closes the gate waits for no walk */
    *out = (struct rdb_sizes){0};
    for (uint32_t i = 0; i < ks->count;) {
        gate_enter(&ks->gate, slot);
        for (uint32_t end = i + SHARDS_AT_ONCE; i < ks->count && i < end; i++)
            rdb_save_view_add_shard(out, &ks->shards[i]);
        gate_leave(&ks->gate, slot);
    }
}

void rdb_sizes_release(struct rdb_sizes *sizes)
{
    mem_free(sizes->rows, sizes->capacity * sizeof *sizes->rows);
    *sizes = (struct rdb_sizes){0};
}

int rdb_save_view(struct rdb_save *s, struct view *view, const struct rdb_save_hook *hook)
{
    const struct entry *e;
    uint32_t db;
    const bool keys = !s->options->no_keys;
    while (keys && s->out->status == LK_OK && (e = view_next(view, &db)) != NULL) {
        rdb_save_entry(s, db, e);
        if (hook)
            rdb_out_fail(s->out, hook->saved(hook->ctx, s->keys));
    }
    if (keys && s->out->status == LK_OK && !view_is_whole(view))
        rdb_out_fail(s->out, LK_EAGAIN);
    return rdb_save_end(s);
}
