/*
 * zset_type.c — the row of sorted sets: what generic code wants of them.
 */
#include "core/base/mem.h"
#include "core/types/packed.h"
#include "core/types/zset_priv.h"

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
        zset_release(out, NULL);
    return rc;
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
        sink(ctx, zset_digits_17(it.score, text), DESCRIBE_ELEMENT);
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
