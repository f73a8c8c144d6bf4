/*
 * stream_walk.c — reading a stream.
 */
#include "core/types/stream_priv.h"

uint64_t stream_length(const struct value *v)
{
    return stream_of(v)->length;
}

struct stream_id stream_last_id(const struct value *v)
{
    return stream_of(v)->last_id;
}

/* The way begins anew in the block where the iterator stands. */
static void enter_block(struct stream_iter *it)
{
    struct stream_master m;
    it->item = NULL;
    if (!it->block.lp)
        return;
    stream_master_read(it->block.lp, &m);
    it->block_fields = m.fields;
    it->block_field = m.first_field;
    it->next = m.first_item;
    it->left = 0;
}

void stream_iter_begin(struct stream_iter *it, const struct value *v, struct stream_id first,
                       struct stream_id last, bool backward)
{
    const struct blocks *b = &stream_of(v)->entries;
    const struct stream_id from = backward ? last : first;
    it->first = first;
    it->last = last;
    it->backward = backward;
    if (!blocks_find(&it->block, b, (struct block_key){from.ms, from.seq}) && !backward)
        (void)blocks_first(&it->block, b);
    enter_block(it);
}

/* The item that comes next in this block, NULL if there is none. */
static const unsigned char *next_item(struct stream_iter *it)
{
    const unsigned char *lp = it->block.lp, *end = lp + listpack_bytes(lp) - 1;
    if (it->backward)
        return stream_item_before(lp, it->item ? it->item : end);
    const unsigned char *p = it->next;
    if (it->item) { /* over what was not read of the entry, and its last word */
        for (uint64_t n = it->next_field ? it->left : 2 * it->left; n > 0; n--)
            p += listpack_entry_bytes(p);
        p += listpack_entry_bytes(p);
    }
    return p < end ? p : NULL;
}

bool stream_iter_next(struct stream_iter *it)
{
    while (it->block.lp) {
        struct stream_item item;
        const unsigned char *p = next_item(it);
        if (!p) {
            (void)(it->backward ? blocks_prev(&it->block) : blocks_next(&it->block));
            enter_block(it);
            continue;
        }
        stream_item_read(p, blocks_iter_key(&it->block), it->block_fields, &item);
        it->item = p;
        it->id = item.id;
        it->fields = it->left = item.fields;
        it->next = item.first;
        it->next_field = item.flags & STREAM_ITEM_SAME_FIELDS ? it->block_field : NULL;
        if (item.flags & STREAM_ITEM_DELETED)
            continue; /* its ID may be above that of one behind it: see stream_block_check */
        const bool above = stream_id_compare(item.id, it->last) > 0;
        const bool below = stream_id_compare(item.id, it->first) < 0;
        if (it->backward ? below : above)
            break;
        if (!above && !below)
            return true;
    }
    it->block.lp = NULL;
    return false;
}

bool stream_iter_seek(struct stream_iter *it, const struct value *v, struct stream_id id)
{
    enum { STEPS = 32 }; /* which are as long as it takes to find a block and half of it */
    bool on = it->block.lp && stream_id_compare(it->id, id) < 0;
    for (unsigned n = 0; on && n < STEPS; n++) {
        on = stream_iter_next(it);
        if (on && stream_id_compare(it->id, id) >= 0)
            return stream_id_compare(it->id, id) == 0;
    }
    stream_iter_begin(it, v, id, stream_id_max(), false);
    return stream_iter_next(it) && stream_id_compare(it->id, id) == 0;
}

void stream_iter_pair(struct stream_iter *it, struct listpack_value *field,
                      struct listpack_value *value)
{
    LK_DEBUG_ASSERT(it->left > 0);
    const unsigned char **from = it->next_field ? &it->next_field : &it->next;
    *from = listpack_read(*from, field, 1);
    it->next = listpack_read(it->next, value, 1);
    it->left--;
}

bool stream_has(const struct value *v, struct stream_id id)
{
    struct stream_iter it;
    stream_iter_begin(&it, v, id, id, false);
    return stream_iter_next(&it);
}

bool stream_ends(const struct value *v, struct stream_id *first, struct stream_id *last)
{
    struct stream_iter it;
    stream_iter_begin(&it, v, stream_id_of(0, 0), stream_id_max(), false);
    if (!stream_iter_next(&it))
        return false;
    *first = it.id;
    stream_iter_begin(&it, v, stream_id_of(0, 0), stream_id_max(), true);
    LK_ASSERT(stream_iter_next(&it));
    *last = it.id;
    return true;
}

void stream_state_get(const struct value *v, struct stream_state *out)
{
    const struct stream *s = stream_of(v);
    struct stream_iter it;
    *out = (struct stream_state){.length = s->length,
                                 .last_id = s->last_id,
                                 .max_deleted_id = s->max_deleted_id,
                                 .entries_added = s->entries_added,
                                 .groups = stream_roster_count(s->groups),
                                 .blocks = s->entries.count,
                                 .nodes = s->entries.nodes};
    stream_iter_begin(&it, v, stream_id_of(0, 0), stream_id_max(), false);
    if (stream_iter_next(&it))
        out->first_id = it.id;
}

const struct blocks *stream_blocks(const struct value *v)
{
    return &stream_of(v)->entries;
}
