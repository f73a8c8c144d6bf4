#include "core/store/keyspace.h"

#include "core/base/atomic.h"
#include "core/base/rank.h"
#include "core/store/lazy_free.h"
#include "core/store/reclaim.h"
#include "core/store/tracking.h"
#include "core/store/view_priv.h"

#include <sched.h>

struct keyspace *keyspace_new(uint32_t shards, uint32_t databases)
{
    LK_ASSERT(shards >= 2 && shards <= 65536 && (shards & (shards - 1)) == 0);
    struct keyspace *ks = mem_new(struct keyspace);
    ks->count = shards;
    ks->bits = (uint32_t)__builtin_ctz(shards);
    ks->databases = databases;
    ks->shards = mem_alloc_aligned(shards * sizeof *ks->shards, LK_CACHE_LINE);
    memset(ks->shards, 0, shards * sizeof *ks->shards);
    for (uint32_t i = 0; i < shards; i++) {
        ks->shards[i].index = (uint16_t)i;
        table_init(&ks->shards[i].first, (uint8_t)ks->bits, (uint8_t)(i * 7));
        ks->shards[i].first.retire = reclaim_retire;
        ks->shards[i].first.inner_deadline = shard_inner_deadline;
    }
    ks->lazy = lazy_free_new();
    gate_init(&ks->gate);
    return ks;
}

struct keyspace *keyspace_new_slotted(uint32_t databases)
{
    struct keyspace *ks = keyspace_new(HASH_SLOTS, databases);
    ks->slotted = true;
    for (uint32_t slot = 0; slot < HASH_SLOTS; slot++)
        table_set_hash_high(&ks->shards[slot].first, (uint16_t)slot);
    return ks;
}

struct keyspace *keyspace_new_like(const struct keyspace *ks)
{
    return ks->slotted ? keyspace_new_slotted(ks->databases)
                       : keyspace_new(ks->count, ks->databases);
}

static void keyspace_release_entry(void *ctx, struct entry *e)
{
    (void)ctx;
    entry_release_deep(e);
}

void keyspace_free(struct keyspace *ks)
{
    LK_ASSERT(ks->view == NULL);
    for (uint32_t i = 0; i < ks->count; i++) {
        struct shard *s = &ks->shards[i];
        for (uint32_t j = 0; j < shard_db_count(s); j++) {
            const struct shard_db at = shard_db_at(s, j);
            table_release(at.table, keyspace_release_entry, NULL);
            if (at.table != &s->first)
                mem_delete(at.table);
        }
        mem_free(s->others, s->others_count * sizeof *s->others);
        tracking_clear(NULL, s);
    }
    lazy_free_end(ks->lazy);
    mem_free(ks->shards, ks->count * sizeof *ks->shards);
    gate_release(&ks->gate);
    mem_delete(ks);
    reclaim_flush();
}

static inline uint32_t keyspace_open_epoch(const struct keyspace *ks)
{
    return load_relaxed(&ks->view_epoch);
}

struct cow *shard_cow(struct keyspace *ks, struct shard *s, uint32_t db, struct table *t)
{
    const uint32_t epoch = keyspace_open_epoch(ks);
    if (LK_LIKELY(epoch == 0))
        return NULL;
    if (!t->frozen) {
        if (t->epoch == epoch)
            return NULL; /* the view has passed it, or it is younger than the view */
        view_freeze(ks->view, s, db, t);
    }
    t->frozen->cow.passed = load_acquire(&t->frozen->cursor);
    return &t->frozen->cow;
}

/* Even of few keys one may be large: it goes in the background. */
static void keyspace_flush_entry(void *ctx, struct entry *e)
{
    const struct keyspace *ks = ctx;
    if (entry_takes_long(e, FREE_NOW_BLOCKS))
        lazy_free_entry(ks->lazy, e);
    else
        entry_release_deep(e);
}

uint64_t shard_flush(struct keyspace *ks, struct shard *s, uint32_t db, bool lazy)
{
    struct table *t = shard_table(s, db);
    if (!t || !t->live)
        return 0;
    const uint64_t count = t->count;
    shard_cow(ks, s, db, t);
    struct table_frozen *f = t->frozen;
    struct table *gone = mem_new(struct table);
    table_take(t, gone);
    t->frozen = NULL;
    t->epoch = ks->epoch;
    if (f)
        f->table = NULL;
    if (keyspace_open_epoch(ks) != 0) {
        /*
         * What it and the view share is freed once, when the view closes, and not with this shard:
         * nodes that were renamed into it are still to be read under their old positions (S6).
         */
        leaf_lock(&ks->view->pinned_lock);
        garbage_add_table(&ks->view->pinned_garbage, gone);
        leaf_unlock(&ks->view->pinned_lock);
    } else if (f) {
        garbage_add_table(&f->garbage, gone); /* the view is closing, and reads no more */
    } else if (lazy) {
        lazy_free_table(ks->lazy, gone);
    } else {
        table_release(gone, keyspace_flush_entry, ks);
        mem_delete(gone);
    }
    return count;
}

size_t shard_trim(struct keyspace *ks, struct shard *s, uint32_t db)
{
    struct table *t = shard_table(s, db), empty;
    if (!t || t->count > 0 || !t->live || t->frozen || keyspace_open_epoch(ks) != 0)
        return 0;
    const size_t bytes = table_page_bytes(t);
    table_take(t, &empty);
    table_release(&empty, keyspace_release_entry, NULL);
    return bytes;
}

void keyspace_clear(struct keyspace *ks)
{
    for (uint32_t i = 0; i < ks->count; i++) {
        struct shard *s = &ks->shards[i];
        for (uint32_t j = 0; j < shard_db_count(s); j++)
            shard_flush(ks, s, shard_db_at(s, j).db, true);
    }
}

void shard_swap(struct keyspace *ks, struct shard *s, uint32_t a, uint32_t b)
{
    LK_ASSERT(a != b);
    struct table *ta = shard_own_table(ks, s, a), *tb = shard_own_table(ks, s, b);
    shard_cow(ks, s, a, ta);
    shard_cow(ks, s, b, tb);
    table_swap(ta, tb);
    if (ta->frozen)
        ta->frozen->table = ta;
    if (tb->frozen)
        tb->frozen->table = tb;
}

static void keyspace_set_epoch(struct shard *s, uint32_t epoch)
{
    for (uint32_t i = 0; i < shard_db_count(s); i++) {
        LK_ASSERT(!shard_db_at(s, i).table->frozen);
        shard_db_at(s, i).table->epoch = epoch;
    }
}

void keyspace_exchange(struct keyspace *ks, struct keyspace *other)
{
    LK_ASSERT(!ks->view && !other->view && ks->count == other->count);
    for (uint32_t i = 0; i < ks->count; i++) {
        struct shard *a = &ks->shards[i], *b = &other->shards[i];
        struct shard_db *others = a->others;
        const uint32_t count = a->others_count;
        table_swap(&a->first, &b->first);
        a->others = b->others;
        a->others_count = b->others_count;
        b->others = others;
        b->others_count = count;
        keyspace_set_epoch(a, ks->epoch);
        keyspace_set_epoch(b, other->epoch);
    }
    store_relaxed(&ks->timed, UINT64_MAX); /* deadlines nobody has seen yet */
}
