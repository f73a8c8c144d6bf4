/*
 * list_build.c — lists made from one end to the other, for files and for STORE.
 *
 * Elements gather in one listpack.  When it holds more than a small list may, it moves into the
 * tree, leaf by leaf, and gathering begins anew.
 */
#include "core/types/list_priv.h"

static unsigned char *run_of(const struct list_builder *b)
{
    return (unsigned char *)b->run.data;
}

static void run_clear(struct list_builder *b)
{
    buf_reserve(&b->run, LISTPACK_EMPTY_BYTES);
    listpack_init_in_place(run_of(b));
    b->run.size = LISTPACK_EMPTY_BYTES;
}

static void list_build_flush(struct list_builder *b)
{
    if (!b->tree)
        b->tree = list_tree_new(b->limits, NULL);
    tree_append_packed(&b->tree, NULL, run_of(b));
    run_clear(b);
}

/* Makes room for that much more, in the tree if it would be too much for a small list. */
static void make_room(struct list_builder *b, size_t bytes, size_t entries)
{
    const struct list_limit l = list_limit_of(b->limits);
    const size_t count = listpack_count(run_of(b));
    if (b->run.size + bytes > l.bytes || count + entries > l.entries ||
        count + entries >= LISTPACK_COUNT_UNKNOWN)
        list_build_flush(b);
    buf_reserve(&b->run, bytes);
}

void list_build_begin(struct list_builder *b, const struct type_limits *limits)
{
    *b = (struct list_builder){.limits = limits};
    run_clear(b);
}

void list_build_add(struct list_builder *b, const struct listpack_value *v)
{
    const size_t bytes = listpack_encoded_bytes(v, 1);
    make_room(b, bytes, 1);
    listpack_splice_in_place(run_of(b), b->run.size - 1, 0, 0, v, 1);
    b->run.size += bytes;
}

void list_build_add_packed(struct list_builder *b, const unsigned char *lp)
{
    const size_t bytes = listpack_bytes(lp) - LISTPACK_EMPTY_BYTES, entries = listpack_count(lp);
    make_room(b, bytes, entries);
    listpack_append_packed_in_place(run_of(b), lp + LISTPACK_HEADER_BYTES, bytes, entries);
    b->run.size += bytes;
}

/* One run alone may be beyond the limits. */
static bool is_small(const struct list_builder *b)
{
    const struct list_limit l = list_limit_of(b->limits);
    return !b->tree && b->run.size <= l.bytes && listpack_count(run_of(b)) <= l.entries;
}

void list_build_finish(struct list_builder *b, struct value *out)
{
    out->type = TYPE_LIST;
    if (is_small(b)) {
        out->encoding = ENC_LISTPACK;
        out->as.bytes = buf_bytes(&b->run);
        return;
    }
    list_build_flush(b);
    out->encoding = ENC_TREE;
    out->as.root = b->tree;
    b->tree = NULL;
}

void list_build_release(struct list_builder *b)
{
    tree_free(b->tree, NULL);
    b->tree = NULL;
    buf_release(&b->run);
}
