/*
 * rdb_zset.c — sorted sets.
 *
 *   zset       count | { member | score as text } …
 *   zset2      count | { member | score, 8 bytes } …     the highest first, as servers write them
 *   ziplist, listpack      member | score …              one string, the lowest first
 */
#include "core/base/mem.h"
#include "core/types/zset.h"
#include "persist/rdb/rdb_elements.h"
#include "persist/rdb/rdb_type.h"
#include "persist/rdb/rdb_ziplist.h"

static unsigned rdb_zset_code(const struct rdb_out *o, const struct value *v)
{
    (void)o;
    struct bytes lp;
    return zset_as_pack(v, &lp) ? RDB_ZSET_LISTPACK : RDB_ZSET_2;
}

static void rdb_zset_write(struct rdb_out *o, const struct value *v)
{
    struct bytes lp;
    struct zset_iter it;
    const uint64_t n = zset_length(v);
    if (zset_as_pack(v, &lp)) {
        rdb_out_string(o, lp);
        return;
    }
    rdb_out_length(o, n);
    for (bool on = zset_iter_at(&it, v, n - 1, true); on; on = zset_iter_next(&it)) {
        rdb_out_string(o, it.member);
        rdb_out_double(o, it.score);
    }
}

/* --- reading --------------------------------------------------------------------------------- */

/* Elements as they come; the members lie one behind the other in text. */
struct items {
    struct zset_item *v;
    size_t n, capacity;
    struct buf text;
};

static void items_release(struct items *t)
{
    mem_free(t->v, t->capacity * sizeof *t->v);
    buf_release(&t->text);
}

/* Until all are there an item says no more than the size of its member. */
static void add_item(struct items *t, struct bytes member, double score)
{
    if (t->n == t->capacity) {
        const size_t more = t->capacity ? t->capacity * 2 : 64;
        t->v = mem_realloc(t->v, t->capacity * sizeof *t->v, more * sizeof *t->v);
        t->capacity = more;
    }
    buf_append_bytes(&t->text, member);
    t->v[t->n++] = (struct zset_item){.member = bytes_of(NULL, member.size), .score = score};
}

static void name_members(struct items *t)
{
    size_t at = 0;
    for (size_t i = 0; i < t->n; i++) {
        const size_t size = t->v[i].member.size;
        t->v[i] =
            zset_item_of(size ? bytes_of(t->text.data + at, size) : bytes_of("", 0), t->v[i].score);
        at += size;
    }
}

static int read_elements(struct rdb_in *in, bool as_text, struct items *t)
{
    uint64_t n;
    int rc = rdb_in_count(in, as_text ? 2 : 9, &n);
    for (uint64_t i = 0; i < n && rc == LK_OK; i++) {
        struct bytes member;
        double score = 0;
        rc = rdb_in_element(in, &member);
        if (rc != LK_OK)
            break;
        add_item(t, member, 0); /* before the score moves the window */
        rc = as_text ? rdb_in_double_text(in, &score) : rdb_in_double(in, &score);
        t->v[t->n - 1].score = score;
    }
    name_members(t);
    return rc;
}

struct pairing {
    struct items *to;
    bool has_member, broken;
};

static bool rdb_zset_add_value(void *ctx, const struct listpack_value *v)
{
    struct pairing *p = ctx;
    char digits[INT64_CHARS];
    if (!p->has_member) {
        add_item(p->to, rdb_text_of(v, digits), 0);
    } else {
        double *score = &p->to->v[p->to->n - 1].score;
        *score = (double)v->number;
        p->broken = !v->is_number && !bytes_to_double(v->s, score);
    }
    p->has_member = !p->has_member;
    return !p->broken;
}

static int rdb_zset_read_ziplist(struct rdb_in *in, struct items *t)
{
    struct bytes zl;
    size_t count;
    struct pairing p = {.to = t};
    const int rc = rdb_in_ziplist(in, "Zset", &zl, &count);
    if (rc != LK_OK)
        return rc;
    rdb_ziplist_each(zl, rdb_zset_add_value, &p);
    if (p.broken)
        return rdb_in_fail(in, "a score is no number");
    if (p.has_member)
        return rdb_in_fail(in, "the last member has no score");
    name_members(t);
    return zset_is_sorted(t->v, t->n) ? LK_OK : rdb_in_fail(in, "the sorted set is not in order");
}

static int read_items(struct rdb_in *in, unsigned code, struct value *out)
{
    struct items t = {0};
    int rc = code == RDB_ZSET_ZIPLIST ? rdb_zset_read_ziplist(in, &t)
                                      : read_elements(in, code == RDB_ZSET, &t);
    out->type = TYPE_NONE;
    if (rc == LK_OK && t.n > 0) {
        rc = rdb_in_made(in, zset_from_items(t.v, t.n, in->limits, &in->scratch, out),
                         "Zset with dup elements (a member comes twice), or a score is no number");
    }
    items_release(&t);
    return rc;
}

static int rdb_zset_read_pack(struct rdb_in *in, struct value *out)
{
    struct bytes lp;
    size_t count;
    const int rc = rdb_in_listpack(in, "Zset", &lp, &count);
    if (rc != LK_OK || count == 0)
        return rc == LK_OK ? rdb_in_nothing(out) : rc;
    return rdb_in_made(
        in, zset_from_pack(lp, in->limits, &in->scratch, out),
        "Zset listpack integrity check failed: a member comes twice or out of order, or a "
        "score is no number");
}

static int rdb_zset_read(struct rdb_in *in, const struct rdb_code *row, struct value *out)
{
    return row->code == RDB_ZSET_LISTPACK ? rdb_zset_read_pack(in, out)
                                          : read_items(in, row->code, out);
}

const struct rdb_type rdb_zset = {rdb_zset_code, rdb_zset_write, rdb_zset_read};
