/*
 * hash_pick.c — fields at random.
 *
 * Fields that are due do not exist, but lie among the others until they are dropped.  In a listpack
 * they come first, so the others are counted off behind them.  In a table a pick that hits one is
 * drawn again; where that goes on too long, or many fields are wanted, a list of those that exist
 * is made first.
 *
 *   few of many, distinct       drawn from the table, again when drawn before
 *   a good part, distinct       one walk that takes each with the chance that is left for it
 *   one after another           drawn from the table, or from a list of all
 */
#include "core/types/hash_priv.h"

#include "core/base/mem.h"

enum {
    DRAWS_MAX = 200,        /* in vain, for one field */
    SPARSE = 3,             /* fewer than a third of the fields are few */
    LISTPACK_DRAWS_MAX = 4, /* walks through a listpack before a list of its fields pays */
};

struct walk {
    hash_visit *visit;
    void *ctx;
    struct rng *rng;
    uint64_t wanted, left; /* still to be taken; still to come */
};

/* Knuth's selection: of `left` fields to come `wanted` are taken, all choices being as likely. */
static void take_some(void *ctx, const struct hash_field *f)
{
    struct walk *w = ctx;
    if (w->wanted > 0 && rng_below(w->rng, w->left) < w->wanted) {
        w->wanted--;
        w->visit(w->ctx, f);
    }
    w->left--;
}

static void walk_distinct(const struct value *v, uint64_t n, uint64_t count, int64_t now_ms,
                          struct rng *rng, hash_visit *visit, void *ctx)
{
    struct walk w = {visit, ctx, rng, n, count};
    hash_each(v, now_ms, take_some, &w);
}

/* An entry that exists; NULL after too many draws. */
static const struct entry *hash_pick_draw(const struct table *t, int64_t now_ms, struct rng *rng)
{
    for (int i = 0; i < DRAWS_MAX; i++) {
        const struct entry *e = table_random(t, rng);
        if (!hash_due(entry_deadline(e), now_ms))
            return e;
    }
    return NULL;
}

static void hash_pick_visit_entry(const struct entry *e, hash_visit *visit, void *ctx)
{
    const struct hash_field f = hash_entry_field(e);
    visit(ctx, &f);
}

/* Puts e into an open-addressed set of a power of two; false if it was in it. */
static bool set_add(const struct entry **set, size_t size, const struct entry *e)
{
    size_t i = (size_t)((uintptr_t)e * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (size - 1);
    for (; set[i]; i = (i + 1) & (size - 1))
        if (set[i] == e)
            return false;
    set[i] = e;
    return true;
}

/* n is less than a third of the fields that exist.  Returns how many it could draw. */
static uint64_t draw_distinct(const struct table *t, uint64_t n, int64_t now_ms, struct rng *rng,
                              const struct entry **drawn)
{
    size_t size = 4;
    while (size < n * 2)
        size *= 2;
    const struct entry **set = mem_calloc(size * sizeof *set);
    uint64_t got = 0;
    for (uint64_t vain = 0; got < n && vain < n + DRAWS_MAX;) {
        const struct entry *e = hash_pick_draw(t, now_ms, rng);
        if (e && set_add(set, size, e))
            drawn[got++] = e;
        else
            vain++;
    }
    mem_free(set, size * sizeof *set);
    return got;
}

static void pick_distinct(const struct value *v, uint64_t n, int64_t now_ms, struct rng *rng,
                          hash_visit *visit, void *ctx)
{
    const uint64_t count = hash_count(v, now_ms);
    if (n > count)
        n = count;
    if (n == count) {
        hash_each(v, now_ms, visit, ctx);
        return;
    }
    if (!hash_is_table(v) || n > count / SPARSE) {
        walk_distinct(v, n, count, now_ms, rng, visit, ctx);
        return;
    }
    const struct entry **drawn = mem_alloc(n * sizeof *drawn);
    if (draw_distinct(v->as.root, n, now_ms, rng, drawn) < n)
        walk_distinct(v, n, count, now_ms, rng, visit, ctx);
    else
        for (uint64_t i = 0; i < n; i++)
            hash_pick_visit_entry(drawn[i], visit, ctx);
    mem_free(drawn, n * sizeof *drawn);
}

static void pick_packed(const struct value *v, uint64_t n, int64_t now_ms, struct rng *rng,
                        hash_visit *visit, void *ctx)
{
    const uint64_t count = hash_count(v, now_ms);
    if (count == 0)
        return;
    if (n <= LISTPACK_DRAWS_MAX) {
        while (n-- > 0)
            hash_packed_at(v, rng_below(rng, count), now_ms, visit, ctx);
        return;
    }
    const unsigned char **at = mem_alloc(count * sizeof *at);
    hash_packed_places(v, now_ms, at);
    while (n-- > 0)
        hash_packed_visit(v, at[rng_below(rng, count)], visit, ctx);
    mem_free(at, count * sizeof *at);
}

static void pick_listed(const struct value *v, uint64_t n, int64_t now_ms, struct rng *rng,
                        hash_visit *visit, void *ctx)
{
    const uint64_t count = hash_count(v, now_ms);
    if (count == 0)
        return;
    const struct entry **all = mem_alloc(count * sizeof *all);
    hash_table_entries(v, now_ms, all);
    while (n-- > 0)
        hash_pick_visit_entry(all[rng_below(rng, count)], visit, ctx);
    mem_free(all, count * sizeof *all);
}

static void pick_table(const struct value *v, uint64_t n, int64_t now_ms, struct rng *rng,
                       hash_visit *visit, void *ctx)
{
    for (; n > 0; n--) {
        const struct entry *e = hash_pick_draw(v->as.root, now_ms, rng);
        if (LK_UNLIKELY(!e)) {
            pick_listed(v, n, now_ms, rng, visit, ctx);
            return;
        }
        hash_pick_visit_entry(e, visit, ctx);
    }
}

void hash_pick(const struct value *v, uint64_t n, bool distinct, int64_t now_ms, struct rng *rng,
               hash_visit *visit, void *ctx)
{
    if (distinct)
        pick_distinct(v, n, now_ms, rng, visit, ctx);
    else if (hash_is_table(v))
        pick_table(v, n, now_ms, rng, visit, ctx);
    else
        pick_packed(v, n, now_ms, rng, visit, ctx);
}
