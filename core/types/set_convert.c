/*
 * set_convert.c — from one encoding to a larger one.
 *
 * A table is filled before the payload is given up for its pointer, so that a conversion that finds
 * no memory leaves the set as it was.
 */
#include "core/types/set_priv.h"
#include "core/types/set_walk.h"

/* Blocks inside an entry stay below this, whatever the thresholds say. */
enum { INLINE_MAX_BYTES = 1 << 30 };

bool set_fits_ints(const struct type_limits *l, const struct value *v)
{
    const unsigned char *set = set_ints(v);
    return intset_count(set) < l->set_max_intset_entries && intset_bytes(set) < INLINE_MAX_BYTES;
}

bool set_fits_pack(const struct type_limits *l, const struct value *v, size_t size)
{
    const unsigned char *lp = set_pack(v);
    return listpack_count(lp) < l->set_max_listpack_entries && size <= l->set_max_listpack_value &&
           listpack_bytes(lp) + size < INLINE_MAX_BYTES;
}

static size_t set_convert_digits_of(int64_t number)
{
    char digits[INT64_CHARS];
    return int64_to_chars(number, digits);
}

bool set_ints_fit_pack(const struct type_limits *l, const struct value *v, size_t size)
{
    const unsigned char *set = set_ints(v);
    const uint64_t max = l->set_max_listpack_value, count = intset_count(set);
    if (count >= l->set_max_listpack_entries || size > max || size > INLINE_MAX_BYTES / 2 ||
        count > INLINE_MAX_BYTES / 64)
        return false;
    return count == 0 || (set_convert_digits_of(intset_min(set)) <= max &&
                          set_convert_digits_of(intset_max(set)) <= max);
}

/* The integers are read from a copy, since the list goes to where they are. */
int set_to_pack(struct value_edit *e)
{
    unsigned char *set = intset_clone(set_ints(&e->value));
    const size_t n = intset_count(set);
    size_t bytes = LISTPACK_EMPTY_BYTES;
    for (size_t i = 0; i < n; i++) {
        const struct listpack_value v = listpack_from_number(intset_get(set, i));
        bytes += listpack_encoded_bytes(&v, 1);
    }
    unsigned char *lp = (unsigned char *)e->resize(e, bytes);
    if (lp) {
        listpack_init_in_place(lp);
        for (size_t i = 0; i < n; i++) {
            const struct listpack_value v = listpack_from_number(intset_get(set, i));
            listpack_splice_in_place(lp, listpack_bytes(lp) - 1, 0, 0, &v, 1);
        }
        e->value.encoding = ENC_LISTPACK;
    }
    intset_free(set);
    return lp ? LK_OK : LK_ENOMEM;
}

/* --- tables ---------------------------------------------------------------------------------- */

struct table *set_table_new(uint64_t count, uint32_t epoch)
{
    struct table *t = mem_new(struct table);
    table_init(t, 0, 0);
    t->epoch = epoch;
    table_reserve(t, count < UINT32_MAX ? (uint32_t)count : UINT32_MAX);
    return t;
}

bool set_table_add(struct table *t, struct cow *cow, uint64_t hash, struct bytes member)
{
    struct entry *e = entry_try_new(member, 0, 0, ENTRY_NO_DEADLINE);
    if (!e)
        return false;
    table_insert(t, cow, hash, e);
    return true;
}

static void set_convert_free_entry(void *ctx, struct entry *e)
{
    (void)ctx;
    entry_free(e);
}

void set_table_free(struct table *t)
{
    table_release(t, set_convert_free_entry, NULL);
    mem_delete(t);
}

struct table *set_table_of(const struct value *v, uint32_t epoch)
{
    struct table *t = set_table_new(set_count(v), epoch);
    struct set_walk w;
    struct set_run run;
    char digits[INT64_CHARS];
    set_walk_begin(&w, v);
    while (set_walk_next(&w, &run)) {
        set_run_prefetch(&run);
        for (uint32_t i = 0; i < run.count; i++) {
            const struct set_member m = set_run_member(&run, i);
            const struct bytes text = set_member_text(&m, digits);
            if (!set_table_add(t, NULL, hash_bytes(text), text)) {
                set_table_free(t);
                return NULL;
            }
        }
    }
    return t;
}

int set_to_table(struct value_edit *e)
{
    struct table *t = set_table_of(&e->value, cow_epoch(e->cow));
    if (!t)
        return LK_ENOMEM;
    if (!e->resize(e, sizeof t)) {
        set_table_free(t);
        return LK_ENOMEM;
    }
    e->value.encoding = ENC_TABLE;
    e->value.as.root = t;
    return LK_OK;
}

struct table *set_own_table(struct value_edit *e)
{
    struct table *t = set_table(&e->value);
    if (LK_LIKELY(!cow_shared(e->cow, t->epoch)))
        return t;
    struct table *own = mem_alloc(sizeof *own);
    table_fork(t, own, e->cow);
    e->cow->defer(e->cow, t, sizeof *t);
    e->value.as.root = own;
    return own;
}

/* --- what is to come ------------------------------------------------------------------------- */

static int begin_pack(struct value_edit *e)
{
    unsigned char *lp = (unsigned char *)e->resize(e, LISTPACK_EMPTY_BYTES);
    if (!lp)
        return LK_ENOMEM;
    listpack_init_in_place(lp);
    e->value.encoding = ENC_LISTPACK;
    return LK_OK;
}

int set_expect(struct value_edit *e, struct bytes first, uint64_t more)
{
    const struct type_limits *l = e->limits;
    int64_t number;
    if (e->value.encoding == ENC_TABLE)
        return LK_OK;
    if (set_count(&e->value) > 0) {
        const bool ints = e->value.encoding == ENC_INTSET;
        const uint64_t max = ints ? l->set_max_intset_entries : l->set_max_listpack_entries;
        return more > max ? set_to_table(e) : LK_OK;
    }
    if (more <= l->set_max_intset_entries && bytes_to_int64(first, &number))
        return LK_OK; /* an empty set is an intset */
    return more <= l->set_max_listpack_entries ? begin_pack(e) : set_to_table(e);
}
