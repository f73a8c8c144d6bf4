/*
 * inbox.h — messages of many threads to one.
 *
 * The sender owns a message until it pushes it, the receiver from when it drains it; in between
 * nobody does.  A message begins with, or holds, a struct inbox_node, so that sending takes no
 * memory.
 *
 *   push:   head --> newest --> ... --> oldest          one compare-and-swap
 *   drain:  takes the whole chain with one exchange and turns it round
 *
 * Waking   the push that found the inbox empty has to wake the receiver, all others need not: the
 *          receiver drains everything at once.  A receiver that says it sleeps, by a sequentially
 *          consistent store, and then finds inbox_is_empty, cannot miss a push whose sender looks
 *          at that flag after pushing.
 * Threads  inbox_push from any; drain by one thread at a time
 * Memory   the inbox owns nothing; give it a cache line of its own
 */
#ifndef LK_BASE_INBOX_H
#define LK_BASE_INBOX_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

LK_BEGIN

struct inbox_node {
    struct inbox_node *next;
};

struct inbox {
    struct inbox_node *head; /* newest; only by atomic built-ins */
};

/* An inbox of zero bytes is an empty one. */
static inline void inbox_init(struct inbox *in)
{
    in->head = NULL;
}

/* Gives node away.  True if the inbox was empty. */
bool inbox_push(struct inbox *in, struct inbox_node *node);

/*
 * All nodes pushed so far, linked by next, oldest first; NULL if there are none.  The nodes of one
 * sender are in the order it pushed them, those of several in one order that fits all of them.
 *
 * Cost  O(1) when empty, without writing; else O(n)
 */
struct inbox_node *inbox_drain(struct inbox *in);

bool inbox_is_empty(const struct inbox *in);

LK_END

#endif
