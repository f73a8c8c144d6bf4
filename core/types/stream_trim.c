/*
 * stream_trim.c — the oldest entries go.
 *
 * Mostly a block goes, or a few entries of one.  Where many blocks go they are cut off as a whole,
 * as a stream of its own that is freed by and by: ten million entries may go at once.
 */
#include "core/types/stream_priv.h"

enum { FEW_BLOCKS = 16 }; /* so many are freed one by one */

static uint64_t entries_of(const unsigned char *lp)
{
    return (uint64_t)listpack_get(lp + LISTPACK_HEADER_BYTES).number;
}

struct stream_id stream_block_last(const struct blocks_iter *it, const struct stream_master *m)
{
    struct stream_item item;
    const unsigned char *end = it->lp + listpack_bytes(it->lp) - 1;
    stream_item_read(stream_item_before(it->lp, end), blocks_iter_key(it), m->fields, &item);
    return item.id;
}

/* May a block of so many entries go, which are all below that ID? */
static bool may_go(const struct stream *s, const struct stream_trim_spec *t, struct stream_id id,
                   uint64_t entries)
{
    if (t->by_id)
        return stream_id_compare(id, t->min_id) < 0;
    return s->length >= entries && s->length - entries >= t->max_length;
}

/* --- many blocks ----------------------------------------------------------------------------- */

/* Moves on over blocks that go whole, from the first on, up to the limit. */
static void skip_from_front(const struct stream *s, const struct stream_trim_spec *t,
                            struct blocks_iter *it, struct blocks_side *side)
{
    const struct block_key min = {t->min_id.ms, t->min_id.seq};
    struct blocks_iter next;
    side->before = true;
    (void)blocks_first(it, &s->entries);
    for (next = *it; blocks_next(&next); *it = next) {
        const uint64_t entries = entries_of(it->lp), gone = side->weight + entries;
        if (t->limit && gone > t->limit)
            break;
        if (t->by_id ? block_key_compare(blocks_iter_key(&next), min) > 0
                     : s->length < gone || s->length - gone < t->max_length)
            break;
        blocks_side_add(side, it, entries);
    }
}

/* To the block from which on just enough entries stay, from the end. */
static void skip_from_back(const struct stream *s, const struct stream_trim_spec *t,
                           struct blocks_iter *it, struct blocks_side *side)
{
    side->before = false;
    for (bool on = blocks_last(it, &s->entries); on; on = blocks_prev(it)) {
        blocks_side_add(side, it, entries_of(it->lp));
        if (side->weight >= t->max_length)
            break;
    }
}

/* A place before which all blocks may go; what is from there on is looked at block by block. */
static void find_cut(const struct stream *s, const struct stream_trim_spec *t,
                     struct blocks_iter *it, struct blocks_side *side)
{
    const struct block_key min = {t->min_id.ms, t->min_id.seq};
    *side = (struct blocks_side){.before = true};
    if (t->limit || (!t->by_id && t->max_length >= s->length / 2))
        skip_from_front(s, t, it, side);
    else if (!t->by_id)
        skip_from_back(s, t, it, side);
    else if (blocks_find(it, &s->entries, min))
        blocks_weigh(it, entries_of, side);
}

/* Frees blocks that were cut off, now or later. */
static void stream_trim_discard(struct value_edit *e, const struct blocks *gone)
{
    struct value v;
    stream_type_ops.empty(&v);
    struct stream *s = stream_of(&v);
    s->epoch = cow_epoch(e->cow);
    s->entries = *gone;
    if (e->discard)
        e->discard(e, &v);
    else
        value_release_cow(&v, e->cow);
}

/* Cuts off what goes whole; returns how many entries that were. */
static uint64_t cut_many(struct value_edit *e, const struct stream_trim_spec *t)
{
    struct blocks_iter it;
    struct blocks_side side;
    struct blocks gone;
    const struct stream *old = stream_of(&e->value);
    find_cut(old, t, &it, &side);
    if (!it.lp)
        return 0;
    const uint64_t n = side.before ? side.weight : old->length - side.weight;
    if (n == 0)
        return 0;
    struct stream *s = stream_own(e);
    blocks_cut(&s->entries, e->cow, &it, &side, &gone);
    s->length -= n;
    stream_trim_discard(e, &gone);
    return n;
}

/* --- block by block -------------------------------------------------------------------------- */

/* Takes the first entries of a block away, one by one; returns how many. */
static uint64_t trim_block(struct stream *s, struct cow *cow, const struct stream_trim_spec *t,
                           struct blocks_iter *it, const struct stream_master *m)
{
    const struct block_key base = blocks_iter_key(it);
    size_t at = (size_t)(m->first_item - it->lp);
    const uint64_t length = s->length;
    uint64_t n = 0, marked = 0;
    while (at < listpack_bytes(it->lp) - 1) {
        struct stream_item item;
        stream_item_read(it->lp + at, base, m->fields, &item);
        if (t->by_id ? !may_go(s, t, item.id, 1) : length - n <= t->max_length)
            break;
        const size_t next = (size_t)(stream_item_end(&item) - it->lp);
        bool stays = true;
        if (!(item.flags & STREAM_ITEM_DELETED)) {
            stays = stream_take_item(s, cow, it, at, &item);
            marked += stays;
            n++;
        }
        if (stays)
            at = next;
    }
    stream_settle_block(s, cow, it, m, n, marked);
    return n;
}

static uint64_t trim_blocks(struct value_edit *e, const struct stream_trim_spec *t, uint64_t gone)
{
    struct blocks_iter it;
    struct stream_master m;
    while (blocks_first(&it, &stream_of(&e->value)->entries)) {
        if (!t->by_id && stream_length(&e->value) <= t->max_length)
            break;
        stream_master_read(it.lp, &m);
        if (t->limit && gone + m.count > t->limit)
            break;
        const struct stream_id last = t->by_id ? stream_block_last(&it, &m) : stream_id_of(0, 0);
        const bool whole = may_go(stream_of(&e->value), t, last, m.count);
        if (!whole && t->approximate)
            break;
        struct stream *s = stream_own(e);
        if (!whole)
            return gone + trim_block(s, e->cow, t, &it, &m);
        stream_settle_block(s, e->cow, &it, &m, m.count, 0);
        gone += m.count;
    }
    return gone;
}

uint64_t stream_trim_plain(struct value_edit *e, const struct stream_trim_spec *t)
{
    const struct stream *s = stream_of(&e->value);
    if (s->entries.count == 0)
        return 0;
    return trim_blocks(e, t, s->entries.count > FEW_BLOCKS ? cut_many(e, t) : 0);
}
