/*
 * table_join.c — two tables side by side, in the order of their common hash.
 */
#include "core/ds/table_join.h"

#include "core/ds/table_priv.h"

/* A bucket of one table may cover so many of the other before a search by hash is cheaper. */
enum { COVER_MAX = 4 };

void table_walk_begin(struct table_walk *w, const struct table *t)
{
    *w = (struct table_walk){.table = t, .dir = t->live};
}

/* The page that w stands at, going on from one directory to the other; NULL at the end. */
static const struct table_page *walk_page(struct table_walk *w)
{
    while (w->dir) {
        if (w->node)
            return w->node;
        if (w->page < w->dir->pages) {
            w->node = w->dir->page[w->page];
            w->bucket = 0;
            w->page += w->node == NULL;
            continue;
        }
        const bool more = w->dir == w->table->live && w->table->old;
        w->dir = more ? w->table->old : NULL;
        w->page = w->table->moved;
    }
    return NULL;
}

static void walk_on(struct table_walk *w)
{
    if (++w->bucket < w->node->buckets)
        return;
    w->bucket = 0;
    w->node = w->node->overflow;
    w->page += w->node == NULL;
}

/* Adds the entries of the bucket that w stands at. */
static void add_bucket(const struct table_walk *w, const struct table_bucket *b,
                       struct table_run *run)
{
    const uint64_t bucket = (uint64_t)w->page * TABLE_PAGE_BUCKETS + w->bucket;
    const bool home = w->node == w->dir->page[w->page];
    const uint32_t first = home ? (uint32_t)dir_bucket_start(w->dir, bucket) : 0;
    const uint32_t last = home ? (uint32_t)(dir_bucket_start(w->dir, bucket + 1) - 1) : 0;
    for (uint64_t m = bucket_occupied(b); m; m &= m - 1) {
        const unsigned slot = match_slot(m);
        const uint32_t n = run->count++;
        run->entry[n] = bucket_entry(b, slot);
        run->tag[n] = bucket_tag(b, slot);
        run->guest[n] = b->guest >> slot & 1;
        run->first[n] = first;
        run->last[n] = last;
    }
}

void table_walk_next(struct table_walk *w, struct table_run *run)
{
    run->count = 0;
    while (run->count <= TABLE_RUN - TABLE_BUCKET_SLOTS) {
        const struct table_page *node = walk_page(w);
        if (!node)
            return;
        add_bucket(w, &node->bucket[w->bucket], run);
        walk_on(w);
    }
}

void table_run_prefetch(const struct table_run *run)
{
    for (uint32_t i = 0; i < run->count; i++)
        LK_PREFETCH(run->entry[i]);
}

/* --- matching -------------------------------------------------------------------------------- */

/* What the buckets say of one entry: nobody has it, this one may, or look it up by its hash. */
enum verdict { ABSENT, PERHAPS, LOOK_UP };

/* The first entry with the tag whose home is this bucket, or that lies behind it on its way. */
static enum verdict table_join_probe(const struct table_page *p, uint32_t home, uint8_t tag,
                                     struct entry **found)
{
    uint32_t i = home;
    do {
        const struct table_bucket *b = &p->bucket[i];
        const uint64_t m = bucket_match(b->tags, tag);
        if (m) {
            *found = bucket_entry(b, match_slot(m));
            return PERHAPS;
        }
        if (b->away == 0)
            return ABSENT;
        i = i + 1 == p->buckets ? 0 : i + 1;
    } while (i != home);
    return LOOK_UP;
}

static enum verdict probe_range(const struct table_dir *d, uint32_t first, uint32_t last,
                                uint8_t tag, struct entry **found)
{
    const uint32_t end = dir_bucket(d, last);
    for (uint32_t b = dir_bucket(d, first); b <= end; b++) {
        const struct table_page *p = d->page[b / TABLE_PAGE_BUCKETS];
        const enum verdict v = p ? table_join_probe(p, b % TABLE_PAGE_BUCKETS, tag, found) : ABSENT;
        if (v != ABSENT)
            return v;
    }
    return ABSENT;
}

static enum verdict table_join_judge(const struct table_run *run, uint32_t i, const struct table *t,
                                     struct entry **found)
{
    if (run->guest[i])
        return LOOK_UP;
    const uint32_t first = run->first[i], last = run->last[i];
    const struct table_dir *d = table_dir_of(t, first);
    if (LK_UNLIKELY(t->old != NULL) && d != table_dir_of(t, last))
        return LOOK_UP;
    if ((uint64_t)(last - first) * d->buckets >> 32 > COVER_MAX)
        return LOOK_UP;
    return probe_range(d, first, last, run->tag[i], found);
}

/*
 * Several searches at once: their buckets are on the way while the next keys are hashed, and then
 * the entries that the tags name.
 */
static void table_join_look_up(const struct table *t, const struct bytes *keys,
                               const uint8_t *which, uint32_t n, struct entry **like)
{
    uint64_t hash[TABLE_RUN];
    const void *bucket[TABLE_RUN];
    struct table_loc loc;
    for (uint32_t i = 0; i < n; i++) {
        hash[i] = hash_bytes(keys[i]);
        bucket[i] = table_prefetch_bucket(t, hash[i]);
    }
    for (uint32_t i = 0; i < n; i++)
        if (bucket[i])
            table_prefetch_entry(bucket[i], hash[i]);
    for (uint32_t i = 0; i < n; i++)
        like[which ? which[i] : i] = table_find(t, hash[i], keys[i], &loc);
}

void table_find_many(const struct table *t, const struct bytes *keys, uint32_t n,
                     struct entry *like[TABLE_RUN])
{
    LK_ASSERT(n <= TABLE_RUN);
    if (t->live)
        table_join_look_up(t, keys, NULL, n, like);
    else
        memset(like, 0, n * sizeof(struct entry *));
}

void table_run_match(const struct table_run *run, const struct table *t,
                     struct entry *like[TABLE_RUN])
{
    enum verdict verdict[TABLE_RUN];
    struct bytes keys[TABLE_RUN];
    uint8_t which[TABLE_RUN];
    uint32_t n = 0;
    if (!t->live) {
        memset(like, 0, run->count * sizeof(struct entry *));
        return;
    }
    for (uint32_t i = 0; i < run->count; i++) {
        like[i] = NULL;
        verdict[i] = table_join_judge(run, i, t, &like[i]);
        if (verdict[i] != ABSENT)
            LK_PREFETCH(run->entry[i]);
        if (verdict[i] == PERHAPS)
            LK_PREFETCH(like[i]);
    }
    for (uint32_t i = 0; i < run->count; i++) {
        if (verdict[i] == ABSENT)
            continue;
        const struct bytes key = entry_key(run->entry[i]);
        if (verdict[i] == PERHAPS && bytes_equal(key, entry_key(like[i])))
            continue;
        keys[n] = key;
        which[n++] = (uint8_t)i;
    }
    table_join_look_up(t, keys, which, n, like);
}
