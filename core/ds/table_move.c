/*
 * table_move.c — growing and shrinking, a page of the old directory at a time.
 *
 * A move begins when the table passes grow_at (82 % of its slots, staggered) or falls below
 * shrink_at, and every insert or removal earns it 32 entries.  Old pages are only read: entries
 * leave for pages of the live directory, and the old page is given back whole, to the view if that
 * still has to read it.
 */
#include "core/base/atomic.h"
#include "core/ds/table_priv.h"

/* A benchmark includes this file with other figures. */
#ifndef TABLE_GROW_PERMILLE
#define TABLE_GROW_PERMILLE  800  /* of the slots; plus stagger * 3 */
#define TABLE_GROWN_PERMILLE 1250 /* of the buckets, to which it grows */
#define TABLE_TAIL_BUCKETS   63   /* the shortest last page of a table of several pages */
#endif

enum {
    SHRINK_PERMILLE = 300, /* a table this empty shrinks … */
    SHRUNK_PERMILLE = 600, /* … to be this full */
    RESERVED_PERMILLE = 740,
};

/* Bucket counts whose page is exactly one of the allocator's size classes. */
static const uint8_t short_sizes[] = {1,  2,  3,  4,  5,  6,  7,  9,  11, 13,
                                      15, 19, 23, 27, 31, 39, 47, 55, 63};

/* The smallest size that a table can have and that is at least least. */
static uint32_t fitting_buckets(uint64_t least)
{
    const uint64_t whole = (least - 1) / TABLE_PAGE_BUCKETS * TABLE_PAGE_BUCKETS;
    const uint64_t tail = whole == 0 ? 1 : TABLE_TAIL_BUCKETS;
    for (size_t i = 0; i < sizeof short_sizes; i++)
        if (short_sizes[i] >= tail && whole + short_sizes[i] >= least)
            return (uint32_t)(whole + short_sizes[i]);
    LK_ASSERT(!"the longest page holds the rest");
    return 0;
}

void table_set_thresholds(struct table *t)
{
    const uint64_t slots = (uint64_t)t->live->buckets * TABLE_BUCKET_SLOTS;
    t->grow_at = (uint32_t)((slots * (TABLE_GROW_PERMILLE + 3u * t->stagger) + 999) / 1000);
    t->shrink_at = t->live->buckets == 1 ? 0 : (uint32_t)(slots * SHRINK_PERMILLE / 1000);
}

static void move_begin(struct table *t, uint32_t buckets)
{
    if (buckets == t->live->buckets)
        return;
    t->old = t->live;
    t->moved = 0;
    t->credit = 0;
    store_release(&t->live, dir_new(buckets));
    table_set_thresholds(t);
}

void table_reserve(struct table *t, uint32_t count)
{
    LK_ASSERT(!t->live && t->count == 0);
    const uint64_t buckets = (uint64_t)count * 1000 / (TABLE_BUCKET_SLOTS * RESERVED_PERMILLE) + 1;
    store_release(&t->live, dir_new(fitting_buckets(buckets)));
    table_set_thresholds(t);
}

static void move_entry(struct table *t, struct cow *cow, struct entry *e, bool shared)
{
    const uint64_t hash = table_hash_of(t, e);
    const uint32_t position = table_position(t, hash);
    const uint32_t global = dir_bucket(t->live, position);
    const uint32_t page = global / TABLE_PAGE_BUCKETS;
    const uint32_t due = table_due_unit(table_deadline(t, e));
    struct table_page *p = dir_own_page(t, t->live, page, cow);
    page_insert(p, global % TABLE_PAGE_BUCKETS, table_tag(hash), e, shared, due);
    if (due != TABLE_DUE_NONE)
        dir_note_due(t, t->live, page, due);
}

static void bucket_prefetch_entries(const struct table_bucket *b)
{
    for (unsigned slot = 0; slot < TABLE_BUCKET_SLOTS; slot++)
        LK_PREFETCH(bucket_entry(b, slot));
}

static void move_page(struct table *t, struct cow *cow)
{
    struct table_dir *old = t->old;
    const uint32_t index = t->moved;
    struct table_page *p = old->page[index];
    /* Uncloned while the view is ahead: everything in it is the view's. */
    const bool frozen = p && cow_shared(cow, p->epoch) && page_ahead(cow, old, index);
    for (struct table_page *node = p; node; node = node->overflow)
        for (uint32_t i = 0; i < node->buckets; i++) {
            const struct table_bucket *b = &node->bucket[i];
            if (i + 1 < node->buckets)
                bucket_prefetch_entries(b + 1);
            for (unsigned slot = 0; slot < TABLE_BUCKET_SLOTS; slot++)
                if (bucket_tag(b, slot))
                    move_entry(t, cow, bucket_entry(b, slot), frozen || b->shared >> slot & 1);
        }
    store_release(&old->page[index], NULL);
    t->moved++;
    if (!frozen)
        page_free(p, t->retire);
    else
        for (struct table_page *node = p; node; node = node->overflow)
            cow->defer(cow, node, page_size(node->buckets));
}

static uint32_t page_entries(const struct table_page *p)
{
    uint32_t n = 0;
    for (; p; p = p->overflow)
        n += p->used;
    return n;
}

void table_settle(struct table *t, struct cow *cow)
{
    if (LK_LIKELY(!t->old)) {
        if (LK_LIKELY(t->count < t->grow_at && t->count >= t->shrink_at))
            return;
        if (!t->live)
            return;
        if (t->count >= t->grow_at)
            move_begin(
                t, fitting_buckets((uint64_t)t->live->buckets * TABLE_GROWN_PERMILLE / 1000 + 1));
        else
            move_begin(t,
                       fitting_buckets(
                           (uint64_t)t->count * 1000 / (TABLE_BUCKET_SLOTS * SHRUNK_PERMILLE) + 1));
        if (!t->old)
            return;
    }
    while (t->moved < t->old->pages) {
        const uint32_t cost = page_entries(t->old->page[t->moved]);
        /* One page makes up a short table: it moves at once, there is nothing to spread. */
        if (cost > t->credit && t->old->pages > 1)
            return;
        t->credit -= cost < t->credit ? cost : t->credit;
        move_page(t, cow);
    }
    struct table_dir *done = t->old;
    t->old = NULL;
    t->moved = 0;
    dir_free(done, t->retire);
}
