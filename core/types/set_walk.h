/*
 * set_walk.h — going over the members of a set, and keeping those that other sets have.
 *
 * A walk gives the members in runs, so that what is asked of them is asked of many at once.  All
 * algebra of sets is a walk over one of them with the others as sieves.
 *
 * Threads  hold the locks of all keys concerned
 * Memory   members are borrowed from the set; a change of it ends the walk
 */
#ifndef LK_TYPES_SET_WALK_H
#define LK_TYPES_SET_WALK_H

#include "core/ds/table_join.h"
#include "core/types/set.h"

LK_BEGIN

struct set_run {
    uint32_t count;
    bool in_table;                     /* the members are entries; member is not filled */
    struct set_member member[SET_RUN]; /* of a set that is no table */
    struct table_run table;            /* of one that is */
};

struct set_walk {
    const struct value *set;
    const unsigned char *at; /* listpack: the next entry */
    size_t index;            /* intset: of the next number */
    struct table_walk table;
};

void set_walk_begin(struct set_walk *w, const struct value *v);

/* The next run of members; false at the end. */
bool set_walk_next(struct set_walk *w, struct set_run *run);

/* Keeps the members that the set has, or with present false those that it has not. */
void set_run_sift(struct set_run *run, const struct value *v, bool present);

/* Asks for the memory of the texts, which the caller is about to read. */
static inline void set_run_prefetch(const struct set_run *run)
{
    if (run->in_table)
        table_run_prefetch(&run->table);
}

static inline struct set_member set_run_member(const struct set_run *run, uint32_t i)
{
    if (!run->in_table)
        return run->member[i];
    const struct set_member m = {entry_key(run->table.entry[i]), 0};
    return m;
}

/*
 * A step of SSCAN: visits about `count` members from cursor on and returns the next cursor, 0 at
 * the end.  A member that is there throughout is visited once.  Sets in one block are visited
 * whole.
 */
uint64_t set_scan(const struct value *v, uint64_t cursor, uint64_t count, set_visit *visit,
                  void *ctx);

void set_each(const struct value *v, set_visit *visit, void *ctx);

LK_END

#endif
