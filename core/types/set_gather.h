/*
 * set_gather.h — members of several sets, put together, and a value made of them.
 *
 * The members stay where they are; what is kept of each is a reference and, to know it again, 32
 * bits of its hash.
 *
 * Threads  hold the locks of all keys that members come from
 * Memory   members are borrowed: no set that some came from may change before the release
 */
#ifndef LK_TYPES_SET_GATHER_H
#define LK_TYPES_SET_GATHER_H

#include "core/types/set_walk.h"

LK_BEGIN

struct set_gather_slot {
    uint32_t index; /* of the member, from 1; 0 is an empty slot */
    uint32_t hash;
};

struct set_gather {
    struct set_member *member;
    size_t count, capacity;
    size_t gone;                  /* members that were struck out; their text.size is SIZE_MAX */
    struct set_gather_slot *slot; /* NULL until it is asked what is there already */
    size_t slots;                 /* a power of two; at most half of them are used */
};

void set_gather_init(struct set_gather *g);
void set_gather_release(struct set_gather *g);

/* Adds members that are known not to be there; set_gather_join and _strike may not follow. */
void set_gather_append(struct set_gather *g, const struct set_run *run);
/* Adds those that are not there yet. */
void set_gather_join(struct set_gather *g, const struct set_run *run);
/* Strikes out those that are there, which set_gather_join has put there. */
void set_gather_strike(struct set_gather *g, const struct set_run *run);

static inline size_t set_gather_count(const struct set_gather *g)
{
    return g->count - g->gone;
}

/* Visits what is there. */
void set_gather_each(const struct set_gather *g, set_visit *visit, void *ctx);

/*
 * A set of what is there, at least one member, in its best encoding; a small one is made in scratch
 * and borrowed from there.  LK_ENOMEM
 */
int set_gather_value(const struct set_gather *g, const struct type_limits *l, struct buf *scratch,
                     struct value *out);

LK_END

#endif
