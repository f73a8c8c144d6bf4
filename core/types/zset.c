/*
 * zset.c — what any sorted set answers, and the row of its type.
 */
#include "core/types/zset.h"

#include "core/types/packed.h"
#include "core/types/zset_priv.h"

#include <stdio.h>

static const unsigned char *zset_lp_of(const struct value *v)
{
    return packed_of(v, 0);
}

int zset_decide(const double *old, double score, unsigned flags, struct zset_added *out)
{
    *out = (struct zset_added){.change = ZSET_REFUSED};
    if (flags & (old ? ZSET_NX : ZSET_XX))
        return LK_OK;
    if (!old) {
        *out = (struct zset_added){.change = ZSET_ADDED, .score = score};
        return LK_OK;
    }
    if (flags & ZSET_INCR)
        score += *old;
    if (isnan(score))
        return LK_ENAN;
    if ((flags & ZSET_GT && score <= *old) || (flags & ZSET_LT && score >= *old))
        return LK_OK;
    *out = (struct zset_added){.change = score == *old ? ZSET_KEPT : ZSET_MOVED, .score = score};
    return LK_OK;
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

int zset_add(struct value_edit *e, struct bytes member, double score, unsigned flags,
             struct zset_added *out)
{
    if (zset_is_packed(&e->value))
        return zset_packed_add(e, member, score, flags, out);
    return zset_tree_add(e, member, score, flags, out);
}

bool zset_remove(struct value_edit *e, struct bytes member)
{
    return zset_is_packed(&e->value) ? zset_packed_remove(e, member) : zset_tree_remove(e, member);
}

void zset_remove_ranks(struct value_edit *e, uint64_t first, uint64_t n)
{
    if (zset_is_packed(&e->value))
        zset_packed_remove_ranks(e, first, n);
    else
        zset_tree_remove_ranks(e, first, n);
}

/* --- ZSCAN ----------------------------------------------------------------------------------- */

/* What clients know from scans of large sets, and digests: 17 digits, even if fewer would do. */
static struct bytes digits_17(double score, char text[DOUBLE_CHARS])
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
            visit(ctx, entry_key(e), digits_17(zset_entry_score(e), text));
            n++;
        }
        cursor = s.next;
    } while (cursor < TABLE_POSITIONS && n < count);
    return cursor < TABLE_POSITIONS ? cursor : 0;
}

/* --- the row --------------------------------------------------------------------------------- */

static void zset_empty(struct value *out)
{
    out->type = TYPE_ZSET;
    out->encoding = ENC_LISTPACK;
    out->as.bytes = packed_empty();
}

static const char *zset_encoding_name(const struct value *v)
{
    return zset_is_packed(v) ? "listpack" : "skiplist";
}

static int copy_members(const struct table *from, struct table *to)
{
    struct table_iter it;
    table_init(to, 0, 0);
    table_reserve(to, from->count);
    for (struct entry *e = table_iter_first(&it, from); e; e = table_iter_next(&it)) {
        struct entry *copy = entry_try_copy(e, entry_payload_size(e), ENTRY_NO_DEADLINE);
        if (!copy)
            return LK_ENOMEM;
        table_insert(to, NULL, hash_bytes(entry_key(copy)), copy);
    }
    return LK_OK;
}

static int zset_copy(const struct value *v, struct value *out)
{
    *out = *v;
    if (zset_is_packed(v))
        return LK_OK;
    const struct zset *from = zset_root(v);
    struct zset *to = mem_new(struct zset);
    const int rc = copy_members(&from->members, &to->members);
    to->order = tree_clone(from->order, NULL);
    out->as.root = to;
    if (rc != LK_OK)
        value_release(out);
    return rc;
}

static void zset_free_entry(void *ctx, struct entry *e)
{
    (void)ctx;
    entry_free(e);
}

static void zset_release(struct value *v, struct cow *cow)
{
    struct zset *z = zset_root(v);
    const bool seen = cow_shared(cow, z->members.epoch);
    table_release_cow(&z->members, cow, zset_free_entry, NULL);
    tree_free(z->order, cow);
    if (seen)
        cow->defer(cow, z, sizeof *z);
    else
        mem_delete(z);
    v->as.root = NULL;
}

static bool zset_reap(struct value_reaper *r, size_t budget)
{
    struct zset *z = r->value.as.root;
    if (z) {
        if (!table_release_some(&z->members, &r->cursor, budget, zset_free_entry, NULL))
            return false;
        tree_reap_begin(&r->tree, z->order);
        mem_delete(z);
        r->value.as.root = NULL;
    }
    return tree_reap(&r->tree, NULL, budget);
}

static size_t zset_node_bytes(const struct value *v, size_t samples)
{
    if (zset_is_packed(v))
        return 0;
    const struct zset *z = zset_root(v);
    const struct table *t = &z->members;
    struct table_step s;
    size_t n = 0, bytes = 0;
    for (uint64_t cursor = 0; n < samples && cursor < TABLE_POSITIONS; cursor = s.next)
        for (struct entry *e = table_step_first(&s, t, cursor); e; e = table_step_next(&s)) {
            bytes += mem_class(entry_size(e));
            n++;
        }
    const size_t entries = n ? (size_t)((double)bytes / (double)n * t->count) : 0;
    return mem_class(sizeof *z) + tree_used_bytes(z->order) + table_page_bytes(t) + entries;
}

static size_t zset_free_effort(const struct value *v)
{
    return zset_is_packed(v) ? 1 : zset_root(v)->members.count;
}

static void zset_describe(const struct value *v, describe_sink *sink, void *ctx)
{
    struct zset_iter it;
    for (bool on = zset_iter_at(&it, v, 0, false); on; on = zset_iter_next(&it)) {
        char text[DOUBLE_CHARS];
        sink(ctx, it.member, DESCRIBE_PART);
        sink(ctx, digits_17(it.score, text), DESCRIBE_ELEMENT);
    }
}

const struct type_ops zset_type_ops = {
    .name = "zset",
    .empty = zset_empty,
    .encoding_name = zset_encoding_name,
    .copy = zset_copy,
    .release = zset_release,
    .reap = zset_reap,
    .node_bytes = zset_node_bytes,
    .free_effort = zset_free_effort,
    .length = zset_length,
    .describe = zset_describe,
    .unordered = true,
};
