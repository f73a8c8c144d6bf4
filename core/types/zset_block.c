/*
 * zset_block.c — sorted sets that come and go as one listpack.
 */
#include "core/types/zset_priv.h"

#include "core/base/mem.h"

bool zset_as_pack(const struct value *v, struct bytes *out)
{
    if (!zset_is_packed(v))
        return false;
    *out = v->as.bytes;
    return true;
}

static bool zset_block_fits(const unsigned char *lp, const struct type_limits *l)
{
    char digits[INT64_CHARS];
    if (listpack_count(lp) / 2 > l->zset_max_listpack_entries)
        return false;
    for (const unsigned char *p = listpack_first(lp); p; p = listpack_next(lp, p)) {
        if (listpack_text(p, digits).size > l->zset_max_listpack_value)
            return false;
        p = listpack_next(lp, p);
        if (!p)
            return true; /* no pair: that is seen by others */
    }
    return true;
}

static bool read_score(const unsigned char *p, double *out)
{
    const struct listpack_value v = listpack_get(p);
    if (v.is_number)
        *out = (double)v.number;
    return v.is_number || bytes_to_double(v.s, out);
}

/* Members that are kept as numbers get their text at *digits, which has room for all of them. */
static bool zset_block_read_items(const unsigned char *lp, struct zset_item *items, char *digits)
{
    size_t n = 0;
    for (const unsigned char *p = listpack_first(lp); p; n++) {
        double score;
        const struct bytes member = listpack_text(p, digits);
        if (member.data == digits)
            digits += member.size;
        p = listpack_next(lp, p);
        if (!p || !read_score(p, &score))
            return false;
        items[n] = zset_item_of(member, score);
        p = listpack_next(lp, p);
    }
    return zset_is_sorted(items, n);
}

int zset_from_pack(struct bytes pack, const struct type_limits *limits, struct buf *scratch,
                   struct value *out)
{
    const unsigned char *lp = (const unsigned char *)pack.data;
    const size_t n = (listpack_count(lp) + 1) / 2;
    if (zset_block_fits(lp, limits)) {
        if (!zset_packed_valid(lp))
            return LK_EFORMAT;
        out->type = TYPE_ZSET;
        out->encoding = ENC_LISTPACK;
        out->as.bytes = pack;
        return LK_OK;
    }
    struct zset_item *items = mem_alloc(n * sizeof *items);
    char *digits = mem_alloc(n * INT64_CHARS);
    const int rc = zset_block_read_items(lp, items, digits)
                       ? zset_from_items(items, n, limits, scratch, out)
                       : LK_EFORMAT;
    mem_free(digits, n * INT64_CHARS);
    mem_free(items, n * sizeof *items);
    return rc;
}
