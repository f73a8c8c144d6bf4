/*
 * stream_block.c — reading the form of a block, and checking one that comes from outside.
 */
#include "core/types/stream_priv.h"

static const unsigned char *stream_block_skip(const unsigned char *p, uint64_t entries)
{
    while (entries-- > 0)
        p += listpack_entry_bytes(p);
    return p;
}

/* The number at *p, which then stands behind it. */
static int64_t stream_block_take(const unsigned char **p)
{
    const int64_t n = listpack_get(*p).number;
    *p += listpack_entry_bytes(*p);
    return n;
}

void stream_master_read(const unsigned char *lp, struct stream_master *out)
{
    const unsigned char *p = lp + LISTPACK_HEADER_BYTES;
    out->count = (uint64_t)stream_block_take(&p);
    out->deleted = (uint64_t)stream_block_take(&p);
    out->fields = (uint64_t)stream_block_take(&p);
    out->first_field = p;
    out->first_item = stream_block_skip(p, out->fields + 1);
}

void stream_item_read(const unsigned char *p, struct block_key base, uint64_t fields,
                      struct stream_item *out)
{
    out->flags = (unsigned)stream_block_take(&p);
    out->id.ms = base.high + (uint64_t)stream_block_take(&p);
    out->id.seq = base.low + (uint64_t)stream_block_take(&p);
    out->fields = out->flags & STREAM_ITEM_SAME_FIELDS ? fields : (uint64_t)stream_block_take(&p);
    out->first = p;
}

const unsigned char *stream_item_end(const struct stream_item *item)
{
    const bool same = item->flags & STREAM_ITEM_SAME_FIELDS;
    return stream_block_skip(item->first, (same ? item->fields : 2 * item->fields) + 1);
}

const unsigned char *stream_item_before(const unsigned char *lp, const unsigned char *p)
{
    p = listpack_prev(lp, p);
    int64_t entries = listpack_get(p).number; /* 0 closes the master entry */
    if (entries == 0)
        return NULL;
    while (entries-- > 0)
        p = listpack_prev(lp, p);
    return p;
}

/* --- from outside ---------------------------------------------------------------------------- */

/* Where a check is in a listpack that is known to be one. */
struct reading {
    const unsigned char *p, *end;
    bool wrong;
};

static int64_t read_number(struct reading *r)
{
    if (r->wrong || r->p == r->end || !listpack_get(r->p).is_number) {
        r->wrong = true;
        return 0;
    }
    return stream_block_take(&r->p);
}

static uint64_t read_count(struct reading *r)
{
    const int64_t n = read_number(r);
    r->wrong |= n < 0;
    return r->wrong ? 0 : (uint64_t)n;
}

static void read_any(struct reading *r, uint64_t entries)
{
    for (; entries > 0 && r->p < r->end; entries--)
        r->p += listpack_entry_bytes(r->p);
    r->wrong |= entries > 0;
}

static void read_item(struct reading *r, struct stream_id base, uint64_t fields,
                      struct stream_item *item)
{
    const uint64_t flags = read_count(r);
    const bool same = flags & STREAM_ITEM_SAME_FIELDS;
    item->flags = (unsigned)flags;
    item->id.ms = base.ms + (uint64_t)read_number(r);
    item->id.seq = base.seq + (uint64_t)read_number(r);
    item->fields = same ? fields : read_count(r);
    r->wrong |=
        flags > (STREAM_ITEM_DELETED | STREAM_ITEM_SAME_FIELDS) || item->fields > UINT32_MAX;
    if (r->wrong)
        return;
    const uint64_t words = same ? item->fields : 2 * item->fields;
    read_any(r, words);
    r->wrong |= read_count(r) != words + (same ? 3 : 4);
}

bool stream_block_check(const unsigned char *lp, size_t bytes, struct stream_id base,
                        struct stream_id *last)
{
    if (!listpack_validate(lp, bytes))
        return false;
    struct reading r = {lp + LISTPACK_HEADER_BYTES, lp + bytes - 1, false};
    const uint64_t count = read_count(&r), deleted = read_count(&r), fields = read_count(&r);
    if (r.wrong || fields > UINT32_MAX)
        return false;
    read_any(&r, fields);
    r.wrong |= read_number(&r) != 0;
    uint64_t living = 0, dead = 0;
    *last = base;
    while (!r.wrong && r.p < r.end) {
        struct stream_item item;
        read_item(&r, base, fields, &item);
        r.wrong |= stream_id_compare(item.id, base) < 0;
        if (item.flags & STREAM_ITEM_DELETED) {
            dead++;
            continue;
        }
        r.wrong |= living > 0 && stream_id_compare(item.id, *last) <= 0;
        *last = item.id;
        living++;
    }
    return !r.wrong && living == count && dead == deleted && living + dead > 0;
}
