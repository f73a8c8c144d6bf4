/*
 * lazy_free.h — a thread that frees what would take a worker too long.
 *
 * Threads  the calls: any; what is handed over must be out of reach of everybody else
 */
#ifndef LK_STORE_LAZY_FREE_H
#define LK_STORE_LAZY_FREE_H

#include "core/ds/table.h"

LK_BEGIN

struct lazy_free;

struct lazy_free *lazy_free_new(void);
void lazy_free_end(struct lazy_free *l); /* frees what is queued, then stops */

/* Begins anew to count what is done. */
void lazy_free_reset(struct lazy_free *l);
void lazy_free_entry(struct lazy_free *l, struct entry *e); /* with its value */
void lazy_free_table(struct lazy_free *l, struct table *t); /* of entries, and itself */

/* Objects handed over and not yet freed, and how many have been. */
uint64_t lazy_free_pending(const struct lazy_free *l);
/*
 * What they take, about: a value's nodes and a table's entries are told from a few of them.  Falls
 * as they are freed, and is 0 when nothing is pending.
 */
size_t lazy_free_pending_bytes(const struct lazy_free *l);
uint64_t lazy_free_done(const struct lazy_free *l);
void lazy_free_wait(struct lazy_free *l); /* until nothing is pending: for tests and DEBUG */

LK_END

#endif
