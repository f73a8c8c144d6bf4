/*
 * rdb_set.c — sets: integers as one block, all others member by member.
 *
 *   set        count | member …
 *   intset     one string
 *   listpack   one string; it needs version 11, and is only read
 */
#include "core/ds/intset.h"
#include "core/types/set_walk.h"
#include "persist/rdb/rdb_elements.h"
#include "persist/rdb/rdb_type.h"

static const char twice[] =
    "Set integrity check failed: listpack with dup elements (a member comes twice)";

static unsigned rdb_set_code(const struct rdb_out *o, const struct value *v)
{
    (void)o;
    struct bytes ints;
    return set_as_ints(v, &ints) ? RDB_SET_INTSET : RDB_SET;
}

static void rdb_set_write_member(void *ctx, const struct set_member *m)
{
    struct rdb_out *o = ctx;
    if (m->text.data)
        rdb_out_string(o, m->text);
    else
        rdb_out_integer(o, m->number);
}

static void rdb_set_write(struct rdb_out *o, const struct value *v)
{
    struct bytes ints;
    if (set_as_ints(v, &ints)) {
        rdb_out_string(o, ints);
        return;
    }
    rdb_out_length(o, set_count(v));
    set_each(v, rdb_set_write_member, o);
}

static int read_members(struct rdb_in *in, struct loose *to)
{
    uint64_t n;
    int rc = rdb_in_count(in, 1, &n);
    for (uint64_t i = 0; i < n && rc == LK_OK; i++) {
        struct bytes member;
        bool added = false;
        rc = rdb_in_element(in, &member);
        if (rc == LK_OK && i == 0)
            rc = set_expect(&to->edit, member, n);
        if (rc == LK_OK)
            rc = set_add(&to->edit, member, &added);
        if (rc == LK_OK && !added)
            rc = LK_EFORMAT;
    }
    return rdb_in_made(in, rc, twice);
}

static int read_ints(struct rdb_in *in, struct loose *to)
{
    struct bytes b;
    const int rc = rdb_in_element(in, &b);
    if (rc != LK_OK)
        return rc;
    const unsigned char *set = (const unsigned char *)b.data;
    if (!intset_validate(set, b.size))
        return rdb_in_fail(in, "Intset integrity check failed: %zu bytes are no intset", b.size);
    return intset_count(set) > 0 ? rdb_in_made(in, set_from_ints(to, b), twice) : LK_OK;
}

static int rdb_set_read_pack(struct rdb_in *in, struct loose *to)
{
    struct bytes lp;
    size_t count;
    const int rc = rdb_in_listpack(in, "Set", &lp, &count);
    return rc == LK_OK && count > 0 ? rdb_in_made(in, set_from_pack(to, lp), twice) : rc;
}

static int rdb_set_read(struct rdb_in *in, const struct rdb_code *row, struct value *out)
{
    struct loose to;
    loose_begin(&to, TYPE_SET, in->limits, &in->scratch);
    const int rc = row->code == RDB_SET          ? read_members(in, &to)
                   : row->code == RDB_SET_INTSET ? read_ints(in, &to)
                                                 : rdb_set_read_pack(in, &to);
    if (rc != LK_OK || set_count(&to.edit.value) == 0)
        loose_drop(&to);
    *out = to.edit.value;
    return rc;
}

const struct rdb_type rdb_set = {rdb_set_code, rdb_set_write, rdb_set_read};
