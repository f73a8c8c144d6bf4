/*
 * hash_priv.h — the two kinds of hash, for hash*.c.
 *
 *   ENC_LISTPACK      | name | value | name | value | …
 *   ENC_LISTPACK_EX   earliest deadline, 8 bytes | name | value | deadline | name | …
 *   ENC_TABLE         struct table of entries: key = name, payload = value, deadline
 *
 * The first two are one listpack inside the key's entry.  In the second fields with a deadline come
 * first, by deadline, and then those without, whose deadline is written as 0: what is due is a
 * prefix.  The 8 bytes in front are little-endian, ENTRY_NO_DEADLINE if no field has one.
 *
 * A hash leaves the listpack when it has too many fields or one that is too long, and never comes
 * back; it gets deadlines with the first field that has one, and keeps the room for them.
 *
 * Threads  hold the lock of the key
 */
#ifndef LK_TYPES_HASH_PRIV_H
#define LK_TYPES_HASH_PRIV_H

#include "core/base/clock.h"
#include "core/ds/table.h"
#include "core/types/hash.h"

LK_BEGIN

static inline bool hash_is_table(const struct value *v)
{
    return v->encoding == ENC_TABLE;
}

/* Is a field with this deadline gone? */
static inline bool hash_due(int64_t deadline_ms, int64_t now_ms)
{
    return deadline_ms >= 0 && clock_passed(deadline_ms, now_ms);
}

static inline struct bytes hash_entry_value(const struct entry *e)
{
    return bytes_of(entry_payload(e), entry_payload_size(e));
}

static inline struct hash_field hash_entry_field(const struct entry *e)
{
    struct hash_field f;
    f.name = entry_key(e);
    f.value = hash_entry_value(e);
    f.deadline_ms = entry_deadline(e);
    return f;
}

/* --- hash_packed.c: both listpacks ----------------------------------------------------------- */

struct bytes hash_packed_bytes(const struct value *v); /* the listpack alone */
uint64_t hash_packed_length(const struct value *v);
int64_t hash_packed_next_deadline(const struct value *v);
uint64_t hash_packed_count_due(const struct value *v, int64_t now_ms);
bool hash_packed_get(const struct value *v, struct bytes name, struct hash_value *out);
void hash_packed_each(const struct value *v, int64_t now_ms, hash_visit *visit, void *ctx);
/* The field at index, due ones not counted; there is one. */
void hash_packed_at(const struct value *v, uint64_t index, int64_t now_ms, hash_visit *visit,
                    void *ctx);
/* Where each field is that exists, and the one at such a place. */
void hash_packed_places(const struct value *v, int64_t now_ms, const unsigned char **places);
void hash_packed_visit(const struct value *v, const unsigned char *place, hash_visit *visit,
                       void *ctx);

/* Leaves the encoding as it is, so a deadline needs room for deadlines.  LK_ENOMEM */
int hash_packed_set(struct value_edit *e, struct bytes name, struct bytes value,
                    int64_t deadline_ms, struct hash_was *was);
bool hash_packed_delete(struct value_edit *e, struct bytes name, struct hash_was *was);
int hash_packed_set_deadline(struct value_edit *e, struct bytes name, int64_t deadline_ms);
uint32_t hash_packed_drop_due(struct value_edit *e, int64_t now_ms, uint32_t max,
                              void (*gone)(void *ctx, struct bytes name), void *ctx);
/* Makes room for deadlines if there is none.  LK_ENOMEM */
int hash_packed_make_timed(struct value_edit *e);

/* --- hash_table.c ---------------------------------------------------------------------------- */

int hash_table_make(struct value_edit *e); /* from either listpack.  LK_ENOMEM */
bool hash_table_may_be_due(const struct value *v, int64_t now_ms); /* false: nothing is */
int64_t hash_table_next_deadline(const struct value *v);           /* or up to TABLE_DUE_MS later */
bool hash_table_get(const struct value *v, struct bytes name, struct hash_value *out);
void hash_table_get_many(const struct value *v, const struct bytes *names, uint32_t n,
                         int64_t now_ms, hash_got *got, void *ctx);
void hash_table_each(const struct value *v, int64_t now_ms, hash_visit *visit, void *ctx);
uint64_t hash_table_scan(const struct value *v, uint64_t cursor, uint64_t count, int64_t now_ms,
                         hash_visit *visit, void *ctx);
/* The entry of each field that exists. */
void hash_table_entries(const struct value *v, int64_t now_ms, const struct entry **entries);

int hash_table_set(struct value_edit *e, struct bytes name, struct bytes value, int64_t deadline_ms,
                   struct hash_was *was);
/* As hash_set_pairs. */
int hash_table_set_pairs(struct value_edit *e, const struct bytes *pairs, uint32_t n,
                         int64_t deadline_ms, int64_t now_ms, uint32_t *set, uint32_t *created);
bool hash_table_delete(struct value_edit *e, struct bytes name, struct hash_was *was);
int hash_table_set_deadline(struct value_edit *e, struct bytes name, int64_t deadline_ms);
uint32_t hash_table_drop_due(struct value_edit *e, int64_t now_ms, uint32_t max,
                             void (*gone)(void *ctx, struct bytes name), void *ctx);

int hash_table_copy(const struct value *v, struct value *out); /* LK_ENOMEM */
void hash_table_release(struct value *v, struct cow *cow);
bool hash_table_reap(struct value_reaper *r, size_t budget);
size_t hash_table_node_bytes(const struct value *v, size_t samples);

LK_END

#endif
