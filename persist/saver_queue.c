#include "persist/saver_queue.h"

#include <stddef.h>

void saver_queue_add(struct saver_queue *q, struct saver_entry *e)
{
    LK_ASSERT(e->kind > SAVER_NONE && e->kind < SAVER_KINDS);
    struct saver_entry **at = &q->first;
    for (; *at; at = &(*at)->next)
        LK_ASSERT(*at != e);
    e->next = NULL;
    e->overtaken = 0;
    e->aborted = false;
    *at = e;
}

/* The less, the sooner. */
static int saver_queue_class(const struct saver_entry *e)
{
    if (e->aborted)
        return 0;
    if (e->awaited)
        return 1;
    return e->overtaken >= SAVER_OVERTAKEN_MOST ? 2 : 2 + (int)e->kind;
}

struct saver_entry *saver_queue_take(struct saver_queue *q, bool only_awaited)
{
    struct saver_entry **best = NULL;
    for (struct saver_entry **at = &q->first; *at; at = &(*at)->next) {
        if (only_awaited && !(*at)->awaited && !(*at)->aborted)
            continue;
        if (!best || saver_queue_class(*at) < saver_queue_class(*best))
            best = at;
    }
    if (!best)
        return NULL;
    struct saver_entry *e = *best;
    /* One that is aborted takes no view, and so nobody's turn. */
    for (struct saver_entry *other = q->first; other != e; other = other->next)
        other->overtaken += !e->aborted;
    *best = e->next;
    e->next = NULL;
    return e;
}

bool saver_queue_has(const struct saver_queue *q, enum saver_kind kind)
{
    for (const struct saver_entry *e = q->first; e; e = e->next)
        if (e->kind == kind)
            return true;
    return false;
}
