/*
 * list_type.c — the row of lists: what generic code wants of them.
 */
#include "core/types/list_priv.h"

static void list_empty(struct value *out)
{
    out->type = TYPE_LIST;
    out->encoding = ENC_LISTPACK;
    out->as.bytes = packed_empty();
}

static const char *list_encoding_name(const struct value *v)
{
    return v->encoding == ENC_TREE ? "quicklist" : "listpack";
}

static int list_copy(const struct value *v, struct value *out)
{
    *out = *v;
    if (v->encoding == ENC_TREE)
        out->as.root = tree_clone(list_tree(v), NULL);
    return LK_OK;
}

static void list_release(struct value *v, struct cow *cow)
{
    tree_free(list_tree(v), cow);
    v->as.root = NULL;
}

static bool list_reap(struct value_reaper *r, size_t budget)
{
    if (r->cursor++ == 0)
        tree_reap_begin(&r->tree, list_tree(&r->value));
    return tree_reap(&r->tree, NULL, budget);
}

static size_t list_node_bytes(const struct value *v, size_t samples)
{
    (void)samples;
    return v->encoding == ENC_TREE ? tree_used_bytes(list_tree(v)) : 0;
}

static size_t list_free_effort(const struct value *v)
{
    enum { BLOCK = 2048 }; /* about what a leaf takes, or else there are few of them */
    return v->encoding == ENC_TREE ? tree_used_bytes(list_tree(v)) / BLOCK + 1 : 1;
}

static void list_describe(const struct value *v, describe_sink *sink, void *ctx)
{
    char digits[INT64_CHARS];
    struct list_iter it;
    for (bool on = list_iter_at(&it, v, 0); on; on = list_iter_next(&it))
        sink(ctx, listpack_text(it.p, digits), DESCRIBE_ELEMENT);
}

const struct type_ops list_type_ops = {
    .name = "list",
    .empty = list_empty,
    .encoding_name = list_encoding_name,
    .copy = list_copy,
    .release = list_release,
    .node_bytes = list_node_bytes,
    .reap = list_reap,
    .free_effort = list_free_effort,
    .length = list_length,
    .describe = list_describe,
};
