/*
 * set_random.c — members at random, each choice as likely as any other.
 *
 * A few of many are drawn one by one, and what was drawn already is drawn again.  A large share is
 * chosen in one walk: with k to be chosen of the n members that are left, the next one is with
 * probability k / n.
 *
 * Source   Knuth, The Art of Computer Programming 3.4.2, Algorithm S
 */
#include "core/ds/table_join.h"
#include "core/types/set_priv.h"
#include "core/types/set_walk.h"

/* Drawing a member costs about as much as walking past so many. */
enum { DRAW_COST = 24 };

void set_random(const struct value *v, struct rng *rng, struct set_member *out)
{
    if (v->encoding == ENC_INTSET)
        set_member_of_int(intset_random(set_ints(v), rng), out);
    else if (v->encoding == ENC_LISTPACK)
        set_member_of_pack(
            listpack_seek(set_pack(v), (int64_t)rng_below(rng, listpack_count(set_pack(v)))), out);
    else
        set_member_of_entry(table_random(set_table(v), rng), out);
}

/* --- choosing in a walk ---------------------------------------------------------------------- */

struct choice {
    uint64_t wanted, left;
    struct rng *rng;
};

static bool set_random_choose(struct choice *c)
{
    const bool yes = rng_below(c->rng, c->left--) < c->wanted;
    c->wanted -= yes;
    return yes;
}

static void sample_walk(const struct value *v, uint64_t n, struct rng *rng, set_visit *visit,
                        void *ctx)
{
    struct choice c = {n, set_count(v), rng};
    struct set_walk w;
    struct set_run run;
    set_walk_begin(&w, v);
    while (c.wanted > 0 && set_walk_next(&w, &run))
        for (uint32_t i = 0; i < run.count && c.wanted > 0; i++) {
            if (!set_random_choose(&c))
                continue;
            const struct set_member m = set_run_member(&run, i);
            visit(ctx, &m);
        }
}

/* --- drawing --------------------------------------------------------------------------------- */

/* Entries that were drawn: open addressing, at most half full. */
struct drawn {
    const struct entry **slot;
    size_t mask;
};

/* False if it was there. */
static bool drawn_add(struct drawn *d, const struct entry *e)
{
    size_t i = (size_t)((uintptr_t)e * UINT64_C(0x9e3779b97f4a7c15) >> 32) & d->mask;
    for (; d->slot[i]; i = (i + 1) & d->mask)
        if (d->slot[i] == e)
            return false;
    d->slot[i] = e;
    return true;
}

static void sample_draw(const struct table *t, uint64_t n, struct rng *rng, set_visit *visit,
                        void *ctx)
{
    size_t slots = 16;
    while (slots < n * 2)
        slots *= 2;
    struct drawn d = {mem_calloc(slots * sizeof *d.slot), slots - 1};
    struct set_member m;
    while (n > 0) {
        const struct entry *e = table_random(t, rng);
        if (!drawn_add(&d, e))
            continue;
        set_member_of_entry(e, &m);
        visit(ctx, &m);
        n--;
    }
    mem_free(d.slot, slots * sizeof *d.slot);
}

void set_sample(const struct value *v, uint64_t n, struct rng *rng, set_visit *visit, void *ctx)
{
    const uint64_t count = set_count(v);
    if (n == count)
        set_each(v, visit, ctx);
    else if (v->encoding == ENC_TABLE && n < count / DRAW_COST)
        sample_draw(set_table(v), n, rng, visit, ctx);
    else
        sample_walk(v, n, rng, visit, ctx);
}

/* A listpack is walked once, so that many draws do not walk it each. */
static void draw_packed(const struct value *v, uint64_t n, struct rng *rng, set_visit *visit,
                        void *ctx)
{
    const unsigned char *lp = set_pack(v);
    const size_t count = listpack_count(lp);
    const unsigned char **at = mem_alloc(count * sizeof *at);
    const unsigned char *p = listpack_first(lp);
    struct set_member m;
    for (size_t i = 0; i < count; i++, p = listpack_next(lp, p))
        at[i] = p;
    for (; n > 0; n--) {
        set_member_of_pack(at[rng_below(rng, count)], &m);
        visit(ctx, &m);
    }
    mem_free(at, count * sizeof *at);
}

void set_draw(const struct value *v, uint64_t n, struct rng *rng, set_visit *visit, void *ctx)
{
    struct set_member m;
    if (v->encoding == ENC_LISTPACK && n > 1) {
        draw_packed(v, n, rng, visit, ctx);
        return;
    }
    for (; n > 0; n--) {
        set_random(v, rng, &m);
        visit(ctx, &m);
    }
}

/* --- taking ---------------------------------------------------------------------------------- */

static void take_from_table(struct value_edit *e, struct rng *rng, set_visit *visit, void *ctx)
{
    struct table *t = set_own_table(e);
    struct table_loc loc;
    struct set_member m;
    set_member_of_entry(table_random(t, rng), &m);
    visit(ctx, &m);
    LK_ASSERT(table_find(t, hash_bytes(m.text), m.text, &loc) != NULL);
    set_drop_entry(e, t, &loc);
}

static void take_one(struct value_edit *e, struct rng *rng, set_visit *visit, void *ctx)
{
    struct set_member m;
    if (e->value.encoding == ENC_TABLE) {
        take_from_table(e, rng, visit, ctx);
        return;
    }
    const size_t index = rng_below(rng, set_count(&e->value));
    if (e->value.encoding == ENC_INTSET) {
        set_member_of_int(intset_get(set_ints(&e->value), index), &m);
        visit(ctx, &m);
        set_drop_int(e, index);
        return;
    }
    const unsigned char *p = listpack_seek(set_pack(&e->value), (int64_t)index);
    set_member_of_pack(p, &m);
    visit(ctx, &m);
    packed_delete(e, 0, p, 1);
}

struct victims {
    const struct entry **entry;
    uint64_t count;
};

static void note_victim(struct victims *v, const struct table_run *run, struct choice *c)
{
    for (uint32_t i = 0; i < run->count && c->wanted > 0; i++)
        if (set_random_choose(c))
            v->entry[v->count++] = run->entry[i];
}

/* The walk ends before the table changes, so the chosen ones wait in an array. */
static void take_chosen(struct value_edit *e, uint64_t n, struct rng *rng, set_visit *visit,
                        void *ctx)
{
    struct table *t = set_own_table(e);
    struct victims v = {mem_alloc(n * sizeof *v.entry), 0};
    struct choice c = {n, t->count, rng};
    struct table_walk w;
    struct table_run run;
    struct table_loc loc;
    struct set_member m;
    table_walk_begin(&w, t);
    while (c.wanted > 0) {
        table_walk_next(&w, &run);
        note_victim(&v, &run, &c);
    }
    for (uint64_t i = 0; i < n; i++) {
        if (i + 8 < n)
            LK_PREFETCH(v.entry[i + 8]);
        set_member_of_entry(v.entry[i], &m);
        visit(ctx, &m);
        LK_ASSERT(table_find(t, hash_bytes(m.text), m.text, &loc) != NULL);
        set_drop_entry(e, t, &loc);
    }
    mem_free(v.entry, n * sizeof *v.entry);
}

void set_take(struct value_edit *e, uint64_t n, struct rng *rng, set_visit *visit, void *ctx)
{
    const uint64_t count = set_count(&e->value);
    LK_ASSERT(n <= count);
    if (e->value.encoding == ENC_TABLE && n > 1 && n >= count / DRAW_COST) {
        take_chosen(e, n, rng, visit, ctx);
        return;
    }
    for (; n > 0; n--)
        take_one(e, rng, visit, ctx);
}
