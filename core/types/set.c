/*
 * set.c — members that come and go.
 */
#include "core/types/set.h"

#include "core/types/set_priv.h"

/* --- adding ---------------------------------------------------------------------------------- */

static int add_to_table(struct value_edit *e, struct bytes member, bool *added)
{
    const uint64_t hash = hash_bytes(member);
    struct table_loc loc;
    *added = !table_find(set_table(&e->value), hash, member, &loc);
    if (!*added)
        return LK_OK;
    struct table *t = set_own_table(e);
    if (!set_table_add(t, e->cow, hash, member))
        return LK_ENOMEM;
    table_settle(t, e->cow);
    return LK_OK;
}

static int append_to_pack(struct value_edit *e, struct bytes member, const struct listpack_value *m)
{
    bool added;
    if (set_fits_pack(e->limits, &e->value, member.size))
        return packed_insert(e, 0, NULL, m, 1);
    const int rc = set_to_table(e);
    return rc == LK_OK ? add_to_table(e, member, &added) : rc;
}

static int add_int(struct value_edit *e, int64_t number, bool *added)
{
    size_t index;
    *added = !intset_find(set_ints(&e->value), number, &index);
    if (!*added)
        return LK_OK;
    char *at = e->resize(e, intset_bytes_with(set_ints(&e->value), number));
    if (!at)
        return LK_ENOMEM;
    intset_insert_in_place((unsigned char *)at, index, number);
    return LK_OK;
}

/* An intset that may take no more integers, or no such member, becomes what can hold it. */
static int add_to_ints(struct value_edit *e, struct bytes member, const struct listpack_value *m,
                       bool *added)
{
    int rc = LK_OK;
    if (m->is_number) {
        if (intset_find(set_ints(&e->value), m->number, NULL) ||
            set_fits_ints(e->limits, &e->value))
            return add_int(e, m->number, added);
    } else if (set_ints_fit_pack(e->limits, &e->value, member.size)) {
        rc = set_to_pack(e);
        *added = true;
        return rc == LK_OK ? packed_insert(e, 0, NULL, m, 1) : rc;
    }
    rc = set_to_table(e);
    return rc == LK_OK ? add_to_table(e, member, added) : rc;
}

int set_add(struct value_edit *e, struct bytes member, bool *added)
{
    *added = false;
    if (e->value.encoding == ENC_TABLE)
        return add_to_table(e, member, added);
    const struct listpack_value m = listpack_from_bytes(member);
    if (e->value.encoding == ENC_INTSET)
        return add_to_ints(e, member, &m, added);
    *added = !set_pack_find(&e->value, &m);
    return *added ? append_to_pack(e, member, &m) : LK_OK;
}

/* --- removing -------------------------------------------------------------------------------- */

void set_drop_int(struct value_edit *e, size_t index)
{
    unsigned char *set = (unsigned char *)(uintptr_t)set_ints(&e->value);
    intset_delete_in_place(set, index);
    /* Giving bytes back may move the value to a smaller block: there is no way on without one. */
    LK_ASSERT(e->resize(e, intset_bytes(set)) != NULL);
}

void set_drop_entry(struct value_edit *e, struct table *t, struct table_loc *loc)
{
    bool seen;
    struct entry *gone = table_remove(t, e->cow, loc, &seen);
    if (seen)
        e->cow->defer(e->cow, gone, entry_size(gone));
    else
        entry_free(gone);
    table_settle(t, e->cow);
}

static bool remove_from_table(struct value_edit *e, struct bytes member)
{
    const uint64_t hash = hash_bytes(member);
    const struct table *found_in = set_table(&e->value);
    struct table_loc loc;
    if (!table_find(found_in, hash, member, &loc))
        return false;
    struct table *t = set_own_table(e);
    if (t != found_in)
        LK_ASSERT(table_find(t, hash, member, &loc) != NULL);
    set_drop_entry(e, t, &loc);
    return true;
}

bool set_remove(struct value_edit *e, struct bytes member)
{
    size_t index;
    if (e->value.encoding == ENC_TABLE)
        return remove_from_table(e, member);
    const struct listpack_value m = listpack_from_bytes(member);
    if (e->value.encoding == ENC_INTSET) {
        if (!m.is_number || !intset_find(set_ints(&e->value), m.number, &index))
            return false;
        set_drop_int(e, index);
        return true;
    }
    const unsigned char *p = set_pack_find(&e->value, &m);
    if (p)
        packed_delete(e, 0, p, 1);
    return p != NULL;
}
