/*
 * set.h — sets: packed integers, a listpack, or a table.
 *
 *   ENC_INTSET    | width, count, sorted integers |     members are integers, in the entry
 *   ENC_LISTPACK  | listpack |                          members are few and short, in the entry
 *   ENC_TABLE     | pointer | -> struct table -> entries without payload, one a member
 *
 * A set leaves a compact encoding when it passes a threshold of struct type_limits, and never goes
 * back: only a new value is made in the best one.
 *
 * Shapes   up to 2^32 - 1 members of any bytes
 * Errors   negative enum status; a call that fails has changed no member
 * Threads  hold the lock of the key
 */
#ifndef LK_TYPES_SET_H
#define LK_TYPES_SET_H

#include "core/base/rng.h"
#include "core/types/loose.h"

LK_BEGIN

/* A member as it is kept: text, or a number whose digits are the text (text.data is NULL). */
struct set_member {
    struct bytes text;
    int64_t number;
};

static inline struct bytes set_member_text(const struct set_member *m, char digits[INT64_CHARS])
{
    return m->text.data ? m->text : bytes_of(digits, int64_to_chars(m->number, digits));
}

uint64_t set_count(const struct value *v);

bool set_has(const struct value *v, struct bytes member);
/* The same of n members, at most SET_RUN, faster: of a table the cache lines come together. */
enum { SET_RUN = 64 };
void set_has_many(const struct value *v, const struct bytes *members, uint32_t n, bool *has);

/*
 * Before `more` members are added, of which one is first: a set that is to pass a threshold becomes
 * a table at once, and an empty one gets the encoding in which it will begin.  LK_ENOMEM
 */
int set_expect(struct value_edit *e, struct bytes first, uint64_t more);

/* *added: it was not there.  LK_ENOMEM */
int set_add(struct value_edit *e, struct bytes member, bool *added);

/* False if it was not there.  The last member may go; what is left is an empty set. */
bool set_remove(struct value_edit *e, struct bytes member);

/* --- at random ------------------------------------------------------------------------------- */

/* A member, each as likely as any other; the set has at least one. */
void set_random(const struct value *v, struct rng *rng, struct set_member *out);

typedef void set_visit(void *ctx, const struct set_member *m);

/* Visits n different members, n at most their number; every choice is as likely as any other. */
void set_sample(const struct value *v, uint64_t n, struct rng *rng, set_visit *visit, void *ctx);
/* The same n members are taken out, each after it was visited. */
void set_take(struct value_edit *e, uint64_t n, struct rng *rng, set_visit *visit, void *ctx);
/* Visits n members that need not differ; the set has at least one. */
void set_draw(const struct value *v, uint64_t n, struct rng *rng, set_visit *visit, void *ctx);

/* --- whole sets, as files hold them ---------------------------------------------------------- */

/* The members as one block of core/ds/intset.h; false if they are kept otherwise. */
bool set_as_ints(const struct value *v, struct bytes *out);

/*
 * Makes `to`, an empty set, of a block that is known to be valid and is not empty: as it lies where
 * the limits allow it, else member by member.
 * LK_EFORMAT  a member comes twice;  LK_ENOMEM
 */
int set_from_ints(struct loose *to, struct bytes ints);
int set_from_pack(struct loose *to, struct bytes lp); /* of a listpack */

extern const struct type_ops set_type_ops;

LK_END

#endif
