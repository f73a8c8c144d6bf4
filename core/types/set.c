/*
 * set.c — members that come, go and are asked for; what generic code wants of sets.
 */
#include "core/types/set.h"

#include "core/ds/table_join.h"
#include "core/types/set_priv.h"
#include "core/types/set_walk.h"

uint64_t set_count(const struct value *v)
{
    switch (v->encoding) {
    case ENC_INTSET:
        return intset_count(set_ints(v));
    case ENC_LISTPACK:
        return listpack_count(set_pack(v));
    default:
        return set_table(v)->count;
    }
}

/* --- asking ---------------------------------------------------------------------------------- */

static const unsigned char *pack_find(const struct value *v, const struct listpack_value *m)
{
    const unsigned char *lp = set_pack(v);
    return listpack_find(lp, listpack_first(lp), m, 0);
}

bool set_has(const struct value *v, struct bytes member)
{
    struct table_loc loc;
    if (v->encoding == ENC_TABLE)
        return table_find(set_table(v), hash_bytes(member), member, &loc) != NULL;
    const struct listpack_value m = listpack_from_bytes(member);
    if (v->encoding == ENC_INTSET)
        return m.is_number && intset_find(set_ints(v), m.number, NULL);
    return pack_find(v, &m) != NULL;
}

void set_has_many(const struct value *v, const struct bytes *members, uint32_t n, bool *has)
{
    struct entry *like[TABLE_RUN];
    if (v->encoding != ENC_TABLE) {
        for (uint32_t i = 0; i < n; i++)
            has[i] = set_has(v, members[i]);
        return;
    }
    table_find_many(set_table(v), members, n, like);
    for (uint32_t i = 0; i < n; i++)
        has[i] = like[i] != NULL;
}

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
    *added = !pack_find(&e->value, &m);
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
    const unsigned char *p = pack_find(&e->value, &m);
    if (p)
        packed_delete(e, 0, p, 1);
    return p != NULL;
}

/* --- the row --------------------------------------------------------------------------------- */

static void set_empty(struct value *out)
{
    static const unsigned char none[INTSET_EMPTY_BYTES] = {sizeof(int16_t)};
    out->type = TYPE_SET;
    out->encoding = ENC_INTSET;
    out->as.bytes = bytes_of(none, sizeof none);
}

static const char *set_encoding_name(const struct value *v)
{
    switch (v->encoding) {
    case ENC_INTSET:
        return "intset";
    case ENC_LISTPACK:
        return "listpack";
    default:
        return "hashtable";
    }
}

static int set_copy(const struct value *v, struct value *out)
{
    *out = *v;
    if (v->encoding != ENC_TABLE)
        return LK_OK;
    struct table *t = set_table_of(v, 0);
    if (!t)
        return LK_ENOMEM;
    out->as.root = t;
    return LK_OK;
}

static void set_free_entry(void *ctx, struct entry *e)
{
    (void)ctx;
    entry_free(e);
}

static void set_release(struct value *v, struct cow *cow)
{
    struct table *t = set_table(v);
    const bool shared = cow_shared(cow, t->epoch);
    table_release_cow(t, cow, set_free_entry, NULL);
    if (shared)
        cow->defer(cow, t, sizeof *t);
    else
        mem_delete(t);
    v->as.root = NULL;
}

static bool set_reap(struct value_reaper *r, size_t budget)
{
    struct table *t = set_table(&r->value);
    if (!table_release_some(t, &r->cursor, budget, set_free_entry, NULL))
        return false;
    mem_delete(t);
    return true;
}

/* Entries are nearly alike, so that a few stand for all. */
static size_t set_node_bytes(const struct value *v, size_t samples)
{
    if (v->encoding != ENC_TABLE)
        return 0;
    const struct table *t = set_table(v);
    struct table_walk w;
    struct table_run run;
    size_t bytes = 0, n = 0;
    table_walk_begin(&w, t);
    for (table_walk_next(&w, &run); run.count > 0 && n < samples; table_walk_next(&w, &run))
        for (uint32_t i = 0; i < run.count && n < samples; i++, n++)
            bytes += mem_class(entry_size(run.entry[i]));
    const size_t entries = n ? (size_t)((double)bytes / (double)n * t->count) : 0;
    return mem_class(sizeof *t) + table_page_bytes(t) + entries;
}

static size_t set_free_effort(const struct value *v)
{
    return v->encoding == ENC_TABLE ? set_table(v)->count : 1;
}

struct describing {
    describe_sink *sink;
    void *ctx;
};

static void describe_member(void *ctx, const struct set_member *m)
{
    const struct describing *d = ctx;
    char digits[INT64_CHARS];
    d->sink(d->ctx, set_member_text(m, digits), DESCRIBE_ELEMENT);
}

static void set_describe(const struct value *v, describe_sink *sink, void *ctx)
{
    struct describing d = {sink, ctx};
    set_each(v, describe_member, &d);
}

const struct type_ops set_type_ops = {
    .name = "set",
    .empty = set_empty,
    .encoding_name = set_encoding_name,
    .copy = set_copy,
    .release = set_release,
    .reap = set_reap,
    .node_bytes = set_node_bytes,
    .free_effort = set_free_effort,
    .length = set_count,
    .describe = set_describe,
    .unordered = true,
};
