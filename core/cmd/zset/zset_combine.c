#include "core/cmd/zset/zset_combine.h"

#include <math.h>

enum { RUN = 16 };

static double not_nan(double score)
{
    return isnan(score) ? 0 : score; /* infinity less infinity, or nothing times infinity */
}

static double zset_combine_aggregate(enum zset_aggregate how, double old, double score)
{
    switch (how) {
    case ZSET_SUM:
        return not_nan(old + score);
    case ZSET_MIN:
        return score < old ? score : old;
    case ZSET_MAX:
        break;
    }
    return score > old ? score : old;
}

/* Members of one source on their way to `take`. */
struct run {
    struct zset_item item[RUN];
    bool brief[RUN];
    uint32_t n;
    const struct zset_source *s; /* all of them */
    uint32_t sources, at;        /* how many; whose members these are */
    enum zset_aggregate how;
    uint64_t limit;
    struct zset_items *out, *others; /* others: members that the result must not have */
    bool (*take)(struct run *r, uint32_t i);
};

/* False: there is no need for more. */
static bool zset_combine_flush(struct run *r)
{
    bool more = true;
    for (uint32_t i = 0; i < r->n && more; i++)
        more = r->take(r, i);
    r->n = 0;
    return more;
}

static void zset_combine_prefetch(const struct run *r, uint64_t hash)
{
    zset_items_prefetch(r->others ? r->others : r->out, hash);
    if (r->sources > 1)
        zset_source_prefetch(&r->s[r->at == 0 ? 1 : 0], hash);
}

/* A brief member must not wait for the others. */
static bool zset_combine_add(void *ctx, struct bytes member, double score, bool brief)
{
    struct run *r = ctx;
    r->item[r->n] = zset_item_of(member, score);
    r->brief[r->n] = brief;
    r->n++;
    if (r->n < RUN && !brief) {
        zset_combine_prefetch(r, r->item[r->n - 1].hash);
        return true;
    }
    return zset_combine_flush(r);
}

/* Goes over the source at `at`. */
static void go_over(struct run *r, uint32_t at)
{
    r->at = at;
    zset_source_each(&r->s[at], zset_combine_add, r);
    zset_combine_flush(r);
}

/* --- union ----------------------------------------------------------------------------------- */

static bool take_for_union(struct run *r, uint32_t i)
{
    const struct zset_item *it = &r->item[i];
    const double score = not_nan(r->s[r->at].weight * it->score);
    bool fresh;
    struct zset_item *item =
        zset_items_put(r->out, it->member, it->hash, score, r->brief[i], &fresh);
    if (!fresh)
        item->score = zset_combine_aggregate(r->how, item->score, score);
    return true;
}

void zset_union(const struct zset_source *s, uint32_t n, enum zset_aggregate how,
                struct zset_items *out)
{
    struct run r = {.s = s, .how = how, .out = out, .take = take_for_union};
    zset_items_reserve(out, n ? s[n - 1].length : 0);
    for (uint32_t i = 0; i < n; i++)
        go_over(&r, i);
}

/* --- intersection ---------------------------------------------------------------------------- */

static bool take_for_intersection(struct run *r, uint32_t i)
{
    const struct zset_item *it = &r->item[i];
    double score = not_nan(r->s[0].weight * it->score);
    for (uint32_t k = 1; k < r->sources; k++) {
        double other;
        if (!zset_source_find(&r->s[k], it->member, it->hash, &other))
            return true;
        score = zset_combine_aggregate(r->how, score, r->s[k].weight * other);
    }
    zset_items_append(r->out, it->member, it->hash, score, r->brief[i]);
    return r->out->n < r->limit;
}

void zset_intersect(const struct zset_source *s, uint32_t n, enum zset_aggregate how,
                    uint64_t limit, struct zset_items *out)
{
    struct run r = {.s = s,
                    .sources = n,
                    .how = how,
                    .limit = limit,
                    .out = out,
                    .take = take_for_intersection};
    if (n > 0 && s[0].length > 0)
        go_over(&r, 0);
}

/* --- difference ------------------------------------------------------------------------------ */

static bool take_if_missing(struct run *r, uint32_t i)
{
    const struct zset_item *it = &r->item[i];
    for (uint32_t k = 1; k < r->sources; k++) {
        double other;
        if (zset_source_find(&r->s[k], it->member, it->hash, &other))
            return true;
    }
    zset_items_append(r->out, it->member, it->hash, it->score, r->brief[i]);
    return true;
}

static bool take_if_unlisted(struct run *r, uint32_t i)
{
    const struct zset_item *it = &r->item[i];
    if (!zset_items_find(r->others, it->member, it->hash))
        zset_items_append(r->out, it->member, it->hash, it->score, r->brief[i]);
    return true;
}

/* Asking each of the others for each member, or one list of all of theirs: what is less? */
static bool list_is_cheaper(const struct zset_source *s, uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t k = 1; k < n; k++)
        sum += s[k].length;
    return n > 2 && sum < s[0].length * (n - 2) / 2;
}

void zset_subtract(const struct zset_source *s, uint32_t n, struct zset_items *out)
{
    struct zset_items others = {0};
    struct run r = {.s = s, .sources = n, .out = out, .take = take_if_missing};
    if (n > 1 && list_is_cheaper(s, n)) {
        zset_union(s + 1, n - 1, ZSET_SUM, &others);
        r.others = &others;
        r.sources = 1;
        r.take = take_if_unlisted;
    }
    go_over(&r, 0);
    zset_items_release(&others);
}
