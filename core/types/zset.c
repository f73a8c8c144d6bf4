/*
 * zset.c — what any sorted set answers.
 */
#include "core/types/zset.h"

#include "core/types/packed.h"
#include "core/types/zset_priv.h"

#include <stdio.h>

static const unsigned char *zset_lp_of(const struct value *v)
{
    return packed_of(v, 0);
}

uint64_t zset_length(const struct value *v)
{
    return zset_is_packed(v) ? listpack_count(zset_lp_of(v)) / 2 : zset_root(v)->members.count;
}

bool zset_score_hashed(const struct value *v, struct bytes member, uint64_t hash, double *score)
{
    uint64_t rank;
    if (zset_is_packed(v))
        return zset_packed_find(zset_lp_of(v), member, score, &rank) != NULL;
    return zset_tree_score(zset_root(v), member, hash, score);
}

bool zset_score(const struct value *v, struct bytes member, double *score)
{
    return zset_score_hashed(v, member, zset_is_packed(v) ? 0 : hash_bytes(member), score);
}

void zset_prefetch(const struct value *v, uint64_t hash)
{
    if (!zset_is_packed(v))
        (void)table_prefetch_bucket(&zset_root(v)->members, hash);
}

bool zset_rank(const struct value *v, struct bytes member, uint64_t *rank, double *score)
{
    if (zset_is_packed(v))
        return zset_packed_find(zset_lp_of(v), member, score, rank) != NULL;
    const struct zset *z = zset_root(v);
    if (!zset_tree_score(z, member, hash_bytes(member), score))
        return false;
    *rank = zset_tree_rank(z, member, *score);
    return true;
}

bool zset_iter_at(struct zset_iter *it, const struct value *v, uint64_t rank, bool reverse)
{
    it->reverse = reverse;
    if (zset_is_packed(v))
        return zset_packed_at(it, v, rank);
    it->lp = NULL;
    if (!tree_iter_at(&it->tree, zset_root(v)->order, rank))
        return false;
    zset_tree_read(it);
    return true;
}

bool zset_iter_next(struct zset_iter *it)
{
    if (it->lp)
        return zset_packed_next(it);
    if (!(it->reverse ? tree_iter_prev(&it->tree) : tree_iter_next(&it->tree)))
        return false;
    zset_tree_read(it);
    return true;
}

/* --- ZSCAN ----------------------------------------------------------------------------------- */

/* What clients know from scans of large sets, and digests: 17 digits, even if fewer would do. */
struct bytes zset_digits_17(double score, char text[DOUBLE_CHARS])
{
    int64_t n;
    if (zset_score_is_integer(score, &n))
        return bytes_of(text, int64_to_chars(n, text));
    return bytes_of(text, (size_t)snprintf(text, DOUBLE_CHARS, "%.17g", score));
}

static void scan_packed(const unsigned char *lp,
                        void (*visit)(void *ctx, struct bytes member, struct bytes score),
                        void *ctx)
{
    char member[INT64_CHARS], score[INT64_CHARS];
    const unsigned char *p = listpack_first(lp);
    while (p) {
        const unsigned char *at = listpack_next(lp, p);
        visit(ctx, listpack_text(p, member), listpack_text(at, score));
        p = listpack_next(lp, at);
    }
}

uint64_t zset_scan(const struct value *v, uint64_t cursor, uint64_t count,
                   void (*visit)(void *ctx, struct bytes member, struct bytes score), void *ctx)
{
    if (zset_is_packed(v)) {
        scan_packed(zset_lp_of(v), visit, ctx);
        return 0;
    }
    const struct table *t = &zset_root(v)->members;
    struct table_step s;
    uint64_t n = 0;
    do {
        for (struct entry *e = table_step_first(&s, t, cursor); e; e = table_step_next(&s)) {
            char text[DOUBLE_CHARS];
            visit(ctx, entry_key(e), zset_digits_17(zset_entry_score(e), text));
            n++;
        }
        cursor = s.next;
    } while (cursor < TABLE_POSITIONS && n < count);
    return cursor < TABLE_POSITIONS ? cursor : 0;
}
