/*
 * geo_hits.h — what a search has found, and which of it is wanted.
 *
 * With a limit and an order only the best are kept, as a heap whose root is the worst of them: what
 * is no better than that need not be looked at again.
 *
 * Memory   rows lie in a buffer of the caller's; members are borrowed from the set, but brief ones,
 *          which are copied
 */
#ifndef LK_CMD_GEO_HITS_H
#define LK_CMD_GEO_HITS_H

#include "core/base/buf.h"
#include "core/cmd/geo/geo_query.h"

LK_BEGIN

struct geo_hit {
    const char *member;
    uint32_t member_size;
    uint32_t arrival; /* of equal ones the first comes first */
    double score, distance;
};

struct geo_hits {
    struct buf *rows; /* of struct geo_hit */
    struct buf texts; /* brief members; it never moves */
    uint64_t brief_max;
    enum geo_order order;
    bool stops; /* at the limit */
    uint32_t seen;
    uint64_t n, limit;
};

/* brief_max: how many brief members there may be at most. */
void geo_hits_init(struct geo_hits *h, struct buf *rows, const struct geo_query *q,
                   uint64_t brief_max);
void geo_hits_release(struct geo_hits *h);

/* False if no more are wanted.  brief: the member's bytes end with the caller's next step. */
bool geo_hits_add(struct geo_hits *h, struct bytes member, bool brief, double score,
                  double distance);

/* Puts them in their order, if there is one.  Cost  O(n log n) */
void geo_hits_sort(struct geo_hits *h);

static inline struct geo_hit *geo_hits_rows(const struct geo_hits *h)
{
    return (struct geo_hit *)h->rows->data;
}

static inline struct bytes geo_hit_member(const struct geo_hit *h)
{
    return bytes_of(h->member, h->member_size);
}

LK_END

#endif
