/*
 * list_priv.h — what list*.c share: when a list is small, and how a large one is kept.
 */
#ifndef LK_TYPES_LIST_PRIV_H
#define LK_TYPES_LIST_PRIV_H

#include "core/types/list.h"
#include "core/types/packed.h"

LK_BEGIN

/* What one node of a list may hold: list-max-listpack-size. */
struct list_limit {
    uint64_t bytes, entries;
};

struct list_limit list_limit_of(const struct type_limits *limits);

struct tree *list_tree_new(const struct type_limits *limits, const struct cow *cow);

static inline struct tree *list_tree(const struct value *v)
{
    LK_DEBUG_ASSERT(v->type == TYPE_LIST && v->encoding == ENC_TREE);
    return (struct tree *)v->as.root;
}

LK_END

#endif
