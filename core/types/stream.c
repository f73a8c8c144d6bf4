/*
 * stream.c — entries in and out.
 *
 * New entries go to the end of the last block, or begin a block when that is full.  Deleted ones
 * are cut out, or marked where clients could tell by what is trimmed later; a block whose last
 * entry is deleted goes as a whole.
 */
#include "core/types/stream_priv.h"

#include "core/base/mem.h"
#include "core/types/packed.h"

enum {
    VALUES_ON_STACK = 32,
    MASTER_WORDS = 4, /* count, deleted, number of fields, and 0 behind the fields */
    ITEM_WORDS = 5,   /* flags, ms, seq, number of fields, and the last word */
};

/* --- adding ---------------------------------------------------------------------------------- */

/* What is to be written, and how much of it is bytes of the client's. */
struct addition {
    struct stream_id id;
    const struct bytes *pairs;
    size_t n, bytes;
};

/* The last block, if the entry still goes there. */
static bool find_room(const struct stream *s, const struct type_limits *limits,
                      const struct addition *a, struct blocks_iter *it, struct stream_master *m)
{
    if (!blocks_last(it, &s->entries))
        return false;
    size_t most = limits->stream_node_max_bytes;
    if (most == 0 || most > STREAM_BLOCK_MAX)
        most = STREAM_BLOCK_MAX;
    if (listpack_bytes(it->lp) + a->bytes >= most)
        return false;
    stream_master_read(it->lp, m);
    return limits->stream_node_max_entries == 0 ||
           m->count + m->deleted < limits->stream_node_max_entries;
}

static bool same_fields(const struct stream_master *m, const struct addition *a)
{
    const unsigned char *p = m->first_field;
    if (m->fields != a->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct listpack_value field = listpack_from_bytes(a->pairs[2 * i]);
        if (!listpack_equal(p, &field))
            return false;
        p += listpack_entry_bytes(p);
    }
    return true;
}

/* Writes a master entry for a block that begins with the addition; returns its words. */
static size_t put_master(const struct addition *a, struct listpack_value *v)
{
    size_t n = 0;
    v[n++] = listpack_from_number(1);
    v[n++] = listpack_from_number(0);
    v[n++] = listpack_from_number((int64_t)a->n);
    for (size_t i = 0; i < a->n; i++)
        v[n++] = listpack_from_bytes(a->pairs[2 * i]);
    v[n++] = listpack_from_number(0);
    return n;
}

/* Writes the item; returns its words. */
static size_t put_item(const struct addition *a, struct block_key base, bool same,
                       struct listpack_value *v)
{
    size_t n = 0;
    v[n++] = listpack_from_number(same ? STREAM_ITEM_SAME_FIELDS : 0);
    v[n++] = listpack_from_number((int64_t)(a->id.ms - base.high));
    v[n++] = listpack_from_number((int64_t)(a->id.seq - base.low));
    if (!same)
        v[n++] = listpack_from_number((int64_t)a->n);
    for (size_t i = same ? 1 : 0; i < 2 * a->n; i += same ? 2 : 1)
        v[n++] = listpack_from_bytes(a->pairs[i]);
    v[n] = listpack_from_number((int64_t)n);
    return n + 1;
}

/* What the block says of its entries; deleted may be NULL: as it is. */
static void set_first_words(struct stream *s, struct cow *cow, struct blocks_iter *it,
                            uint64_t count, const uint64_t *deleted)
{
    const struct listpack_value v[2] = {
        listpack_from_number((int64_t)count),
        listpack_from_number(deleted ? (int64_t)*deleted : 0),
    };
    const unsigned char *first = it->lp + LISTPACK_HEADER_BYTES, *end = first;
    const size_t n = deleted ? 2 : 1;
    for (size_t i = 0; i < n; i++)
        end += listpack_entry_bytes(end);
    blocks_splice(&s->entries, cow, it, LISTPACK_HEADER_BYTES, (size_t)(end - first), n, v, n);
}

static void begin_block(struct stream *s, struct cow *cow, const struct addition *a,
                        struct listpack_value *v)
{
    const struct block_key base = {a->id.ms, a->id.seq};
    struct blocks_iter it;
    const size_t n = put_master(a, v);
    const size_t all = n + put_item(a, base, true, v + n);
    blocks_append(&s->entries, cow, base, (const unsigned char *)packed_empty().data, &it);
    blocks_splice(&s->entries, cow, &it, LISTPACK_HEADER_BYTES, 0, 0, v, all);
}

int stream_append(struct value_edit *e, struct stream_id id, const struct bytes *pairs, size_t n)
{
    struct listpack_value few[VALUES_ON_STACK], *v = few;
    struct addition a = {.id = id, .pairs = pairs, .n = n};
    struct blocks_iter it;
    struct stream_master m;
    if (stream_id_compare(id, stream_of(&e->value)->last_id) <= 0)
        return LK_ERANGE;
    for (size_t i = 0; i < 2 * n; i++) {
        a.bytes += pairs[i].size;
        if (pairs[i].size > STREAM_BLOCK_MAX || a.bytes > 2 * STREAM_BLOCK_MAX)
            return LK_ETOOBIG;
    }
    const size_t words = MASTER_WORDS + ITEM_WORDS + 2 * n;
    if (words > VALUES_ON_STACK && !(v = mem_try_alloc(words * sizeof *v)))
        return LK_ENOMEM;
    struct stream *s = stream_own(e);
    if (find_room(s, e->limits, &a, &it, &m)) {
        const bool same = same_fields(&m, &a);
        const size_t count = put_item(&a, blocks_iter_key(&it), same, v);
        blocks_splice(&s->entries, e->cow, &it, listpack_bytes(it.lp) - 1, 0, 0, v, count);
        set_first_words(s, e->cow, &it, m.count + 1, NULL);
    } else {
        begin_block(s, e->cow, &a, v);
    }
    if (v != few)
        mem_free(v, words * sizeof *v);
    s->length++;
    s->entries_added++;
    s->last_id = id;
    return LK_OK;
}

void stream_set_ids(struct value_edit *e, struct stream_id last_id, struct stream_id max_deleted_id,
                    uint64_t entries_added)
{
    struct stream *s = stream_own(e);
    s->last_id = last_id;
    s->max_deleted_id = max_deleted_id;
    s->entries_added = entries_added;
}

/* The highest ID that there is, the last block's own included. */
static struct stream_id stream_highest(const struct value *v)
{
    struct blocks_iter last;
    struct stream_iter it;
    if (!blocks_last(&last, &stream_of(v)->entries))
        return stream_id_of(0, 0);
    const struct block_key key = blocks_iter_key(&last);
    struct stream_id id = stream_id_of(key.high, key.low);
    stream_iter_begin(&it, v, id, stream_id_max(), true);
    if (stream_iter_next(&it))
        id = it.id;
    return id;
}

int stream_set_ids_of_file(struct value_edit *e, struct stream_id last_id,
                           struct stream_id max_deleted_id, uint64_t entries_added)
{
    if (stream_id_compare(last_id, stream_highest(&e->value)) < 0 ||
        entries_added < stream_length(&e->value))
        return LK_EFORMAT;
    stream_set_ids(e, last_id, max_deleted_id, entries_added);
    return LK_OK;
}

int stream_add_block(struct value_edit *e, struct stream_id id, const unsigned char *lp,
                     size_t bytes)
{
    struct stream_id last;
    struct stream_master m;
    struct blocks_iter it;
    if (!stream_block_check(lp, bytes, id, &last) ||
        (stream_of(&e->value)->entries.count > 0 &&
         stream_id_compare(id, stream_highest(&e->value)) <= 0))
        return LK_EFORMAT;
    stream_master_read(lp, &m);
    struct stream *s = stream_own(e);
    blocks_append(&s->entries, e->cow, (struct block_key){id.ms, id.seq}, lp, &it);
    s->length += m.count;
    return LK_OK;
}

/* --- taking away ----------------------------------------------------------------------------- */

/* Words of an item, with the one that counts the others. */
static uint64_t words_of(const struct stream_item *item)
{
    const bool same = item->flags & STREAM_ITEM_SAME_FIELDS;
    return same ? ITEM_WORDS - 1 + item->fields : ITEM_WORDS + 2 * item->fields;
}

bool stream_take_item(struct stream *s, struct cow *cow, struct blocks_iter *it, size_t at,
                      const struct stream_item *item)
{
    const unsigned char *p = it->lp + at, *end = stream_item_end(item);
    const bool marks = blocks_iter_is_last(it) || end == it->lp + listpack_bytes(it->lp) - 1;
    if (marks) {
        const struct listpack_value flags = listpack_from_number(item->flags | STREAM_ITEM_DELETED);
        blocks_splice(&s->entries, cow, it, at, listpack_entry_bytes(p), 1, &flags, 1);
    } else {
        blocks_splice(&s->entries, cow, it, at, (size_t)(end - p), words_of(item), NULL, 0);
    }
    return marks;
}

void stream_settle_block(struct stream *s, struct cow *cow, struct blocks_iter *it,
                         const struct stream_master *m, uint64_t n, uint64_t marked)
{
    const uint64_t deleted = m->deleted + marked;
    if (n == m->count)
        blocks_remove(&s->entries, cow, it);
    else if (n > 0)
        set_first_words(s, cow, it, m->count - n, &deleted);
    s->length -= n;
}

bool stream_delete(struct value_edit *e, struct stream_id id)
{
    struct stream_iter walk;
    struct stream_master m;
    struct stream_item item;
    stream_iter_begin(&walk, &e->value, id, id, false);
    if (!stream_iter_next(&walk))
        return false;
    struct stream *s = stream_own(e);
    struct blocks_iter it = walk.block;
    uint64_t marked = 0;
    stream_master_read(it.lp, &m);
    if (m.count > 1) {
        stream_item_read(walk.item, blocks_iter_key(&it), m.fields, &item);
        marked = stream_take_item(s, e->cow, &it, (size_t)(walk.item - it.lp), &item);
    }
    stream_settle_block(s, e->cow, &it, &m, 1, marked);
    if (stream_id_compare(id, s->max_deleted_id) > 0)
        s->max_deleted_id = id;
    return true;
}
