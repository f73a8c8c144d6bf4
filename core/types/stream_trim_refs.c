/*
 * stream_trim_refs.c — trimming that asks or tells the groups that refer to entries.
 *
 * What no group refers to is left to stream_trim.c.
 */
#include "core/types/stream_priv.h"
#include "core/types/stream_refs.h"

enum { BATCH = 128 }; /* IDs that are noted before anything changes */

static void forget_range(struct value_edit *e, const struct stream_group *group,
                         struct stream_id first, struct stream_id last)
{
    struct stream_id ids[BATCH];
    const struct bytes name = stream_name(&group->head);
    size_t n = 0;
    do {
        struct stream_group *g = stream_group_edit(e, name);
        struct stream_pending_iter it;
        n = 0;
        stream_pending_begin(&it, g, NULL, first, last);
        while (n < BATCH && stream_pending_next_id(&it, &ids[n]))
            n++;
        for (size_t i = 0; i < n; i++)
            (void)stream_pending_remove(e, g, ids[i]);
    } while (n == BATCH);
}

static uint64_t trim_and_forget(struct value_edit *e, const struct stream_trim_spec *t)
{
    struct stream_id first, last, left;
    LK_ASSERT(stream_ends(&e->value, &first, &last));
    const uint64_t gone = stream_trim_plain(e, t);
    if (gone == 0)
        return 0;
    if (stream_ends(&e->value, &left, &last)) {
        last = left;
        (void)stream_id_decrement(&last);
    }
    for (uint64_t i = 0; i < stream_group_count(&e->value); i++)
        forget_range(e, stream_group_at(&e->value, i), first, last);
    return gone;
}

/* What trimming has come to that lets entries stay which groups refer to. */
struct acked {
    const struct stream_trim_spec *t;
    struct stream_id from;  /* where to look on */
    struct stream_id read;  /* above it are entries that a group has not read */
    uint64_t length, gone;  /* as they will be */
    struct block_key block; /* which was found to lie before the threshold as a whole */
    bool checked;
};

static struct stream_id read_by_all(const struct value *v)
{
    struct stream_id id = stream_id_max();
    for (uint64_t i = 0; i < stream_group_count(v); i++) {
        const struct stream_id last = stream_group_at(v, i)->last_id;
        if (stream_id_compare(last, id) < 0)
            id = last;
    }
    return id;
}

/* May the entry's whole block go, as far as the threshold says? */
static bool block_may_go(struct acked *a, const struct stream_iter *it)
{
    const struct block_key key = blocks_iter_key(&it->block);
    struct stream_master m;
    if (a->checked && block_key_compare(key, a->block) == 0)
        return true;
    a->checked = true;
    a->block = key;
    stream_master_read(it->block.lp, &m);
    if (a->t->limit && a->gone + m.count > a->t->limit)
        return false;
    if (a->t->by_id)
        return stream_id_compare(stream_block_last(&it->block, &m), a->t->min_id) < 0;
    return a->length >= m.count && a->length - m.count >= a->t->max_length;
}

static bool entry_may_go(struct acked *a, const struct stream_iter *it)
{
    if (stream_id_compare(it->id, a->read) > 0)
        return false;
    if (a->t->approximate)
        return block_may_go(a, it);
    return a->t->by_id ? stream_id_compare(it->id, a->t->min_id) < 0 : a->length > a->t->max_length;
}

/* Notes the next entries to go; returns how many, less than BATCH at the end. */
static size_t note_acked(struct acked *a, const struct value *v, struct stream_id *ids)
{
    struct stream_iter it;
    size_t n = 0;
    stream_iter_begin(&it, v, a->from, stream_id_max(), false);
    while (n < BATCH && stream_iter_next(&it) && entry_may_go(a, &it)) {
        a->from = it.id;
        if (stream_is_referred(v, it.id))
            continue;
        ids[n++] = it.id;
        a->length--;
        a->gone++;
    }
    return n;
}

/* Entries that are deleted one by one would be remembered as holes; trimmed ones are none. */
static void delete_trimmed(struct value_edit *e, struct stream_id id)
{
    struct stream *s = stream_own(e);
    const struct stream_id max_deleted_id = s->max_deleted_id;
    LK_ASSERT(stream_delete(e, id));
    stream_of(&e->value)->max_deleted_id = max_deleted_id;
}

static uint64_t trim_acked(struct value_edit *e, const struct stream_trim_spec *t)
{
    struct stream_id ids[BATCH];
    struct acked a = {.t = t, .read = read_by_all(&e->value), .length = stream_length(&e->value)};
    size_t n;
    do {
        n = note_acked(&a, &e->value, ids);
        for (size_t i = 0; i < n; i++)
            delete_trimmed(e, ids[i]);
    } while (n == BATCH && stream_id_increment(&a.from));
    return a.gone;
}

uint64_t stream_trim(struct value_edit *e, const struct stream_trim_spec *t)
{
    if (stream_of(&e->value)->entries.count == 0)
        return 0;
    if (t->refs == STREAM_KEEPREF || stream_group_count(&e->value) == 0)
        return stream_trim_plain(e, t);
    return t->refs == STREAM_ACKED ? trim_acked(e, t) : trim_and_forget(e, t);
}
