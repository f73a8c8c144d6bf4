/*
 * saver_queue.h — jobs that wait for a view, and whose turn it is.
 *
 *   somebody stands still until it ends --> SYNC --> SLOTS --> REWRITE --> RDB
 *
 * Among jobs of one kind the first comes first.  Whoever has been overtaken SAVER_OVERTAKEN_MOST
 * times goes next, so that a steady stream of replicas keeps no snapshot from being written.
 *
 * Threads  one owner, or a lock of the owner's
 * Memory   an entry is embedded in what waits, and must not go while it is in a queue
 * Cost     O(jobs), of which there are a handful
 */
#ifndef LK_PERSIST_SAVER_QUEUE_H
#define LK_PERSIST_SAVER_QUEUE_H

#include "core/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

LK_BEGIN

/* In the order in which they overtake one another. */
enum saver_kind {
    SAVER_NONE,
    SAVER_SYNC,    /* a snapshot for replicas */
    SAVER_SLOTS,   /* slots that move to another server */
    SAVER_REWRITE, /* a new base of the AOF */
    SAVER_RDB,     /* a file */
    SAVER_KINDS,
};

enum { SAVER_OVERTAKEN_MOST = 2 };

struct saver_entry {
    struct saver_entry *next;
    enum saver_kind kind;
    uint32_t overtaken; /* by jobs that came later */
    bool awaited;       /* somebody stands still until it ends */
    bool aborted;       /* it ends without a view: at once */
};

/* A queue of zero bytes is an empty one. */
struct saver_queue {
    struct saver_entry *first; /* as they came */
};

/* The entry is in no queue; kind and awaited are set. */
void saver_queue_add(struct saver_queue *q, struct saver_entry *e);

/* The one whose turn it is leaves the queue; NULL: nobody's.  only_awaited: no other's. */
struct saver_entry *saver_queue_take(struct saver_queue *q, bool only_awaited);

bool saver_queue_has(const struct saver_queue *q, enum saver_kind kind);

LK_END

#endif
