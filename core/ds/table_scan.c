/*
 * table_scan.c — walks: by cursor, over everything, at random, by deadline.
 */
#include "core/base/clock.h"
#include "core/ds/table_priv.h"

typedef void visit_entry(void *ctx, struct entry *e);

struct home_walk {
    const struct table *t;
    uint64_t from; /* positions below it are not wanted */
    visit_entry *visit;
    void *ctx;
};

/* Visits the entries of node's bucket b that belong to bucket home of page `page` in d. */
static void visit_at_home(const struct home_walk *w, const struct table_dir *d, uint32_t page,
                          uint32_t home, const struct table_bucket *b, bool check)
{
    for (unsigned slot = 0; slot < TABLE_BUCKET_SLOTS; slot++) {
        if (!bucket_tag(b, slot))
            continue;
        struct entry *e = bucket_entry(b, slot);
        const bool guest = b->guest >> slot & 1;
        if (check && !guest)
            continue; /* at home here, so not ours */
        if (guest || w->from) {
            const uint32_t position = table_position(w->t, table_hash_of(e));
            if (position < w->from || dir_bucket(d, position) != page * TABLE_PAGE_BUCKETS + home)
                continue;
        }
        w->visit(w->ctx, e);
    }
}

static void visit_home(const struct home_walk *w, const struct table_dir *d, uint32_t page,
                       uint32_t home)
{
    const struct table_page *p = d->page[page];
    if (!p)
        return;
    visit_at_home(w, d, page, home, &p->bucket[home], false);
    uint32_t i = home;
    while (p->bucket[i].away > 0) {
        i = i + 1 == p->buckets ? 0 : i + 1;
        if (i == home) {
            for (const struct table_page *node = p->overflow; node; node = node->overflow)
                for (uint32_t b = 0; b < node->buckets; b++)
                    visit_at_home(w, d, page, home, &node->bucket[b], true);
            return;
        }
        visit_at_home(w, d, page, home, &p->bucket[i], true);
    }
}

uint64_t table_scan(const struct table *t, uint64_t cursor, visit_entry *visit, void *ctx)
{
    if (!t->live || cursor >= TABLE_POSITIONS)
        return TABLE_POSITIONS;
    const struct table_dir *d = table_dir_of(t, (uint32_t)cursor);
    const uint32_t global = dir_bucket(d, (uint32_t)cursor);
    const uint64_t start = dir_bucket_start(d, global);
    uint64_t next = dir_bucket_start(d, (uint64_t)global + 1);
    if (d != t->old && t->old) {
        /* The bucket may reach beyond the mark, where the old directory has the entries. */
        const uint64_t mark = dir_page_start(t->old, t->moved);
        if (mark < next)
            next = mark;
    }
    const struct home_walk w = {t, cursor > start ? cursor : 0, visit, ctx};
    visit_home(&w, d, global / TABLE_PAGE_BUCKETS, global % TABLE_PAGE_BUCKETS);
    return next;
}

static void dir_each(const struct table_dir *d, uint32_t from, visit_entry *visit, void *ctx)
{
    for (uint32_t i = from; d && i < d->pages; i++)
        for (const struct table_page *node = d->page[i]; node; node = node->overflow)
            for (uint32_t b = 0; b < node->buckets; b++)
                for (unsigned slot = 0; slot < TABLE_BUCKET_SLOTS; slot++)
                    if (bucket_tag(&node->bucket[b], slot))
                        visit(ctx, bucket_entry(&node->bucket[b], slot));
}

void table_each(const struct table *t, visit_entry *visit, void *ctx)
{
    dir_each(t->live, 0, visit, ctx);
    dir_each(t->old, t->moved, visit, ctx);
}

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

struct pick {
    uint32_t skip;
    struct entry *found;
};

static void pick_nth(void *ctx, struct entry *e)
{
    struct pick *p = ctx;
    if (p->skip-- == 0)
        p->found = e;
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
    struct pick nth = {(uint32_t)rng_below(rng, t->count), NULL};
    table_each(t, pick_nth, &nth);
    return nth.found;
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
            x->stopped = !x->expire(x->ctx, e, table_hash_of(e));
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
