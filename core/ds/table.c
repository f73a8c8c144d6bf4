/*
 * table.c — find, insert, replace, remove.
 */
#include "core/ds/table_priv.h"

#include "core/base/atomic.h"

void table_init(struct table *t, uint8_t skip_bits, uint8_t stagger)
{
    memset(t, 0, sizeof *t);
    t->skip_bits = skip_bits;
    t->stagger = stagger & 15;
    t->next_due = TABLE_DUE_NONE;
}

void table_set_hash_high(struct table *t, uint16_t high)
{
    LK_ASSERT(t->count == 0 && t->skip_bits > 0 && high >> t->skip_bits == 0);
    t->hash_shift = t->skip_bits;
    t->hash_high = high;
}

void table_take(struct table *t, struct table *out)
{
    *out = *t;
    out->frozen = NULL;
    store_release(&t->live, NULL);
    t->old = NULL;
    store_relaxed(&t->count, 0);
    t->moved = t->credit = t->deadlines = t->inner = 0;
    store_relaxed(&t->own, 0);
    t->grow_at = t->shrink_at = 0;
    t->next_due = TABLE_DUE_NONE;
}

/* Overwrites to, but its stagger; prefetchers see one directory or the other. */
static void table_overwrite(struct table *to, const struct table *from)
{
    struct table_dir *live = from->live;
    const uint8_t stagger = to->stagger;
    *to = *from;
    to->stagger = stagger;
    store_release(&to->live, live);
}

void table_swap(struct table *a, struct table *b)
{
    LK_ASSERT(a->skip_bits == b->skip_bits);
    const struct table was = *a;
    table_overwrite(a, b);
    table_overwrite(b, &was);
}

static struct entry *node_find(struct table_page *node, uint32_t bucket, uint8_t tag,
                               struct bytes key, unsigned *slot)
{
    const struct table_bucket *b = &node->bucket[bucket];
    for (uint64_t m = bucket_match(b->tags, tag); m; m &= m - 1) {
        *slot = match_slot(m);
        struct entry *e = bucket_entry(b, *slot);
        if (LK_LIKELY(bytes_equal_here(entry_key(e), key)))
            return e;
    }
    return NULL;
}

static void loc_set(struct table_loc *loc, struct table_page *node, uint32_t depth, uint32_t bucket,
                    unsigned slot)
{
    loc->node = node;
    loc->depth = (uint16_t)depth;
    loc->bucket = (uint8_t)bucket;
    loc->slot = (uint8_t)slot;
}

static struct entry *overflow_find(struct table_page *p, struct bytes key, struct table_loc *loc)
{
    uint32_t depth = 1;
    for (struct table_page *node = p->overflow; node; node = node->overflow, depth++)
        for (uint32_t i = 0; i < node->buckets; i++) {
            unsigned slot = 0;
            struct entry *e = node_find(node, i, loc->tag, key, &slot);
            if (e) {
                loc_set(loc, node, depth, i, slot);
                return e;
            }
        }
    return NULL;
}

struct entry *table_find(const struct table *t, uint64_t hash, struct bytes key,
                         struct table_loc *loc)
{
    if (!t->live)
        return NULL;
    const uint32_t position = table_position(t, hash);
    struct table_dir *d = table_dir_of(t, position);
    const uint32_t global = dir_bucket(d, position);
    const uint32_t page = global / TABLE_PAGE_BUCKETS, home = global - page * TABLE_PAGE_BUCKETS;
    struct table_page *p = d->page[page];
    if (LK_UNLIKELY(!p))
        return NULL;

    loc->dir = d;
    loc->page = page;
    loc->position = position;
    loc->home = (uint8_t)home;
    loc->tag = table_tag(hash);
    uint32_t i = home;
    do {
        unsigned slot = 0;
        struct entry *e = node_find(p, i, loc->tag, key, &slot);
        if (e) {
            loc_set(loc, p, 0, i, slot);
            return e;
        }
        if (LK_LIKELY(p->bucket[i].away == 0))
            return NULL;
        i = i + 1 == p->buckets ? 0 : i + 1;
    } while (i != home);
    return overflow_find(p, key, loc);
}

const void *table_home(const struct table *t, uint64_t hash)
{
    if (!t->live)
        return NULL;
    const uint32_t position = table_position(t, hash);
    const struct table_dir *d = table_dir_of(t, position);
    const uint32_t global = dir_bucket(d, position), page = global / TABLE_PAGE_BUCKETS;
    const struct table_page *p = d->page[page];
    if (LK_UNLIKELY(!p))
        return NULL;
    const struct table_bucket *b = p->bucket + (global - page * TABLE_PAGE_BUCKETS);
    LK_PREFETCH(b);
    return b;
}

struct entry *table_home_entry(const void *home, uint64_t hash)
{
    const struct table_bucket *b = home;
    const uint64_t m = bucket_match(b->tags, table_tag(hash));
    if (!m)
        return NULL;
    struct entry *e = bucket_entry(b, match_slot(m));
    LK_PREFETCH(e);
    LK_PREFETCH((const char *)e + LK_CACHE_LINE);
    return e;
}

/* Counts an entry in with n = 1, out with n = -1. */
static void count_deadlines(struct table *t, const struct entry *e, int n)
{
    const uint32_t meta = entry_meta(e);
    if (LK_LIKELY(!(meta & (ENTRY_DEADLINE | ENTRY_INNER))))
        return;
    if (meta & ENTRY_DEADLINE)
        store_relaxed(&t->own, t->own + (uint32_t)n);
    t->inner += meta & ENTRY_INNER ? (uint32_t)n : 0;
}

void table_insert(struct table *t, struct cow *cow, uint64_t hash, struct entry *e)
{
    if (!t->live) {
        store_release(&t->live, dir_new(1));
        table_set_thresholds(t);
    }
    LK_DEBUG_ASSERT(!table_find(t, hash, entry_key(e), &(struct table_loc){0}));
    const uint32_t position = table_position(t, hash);
    struct table_dir *d = table_dir_of(t, position);
    const uint32_t global = dir_bucket(d, position);
    const uint32_t page = global / TABLE_PAGE_BUCKETS;
    const uint32_t due = table_due_unit(table_deadline(t, e));
    struct table_page *p = dir_own_page(t, d, page, cow);

    page_insert(p, global % TABLE_PAGE_BUCKETS, table_tag(hash), e, false, due);
    store_relaxed(&t->count, t->count + 1);
    t->credit += 32;
    if (due != TABLE_DUE_NONE) {
        t->deadlines++;
        count_deadlines(t, e, 1);
        dir_note_due(t, d, page, due);
    }
}

bool table_ahead(const struct table *t, const struct cow *cow, uint64_t hash)
{
    return cow && table_position(t, hash) >= cow->passed;
}

bool table_seen(const struct table *t, const struct cow *cow, const struct table_loc *loc)
{
    (void)t;
    if (!cow || cow->epoch == 0 || loc->position < cow->passed)
        return false;
    /* An older page has not been cloned: all its entries are the view's. */
    return cow_shared(cow, loc->node->epoch) ||
           loc->node->bucket[loc->bucket].shared >> loc->slot & 1;
}

/* The page of loc, ready to be changed; loc follows if it had to be cloned. */
static struct table_page *loc_own(struct table *t, struct cow *cow, struct table_loc *loc)
{
    struct table_page *p = dir_own_page(t, loc->dir, loc->page, cow);
    loc->node = page_at_depth(p, loc->depth);
    return p;
}

void table_move_entry(struct table_loc *loc, struct entry *copy)
{
    struct table_bucket *b = &loc->node->bucket[loc->bucket];
    LK_DEBUG_ASSERT(bytes_equal(entry_key(bucket_entry(b, loc->slot)), entry_key(copy)));
    LK_DEBUG_ASSERT(entry_meta(bucket_entry(b, loc->slot)) == entry_meta(copy));
    bucket_set_entry(b, loc->slot, copy);
    bucket_set_bit(&b->shared, loc->slot, false);
}

struct entry *table_replace(struct table *t, struct cow *cow, struct table_loc *loc,
                            struct entry *e, bool *seen)
{
    *seen = table_seen(t, cow, loc);
    loc_own(t, cow, loc);

    struct table_bucket *b = &loc->node->bucket[loc->bucket];
    struct entry *old = bucket_entry(b, loc->slot);
    LK_DEBUG_ASSERT(old && bytes_equal(entry_key(old), entry_key(e)));
    const uint32_t due = table_due_unit(table_deadline(t, e));
    t->deadlines += (uint32_t)(due != TABLE_DUE_NONE) - (uint32_t)(b->timed >> loc->slot & 1);
    count_deadlines(t, old, -1);
    count_deadlines(t, e, 1);
    bucket_set_entry(b, loc->slot, e);
    bucket_set_bit(&b->shared, loc->slot, false);
    bucket_set_bit(&b->timed, loc->slot, due != TABLE_DUE_NONE);
    if (due < b->due)
        b->due = due;
    if (due != TABLE_DUE_NONE)
        dir_note_due(t, loc->dir, loc->page, due);
    return old;
}

struct entry *table_remove(struct table *t, struct cow *cow, struct table_loc *loc, bool *seen)
{
    *seen = table_seen(t, cow, loc);
    struct table_page *p = loc_own(t, cow, loc);
    struct table_bucket *b = &loc->node->bucket[loc->bucket];
    struct entry *old = bucket_entry(b, loc->slot);
    LK_DEBUG_ASSERT(old && bucket_tag(b, loc->slot) == loc->tag);
    t->deadlines -= b->timed >> loc->slot & 1;
    count_deadlines(t, old, -1);
    page_remove(p, loc->node, loc->home, loc->bucket, loc->slot);
    store_relaxed(&t->count, t->count - 1);
    t->credit += 32;
    return old;
}

void table_note_deadline(struct table *t, const struct table_loc *loc, int64_t deadline_ms)
{
    const uint32_t due = table_due_unit(deadline_ms);
    struct table_bucket *b = &loc->node->bucket[loc->bucket];
    if (due < b->due)
        b->due = due;
    dir_note_due(t, loc->dir, loc->page, due);
}

void table_note_inner(struct table *t, const struct table_loc *loc, struct entry *e, bool inner)
{
    count_deadlines(t, e, -1);
    entry_set_flag(e, ENTRY_INNER, inner);
    count_deadlines(t, e, 1);
    struct table_bucket *b = &loc->node->bucket[loc->bucket];
    const int64_t deadline = table_deadline(t, e);
    const bool timed = deadline != ENTRY_NO_DEADLINE;
    t->deadlines += (uint32_t)timed - (uint32_t)(b->timed >> loc->slot & 1);
    bucket_set_bit(&b->timed, loc->slot, timed);
    if (timed)
        table_note_deadline(t, loc, deadline);
}

static size_t release_page(struct table_page *p, void (*retire)(void *, size_t),
                           void (*entry)(void *, struct entry *), void *ctx)
{
    size_t n = 1;
    for (struct table_page *node = p; node && entry; node = node->overflow) {
        n += node->used;
        for (uint32_t b = 0; b < node->buckets; b++)
            for (unsigned slot = 0; slot < TABLE_BUCKET_SLOTS; slot++)
                if (bucket_tag(&node->bucket[b], slot))
                    entry(ctx, bucket_entry(&node->bucket[b], slot));
    }
    page_free(p, retire);
    return n;
}

static void release_dir(struct table_dir *d, void (*retire)(void *, size_t),
                        void (*entry)(void *, struct entry *), void *ctx)
{
    if (!d)
        return;
    for (uint32_t i = 0; i < d->pages; i++)
        release_page(d->page[i], retire, entry, ctx);
    dir_free(d, retire);
}

bool table_release_some(struct table *t, size_t *cursor, size_t budget,
                        void (*entry)(void *ctx, struct entry *e), void *ctx)
{
    const size_t live = t->live ? t->live->pages : 0, old = t->old ? t->old->pages : 0;
    for (size_t freed = 0; *cursor < live + old; ++*cursor) {
        if (freed >= budget)
            return false;
        struct table_page *p =
            *cursor < live ? t->live->page[*cursor] : t->old->page[*cursor - live];
        freed += release_page(p, t->retire, entry, ctx);
    }
    dir_free(t->live, t->retire);
    dir_free(t->old, t->retire);
    t->live = t->old = NULL;
    t->count = t->deadlines = t->own = t->inner = 0;
    return true;
}

void table_release(struct table *t, void (*entry)(void *ctx, struct entry *e), void *ctx)
{
    struct table_dir *live = t->live, *old = t->old;
    store_release(&t->live, NULL);
    t->old = NULL;
    t->count = t->deadlines = t->own = t->inner = t->credit = t->moved = 0;
    t->next_due = TABLE_DUE_NONE;
    release_dir(live, t->retire, entry, ctx);
    release_dir(old, t->retire, entry, ctx);
}

/* Frees a page unit, or hands it to the view with the entries that the view may read. */
static void release_page_cow(struct table_page *p, struct cow *cow,
                             void (*entry)(void *, struct entry *), void *ctx)
{
    for (struct table_page *node = p, *next; node; node = next) {
        const bool shared = cow_shared(cow, node->epoch);
        next = node->overflow;
        for (uint32_t i = 0; i < node->buckets; i++) {
            const struct table_bucket *b = &node->bucket[i];
            for (unsigned slot = 0; slot < TABLE_BUCKET_SLOTS; slot++) {
                if (!bucket_tag(b, slot))
                    continue;
                struct entry *e = bucket_entry(b, slot);
                if (shared || b->shared >> slot & 1)
                    cow->defer(cow, e, entry_size(e));
                else
                    entry(ctx, e);
            }
        }
        if (shared)
            cow->defer(cow, node, page_size(node->buckets));
        else
            mem_free(node, page_size(node->buckets));
    }
}

void table_release_cow(struct table *t, struct cow *cow, void (*entry)(void *ctx, struct entry *e),
                       void *ctx)
{
    if (!cow || cow->epoch == 0) {
        table_release(t, entry, ctx);
        return;
    }
    const bool shared = cow_shared(cow, t->epoch);
    struct table_dir *const dirs[] = {t->live, t->old};
    for (int i = 0; i < 2; i++) {
        struct table_dir *d = dirs[i];
        for (uint32_t page = 0; d && page < d->pages; page++)
            release_page_cow(d->page[page], cow, entry, ctx);
        if (d && shared)
            cow->defer(cow, d, dir_size(d->pages));
        else
            dir_free(d, NULL);
    }
    if (shared)
        return; /* the view goes on reading *t itself */
    t->live = t->old = NULL;
    t->count = t->deadlines = 0;
}

static size_t dir_bytes(const struct table_dir *d)
{
    if (!d)
        return 0;
    size_t sum = mem_class(dir_size(d->pages));
    for (uint32_t i = 0; i < d->pages; i++)
        for (const struct table_page *node = d->page[i]; node; node = node->overflow)
            sum += mem_class(page_size(node->buckets));
    return sum;
}

size_t table_page_bytes(const struct table *t)
{
    return dir_bytes(t->live) + dir_bytes(t->old);
}

/*
 * The loads race with writers on purpose: a torn or stale word only prefetches a line in vain.
 * Directories and pages themselves stay allocated until every worker has left its batch.
 */
#if defined(__SANITIZE_THREAD__)
#define UNLOCKED __attribute__((no_sanitize("thread"), noinline))
#else
#define UNLOCKED
#endif

UNLOCKED void table_prefetch_dir(const struct table *t)
{
    const struct table_dir *d = load_acquire(&t->live);
    if (d)
        LK_PREFETCH(d);
}

UNLOCKED const void *table_prefetch_bucket(const struct table *t, uint64_t hash)
{
    const struct table_dir *d = load_acquire(&t->live);
    if (!d)
        return NULL;
    /* buckets never changes in a directory, so the index fits its pages whatever grows. */
    const uint32_t global = dir_bucket(d, table_position(t, hash));
    const struct table_page *p = load_acquire(&d->page[global / TABLE_PAGE_BUCKETS]);
    if (!p)
        return NULL;
    const struct table_bucket *b = &p->bucket[global % TABLE_PAGE_BUCKETS];
    LK_PREFETCH(b);
    return b;
}

/* The first entry of the bucket that may be it; NULL: none is. */
UNLOCKED static const char *likely_entry(const void *bucket, uint64_t hash)
{
    const struct table_bucket *b = bucket;
    const uint64_t m = bucket_match(load_relaxed(&b->tags), table_tag(hash));
    return m ? (const char *)bucket_entry(b, match_slot(m)) : NULL;
}

UNLOCKED void table_prefetch_entry(const void *bucket, uint64_t hash)
{
    const char *e = likely_entry(bucket, hash);
    if (e) {
        LK_PREFETCH(e);
        LK_PREFETCH(e + LK_CACHE_LINE);
    }
}

UNLOCKED void table_prefetch_entry_at(const void *bucket, uint64_t hash, size_t offset)
{
    const char *e = likely_entry(bucket, hash);
    if (e)
        LK_PREFETCH(e + offset);
}
