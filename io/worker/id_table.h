/*
 * id_table.h — a worker's connections by the id of their session.
 *
 * What is sent to a session from elsewhere names it by id, as it may have gone meanwhile.  Ids are
 * counted up, so a multiplication spreads those that one worker has got.
 *
 * Threads  one owner
 * Memory   the table owns its buckets; a node is embedded in what is found
 * Cost     O(1); adding doubles the buckets now and then
 */
#ifndef LK_IO_ID_TABLE_H
#define LK_IO_ID_TABLE_H

#include "core/base/attr.h"

#include <stdint.h>

LK_BEGIN

struct id_node {
    struct id_node *next;
    uint64_t id;
};

struct id_table {
    struct id_node **buckets;
    uint32_t count;
    uint32_t bits; /* 2^bits buckets, if there are any */
};

/* A table of zero bytes is an empty one. */
void id_table_release(struct id_table *t); /* the nodes are left as they are */

void id_table_add(struct id_table *t, struct id_node *n, uint64_t id); /* the id is not in it */
void id_table_remove(struct id_table *t, struct id_node *n);           /* n must be in it */
struct id_node *id_table_find(const struct id_table *t, uint64_t id);  /* NULL: not here */

LK_END

#endif
