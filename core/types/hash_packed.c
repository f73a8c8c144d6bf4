/*
 * hash_packed.c — hashes that are one listpack, with deadlines or without.
 *
 * Everything is a walk: such a hash has as many fields as hash-max-listpack-entries allows.  A
 * change that moves a field to another place puts it there first and takes the old one out then,
 * because only putting can fail.
 */
#include "core/types/hash_priv.h"

#include "core/base/mem.h"
#include "core/ds/le.h"
#include "core/types/packed.h"

enum { DEADLINE_HEAD = 8 };

static bool hash_packed_timed(const struct value *v)
{
    return v->encoding == ENC_LISTPACK_EX;
}

static size_t head_of(const struct value *v)
{
    return hash_packed_timed(v) ? DEADLINE_HEAD : 0;
}

/* Entries that make up a field. */
static unsigned hash_packed_parts(const struct value *v)
{
    return hash_packed_timed(v) ? 3 : 2;
}

static const unsigned char *list_of(const struct value *v)
{
    return packed_of(v, head_of(v));
}

struct bytes hash_packed_bytes(const struct value *v)
{
    const unsigned char *lp = list_of(v);
    return bytes_of(lp, listpack_bytes(lp));
}

uint64_t hash_packed_length(const struct value *v)
{
    return listpack_count(list_of(v)) / hash_packed_parts(v);
}

int64_t hash_packed_next_deadline(const struct value *v)
{
    return hash_packed_timed(v) ? (int64_t)le64_get((const unsigned char *)v->as.bytes.data)
                                : ENTRY_NO_DEADLINE;
}

/* The deadline of the field at p, in a list that has them. */
static int64_t hash_packed_deadline_at(const unsigned char *lp, const unsigned char *p)
{
    const struct listpack_value d = listpack_get(listpack_next(lp, listpack_next(lp, p)));
    LK_DEBUG_ASSERT(d.is_number);
    return d.number > 0 ? d.number : ENTRY_NO_DEADLINE;
}

static const unsigned char *next_field(const unsigned char *lp, const unsigned char *p, unsigned n)
{
    while (p && n-- > 0)
        p = listpack_next(lp, p);
    return p;
}

/* Where the fields that are not due begin, and in *due how many come before them. */
static const unsigned char *first_alive(const struct value *v, int64_t now_ms, uint64_t *due)
{
    const unsigned char *lp = list_of(v), *p = listpack_first(lp);
    *due = 0;
    if (LK_LIKELY(!hash_due(hash_packed_next_deadline(v), now_ms)))
        return p;
    for (; p && hash_due(hash_packed_deadline_at(lp, p), now_ms); ++*due)
        p = next_field(lp, p, 3);
    return p;
}

uint64_t hash_packed_count_due(const struct value *v, int64_t now_ms)
{
    uint64_t due;
    first_alive(v, now_ms, &due);
    return due;
}

static const unsigned char *hash_packed_find(const struct value *v, struct bytes name)
{
    const struct listpack_value wanted = listpack_from_bytes(name);
    const unsigned char *lp = list_of(v);
    return listpack_find(lp, listpack_first(lp), &wanted, hash_packed_parts(v) - 1);
}

bool hash_packed_get(const struct value *v, struct bytes name, struct hash_value *out)
{
    const unsigned char *p = hash_packed_find(v, name), *lp = list_of(v);
    if (!p)
        return false;
    out->bytes = listpack_text(listpack_next(lp, p), out->digits);
    out->deadline_ms = hash_packed_timed(v) ? hash_packed_deadline_at(lp, p) : ENTRY_NO_DEADLINE;
    return true;
}

void hash_packed_visit(const struct value *v, const unsigned char *place, hash_visit *visit,
                       void *ctx)
{
    char name[INT64_CHARS], value[INT64_CHARS];
    const unsigned char *lp = list_of(v);
    const struct hash_field f = {
        listpack_text(place, name), listpack_text(listpack_next(lp, place), value),
        hash_packed_timed(v) ? hash_packed_deadline_at(lp, place) : ENTRY_NO_DEADLINE};
    visit(ctx, &f);
}

void hash_packed_each(const struct value *v, int64_t now_ms, hash_visit *visit, void *ctx)
{
    uint64_t due;
    const unsigned char *p = first_alive(v, now_ms, &due);
    for (; p; p = next_field(list_of(v), p, hash_packed_parts(v)))
        hash_packed_visit(v, p, visit, ctx);
}

void hash_packed_places(const struct value *v, int64_t now_ms, const unsigned char **places)
{
    uint64_t due;
    const unsigned char *p = first_alive(v, now_ms, &due);
    for (; p; p = next_field(list_of(v), p, hash_packed_parts(v)))
        *places++ = p;
}

void hash_packed_at(const struct value *v, uint64_t index, int64_t now_ms, hash_visit *visit,
                    void *ctx)
{
    uint64_t due;
    first_alive(v, now_ms, &due);
    hash_packed_visit(v, listpack_seek(list_of(v), (int64_t)((due + index) * hash_packed_parts(v))),
                      visit, ctx);
}

/* --- changing -------------------------------------------------------------------------------- */

static void write_head(struct value_edit *e)
{
    const unsigned char *lp = list_of(&e->value), *p = listpack_first(lp);
    const int64_t next = p ? hash_packed_deadline_at(lp, p) : ENTRY_NO_DEADLINE;
    le64_put((unsigned char *)(uintptr_t)e->value.as.bytes.data, (uint64_t)next);
}

/* Before which field one with this deadline belongs; NULL: at the end. */
static const unsigned char *place_for(const struct value *v, int64_t deadline_ms)
{
    const unsigned char *lp = list_of(v), *p = listpack_first(lp);
    if (deadline_ms == ENTRY_NO_DEADLINE)
        return NULL;
    for (; p; p = next_field(lp, p, 3)) {
        const int64_t d = hash_packed_deadline_at(lp, p);
        if (d == ENTRY_NO_DEADLINE || d > deadline_ms)
            return p;
    }
    return NULL;
}

/* Takes the field out that begins at offset `at` of the list. */
static void hash_packed_cut(struct value_edit *e, size_t at)
{
    packed_delete(e, head_of(&e->value), list_of(&e->value) + at, hash_packed_parts(&e->value));
    if (hash_packed_timed(&e->value))
        write_head(e);
}

/*
 * Puts a field where it belongs.  old: where one of that name is, which then goes; NULL if there is
 * none.
 */
static int hash_packed_put(struct value_edit *e, struct bytes name, struct bytes value,
                           int64_t deadline_ms, const unsigned char *old)
{
    const struct listpack_value v[3] = {
        listpack_from_bytes(name), listpack_from_bytes(value),
        listpack_from_number(deadline_ms == ENTRY_NO_DEADLINE ? 0 : deadline_ms)};
    const unsigned n = hash_packed_parts(&e->value);
    const unsigned char *lp = list_of(&e->value), *place = place_for(&e->value, deadline_ms);
    size_t old_at = old ? (size_t)(old - lp) : 0;
    if (old && place && place <= old)
        old_at += listpack_encoded_bytes(v, n);
    const int rc = packed_insert(e, head_of(&e->value), place, v, n);
    if (rc != LK_OK)
        return rc;
    if (old)
        hash_packed_cut(e, old_at);
    else if (hash_packed_timed(&e->value))
        write_head(e);
    return LK_OK;
}

int hash_packed_set(struct value_edit *e, struct bytes name, struct bytes value,
                    int64_t deadline_ms, struct hash_was *was)
{
    const unsigned char *lp = list_of(&e->value), *p = hash_packed_find(&e->value, name);
    was->kept = p != NULL;
    was->deadline_ms =
        p && hash_packed_timed(&e->value) ? hash_packed_deadline_at(lp, p) : ENTRY_NO_DEADLINE;
    if (deadline_ms == HASH_KEEP_DEADLINE)
        deadline_ms = was->deadline_ms;
    LK_ASSERT(deadline_ms == ENTRY_NO_DEADLINE || hash_packed_timed(&e->value));
    if (!p || deadline_ms != was->deadline_ms)
        return hash_packed_put(e, name, value, deadline_ms, p);
    const struct listpack_value v = listpack_from_bytes(value);
    return packed_splice(e, head_of(&e->value), listpack_next(lp, p), 1, &v, 1);
}

bool hash_packed_delete(struct value_edit *e, struct bytes name, struct hash_was *was)
{
    const unsigned char *lp = list_of(&e->value), *p = hash_packed_find(&e->value, name);
    was->kept = p != NULL;
    if (!p)
        return false;
    was->deadline_ms =
        hash_packed_timed(&e->value) ? hash_packed_deadline_at(lp, p) : ENTRY_NO_DEADLINE;
    hash_packed_cut(e, (size_t)(p - lp));
    return true;
}

/* The value moves inside the list, so it is put back from a copy. */
int hash_packed_set_deadline(struct value_edit *e, struct bytes name, int64_t deadline_ms)
{
    const unsigned char *lp = list_of(&e->value), *p = hash_packed_find(&e->value, name);
    LK_ASSERT(p && hash_packed_timed(&e->value));
    if (hash_packed_deadline_at(lp, p) == deadline_ms)
        return LK_OK;
    char digits[INT64_CHARS];
    const struct bytes value = listpack_text(listpack_next(lp, p), digits);
    char *copy = mem_try_alloc(value.size + 1);
    if (!copy)
        return LK_ENOMEM;
    memcpy(copy, value.data, value.size);
    const int rc = hash_packed_put(e, name, bytes_of(copy, value.size), deadline_ms, p);
    mem_free(copy, value.size + 1);
    return rc;
}

uint32_t hash_packed_drop_due(struct value_edit *e, int64_t now_ms, uint32_t max,
                              void (*gone)(void *ctx, struct bytes name), void *ctx)
{
    char digits[INT64_CHARS];
    uint32_t n = 0;
    if (!hash_due(hash_packed_next_deadline(&e->value), now_ms))
        return 0;
    const unsigned char *lp = list_of(&e->value), *first = listpack_first(lp);
    for (const unsigned char *p = first;
         p && n < max && hash_due(hash_packed_deadline_at(lp, p), now_ms); n++) {
        gone(ctx, listpack_text(p, digits));
        p = next_field(lp, p, 3);
    }
    packed_delete(e, DEADLINE_HEAD, first, (size_t)n * 3);
    write_head(e);
    return n;
}

int hash_packed_make_timed(struct value_edit *e)
{
    if (hash_packed_timed(&e->value))
        return LK_OK;
    const unsigned char *lp = list_of(&e->value);
    const struct listpack_value none = listpack_from_number(0);
    const size_t size =
        listpack_bytes(lp) + hash_packed_length(&e->value) * listpack_encoded_bytes(&none, 1);
    unsigned char *with = mem_try_alloc(size);
    if (!with)
        return LK_ENOMEM;
    listpack_init_in_place(with);
    for (const unsigned char *p = listpack_first(lp); p; p = next_field(lp, p, 2)) {
        const size_t bytes = listpack_entry_bytes(p) + listpack_entry_bytes(listpack_next(lp, p));
        listpack_append_packed_in_place(with, p, bytes, 2);
        listpack_splice_in_place(with, listpack_bytes(with) - 1, 0, 0, &none, 1);
    }
    LK_DEBUG_ASSERT(listpack_bytes(with) == size);
    char *payload = e->resize(e, DEADLINE_HEAD + size);
    if (payload) {
        memcpy(payload + DEADLINE_HEAD, with, size);
        le64_put((unsigned char *)payload, (uint64_t)(int64_t)ENTRY_NO_DEADLINE);
        e->value.encoding = ENC_LISTPACK_EX;
    }
    mem_free(with, size);
    return payload ? LK_OK : LK_ENOMEM;
}
