#include "core/store/bulk_load.h"

#include "core/store/shard_write.h"
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
        shard_reserve(ks, s, db, (uint32_t)each);
        shard_unlock(s);
    }
}

int bulk_load_add(struct bulk_load *b, uint32_t db, struct bytes key, struct value *v,
                  int64_t deadline_ms, uint32_t lru)
{
    LK_ASSERT(b->n < BULK_LOAD_BATCH);
    struct entry *e = shard_new_entry(key, v, deadline_ms, lru);
    if (!e) {
        value_release(v);
        return LK_ENOMEM;
    }
    struct bulk_item *item = &b->items[b->n++];
    *item = (struct bulk_item){e, keyspace_hash(b->ks, key), db};
    LK_PREFETCH(keyspace_shard(b->ks, item->hash));
    return b->n < BULK_LOAD_BATCH ? LK_OK : bulk_load_flush(b);
}

/* False: it is there and stays. */
static bool bulk_load_put(struct bulk_load *b, const struct bulk_item *item)
{
    struct shard *s = keyspace_shard(b->ks, item->hash);
    struct place at;
    shard_lock(s);
    const bool there = shard_find(b->ks, item->db, entry_key(item->e), item->hash, &at);
    at.settle = SETTLE_GROW; /* it may be made for more, and must not shrink */
    if (!there || b->replace)
        shard_put_entry(&at, item->e, DISPOSE_LAZY);
    shard_unlock(s);
    return !there || b->replace;
}

static void bulk_load_prefetch(const struct bulk_load *b)
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
    bulk_load_prefetch(b);
    while (i < b->n && bulk_load_put(b, &b->items[i]))
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
