/*
 * zset_range.c — the places between which a range lies.
 */
#include "core/types/zset_priv.h"

/*
 * A range with at most this limit is walked to see how much of it there is; beyond, finding its
 * other end is cheaper.
 */
enum { WALKED_LIMIT = 16 };

static int compare_score(const void *key, const unsigned char *p)
{
    const struct zset_key *k = key;
    double score;
    (void)zset_element_score(p, &score);
    return (k->score > score) - (k->score < score);
}

static unsigned skip_scores(const void *key, const unsigned char **p, unsigned n, bool upper)
{
    const double wanted = ((const struct zset_key *)key)->score;
    const unsigned char *at = *p;
    unsigned i = 0;
    for (; i < n; i++) {
        double score;
        const unsigned char *member = zset_element_score(at, &score);
        if (score > wanted || (score == wanted && !upper))
            break;
        at = member + listpack_entry_bytes(member);
    }
    *p = at;
    return i;
}

static int compare_member(const void *key, const unsigned char *p)
{
    const struct zset_key *k = key;
    double score;
    return zset_compare_members(k->member, listpack_get(zset_element_score(p, &score)).s);
}

/*
 * Puts it on the first element of the range that begins at bound, or behind the last of the one
 * that ends there.  False if there is none.
 */
static bool zset_order_seek(struct tree_iter *it, const struct zset *z, const struct zset_range *r,
                            bool beginning)
{
    const struct zset_bound *b = beginning ? &r->min : &r->max;
    const struct zset_key key = {.score = b->score, .member = b->member};
    struct tree_probe probe = {.key = &key, .compare = compare_member};
    if (b->edge == ZSET_LOWEST)
        return tree_iter_first(it, z->order);
    if (b->edge == ZSET_HIGHEST)
        return tree_iter_at(it, z->order, tree_count(z->order));
    if (!r->by_member) {
        if (isinf(b->score) && b->edge == ZSET_CLOSED && beginning == (b->score < 0))
            return tree_iter_at(it, z->order, beginning ? 0 : tree_count(z->order));
        probe.compare = compare_score;
        probe.skip = skip_scores;
        probe.hint = zset_score_bits(b->score);
        probe.has_hint = true;
    }
    if (beginning == (b->edge == ZSET_CLOSED))
        return tree_lower_bound(it, z->order, &probe);
    return tree_upper_bound(it, z->order, &probe);
}

void zset_tree_ranks(const struct zset *z, const struct zset_range *r, uint64_t *first, uint64_t *n)
{
    struct tree_iter begin, end;
    (void)zset_order_seek(&begin, z, r, true);
    (void)zset_order_seek(&end, z, r, false);
    *first = begin.rank;
    *n = end.rank > begin.rank ? end.rank - begin.rank : 0;
}

bool zset_range_holds(const struct zset_range *r, bool reverse, const struct zset_iter *it)
{
    const struct zset_bound *b = reverse ? &r->min : &r->max;
    int c; /* negative: what the iterator shows is inside */
    if (b->edge >= ZSET_LOWEST)
        return reverse == (b->edge == ZSET_LOWEST);
    if (r->by_member)
        c = zset_compare_members(it->member, b->member);
    else
        c = (it->score > b->score) - (it->score < b->score);
    return c == 0 ? b->edge == ZSET_CLOSED : (c < 0) == !reverse;
}

/* To the first element of the range in that direction, `skip` of them left out. */
static bool tree_range_begin(struct zset_iter *it, const struct zset *z, const struct zset_range *r,
                             uint64_t skip)
{
    struct tree_iter *t = &it->tree;
    const uint64_t count = tree_count(z->order);
    bool on = zset_order_seek(t, z, r, !it->reverse);
    if (it->reverse) {
        const uint64_t end = t->rank;
        if (end <= skip)
            return false;
        on = on && skip == 0 ? tree_iter_prev(t) : tree_iter_at(t, z->order, end - 1 - skip);
    } else if (skip > 0) {
        on = skip < count && tree_iter_at(t, z->order, t->rank + skip);
    }
    if (on)
        zset_tree_read(it);
    return on;
}

/* How many elements, up to limit, from where the iterator stands to the end of the range. */
static uint64_t tree_range_left(const struct zset_iter *it, const struct zset *z,
                                const struct zset_range *r, uint64_t limit)
{
    const struct zset_bound *b = it->reverse ? &r->min : &r->max;
    const bool open_ended =
        b->edge >= ZSET_LOWEST || (!r->by_member && isinf(b->score) && b->edge == ZSET_CLOSED);
    uint64_t n = 0;
    if (limit > WALKED_LIMIT || (open_ended && zset_range_holds(r, it->reverse, it))) {
        struct tree_iter end;
        (void)zset_order_seek(&end, z, r, it->reverse);
        if (it->reverse)
            n = it->tree.rank >= end.rank ? it->tree.rank - end.rank + 1 : 0;
        else
            n = it->tree.rank < end.rank ? end.rank - it->tree.rank : 0;
        return n < limit ? n : limit;
    }
    struct zset_iter walk = *it;
    for (bool on = true; on && n < limit && zset_range_holds(r, it->reverse, &walk); n++)
        on = zset_iter_next(&walk);
    return n;
}

static uint64_t packed_range_iter(struct zset_iter *it, const struct value *v,
                                  const struct zset_range *r, bool reverse, uint64_t skip,
                                  uint64_t limit)
{
    uint64_t first, n;
    zset_packed_ranks(v, r, &first, &n);
    if (skip >= n)
        return 0;
    (void)zset_iter_at(it, v, reverse ? first + n - 1 - skip : first + skip, reverse);
    n -= skip;
    return n < limit ? n : limit;
}

void zset_range_ranks(const struct value *v, const struct zset_range *r, uint64_t *first,
                      uint64_t *n)
{
    if (zset_is_packed(v))
        zset_packed_ranks(v, r, first, n);
    else
        zset_tree_ranks(zset_root(v), r, first, n);
}

uint64_t zset_range_iter(struct zset_iter *it, const struct value *v, const struct zset_range *r,
                         bool reverse, uint64_t skip, uint64_t limit)
{
    if (zset_is_packed(v))
        return packed_range_iter(it, v, r, reverse, skip, limit);
    const struct zset *z = zset_root(v);
    it->reverse = reverse;
    it->lp = NULL;
    return tree_range_begin(it, z, r, skip) ? tree_range_left(it, z, r, limit) : 0;
}

bool zset_iter_seek(struct zset_iter *it, const struct value *v, double score)
{
    struct zset_range r = {.min = {.edge = ZSET_CLOSED, .score = score},
                           .max = {.edge = ZSET_OPEN, .score = score}};
    if (zset_is_packed(v)) {
        uint64_t first, n;
        zset_packed_ranks(v, &r, &first, &n);
        return zset_iter_at(it, v, first, false);
    }
    it->reverse = false;
    it->lp = NULL;
    if (!zset_order_seek(&it->tree, zset_root(v), &r, true))
        return false;
    zset_tree_read(it);
    return true;
}
