/*
 * zset.h — sorted sets: members, each once, in the order of their scores.
 *
 *   ENC_LISTPACK     | member | score | member | score | …          the payload, in order
 *   ENC_TREE_TABLE   root --> tree    score, member, in order
 *                      \----> table   member -> score               "skiplist" to clients
 *
 * Order    by score, then as memcmp of the members; -0 and 0 are the same score
 * Ranks    from 0, the lowest score first
 * Shapes   scores are any double but NaN; members any bytes
 * Errors   a negative enum status; a call that fails has changed nothing
 * Memory   members that are handed out die at the next change of the set; members that are handed
 *          in must not point into it
 */
#ifndef LK_TYPES_ZSET_H
#define LK_TYPES_ZSET_H

#include "core/base/hash.h"
#include "core/types/value.h"

LK_BEGIN

extern const struct type_ops zset_type_ops;

/* --- reading --------------------------------------------------------------------------------- */

uint64_t zset_length(const struct value *v);

/* False if there is no such member. */
bool zset_score(const struct value *v, struct bytes member, double *score);
/* The same with hash_bytes(member) known, and a hint that it will be asked for soon. */
bool zset_score_hashed(const struct value *v, struct bytes member, uint64_t hash, double *score);
void zset_prefetch(const struct value *v, uint64_t hash);
/* Both for one member; false if there is no such member. */
bool zset_rank(const struct value *v, struct bytes member, uint64_t *rank, double *score);

/* A place in the order.  member and score are those of the element where it stands. */
struct zset_iter {
    struct bytes member;
    double score;
    bool reverse;
    const unsigned char *lp, *p; /* ENC_LISTPACK: the list and the element's first entry */
    struct tree_iter tree;
    char digits[INT64_CHARS]; /* members that are kept as numbers are written here */
};

/* The element of that rank; with reverse, next goes down.  False past either end. */
bool zset_iter_at(struct zset_iter *it, const struct value *v, uint64_t rank, bool reverse);
bool zset_iter_next(struct zset_iter *it);
/* The first element whose score is at least that; next goes up.  False if there is none. */
bool zset_iter_seek(struct zset_iter *it, const struct value *v, double score);

/* Does the member lie in the iterator itself, and end with its next step? */
static inline bool zset_iter_brief(const struct zset_iter *it)
{
    return it->member.data == it->digits;
}

/* One end of a range of scores or of members. */
enum zset_edge { ZSET_CLOSED, ZSET_OPEN, ZSET_LOWEST, ZSET_HIGHEST };
struct zset_bound {
    enum zset_edge edge; /* the last two only for members: before all, behind all */
    double score;
    struct bytes member;
};
/* By member it is meant for sets in which all scores are equal; in others it finds something. */
struct zset_range {
    bool by_member;
    struct zset_bound min, max;
};

/* The range as ranks first … first + n - 1. */
void zset_range_ranks(const struct value *v, const struct zset_range *r, uint64_t *first,
                      uint64_t *n);
/*
 * Leaves out `skip` elements of the range, puts it on the next and returns how many there are from
 * there on, at most `limit`.  With reverse it begins at the upper end and goes down.
 */
uint64_t zset_range_iter(struct zset_iter *it, const struct value *v, const struct zset_range *r,
                         bool reverse, uint64_t skip, uint64_t limit);

/* A step of ZSCAN: all of a small set.  score is as text; returns the next cursor, 0 at the end. */
uint64_t zset_scan(const struct value *v, uint64_t cursor, uint64_t count,
                   void (*visit)(void *ctx, struct bytes member, struct bytes score), void *ctx);

/* --- changing -------------------------------------------------------------------------------- */

enum zset_flag {
    ZSET_NX = 1 << 0,   /* only new members */
    ZSET_XX = 1 << 1,   /* only those that are there */
    ZSET_GT = 1 << 2,   /* those that are there only if their score rises … */
    ZSET_LT = 1 << 3,   /* … or falls */
    ZSET_INCR = 1 << 4, /* the score is added to the old one */
};

enum zset_change {
    ZSET_REFUSED, /* the flags did not allow it */
    ZSET_KEPT,    /* the member had that score */
    ZSET_ADDED,
    ZSET_MOVED, /* it got another score */
};

struct zset_added {
    enum zset_change change;
    double score; /* that the member has now, unless refused */
};

/* Gives member a score.  LK_ENAN  the sum is none;  LK_ENOMEM */
int zset_add(struct value_edit *e, struct bytes member, double score, unsigned flags,
             struct zset_added *out);

bool zset_remove(struct value_edit *e, struct bytes member);
/* first + n <= length */
void zset_remove_ranks(struct value_edit *e, uint64_t first, uint64_t n);

/* --- making a whole set ---------------------------------------------------------------------- */

struct zset_item {
    struct bytes member;
    double score;
    uint64_t hash; /* hash_bytes(member) */
};

static inline struct zset_item zset_item_of(struct bytes member, double score)
{
    struct zset_item i;
    i.member = member;
    i.score = score;
    i.hash = hash_bytes(member);
    return i;
}

/* Puts items in the order of a set.  They need not be distinct. */
void zset_sort(struct zset_item *items, size_t n);

/*
 * A set of n items, which it sorts if they are not in order; the members are copied.  A small set
 * is made in scratch and is to be put before that changes.
 * LK_EFORMAT  two of the members are equal, or a score is NaN
 * Cost        about 0.3 µs an item
 */
int zset_from_items(struct zset_item *items, size_t n, const struct type_limits *limits,
                    struct buf *scratch, struct value *out);

/* Are they, each before the next or equal to it? */
bool zset_is_sorted(const struct zset_item *items, size_t n);

/* The set as one listpack, member, score, member …; false if it is kept otherwise. */
bool zset_as_pack(const struct value *v, struct bytes *out);

/*
 * A set of a listpack that is known to be valid and is not empty: as it lies where the limits allow
 * it; else it is made as by zset_from_items.
 * LK_EFORMAT  pairs that are not whole or not in order, a member twice, a score that is none
 */
int zset_from_pack(struct bytes lp, const struct type_limits *limits, struct buf *scratch,
                   struct value *out);

/*
 * Do the entries of a valid listpack make up a set: pairs in order, no member twice, each score a
 * number?  For bytes from outside.  Cost O(n^2), and n is small in sets that were made so.
 */
bool zset_packed_valid(const unsigned char *lp);

LK_END

#endif
