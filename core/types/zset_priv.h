/*
 * zset_priv.h — both encodings of a sorted set, for zset*.c and their test.
 *
 * The tree keeps a score as a number where it is one and exactly so, else as the eight bytes of the
 * double; its members are always strings.  The table keeps a score in four bytes where it is an
 * int32, else in eight.
 */
#ifndef LK_TYPES_ZSET_PRIV_H
#define LK_TYPES_ZSET_PRIV_H

#include "core/ds/table.h"
#include "core/types/zset.h"

#include <math.h>

LK_BEGIN

/* No listpack of more bytes, whatever the limits say. */
enum { ZSET_PACKED_MAX = 1 << 30 };

/* The root of ENC_TREE_TABLE; its epoch is that of the table. */
struct zset {
    struct tree *order;
    struct table members;
};

static inline struct zset *zset_root(const struct value *v)
{
    LK_DEBUG_ASSERT(v->encoding == ENC_TREE_TABLE);
    return (struct zset *)v->as.root;
}

static inline bool zset_is_packed(const struct value *v)
{
    return v->encoding == ENC_LISTPACK;
}

/* Scores in an order of numbers; equal for -0 and 0. */
static inline uint64_t zset_score_bits(double score)
{
    const uint64_t top = UINT64_C(1) << 63;
    uint64_t bits;
    score += 0.0; /* makes -0 a 0 */
    memcpy(&bits, &score, sizeof bits);
    return bits & top ? ~bits : bits | top;
}

/* Is it an integer that a double keeps exactly, and no -0? */
static inline bool zset_score_is_integer(double score, int64_t *out)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    if (!(score >= -exact && score <= exact))
        return false;
    const int64_t n = (int64_t)score;
    *out = n;
    return (double)n == score && (n != 0 || !signbit(score));
}

static inline int zset_compare_members(struct bytes a, struct bytes b)
{
    const size_t n = a.size < b.size ? a.size : b.size;
    const int c = n ? memcmp(a.data, b.data, n) : 0;
    return c != 0 ? c : (a.size > b.size) - (a.size < b.size);
}

/* Negative if a comes first. */
static inline int zset_compare(double sa, struct bytes a, double sb, struct bytes b)
{
    if (sa != sb)
        return sa < sb ? -1 : 1;
    return zset_compare_members(a, b);
}

/* zset_rule.c: what becomes of a member whose score is old (NULL: none is there).  LK_ENAN */
int zset_decide(const double *old, double score, unsigned flags, struct zset_added *out);

/* --- zset_packed.c: the payload is one listpack ----------------------------------------------- */

const unsigned char *zset_packed_find(const unsigned char *lp, struct bytes member, double *score,
                                      uint64_t *rank);
double zset_packed_score(const unsigned char *p); /* of a score's entry */
struct listpack_value zset_packed_value(double score, char text[DOUBLE_CHARS]);
void zset_packed_read(struct zset_iter *it);
bool zset_packed_at(struct zset_iter *it, const struct value *v, uint64_t rank);
bool zset_packed_next(struct zset_iter *it);
void zset_packed_ranks(const struct value *v, const struct zset_range *r, uint64_t *first,
                       uint64_t *n);
/* LK_EAGAIN: only a tree has room for the member; out has its score, and nothing has changed. */
int zset_packed_add(struct value_edit *e, struct bytes member, double score, unsigned flags,
                    struct zset_added *out);
bool zset_packed_remove(struct value_edit *e, struct bytes member);
void zset_packed_remove_ranks(struct value_edit *e, uint64_t first, uint64_t n);

/* --- zset_tree.c: a tree and a table ---------------------------------------------------------- */

struct zset *zset_tree_new(const struct cow *cow);
bool zset_tree_score(const struct zset *z, struct bytes member, uint64_t hash, double *score);
uint64_t zset_tree_rank(const struct zset *z, struct bytes member, double score);
int zset_tree_add(struct value_edit *e, struct bytes member, double score, unsigned flags,
                  struct zset_added *out);
bool zset_tree_remove(struct value_edit *e, struct bytes member);
void zset_tree_remove_ranks(struct value_edit *e, uint64_t first, uint64_t n);
/* A table's entry for the member; NULL without memory. */
struct entry *zset_entry_new(struct bytes member, double score);
double zset_entry_score(const struct entry *e);

/* --- zset_order.c: elements in the tree ------------------------------------------------------- */

struct zset_key { /* of a probe */
    double score;
    struct bytes member;
};

extern const struct tree_params zset_tree_params;
/* Reads an element's score; returns where its member is. */
const unsigned char *zset_element_score_slow(const unsigned char *p, double *score);
static inline const unsigned char *zset_element_score(const unsigned char *p, double *score)
{
    /* Integers of 7, 13 and 16 bits, as a listpack has them: most scores, and all ranks. */
    if (p[0] == 0xF1) {
        *score = (int16_t)(p[1] | p[2] << 8);
        return p + 4;
    }
    if ((p[0] & 0xE0) == 0xC0) {
        *score = (int16_t)((p[0] << 8 | p[1]) << 3) >> 3;
        return p + 3;
    }
    if (p[0] < 0x80) {
        *score = p[0];
        return p + 2;
    }
    return zset_element_score_slow(p, score);
}
/* The two values of an element; raw lives as long as they do. */
void zset_element_values(struct bytes member, double score, char raw[sizeof(double)],
                         struct listpack_value out[2]);
struct tree_probe zset_probe(const struct zset_key *key);
/* For tree_check. */
int zset_element_compare(const unsigned char *a, const unsigned char *b);

void zset_tree_read(struct zset_iter *it);

/* --- zset_range.c ----------------------------------------------------------------------------- */

void zset_tree_ranks(const struct zset *z, const struct zset_range *r, uint64_t *first,
                     uint64_t *n);
/* Is where the iterator stands within the end of the range to which it goes? */
bool zset_range_holds(const struct zset_range *r, bool reverse, const struct zset_iter *it);

/* --- zset.c ----------------------------------------------------------------------------------- */

/* What scans of large sets and digests show: 17 digits, even if fewer would do. */
struct bytes zset_digits_17(double score, char text[DOUBLE_CHARS]);

/* --- zset_build.c ----------------------------------------------------------------------------- */

/* The listpack at e becomes a tree and a table.  LK_ENOMEM */
int zset_become_tree(struct value_edit *e);

LK_END

#endif
