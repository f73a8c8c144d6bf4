/*
 * list_walk.c — reading lists.
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
