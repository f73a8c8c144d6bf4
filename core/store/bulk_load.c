#include "core/store/bulk_load.h"

#include "core/store/view_priv.h"

/* A table for fewer keys grows as fast as it could be made. */
enum { EXPECTED_LEAST = 64 };

void bulk_load_expect(struct bulk_load *b, uint32_t db, uint64_t keys)
{
    struct keyspace *ks = b->ks;
    const uint64_t each = keys / ks->count;
    if (each < EXPECTED_LEAST || each > UINT32_MAX / 2)
        return;
    for (uint32_t i = 0; i < ks->count; i++) {
        struct shard *s = &ks->shards[i];
        shard_lock(s);
        struct table *t = shard_own_table(ks, s, db);
        shard_cow(ks, s, db, t);
        if (!t->live)
            table_reserve(t, (uint32_t)each);
        shard_unlock(s);
    }
}

static struct entry *make_entry(struct bytes key, const struct value *v, int64_t deadline_ms)
{
    struct entry *e = entry_try_new(key, value_kind(v), value_payload_size(v), deadline_ms);
    if (!e)
        return NULL;
    value_payload_write(v, entry_payload(e));
    if (value_next_deadline(v) >= 0)
        entry_set_flag(e, ENTRY_INNER, true);
    return e;
}

int bulk_load_add(struct bulk_load *b, uint32_t db, struct bytes key, struct value *v,
                  int64_t deadline_ms, uint32_t lru)
{
    struct entry *e = make_entry(key, v, deadline_ms);
    if (!e) {
        value_release(v);
        return LK_ENOMEM;
    }
    entry_touch(e, lru);
    struct bulk_item *item = &b->items[b->n++];
    *item = (struct bulk_item){e, keyspace_hash(b->ks, key), db};
    LK_PREFETCH(keyspace_shard(b->ks, item->hash));
    return b->n < BULK_LOAD_BATCH ? LK_OK : bulk_load_flush(b);
}

/* False: it is there and stays. */
static bool put(struct bulk_load *b, const struct bulk_item *item)
{
    struct keyspace *ks = b->ks;
    struct shard *s = keyspace_shard(ks, item->hash);
    struct entry *e = item->e;
    struct table_loc loc;
    shard_lock(s);
    struct table *t = shard_own_table(ks, s, item->db);
    const bool there = table_find(t, item->hash, entry_key(e), &loc) != NULL;
    struct cow *cow = shard_cow(ks, s, item->db, t);
    if (!there) {
        table_insert(t, cow, item->hash, e);
        if (t->old || t->count >= t->grow_at) /* it may be made for more, and must not shrink */
            table_settle(t, cow);
    } else if (b->replace) {
        bool seen;
        struct entry *old = table_replace(t, cow, &loc, e, &seen);
        shard_dispose(ks, t, item->hash, old, seen, true);
    }
    if (entry_has_deadline(e) || entry_meta(e) & ENTRY_INNER)
        __atomic_store_n(&ks->timed, UINT64_MAX, __ATOMIC_RELAXED);
    shard_unlock(s);
    return !there || b->replace;
}

static void prefetch(const struct bulk_load *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        if (b->items[i].db == 0)
            table_prefetch_dir(&keyspace_shard(b->ks, b->items[i].hash)->first);
    for (uint32_t i = 0; i < b->n; i++)
        if (b->items[i].db == 0)
            (void)table_prefetch_bucket(&keyspace_shard(b->ks, b->items[i].hash)->first,
                                        b->items[i].hash);
}

int bulk_load_flush(struct bulk_load *b)
{
    uint32_t i = 0;
    prefetch(b);
    while (i < b->n && put(b, &b->items[i]))
        i++;
    const bool all = i == b->n;
    if (!all)
        b->refused = b->items[i++];
    const uint32_t left = b->n - i;
    memmove(b->items, b->items + i, left * sizeof *b->items);
    b->n = left;
    return all ? LK_OK : LK_EBUSY;
}

void bulk_load_end(struct bulk_load *b)
{
    for (uint32_t i = 0; i < b->n; i++)
        entry_release_deep(b->items[i].e);
    if (b->refused.e)
        entry_release_deep(b->refused.e);
    b->n = 0;
    b->refused.e = NULL;
}
