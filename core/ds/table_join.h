/*
 * table_join.h — walking a table some entries at a time, and finding their like in another.
 *
 * All tables lie in the order of one hash.  So the bucket in which an entry of one table lies says
 * which one or two buckets of another table can have an entry of the same key, and the tag says
 * for all but one in 256 others that they are not it.  An entry without like is mostly recognised
 * without being read or hashed, and both tables are read from one end to the other.
 *
 *   a  | b0    | b1    | b2    |          b1 covers the positions of B1, B2 and B3
 *   b  | B0 | B1 | B2 | B3 | B4 |
 *
 * Threads  both tables' locks
 * Memory   entries are borrowed; a change of the table ends a walk over it
 */
#ifndef LK_DS_TABLE_JOIN_H
#define LK_DS_TABLE_JOIN_H

#include "core/ds/table.h"

LK_BEGIN

enum { TABLE_RUN = 64 };

/* Entries in hash order; where guest is set the positions are not known. */
struct table_run {
    uint32_t count;
    struct entry *entry[TABLE_RUN];
    uint32_t first[TABLE_RUN], last[TABLE_RUN]; /* the position is one of these */
    uint8_t tag[TABLE_RUN];
    bool guest[TABLE_RUN];
};

struct table_walk {
    const struct table *table;
    const struct table_dir *dir;
    const struct table_page *node; /* NULL: to be found */
    uint32_t page, bucket;
};

void table_walk_begin(struct table_walk *w, const struct table *t);
/* The next entries; none at the end, and then never again any. */
void table_walk_next(struct table_walk *w, struct table_run *run);

/* Entry i takes the place of entry to: for who drops some. */
static inline void table_run_keep(struct table_run *run, uint32_t to, uint32_t i)
{
    run->entry[to] = run->entry[i];
    run->first[to] = run->first[i];
    run->last[to] = run->last[i];
    run->tag[to] = run->tag[i];
    run->guest[to] = run->guest[i];
}

/* Asks for the memory of the entries, which the caller is about to read. */
void table_run_prefetch(const struct table_run *run);

/* like[i] becomes t's entry of the same key as the run's entry i, or NULL. */
void table_run_match(const struct table_run *run, const struct table *t,
                     struct entry *like[TABLE_RUN]);

/* The same of keys from elsewhere: n of them, at most TABLE_RUN. */
void table_find_many(const struct table *t, const struct bytes *keys, uint32_t n,
                     struct entry *like[TABLE_RUN]);

LK_END

#endif
