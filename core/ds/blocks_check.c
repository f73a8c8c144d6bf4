/*
 * blocks_check.c — is the structure what its invariants say?
 */
#include "core/ds/blocks_priv.h"

struct check {
    struct block_key last;
    bool any;
    uint64_t count, nodes;
    size_t used_bytes;
};

static const char *blocks_check_node(struct check *c, const struct blocks_node *node,
                                     unsigned level)
{
    if (node->level != level)
        return "a node is on the wrong level";
    if (node->n == 0 || node->n > node->capacity || node->capacity > BLOCKS_FANOUT)
        return "a node has no children, or too many";
    c->nodes++;
    c->used_bytes += blocks_node_size(node->capacity);
    for (unsigned i = 0; i < node->n; i++) {
        const struct block_key key = blocks_key(node, i);
        if (level > 0) {
            const struct blocks_node *child = blocks_child_node(node, i);
            const char *wrong = blocks_check_node(c, child, level - 1);
            if (wrong)
                return wrong;
            if (block_key_compare(blocks_key(child, 0), key) != 0)
                return "a key is not that of the first block";
            continue;
        }
        if (c->any && block_key_compare(c->last, key) >= 0)
            return "keys do not rise";
        const unsigned char *lp = (const unsigned char *)blocks_children(node)[i];
        if (!listpack_validate(lp, listpack_bytes(lp)))
            return "a block is no listpack";
        c->last = key;
        c->any = true;
        c->count++;
        c->used_bytes += listpack_bytes(lp);
    }
    return NULL;
}

const char *blocks_check(const struct blocks *b)
{
    struct check c = {.any = false};
    if ((b->height == 0) != (b->top == NULL))
        return "the height is wrong";
    const char *wrong = b->top ? blocks_check_node(&c, b->top, b->height - 1) : NULL;
    if (wrong)
        return wrong;
    if (b->height > 1 && b->top->n == 1)
        return "the top has one child";
    if (c.count != b->count || c.nodes != b->nodes)
        return "a count is wrong";
    return c.used_bytes == b->used_bytes ? NULL : "used bytes are wrong";
}
