/*
 * zset_edit.c — changing sorted sets, and when a packed one becomes a tree and a table.
 */
#include "core/types/zset_priv.h"

int zset_add(struct value_edit *e, struct bytes member, double score, unsigned flags,
             struct zset_added *out)
{
    if (zset_is_packed(&e->value)) {
        const int rc = zset_packed_add(e, member, score, flags, out);
        if (rc != LK_EAGAIN)
            return rc;
        const int built = zset_become_tree(e);
        if (built != LK_OK)
            return built;
        score = out->score;
        flags = 0;
    }
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
