/*
 * table_sample.c — a few entries at random, cheaply: whole buckets.
 *
 * A bucket is one line, and its entries are fetched side by side: eight of them cost little more
 * than one.  They lie next to each other by hash, so they say nothing about each other.
 */
#include "core/ds/table_priv.h"

static uint32_t sample_bucket(const struct table_bucket *b, bool timed, struct entry **out)
{
    uint64_t left = bucket_occupied(b);
    uint32_t n = 0, kept = 0;
    for (; left; left &= left - 1) {
        const unsigned slot = match_slot(left);
        if (timed && !(b->timed >> slot & 1))
            continue;
        out[n] = bucket_entry(b, slot);
        LK_PREFETCH(out[n++]);
    }
    if (!timed)
        return n;
    for (uint32_t i = 0; i < n; i++) /* the bit counts deadlines of elements, too */
        if (entry_has_deadline(out[i]))
            out[kept++] = out[i];
    return kept;
}

/* The bucket of that index in a page unit, overflow behind the page. */
static const struct table_bucket *unit_bucket(const struct table_page *p, uint32_t index)
{
    for (; index >= p->buckets; p = p->overflow)
        index -= p->buckets;
    return &p->bucket[index];
}

static uint32_t unit_buckets(const struct table_page *p)
{
    uint32_t n = 0;
    for (; p; p = p->overflow)
        n += p->buckets;
    return n;
}

/* The first bucket from index on, round the page, that has any. */
static uint32_t sample_unit(const struct table_page *p, uint32_t index, bool timed,
                            struct entry **out)
{
    const uint32_t buckets = unit_buckets(p);
    uint32_t n = 0;
    for (uint32_t i = 0; i < buckets && n == 0; i++)
        n = sample_bucket(unit_bucket(p, (index + i) % buckets), timed, out);
    return n;
}

/* The first page from index on, round the directory, that has any. */
static uint32_t sample_dir(const struct table_dir *d, uint32_t index, bool timed,
                           struct entry **out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->pages && n == 0; i++) {
        const uint32_t page = (index + i) % d->pages;
        if (d->page[page] && !(timed && d->due[page] == TABLE_DUE_NONE))
            n = sample_unit(d->page[page], 0, timed, out);
    }
    return n;
}

uint32_t table_sample(const struct table *t, uint64_t random, bool timed, struct entry **out)
{
    if ((timed ? t->own : t->count) == 0)
        return 0;
    const uint32_t position = (uint32_t)random, high = (uint32_t)(random >> 32);
    const struct table_dir *d = table_dir_of(t, position);
    const uint32_t global = dir_bucket(d, position);
    const uint32_t page = global / TABLE_PAGE_BUCKETS;
    const struct table_page *p = d->page[page];
    uint32_t index = global % TABLE_PAGE_BUCKETS, n = 0;
    if (p && LK_UNLIKELY(p->overflow != NULL))
        index = (uint32_t)((uint64_t)high * unit_buckets(p) >> 32);
    if (p)
        n = sample_bucket(unit_bucket(p, index), timed, out);
    if (LK_LIKELY(n > 0))
        return n;
    if (p)
        n = sample_unit(p, index, timed, out);
    if (n == 0)
        n = sample_dir(d, page + 1, timed, out);
    if (n == 0 && t->old)
        n = sample_dir(d == t->old ? t->live : t->old, 0, timed, out);
    return n;
}

static bool bucket_holds(const struct table_bucket *b, uint8_t tag, const struct entry *e)
{
    for (uint64_t m = bucket_match(b->tags, tag); m; m &= m - 1)
        if (bucket_entry(b, match_slot(m)) == e)
            return true;
    return false;
}

bool table_holds(const struct table *t, uint64_t hash, const struct entry *e)
{
    if (!t->live)
        return false;
    const uint32_t position = table_position(t, hash);
    const struct table_dir *d = table_dir_of(t, position);
    const uint32_t global = dir_bucket(d, position);
    const struct table_page *p = d->page[global / TABLE_PAGE_BUCKETS];
    const uint32_t home = global % TABLE_PAGE_BUCKETS;
    const uint8_t tag = table_tag(hash);
    if (!p)
        return false;
    uint32_t i = home;
    do {
        if (bucket_holds(&p->bucket[i], tag, e))
            return true;
        if (p->bucket[i].away == 0)
            return false;
        i = i + 1 == p->buckets ? 0 : i + 1;
    } while (i != home);
    for (const struct table_page *node = p->overflow; node; node = node->overflow)
        for (i = 0; i < node->buckets; i++)
            if (bucket_holds(&node->bucket[i], tag, e))
                return true;
    return false;
}
