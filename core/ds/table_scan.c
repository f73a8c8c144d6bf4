/*
 * table_scan.c — walks: by cursor, over everything, at random, by deadline.
 */
#include "core/base/clock.h"
#include "core/ds/table_priv.h"

/* --- everything ------------------------------------------------------------------------------ */

/* The page that `it` stands at, going on from one directory to the other; NULL at the end. */
static const struct table_page *iter_page(struct table_iter *it)
{
    while (!it->node && it->dir) {
        if (it->page < it->dir->pages) {
            it->node = it->dir->page[it->page++];
            it->bucket = 0;
        } else {
            const struct table *t = it->table;
            it->dir = it->dir == t->live ? t->old : NULL;
            it->page = t->moved;
        }
    }
    return it->node;
}

struct entry *table_iter_first(struct table_iter *it, const struct table *t)
{
    *it = (struct table_iter){.table = t, .dir = t->live};
    if (iter_page(it))
        it->left = bucket_occupied(&it->node->bucket[0]);
    return table_iter_next(it);
}

struct entry *table_iter_next(struct table_iter *it)
{
    while (it->node) {
        if (it->left) {
            const unsigned slot = match_slot(it->left);
            it->left &= it->left - 1;
            return bucket_entry(&it->node->bucket[it->bucket], slot);
        }
        if (++it->bucket == it->node->buckets) {
            it->node = it->node->overflow;
            it->bucket = 0;
        }
        if (iter_page(it))
            it->left = bucket_occupied(&it->node->bucket[it->bucket]);
    }
    return NULL;
}

/* --- by cursor ------------------------------------------------------------------------------- */

/* Does an entry that lies in this slot belong to the bucket of the step? */
static bool step_wants(const struct table_step *s, const struct table_bucket *b, unsigned slot,
                       bool at_home)
{
    const bool guest = b->guest >> slot & 1;
    if (!guest && !at_home)
        return false; /* at home here, so not ours */
    if (!guest && s->from == 0)
        return true;
    const uint32_t position =
        table_position(s->table, table_hash_of(s->table, bucket_entry(b, slot)));
    return position >= s->from &&
           dir_bucket(s->dir, position) == s->page * TABLE_PAGE_BUCKETS + s->home;
}

/* On to the next bucket in which entries of ours may be: those that were probed past, then
 * overflow.
 */
static void step_on(struct table_step *s)
{
    const struct table_page *p = s->dir->page[s->page];
    if (s->node == p) {
        if (p->bucket[s->bucket].away == 0)
            s->node = NULL;
        else if (++s->bucket == p->buckets)
            s->bucket = 0;
        if (s->node && s->bucket == s->home) {
            s->node = p->overflow;
            s->bucket = 0;
        }
    } else if (++s->bucket == s->node->buckets) {
        s->node = s->node->overflow;
        s->bucket = 0;
    }
    if (s->node)
        s->left = bucket_occupied(&s->node->bucket[s->bucket]);
}

struct entry *table_step_next(struct table_step *s)
{
    while (s->node) {
        const struct table_bucket *b = &s->node->bucket[s->bucket];
        const bool at_home = s->bucket == s->home && s->node == s->dir->page[s->page];
        while (s->left) {
            const unsigned slot = match_slot(s->left);
            s->left &= s->left - 1;
            if (step_wants(s, b, slot, at_home))
                return bucket_entry(b, slot);
        }
        step_on(s);
    }
    return NULL;
}

struct entry *table_step_first(struct table_step *s, const struct table *t, uint64_t cursor)
{
    *s = (struct table_step){.table = t, .next = TABLE_POSITIONS};
    if (!t->live || cursor >= TABLE_POSITIONS)
        return NULL;
    const struct table_dir *d = s->dir = table_dir_of(t, (uint32_t)cursor);
    const uint32_t global = dir_bucket(d, (uint32_t)cursor);
    s->page = global / TABLE_PAGE_BUCKETS;
    s->home = s->bucket = global % TABLE_PAGE_BUCKETS;
    s->from = cursor > dir_bucket_start(d, global) ? cursor : 0;
    s->next = dir_bucket_start(d, (uint64_t)global + 1);
    if (d != t->old && t->old) {
        /* The bucket may reach beyond the mark, where the old directory has the entries. */
        const uint64_t mark = dir_page_start(t->old, t->moved);
        if (mark < s->next)
            s->next = mark;
    }
    s->node = d->page[s->page];
    if (s->node)
        s->left = bucket_occupied(&s->node->bucket[s->bucket]);
    return table_step_next(s);
}

/* --- at random ------------------------------------------------------------------------------- */

/* Slot index of a page unit, overflow behind the page; NULL if it is empty or beyond. */
static struct entry *unit_slot(const struct table_page *p, uint32_t index)
{
    for (; p; p = p->overflow) {
        const uint32_t slots = p->buckets * (uint32_t)TABLE_BUCKET_SLOTS;
        if (index < slots) {
            const struct table_bucket *b = &p->bucket[index / TABLE_BUCKET_SLOTS];
            return bucket_entry(b, index % TABLE_BUCKET_SLOTS);
        }
        index -= slots;
    }
    return NULL;
}

static uint32_t most_slots(const struct table *t)
{
    const struct table_dir *d = t->live;
    uint32_t buckets = d->pages > 1 ? (uint32_t)TABLE_PAGE_BUCKETS : d->buckets;
    if (t->old && t->old->buckets > buckets)
        buckets = t->old->pages > 1 ? (uint32_t)TABLE_PAGE_BUCKETS : t->old->buckets;
    /* Room for overflow pages: an entry behind more of them is found by the walk below. */
    return (buckets + 2 * OVERFLOW_BUCKETS) * TABLE_BUCKET_SLOTS;
}

struct entry *table_random(const struct table *t, struct rng *rng)
{
    if (t->count == 0)
        return NULL;
    const uint32_t slots = most_slots(t);
    const uint32_t left = t->old ? t->old->pages - t->moved : 0;
    /* Every slot of every page is as likely as any other; empty ones are drawn again. */
    for (int tries = 0; tries < 1000; tries++) {
        const uint32_t page = (uint32_t)rng_below(rng, t->live->pages + left);
        const struct table_page *p = page < t->live->pages
                                         ? t->live->page[page]
                                         : t->old->page[t->moved + page - t->live->pages];
        struct entry *e = p ? unit_slot(p, (uint32_t)rng_below(rng, slots)) : NULL;
        if (e)
            return e;
    }
    struct table_iter it;
    struct entry *e = table_iter_first(&it, t);
    for (uint64_t skip = rng_below(rng, t->count); skip > 0; skip--)
        e = table_iter_next(&it);
    return e;
}

/* --- deadlines ------------------------------------------------------------------------------- */

struct expiry {
    const struct table *table;
    int64_t now_ms;
    uint32_t now_unit, left, called;
    bool stopped;
    bool (*expire)(void *ctx, struct entry *e, uint64_t hash);
    void *ctx;
};

/* Looked up each time, as a change may have cloned the page; NULL if nothing there can be due. */
static struct entry *timed_entry(struct table_page *p, uint32_t depth, uint32_t index,
                                 unsigned slot)
{
    const struct table_bucket *b = &page_at_depth(p, depth)->bucket[index];
    return b->timed >> slot & 1 ? bucket_entry(b, slot) : NULL;
}

/* Expires what is due in one bucket; the earliest deadline of the rest. */
static uint32_t expire_bucket(struct expiry *x, struct table_dir *d, uint32_t page, uint32_t depth,
                              uint32_t index)
{
    uint32_t due = TABLE_DUE_NONE;
    for (unsigned slot = 0; slot < TABLE_BUCKET_SLOTS; slot++) {
        struct entry *e = timed_entry(d->page[page], depth, index, slot);
        if (!e)
            continue;
        if (!x->stopped && x->left > 0 && clock_passed(table_deadline(x->table, e), x->now_ms)) {
            x->left--;
            x->called++;
            x->stopped = !x->expire(x->ctx, e, table_hash_of(x->table, e));
            /* It is gone, or has lost the elements that were due and may lie elsewhere. */
            e = timed_entry(d->page[page], depth, index, slot);
            if (!e)
                continue;
        }
        const uint32_t unit = table_due_unit(table_deadline(x->table, e));
        if (unit < due)
            due = unit;
    }
    return due;
}

static uint32_t expire_page(struct expiry *x, struct table_dir *d, uint32_t page)
{
    uint32_t due = TABLE_DUE_NONE, depth = 0;
    for (struct table_page *node = d->page[page]; node; depth++) {
        for (uint32_t i = 0; i < node->buckets; i++) {
            if (node->bucket[i].due <= x->now_unit) {
                const uint32_t rest = expire_bucket(x, d, page, depth, i);
                node = page_at_depth(d->page[page], depth);
                node->bucket[i].due = rest;
            }
            if (node->bucket[i].due < due)
                due = node->bucket[i].due;
        }
        node = node->overflow;
    }
    return due;
}

/*
 * Pages from `from` on, beginning where the last call was told to stop: in a flood of deadlines the
 * first pages would else be due again before the last ones had their turn.
 */
static uint32_t expire_dir(struct expiry *x, struct table_dir *d, uint32_t from, uint32_t *turn)
{
    uint32_t due = TABLE_DUE_NONE;
    const uint32_t count = d ? d->pages - from : 0;
    const uint32_t start = count ? *turn % count : 0;
    for (uint32_t n = 0; n < count; n++) {
        const uint32_t i = from + (start + n) % count;
        if (d->due[i] <= x->now_unit && x->left > 0 && !x->stopped) {
            d->due[i] = expire_page(x, d, i);
            *turn = start + n;
        }
        if (d->due[i] < due)
            due = d->due[i];
    }
    return due;
}

uint32_t table_expire(struct table *t, int64_t now_ms, uint32_t max,
                      bool (*expire)(void *ctx, struct entry *e, uint64_t hash), void *ctx)
{
    struct expiry x = {.table = t,
                       .now_ms = now_ms,
                       .now_unit = table_due_unit(now_ms),
                       .left = max,
                       .expire = expire,
                       .ctx = ctx};
    if (t->next_due > x.now_unit)
        return 0;
    const uint32_t live = expire_dir(&x, t->live, 0, &t->expire_turn);
    const uint32_t old = expire_dir(&x, t->old, t->moved, &t->expire_turn);
    t->next_due = live < old ? live : old;
    return x.called;
}
