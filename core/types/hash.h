/*
 * hash.h — hashes: fields with values, each of which may have a deadline of its own.
 *
 * A field whose deadline is at or before the moment that a call is given does not exist for it,
 * though it is kept until somebody drops it: hash_drop_due, or a change of that field.
 *
 * Shapes   names and values are any bytes, together below 4 GiB; up to 2^32 - 1 fields
 * Units    *_ms is Unix time in ms; a now_ms below 0 is before every deadline
 * Errors   negative enum status; a call that fails has changed nothing, but where it says so
 * Threads  hold the lock of the key
 */
#ifndef LK_TYPES_HASH_H
#define LK_TYPES_HASH_H

#include "core/base/rng.h"
#include "core/types/loose.h"

LK_BEGIN

/* --- reading ------------------------------------------------------------------------------- */

/* One field; what it borrows dies at the next change of the hash, or when a visit returns. */
struct hash_field {
    struct bytes name, value;
    int64_t deadline_ms; /* ENTRY_NO_DEADLINE if it has none */
};
typedef void hash_visit(void *ctx, const struct hash_field *f);

/* The value of a field that was looked up. */
struct hash_value {
    struct bytes bytes; /* in the hash, or in digits: do not copy the struct */
    int64_t deadline_ms;
    char digits[INT64_CHARS];
};

/* False if there is no such field. */
bool hash_get(const struct value *v, struct bytes name, int64_t now_ms, struct hash_value *out);

/* Calls got for each of n names in their order, with NULL where there is no such field. */
typedef void hash_got(void *ctx, const struct hash_value *value);
void hash_get_many(const struct value *v, const struct bytes *names, uint32_t n, int64_t now_ms,
                   hash_got *got, void *ctx);

uint64_t hash_length(const struct value *v);                /* fields that are kept */
uint64_t hash_count(const struct value *v, int64_t now_ms); /* fields that exist */
void hash_each(const struct value *v, int64_t now_ms, hash_visit *visit, void *ctx);

/*
 * Visits about count fields from cursor on and returns the next cursor, 0 at the end.  A field that
 * is there throughout is visited exactly once.  Compact hashes are visited whole.
 */
uint64_t hash_scan(const struct value *v, uint64_t cursor, uint64_t count, int64_t now_ms,
                   hash_visit *visit, void *ctx);

/*
 * Visits fields at random, each as likely as any other: exactly n, the same one perhaps again; or
 * with distinct different ones, n or as many as there are.  None if no field exists.
 */
void hash_pick(const struct value *v, uint64_t n, bool distinct, int64_t now_ms, struct rng *rng,
               hash_visit *visit, void *ctx);

/* --- changing: on an open edit; nothing handed in may point into the hash ------------------- */

#define HASH_KEEP_DEADLINE                                                                         \
    (-2) /* for deadline_ms below: an old field's stays, a new one has none */

/* What a field was before a change. */
struct hash_was {
    bool kept;           /* it was there, due or not */
    int64_t deadline_ms; /* with kept */
};

/* Sets one field; deadline_ms may be ENTRY_NO_DEADLINE or HASH_KEEP_DEADLINE.  LK_ENOMEM */
int hash_set(struct value_edit *e, struct bytes name, struct bytes value, int64_t deadline_ms,
             struct hash_was *was);

/*
 * The same for n pairs of name and value; *set says how many were set, also when the call fails,
 * and *created how many of them did not exist.  LK_ENOMEM
 */
int hash_set_pairs(struct value_edit *e, const struct bytes *pairs, uint32_t n, int64_t deadline_ms,
                   int64_t now_ms, uint32_t *set, uint32_t *created);

/* False if it was not kept. */
bool hash_delete(struct value_edit *e, struct bytes name, struct hash_was *was);

/* Gives a field that is kept another deadline, or with ENTRY_NO_DEADLINE none.  LK_ENOMEM */
int hash_set_deadline(struct value_edit *e, struct bytes name, int64_t deadline_ms);

/* Takes fields out that are due, at most max of them; calls gone with the name of each. */
uint32_t hash_drop_due(struct value_edit *e, int64_t now_ms, uint32_t max,
                       void (*gone)(void *ctx, struct bytes name), void *ctx);

/* --- whole hashes, as files hold them -------------------------------------------------------- */

/*
 * A hash as one listpack: name, value, name …, or with deadlines name, value, deadline, name …,
 * where those with a deadline come first, by deadline, and 0 is none.
 */
struct hash_pack {
    struct bytes list;
    bool timed;
};
/* False if it is kept otherwise. */
bool hash_as_pack(const struct value *v, struct hash_pack *out);

/*
 * Makes `to`, an empty hash, of a listpack that is known to be valid and is not empty: as it lies
 * where the limits allow it, else field by field.
 * LK_EFORMAT  fields that are not whole, a name that comes twice, a deadline that is none
 * LK_ENOMEM
 */
int hash_from_pack(struct loose *to, const struct hash_pack *pack);

/* Before so many fields are set in an empty hash: a large one becomes a table at once.  LK_ENOMEM
 */
int hash_expect(struct value_edit *e, uint64_t fields);

extern const struct type_ops hash_type_ops;

LK_END

#endif
