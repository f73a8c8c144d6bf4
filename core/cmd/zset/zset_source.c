#include "core/cmd/zset/zset_source.h"

#include "core/types/set_walk.h"

/* A type whose values can be sources.  What has no scores gives 1 for each. */
struct kind {
    void (*each)(const struct value *v, zset_source_visit *visit, void *ctx);
    bool (*find)(const struct value *v, struct bytes member, uint64_t hash, double *score);
    void (*prefetch)(const struct value *v, uint64_t hash); /* may be NULL */
};

static void each_of_zset(const struct value *v, zset_source_visit *visit, void *ctx)
{
    struct zset_iter it;
    for (bool on = zset_iter_at(&it, v, 0, false); on; on = zset_iter_next(&it))
        if (!visit(ctx, it.member, it.score, zset_iter_brief(&it)))
            return;
}

static void each_of_set(const struct value *v, zset_source_visit *visit, void *ctx)
{
    struct set_walk w;
    struct set_run run;
    char digits[INT64_CHARS];
    set_walk_begin(&w, v);
    while (set_walk_next(&w, &run)) {
        set_run_prefetch(&run);
        for (uint32_t i = 0; i < run.count; i++) {
            const struct set_member m = set_run_member(&run, i);
            if (!visit(ctx, set_member_text(&m, digits), 1, !m.text.data))
                return;
        }
    }
}

static bool find_in_set(const struct value *v, struct bytes member, uint64_t hash, double *score)
{
    (void)hash;
    *score = 1;
    return set_has(v, member);
}

static const struct kind kinds[TYPE_COUNT] = {
    [TYPE_ZSET] = {each_of_zset, zset_score_hashed, zset_prefetch},
    [TYPE_SET] = {each_of_set, find_in_set, NULL},
};

int zset_source_open(struct exec *x, struct bytes key, struct zset_source *out)
{
    out->length = 0;
    out->weight = 1;
    const int rc = exec_find(x, key, TYPE_ANY, &out->v);
    if (rc != LK_OK || !value_exists(&out->v))
        return rc;
    if (!kinds[out->v.type].each)
        return LK_ETYPE;
    out->length = type_ops_get(out->v.type)->length(&out->v);
    return LK_OK;
}

void zset_source_each(const struct zset_source *s, zset_source_visit *visit, void *ctx)
{
    if (value_exists(&s->v))
        kinds[s->v.type].each(&s->v, visit, ctx);
}

bool zset_source_find(const struct zset_source *s, struct bytes member, uint64_t hash,
                      double *score)
{
    return value_exists(&s->v) && kinds[s->v.type].find(&s->v, member, hash, score);
}

void zset_source_prefetch(const struct zset_source *s, uint64_t hash)
{
    if (value_exists(&s->v) && kinds[s->v.type].prefetch)
        kinds[s->v.type].prefetch(&s->v, hash);
}
