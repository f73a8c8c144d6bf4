/*
 * set_walk.c — members in runs, and sieves.
 */
#include "core/types/set_walk.h"

#include "core/types/set_priv.h"

void set_walk_begin(struct set_walk *w, const struct value *v)
{
    w->set = v;
    w->index = 0;
    w->at = NULL;
    if (v->encoding == ENC_TABLE)
        table_walk_begin(&w->table, set_table(v));
    else if (v->encoding == ENC_LISTPACK)
        w->at = listpack_first(set_pack(v));
}

static void next_ints(struct set_walk *w, struct set_run *run)
{
    const unsigned char *set = set_ints(w->set);
    const size_t left = intset_count(set) - w->index;
    run->count = left < SET_RUN ? (uint32_t)left : (uint32_t)SET_RUN;
    for (uint32_t i = 0; i < run->count; i++)
        set_member_of_int(intset_get(set, w->index++), &run->member[i]);
}

static void next_packed(struct set_walk *w, struct set_run *run)
{
    const unsigned char *lp = set_pack(w->set);
    run->count = 0;
    for (; w->at && run->count < SET_RUN; w->at = listpack_next(lp, w->at))
        set_member_of_pack(w->at, &run->member[run->count++]);
}

bool set_walk_next(struct set_walk *w, struct set_run *run)
{
    run->in_table = w->set->encoding == ENC_TABLE;
    if (run->in_table) {
        table_walk_next(&w->table, &run->table);
        run->count = run->table.count;
    } else if (w->set->encoding == ENC_INTSET) {
        next_ints(w, run);
    } else {
        next_packed(w, run);
    }
    return run->count > 0;
}

/* --- sieves ---------------------------------------------------------------------------------- */

static bool has_member(const struct value *v, const struct set_member *m)
{
    char digits[INT64_CHARS];
    if (m->text.data)
        return set_has(v, m->text);
    if (v->encoding == ENC_INTSET)
        return intset_find(set_ints(v), m->number, NULL);
    return set_has(v, set_member_text(m, digits));
}

/* Members in a block against a table: their texts are put together first. */
static void ask_table(const struct set_run *run, const struct value *v, bool *has)
{
    char digits[SET_RUN][INT64_CHARS];
    struct bytes texts[SET_RUN];
    for (uint32_t i = 0; i < run->count; i++)
        texts[i] = set_member_text(&run->member[i], digits[i]);
    set_has_many(v, texts, run->count, has);
}

static void set_walk_ask(const struct set_run *run, const struct value *v, bool *has)
{
    if (v->encoding == ENC_TABLE && run->in_table) {
        struct entry *like[TABLE_RUN];
        table_run_match(&run->table, set_table(v), like);
        for (uint32_t i = 0; i < run->count; i++)
            has[i] = like[i] != NULL;
    } else if (v->encoding == ENC_TABLE) {
        ask_table(run, v, has);
    } else {
        set_run_prefetch(run);
        for (uint32_t i = 0; i < run->count; i++) {
            const struct set_member m = set_run_member(run, i);
            has[i] = has_member(v, &m);
        }
    }
}

void set_run_sift(struct set_run *run, const struct value *v, bool present)
{
    bool has[SET_RUN];
    uint32_t n = 0;
    set_walk_ask(run, v, has);
    for (uint32_t i = 0; i < run->count; i++) {
        if (has[i] != present)
            continue;
        if (run->in_table)
            table_run_keep(&run->table, n, i);
        else
            run->member[n] = run->member[i];
        n++;
    }
    run->count = run->table.count = n;
}

/* --- whole walks ----------------------------------------------------------------------------- */

void set_each(const struct value *v, set_visit *visit, void *ctx)
{
    struct set_walk w;
    struct set_run run;
    set_walk_begin(&w, v);
    while (set_walk_next(&w, &run)) {
        set_run_prefetch(&run);
        for (uint32_t i = 0; i < run.count; i++) {
            const struct set_member m = set_run_member(&run, i);
            visit(ctx, &m);
        }
    }
}

uint64_t set_scan(const struct value *v, uint64_t cursor, uint64_t count, set_visit *visit,
                  void *ctx)
{
    if (v->encoding != ENC_TABLE) {
        set_each(v, visit, ctx);
        return 0;
    }
    const struct table *t = set_table(v);
    struct table_step s;
    uint64_t seen = 0;
    uint64_t buckets = count < UINT64_MAX / 16 ? count * 16 : UINT64_MAX;
    for (; cursor < TABLE_POSITIONS && seen < count && buckets > 0; cursor = s.next, buckets--)
        for (struct entry *e = table_step_first(&s, t, cursor); e; e = table_step_next(&s)) {
            struct set_member m;
            set_member_of_entry(e, &m);
            visit(ctx, &m);
            seen++;
        }
    return cursor < TABLE_POSITIONS ? cursor : 0;
}
