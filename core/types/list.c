/*
 * list.c — changing lists, and when they change their encoding.
 *
 * A list is one listpack inside its entry until what it would become is more than
 * list-max-listpack-size lets one node hold; then its elements go into a tree.  It comes back when
 * elements are taken out and it is down to half of that, so that a list at the limit does not
 * change its form with every element.
 */
#include "core/types/list_priv.h"

#include "core/base/mem.h"

enum {
    NODE_BYTES_MAX = 8192, /* of a node whose limit is a number of entries */
    LEAF_BYTES = 2048 - TREE_LEAF_OVERHEAD,
    LEAF_ENTRIES = LISTPACK_COUNT_UNKNOWN - 1,
    VALUES_ON_STACK = 16,
};

struct list_limit list_limit_of(const struct type_limits *limits)
{
    static const uint32_t bytes[] = {4096, 8192, 16384, 32768, 65536}; /* -1 … -5 */
    enum { STEPS = sizeof bytes / sizeof bytes[0] };
    const int64_t size = limits->list_max_listpack_size;
    if (size < 0)
        return (struct list_limit){bytes[size < -STEPS ? STEPS - 1 : -size - 1], UINT64_MAX};
    return (struct list_limit){NODE_BYTES_MAX, size > 0 ? (uint64_t)size : 1};
}

struct tree *list_tree_new(const struct type_limits *limits, const struct cow *cow)
{
    const struct list_limit l = list_limit_of(limits);
    const struct tree_params params = {
        .stride = 1,
        .leaf_bytes = l.bytes < LEAF_BYTES ? (uint32_t)l.bytes : LEAF_BYTES,
        .leaf_elements = l.entries < LEAF_ENTRIES ? (uint32_t)l.entries : LEAF_ENTRIES,
    };
    return tree_new(&params, cow);
}

uint64_t list_length(const struct value *v)
{
    return v->encoding == ENC_TREE ? tree_count(list_tree(v)) : listpack_count(packed_of(v, 0));
}

/* --- from one encoding to the other ---------------------------------------------------------- */

/* May a small list take these too?  Their own bytes count, not what encoding adds. */
static bool stays_small(const struct value_edit *e, size_t bytes, size_t n)
{
    const unsigned char *lp = packed_of(&e->value, 0);
    const struct list_limit l = list_limit_of(e->limits);
    return listpack_bytes(lp) + bytes <= l.bytes && listpack_count(lp) + n <= l.entries;
}

static int become_tree(struct value_edit *e)
{
    struct tree *t = list_tree_new(e->limits, e->cow);
    tree_append_packed(&t, e->cow, packed_of(&e->value, 0));
    if (!e->resize(e, sizeof t)) {
        tree_free(t, NULL);
        return LK_ENOMEM;
    }
    e->value.encoding = ENC_TREE;
    e->value.as.root = t;
    return LK_OK;
}

/* Bytes of one listpack with all elements of a tree. */
static size_t packed_bytes(const struct tree *t)
{
    size_t bytes = LISTPACK_EMPTY_BYTES;
    struct tree_iter it;
    for (bool on = tree_iter_first(&it, t); on; on = tree_iter_next_leaf(&it))
        bytes += listpack_bytes(tree_iter_leaf(&it)) - LISTPACK_EMPTY_BYTES;
    return bytes;
}

static void list_pack(const struct tree *t, unsigned char *lp)
{
    struct tree_iter it;
    listpack_init_in_place(lp);
    for (bool on = tree_iter_first(&it, t); on; on = tree_iter_next_leaf(&it)) {
        const unsigned char *leaf = tree_iter_leaf(&it);
        listpack_append_packed_in_place(lp, leaf + LISTPACK_HEADER_BYTES,
                                        listpack_bytes(leaf) - LISTPACK_EMPTY_BYTES,
                                        listpack_count(leaf));
    }
}

/* Something was taken out of a large list: is it small again? */
static void list_shrink(struct value_edit *e)
{
    if (e->value.encoding != ENC_TREE)
        return;
    struct tree *t = list_tree(&e->value);
    const struct list_limit l = list_limit_of(e->limits);
    const uint64_t most = l.entries == UINT64_MAX ? l.bytes / 2 : l.bytes;
    /* Blocks are at least half used, but there are nodes above them. */
    if (tree_count(t) > l.entries / 2 || tree_used_bytes(t) > most * 2 + NODE_BYTES_MAX)
        return;
    const size_t bytes = packed_bytes(t);
    if (bytes > most)
        return;
    char *payload = e->resize(e, bytes);
    if (!payload)
        return; /* it works as it is */
    list_pack(t, (unsigned char *)payload);
    e->value.encoding = ENC_LISTPACK;
    tree_free(t, e->cow);
}

/* --- putting in ------------------------------------------------------------------------------ */

/* Sum of sizes; LK_ETOOBIG */
static int list_measure(const struct bytes *v, size_t n, size_t *bytes)
{
    *bytes = 0;
    for (size_t i = 0; i < n; i++) {
        if (v[i].size > LIST_ELEMENT_MAX)
            return LK_ETOOBIG;
        *bytes += v[i].size;
    }
    return LK_OK;
}

/* Where the elements of a small list that come at this end go. */
static const unsigned char *packed_end(const struct value *v, enum list_end end)
{
    return end == LIST_HEAD ? packed_of(v, 0) + LISTPACK_HEADER_BYTES : NULL;
}

static int push_one_packed(struct value_edit *e, enum list_end end, struct bytes element)
{
    const unsigned char *at = packed_end(&e->value, end);
    const struct listpack_value value = listpack_from_bytes(element);
    return !value.is_number && element.size < LISTPACK_SHORT
               ? packed_insert_short(e, 0, at, value.s)
               : packed_insert(e, 0, at, &value, 1);
}

static int push_packed(struct value_edit *e, enum list_end end, const struct bytes *v, size_t n)
{
    struct listpack_value few[VALUES_ON_STACK], *values = few;
    LK_ASSERT(n > 0);
    if (n > VALUES_ON_STACK && !(values = mem_try_alloc(n * sizeof *values)))
        return LK_ENOMEM;
    for (size_t i = 0; i < n; i++)
        values[end == LIST_HEAD ? n - 1 - i : i] = listpack_from_bytes(v[i]);
    const int rc = packed_insert(e, 0, packed_end(&e->value, end), values, n);
    if (values != few)
        mem_free(values, n * sizeof *values);
    return rc;
}

static void push_tree(struct value_edit *e, enum list_end end, const struct bytes *v, size_t n)
{
    struct tree *t = list_tree(&e->value);
    struct listpack_value some[VALUES_ON_STACK];
    while (n > 0) {
        const size_t k = n < VALUES_ON_STACK ? n : VALUES_ON_STACK;
        for (size_t i = 0; i < k; i++)
            some[end == LIST_HEAD ? k - 1 - i : i] = listpack_from_bytes(v[i]);
        tree_push(&t, e->cow, end == LIST_TAIL, some, k);
        v += k;
        n -= k;
    }
    e->value.as.root = t;
}

int list_push(struct value_edit *e, enum list_end end, const struct bytes *v, size_t n)
{
    size_t bytes;
    int rc = list_measure(v, n, &bytes);
    if (rc != LK_OK)
        return rc;
    if (e->value.encoding != ENC_TREE) {
        if (stays_small(e, bytes, n))
            return n == 1 ? push_one_packed(e, end, v[0]) : push_packed(e, end, v, n);
        rc = become_tree(e);
        if (rc != LK_OK)
            return rc;
    }
    push_tree(e, end, v, n);
    return LK_OK;
}

int list_insert(struct value_edit *e, uint64_t index, struct bytes element)
{
    if (element.size > LIST_ELEMENT_MAX)
        return LK_ETOOBIG;
    const struct listpack_value value = listpack_from_bytes(element);
    if (e->value.encoding != ENC_TREE) {
        if (stays_small(e, element.size, 1))
            return packed_insert(e, 0, listpack_seek(packed_of(&e->value, 0), (int64_t)index),
                                 &value, 1);
        const int rc = become_tree(e);
        if (rc != LK_OK)
            return rc;
    }
    struct tree *t = list_tree(&e->value);
    tree_insert_at(&t, e->cow, index, &value);
    e->value.as.root = t;
    return LK_OK;
}

int list_replace(struct value_edit *e, uint64_t index, struct bytes element)
{
    if (element.size > LIST_ELEMENT_MAX)
        return LK_ETOOBIG;
    const struct listpack_value value = listpack_from_bytes(element);
    if (e->value.encoding != ENC_TREE) {
        /* As elsewhere the element counts as one more, though another one goes. */
        if (stays_small(e, element.size, 1))
            return packed_splice(e, 0, listpack_seek(packed_of(&e->value, 0), (int64_t)index), 1,
                                 &value, 1);
        const int rc = become_tree(e);
        if (rc != LK_OK)
            return rc;
    }
    struct tree *t = list_tree(&e->value);
    tree_replace_at(&t, e->cow, index, &value);
    e->value.as.root = t;
    list_shrink(e);
    return LK_OK;
}

/* --- taking out ------------------------------------------------------------------------------ */

void list_delete(struct value_edit *e, uint64_t index, uint64_t n)
{
    if (e->value.encoding != ENC_TREE) {
        const unsigned char *lp = packed_of(&e->value, 0);
        packed_delete(e, 0, listpack_seek(lp, (int64_t)index), n);
        return;
    }
    struct tree *t = list_tree(&e->value);
    tree_delete_range(&t, e->cow, index, n);
    e->value.as.root = t;
    list_shrink(e);
}

/* Equal elements side by side. */
struct stretch {
    uint64_t index, n;
};

/* The next ones on a way through the list: from index `at` on, or backwards from before it. */
static struct stretch find_equal(const struct value *v, const struct listpack_value *element,
                                 uint64_t at, bool backward, uint64_t most)
{
    bool (*const step)(struct list_iter *) = backward ? list_iter_prev : list_iter_next;
    struct stretch found = {at, 0};
    struct list_iter it;
    bool on = (!backward || at > 0) && list_iter_at(&it, v, backward ? at - 1 : at);
    while (on && !list_iter_equal(&it, element)) {
        found.index += backward ? UINT64_MAX : 1;
        on = step(&it);
    }
    while (on && found.n < most && list_iter_equal(&it, element)) {
        found.n++;
        on = step(&it);
    }
    if (backward)
        found.index -= found.n;
    return found;
}

static uint64_t remove_from_tree(struct value_edit *e, const struct listpack_value *element,
                                 bool backward, uint64_t most)
{
    struct tree *t = list_tree(&e->value);
    uint64_t removed = 0, at = backward ? tree_count(t) : 0;
    while (removed < most) {
        const struct stretch s = find_equal(&e->value, element, at, backward, most - removed);
        if (s.n == 0)
            break;
        tree_delete_range(&t, e->cow, s.index, s.n);
        e->value.as.root = t;
        removed += s.n;
        at = s.index;
    }
    if (removed > 0)
        list_shrink(e);
    return removed;
}

static uint64_t remove_from_packed(struct value_edit *e, const struct listpack_value *element,
                                   bool backward, uint64_t most)
{
    unsigned char *lp = (unsigned char *)(uintptr_t)e->value.as.bytes.data;
    size_t all = 0;
    for (const unsigned char *p = listpack_first(lp); p; p = listpack_next(lp, p))
        all += listpack_equal(p, element);
    if (all == 0)
        return 0;
    const size_t n = all < most ? all : (size_t)most;
    const size_t removed = listpack_remove_in_place(lp, element, backward ? all - n : 0, n);
    /* Giving bytes back may move the value to a smaller block: there is no way on without one. */
    LK_ASSERT(e->resize(e, listpack_bytes(lp)) != NULL);
    return removed;
}

uint64_t list_remove(struct value_edit *e, struct bytes element, int64_t count)
{
    const struct listpack_value v = listpack_from_bytes(element);
    const bool backward = count < 0;
    uint64_t most = backward ? -(uint64_t)count : (uint64_t)count;
    if (count == 0)
        most = UINT64_MAX;
    return e->value.encoding == ENC_TREE ? remove_from_tree(e, &v, backward, most)
                                         : remove_from_packed(e, &v, backward, most);
}

void list_rotate(struct value_edit *e, enum list_end from)
{
    if (e->value.encoding != ENC_TREE) {
        listpack_rotate_in_place((unsigned char *)(uintptr_t)e->value.as.bytes.data,
                                 from == LIST_TAIL);
        return;
    }
    struct tree *t = list_tree(&e->value);
    const uint64_t last = tree_count(t) - 1;
    struct buf copy = {0};
    struct tree_iter it;
    (void)tree_iter_at(&it, t, from == LIST_HEAD ? 0 : last);
    struct listpack_value v = listpack_get(it.p);
    if (!v.is_number) {
        buf_append_bytes(&copy, v.s);
        v.s = copy.size ? buf_bytes(&copy) : bytes_cstr("");
    }
    tree_delete_range(&t, e->cow, from == LIST_HEAD ? 0 : last, 1);
    tree_insert_at(&t, e->cow, from == LIST_HEAD ? last : 0, &v);
    e->value.as.root = t;
    buf_release(&copy);
}
