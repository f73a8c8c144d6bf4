/*
 * list_walk.c — reading lists, and their row of operations.
 */
#include "core/types/list_priv.h"

bool list_iter_at(struct list_iter *it, const struct value *v, uint64_t index)
{
    if (v->encoding == ENC_TREE) {
        it->lp = NULL;
        (void)tree_iter_at(&it->tree, list_tree(v), index);
        it->p = it->tree.p;
    } else {
        it->lp = packed_of(v, 0);
        it->p = index > INT64_MAX ? NULL : listpack_seek(it->lp, (int64_t)index);
    }
    return it->p != NULL;
}

bool list_iter_next(struct list_iter *it)
{
    if (it->lp) {
        it->p = it->p ? listpack_next(it->lp, it->p) : NULL;
    } else {
        (void)tree_iter_next(&it->tree);
        it->p = it->tree.p;
    }
    return it->p != NULL;
}

bool list_iter_prev(struct list_iter *it)
{
    if (it->lp) {
        it->p = it->p ? listpack_prev(it->lp, it->p) : NULL;
    } else {
        (void)tree_iter_prev(&it->tree);
        it->p = it->tree.p;
    }
    return it->p != NULL;
}

size_t list_iter_read(struct list_iter *it, struct listpack_value *out, size_t n)
{
    size_t done = 0;
    if (!it->lp) {
        done = tree_iter_read(&it->tree, out, n);
        it->p = it->tree.p;
        return done;
    }
    for (; it->p && done < n; done++) {
        out[done] = listpack_get(it->p);
        it->p = listpack_next(it->lp, it->p);
    }
    return done;
}

const unsigned char *list_iter_block(const struct list_iter *it)
{
    return it->lp ? it->lp : tree_iter_leaf(&it->tree);
}

bool list_iter_next_block(struct list_iter *it)
{
    if (it->lp) {
        it->p = NULL;
    } else {
        (void)tree_iter_next_leaf(&it->tree);
        it->p = it->tree.p;
    }
    return it->p != NULL;
}

static void list_walk_empty(struct value *out)
{
    out->type = TYPE_LIST;
    out->encoding = ENC_LISTPACK;
    out->as.bytes = packed_empty();
}

static const char *list_walk_encoding_name(const struct value *v)
{
    return v->encoding == ENC_TREE ? "quicklist" : "listpack";
}

static int list_walk_copy(const struct value *v, struct value *out)
{
    *out = *v;
    if (v->encoding == ENC_TREE)
        out->as.root = tree_clone(list_tree(v), NULL);
    return LK_OK;
}

static void list_walk_release(struct value *v, struct cow *cow)
{
    tree_free(list_tree(v), cow);
    v->as.root = NULL;
}

static bool list_walk_reap(struct value_reaper *r, size_t budget)
{
    if (r->cursor++ == 0)
        tree_reap_begin(&r->tree, list_tree(&r->value));
    return tree_reap(&r->tree, NULL, budget);
}

static size_t list_walk_node_bytes(const struct value *v, size_t samples)
{
    (void)samples;
    return v->encoding == ENC_TREE ? tree_used_bytes(list_tree(v)) : 0;
}

static size_t list_walk_free_effort(const struct value *v)
{
    enum { BLOCK = 2048 }; /* about what a leaf takes, or else there are few of them */
    return v->encoding == ENC_TREE ? tree_used_bytes(list_tree(v)) / BLOCK + 1 : 1;
}

static void list_walk_describe(const struct value *v, describe_sink *sink, void *ctx)
{
    char digits[INT64_CHARS];
    struct list_iter it;
    for (bool on = list_iter_at(&it, v, 0); on; on = list_iter_next(&it))
        sink(ctx, listpack_text(it.p, digits), DESCRIBE_ELEMENT);
}

const struct type_ops list_type_ops = {
    .name = "list",
    .empty = list_walk_empty,
    .encoding_name = list_walk_encoding_name,
    .copy = list_walk_copy,
    .release = list_walk_release,
    .node_bytes = list_walk_node_bytes,
    .reap = list_walk_reap,
    .free_effort = list_walk_free_effort,
    .length = list_length,
    .describe = list_walk_describe,
};
