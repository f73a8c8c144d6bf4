/*
 * table_page.c — buckets in pages, pages in directories, and the write rule between them.
 *
 * A page with its overflow pages is one unit: they are cloned together, since the pointer to the
 * overflow lies in a header that a view may be reading.
 */
#include "core/base/atomic.h"
#include "core/ds/table_priv.h"

#include <assert.h>

static_assert(sizeof(struct table_bucket) == LK_CACHE_LINE, "a bucket is one line");
static_assert(sizeof(struct table_page) == LK_CACHE_LINE, "so is a page's header");

struct table_page *page_new(uint32_t buckets, uint32_t epoch)
{
    const size_t size = page_size(buckets);
    struct table_page *p = mem_alloc_aligned(size, LK_CACHE_LINE);
    memset(p, 0, size);
    p->epoch = epoch;
    p->buckets = (uint16_t)buckets;
    for (uint32_t i = 0; i < buckets; i++)
        p->bucket[i].due = TABLE_DUE_NONE;
    return p;
}

static void give_back(void *p, size_t size, void (*retire)(void *, size_t))
{
    if (retire)
        retire(p, size);
    else
        mem_free(p, size);
}

void page_free(struct table_page *p, void (*retire)(void *, size_t))
{
    while (p) {
        struct table_page *next = p->overflow;
        give_back(p, page_size(p->buckets), retire);
        p = next;
    }
}

struct table_dir *dir_new(uint32_t buckets)
{
    const uint32_t pages = (buckets + TABLE_PAGE_BUCKETS - 1) / TABLE_PAGE_BUCKETS;
    struct table_dir *d = mem_calloc(dir_size(pages));
    d->buckets = buckets;
    d->pages = pages;
    d->due = (uint32_t *)&d->page[pages];
    for (uint32_t i = 0; i < pages; i++)
        d->due[i] = TABLE_DUE_NONE;
    return d;
}

void dir_free(struct table_dir *d, void (*retire)(void *, size_t))
{
    if (d)
        give_back(d, dir_size(d->pages), retire);
}

static void bucket_fill(struct table_page *node, uint32_t bucket, unsigned slot, uint8_t tag,
                        struct entry *e, bool shared, bool guest, uint32_t due)
{
    struct table_bucket *b = &node->bucket[bucket];
    bucket_set_entry(b, slot, e);
    bucket_set_tag(b, slot, tag);
    bucket_set_bit(&b->shared, slot, shared);
    bucket_set_bit(&b->guest, slot, guest);
    bucket_set_bit(&b->timed, slot, due != TABLE_DUE_NONE);
    if (due < b->due)
        b->due = due;
    node->used++;
}

/* An overflow page is a plain array of buckets: entries lie anywhere in it. */
static void overflow_insert(struct table_page *p, uint8_t tag, struct entry *e, bool shared,
                            uint32_t due)
{
    struct table_page *node = p->overflow;
    while (node && node->used == node->buckets * TABLE_BUCKET_SLOTS)
        node = node->overflow;
    if (!node) {
        node = page_new(OVERFLOW_BUCKETS, p->epoch);
        node->overflow = p->overflow;
        p->overflow = node;
    }
    for (uint32_t i = 0; i < node->buckets; i++) {
        const uint64_t empty = bucket_match(node->bucket[i].tags, 0);
        if (empty) {
            bucket_fill(node, i, match_slot(empty), tag, e, shared, true, due);
            return;
        }
    }
    LK_ASSERT(!"an overflow page that is not full has room");
}

static void away_add(struct table_bucket *b)
{
    if (b->away != AWAY_STUCK)
        b->away++;
}

static void away_drop(struct table_bucket *b)
{
    if (b->away != AWAY_STUCK) {
        LK_DEBUG_ASSERT(b->away > 0);
        b->away--;
    }
}

void page_insert(struct table_page *p, uint32_t home, uint8_t tag, struct entry *e, bool shared,
                 uint32_t due)
{
    uint32_t i = home;
    do {
        struct table_bucket *b = &p->bucket[i];
        const uint64_t empty = bucket_match(b->tags, 0);
        if (empty) {
            bucket_fill(p, i, match_slot(empty), tag, e, shared, i != home, due);
            return;
        }
        away_add(b);
        i = i + 1 == p->buckets ? 0 : i + 1;
    } while (i != home);
    overflow_insert(p, tag, e, shared, due);
}

void page_remove(struct table_page *p, struct table_page *node, uint32_t home, uint32_t bucket,
                 uint32_t slot)
{
    struct table_bucket *b = &node->bucket[bucket];
    bucket_set_tag(b, slot, 0);
    bucket_set_entry(b, slot, NULL);
    bucket_set_bit(&b->shared, slot, false);
    bucket_set_bit(&b->guest, slot, false);
    bucket_set_bit(&b->timed, slot, false);
    node->used--;
    if (!b->timed)
        b->due = TABLE_DUE_NONE;

    const bool everywhere = node != p; /* it passed the whole page on its way to the overflow */
    uint32_t i = home;
    if (everywhere || i != bucket)
        do {
            away_drop(&p->bucket[i]);
            i = i + 1 == p->buckets ? 0 : i + 1;
        } while (i != (everywhere ? home : bucket));
}

static struct table_page *page_clone(const struct table_page *p, uint32_t epoch)
{
    if (!p)
        return NULL;
    struct table_page *copy = mem_alloc_aligned(page_size(p->buckets), LK_CACHE_LINE);
    memcpy(copy, p, page_size(p->buckets));
    copy->epoch = epoch;
    copy->overflow = page_clone(p->overflow, epoch);
    /* Bits of an earlier view end here: from now on a set bit means this view, and no other. */
    for (uint32_t i = 0; i < copy->buckets; i++)
        copy->bucket[i].shared = 0xff;
    return copy;
}

struct table_page *page_at_depth(struct table_page *p, uint32_t depth)
{
    while (depth-- > 0)
        p = p->overflow;
    return p;
}

struct table_page *dir_own_page(struct table *t, struct table_dir *d, uint32_t index,
                                struct cow *cow)
{
    struct table_page *p = d->page[index];
    if (LK_UNLIKELY(!p)) {
        p = page_new(dir_page_buckets(d, index), t->epoch);
        store_release(&d->page[index], p);
        return p;
    }
    if (LK_LIKELY(!cow_shared(cow, p->epoch)) || !page_ahead(cow, d, index))
        return p;
    struct table_page *copy = page_clone(p, cow->epoch);
    store_release(&d->page[index], copy);
    for (struct table_page *node = p; node; node = node->overflow)
        cow->defer(cow, node, page_size(node->buckets));
    return copy;
}

void dir_note_due(struct table *t, struct table_dir *d, uint32_t page, uint32_t due)
{
    if (due < d->due[page])
        d->due[page] = due;
    if (due < t->next_due)
        t->next_due = due;
}
