/*
 * log_copies.h — which changes enough replicas have been given, and who waits for that.
 *
 * Behind min-replicas-to-write a reply that rests on a ticket goes out when that is also here:
 *
 *   ticket --log thread--> stream --a replica's socket takes it--> publish --> workers that asked
 *
 * Nobody waits while it is off, as it is without that directive, and when no replica counts.
 *
 * Units    tickets as in log_ring.h
 * Threads  log_copies_publish and log_copies_off: one at a time; the others any
 */
#ifndef LK_STORE_LOG_COPIES_H
#define LK_STORE_LOG_COPIES_H

#include "core/base/atomic.h"
#include "core/base/bytes.h"

LK_BEGIN

/* Zeroed: it is off. */
struct log_copies {
    uint32_t on;      /* __atomic */
    uint64_t ticket;  /* __atomic: enough replicas have been given all up to it */
    uint64_t waiting; /* __atomic: workers with replies that rest on later tickets */
};

static inline bool log_copies_is_on(const struct log_copies *c)
{
    return load_seq_cst(&c->on);
}
/* May what rests on the ticket be told?  If not, the worker will be among those to tell. */
bool log_copies_has_or_ask(struct log_copies *c, uint64_t ticket, uint32_t worker);

/*
 * On, and all up to ticket has been given; a ticket below that of before changes nothing.  Returns
 * the workers to tell.
 */
LK_MUST_USE uint64_t log_copies_publish(struct log_copies *c, uint64_t ticket);
/* Off: nobody waits any more.  Returns the workers to tell. */
LK_MUST_USE uint64_t log_copies_off(struct log_copies *c);

LK_END

#endif
