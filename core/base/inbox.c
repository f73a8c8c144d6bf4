/*
 * inbox.c — a stack that is only ever emptied whole.
 *
 * Nodes are never taken one by one, so a head that went away and came back between a sender's load
 * and its compare-and-swap does no harm: the link it stored is still the head's.
 *
 * The operations are sequentially consistent for the sake of the sleeping flag that stands beside
 * an inbox: "push, then look at the flag" and "set the flag, then look for a push" must not both
 * miss.
 */
#include "core/base/inbox.h"

#include "core/base/atomic.h"

bool inbox_push(struct inbox *in, struct inbox_node *node)
{
    struct inbox_node *head = load_relaxed(&in->head);

    do
        node->next = head;
    while (!__atomic_compare_exchange_n(&in->head, &head, node, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED));
    return head == NULL;
}

bool inbox_is_empty(const struct inbox *in)
{
    return load_seq_cst(&in->head) == NULL;
}

struct inbox_node *inbox_drain(struct inbox *in)
{
    struct inbox_node *oldest = NULL;

    /* The senders' line stays theirs when there is nothing to take. */
    if (inbox_is_empty(in))
        return NULL;
    struct inbox_node *at = exchange_seq_cst(&in->head, NULL);
    while (at) {
        struct inbox_node *next = at->next;
        at->next = oldest;
        oldest = at;
        at = next;
    }
    return oldest;
}
