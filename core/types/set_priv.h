/*
 * set_priv.h — the encodings of sets, for set*.c.
 */
#ifndef LK_TYPES_SET_PRIV_H
#define LK_TYPES_SET_PRIV_H

#include "core/base/hash.h"
#include "core/ds/intset.h"
#include "core/ds/table.h"
#include "core/types/packed.h"
#include "core/types/set.h"

LK_BEGIN

static inline const unsigned char *set_ints(const struct value *v)
{
    return (const unsigned char *)v->as.bytes.data;
}

static inline const unsigned char *set_pack(const struct value *v)
{
    return packed_of(v, 0);
}

static inline struct table *set_table(const struct value *v)
{
    return (struct table *)v->as.root;
}

static inline void set_member_of_entry(const struct entry *e, struct set_member *out)
{
    out->text = entry_key(e);
    out->number = 0;
}

static inline void set_member_of_pack(const unsigned char *p, struct set_member *out)
{
    const struct listpack_value v = listpack_get(p);
    out->text = v.s;
    out->number = v.number;
}

static inline void set_member_of_int(int64_t number, struct set_member *out)
{
    out->text = bytes_of(NULL, 0);
    out->number = number;
}

/* Its place in the listpack; NULL: it is no member. */
const unsigned char *set_pack_find(const struct value *v, const struct listpack_value *m);

/* The table, ready to be changed: forked if the view may still read the root. */
struct table *set_own_table(struct value_edit *e);
/* A member leaves the table: its entry is freed, or deferred. */
void set_drop_entry(struct value_edit *e, struct table *t, struct table_loc *loc);
void set_drop_int(struct value_edit *e, size_t index);

/* A new table with room for count members, of the epoch of the view that must not see it. */
struct table *set_table_new(uint64_t count, uint32_t epoch);
/* The member is not in it yet.  False without memory. */
bool set_table_add(struct table *t, struct cow *cow, uint64_t hash, struct bytes member);
/* A new table of the members of v; NULL without memory. */
struct table *set_table_of(const struct value *v, uint32_t epoch);
void set_table_free(struct table *t);

/* LK_ENOMEM */
int set_to_pack(struct value_edit *e);
int set_to_table(struct value_edit *e);

/* May one more member, of that size, join a set of this encoding? */
bool set_fits_ints(const struct type_limits *l, const struct value *v);
bool set_fits_pack(const struct type_limits *l, const struct value *v, size_t size);
/* May the integers and a text of that size be a listpack? */
bool set_ints_fit_pack(const struct type_limits *l, const struct value *v, size_t size);

LK_END

#endif
