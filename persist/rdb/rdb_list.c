/*
 * rdb_list.c — lists: the blocks that they are kept in, one after the other.
 *
 *   list       count | element …
 *   ziplist    one string
 *   quicklist  blocks | ziplist …
 *   quicklist2 blocks | { container | listpack, or a single element }
 */
#include "core/types/list.h"
#include "persist/rdb/rdb_elements.h"
#include "persist/rdb/rdb_type.h"
#include "persist/rdb/rdb_ziplist.h"

enum {
    CONTAINER_PLAIN = 1,
    CONTAINER_PACKED = 2,
    PLAIN_ABOVE_BYTES = 64 * 1024, /* the largest block that a server's configuration knows */
};

static unsigned rdb_list_code(const struct rdb_out *o, const struct value *v)
{
    (void)o;
    (void)v;
    return RDB_LIST_QUICKLIST_2;
}

/* A block that is one large string, which needs no list around it. */
static bool rdb_list_is_plain(const unsigned char *lp, struct bytes *out)
{
    if (listpack_bytes(lp) <= PLAIN_ABOVE_BYTES || listpack_count(lp) != 1)
        return false;
    *out = listpack_get(listpack_first(lp)).s;
    return true;
}

static void write_block(struct rdb_out *o, const unsigned char *lp)
{
    struct bytes plain;
    if (rdb_list_is_plain(lp, &plain)) {
        rdb_out_length(o, CONTAINER_PLAIN);
        rdb_out_string(o, plain);
    } else {
        rdb_out_length(o, CONTAINER_PACKED);
        rdb_out_string(o, bytes_of(lp, listpack_bytes(lp)));
    }
}

static void rdb_list_write(struct rdb_out *o, const struct value *v)
{
    struct list_iter it;
    uint64_t blocks = 0;
    for (bool on = list_iter_at(&it, v, 0); on; on = list_iter_next_block(&it))
        blocks++;
    rdb_out_length(o, blocks);
    for (bool on = list_iter_at(&it, v, 0); on; on = list_iter_next_block(&it))
        write_block(o, list_iter_block(&it));
}

/* --- reading --------------------------------------------------------------------------------- */

static int add_bytes(struct rdb_in *in, struct list_builder *b, struct bytes s)
{
    if (s.size > LIST_ELEMENT_MAX)
        return rdb_in_fail(in, "an element of %zu bytes is too long for a list", s.size);
    const struct listpack_value v = listpack_from_bytes(s);
    list_build_add(b, &v);
    return LK_OK;
}

static int rdb_list_read_element(struct rdb_in *in, struct list_builder *b)
{
    struct bytes s;
    const int rc = rdb_in_element(in, &s);
    return rc == LK_OK ? add_bytes(in, b, s) : rc;
}

static bool rdb_list_add_value(void *ctx, const struct listpack_value *v)
{
    list_build_add(ctx, v);
    return true;
}

static int rdb_list_read_ziplist(struct rdb_in *in, struct list_builder *b)
{
    struct bytes zl;
    size_t count;
    const int rc = rdb_in_ziplist(in, "List", &zl, &count);
    if (rc == LK_OK)
        rdb_ziplist_each(zl, rdb_list_add_value, b);
    return rc;
}

/* What stands alone in a block is too long for one, and never empty. */
static int read_plain(struct rdb_in *in, struct list_builder *b)
{
    struct bytes s;
    const int rc = rdb_in_element(in, &s);
    if (rc != LK_OK)
        return rc;
    return s.size > 0 ? add_bytes(in, b, s) : rdb_in_fail(in, "a part of a list is empty");
}

static int rdb_list_read_block(struct rdb_in *in, struct list_builder *b)
{
    uint64_t container;
    struct bytes lp;
    size_t count;
    int rc = rdb_in_length(in, &container);
    if (rc == LK_OK && container == CONTAINER_PLAIN)
        return read_plain(in, b);
    if (rc == LK_OK && container != CONTAINER_PACKED)
        return rdb_in_fail(in, "no part of a list has form %llu", (unsigned long long)container);
    if (rc == LK_OK)
        rc = rdb_in_listpack(in, "List", &lp, &count);
    if (rc == LK_OK && count > 0)
        list_build_add_packed(b, (const unsigned char *)lp.data);
    return rc;
}

static int read_parts(struct rdb_in *in, unsigned code, struct list_builder *b)
{
    uint64_t n = 1;
    int rc = code == RDB_LIST_ZIPLIST ? LK_OK : rdb_in_count(in, 1, &n);
    for (uint64_t i = 0; i < n && rc == LK_OK; i++) {
        switch (code) {
        case RDB_LIST:
            rc = rdb_list_read_element(in, b);
            break;
        case RDB_LIST_QUICKLIST_2:
            rc = rdb_list_read_block(in, b);
            break;
        default:
            rc = rdb_list_read_ziplist(in, b);
            break;
        }
    }
    return rc;
}

static int rdb_list_read(struct rdb_in *in, const struct rdb_code *row, struct value *out)
{
    struct list_builder b;
    list_build_begin(&b, in->limits);
    const int rc = read_parts(in, row->code, &b);
    if (rc == LK_OK) {
        list_build_finish(&b, out);
        if (list_length(out) == 0) {
            value_release(out);
        } else if (value_is_inline(out->encoding)) { /* it lies in the builder */
            buf_append_bytes(&in->scratch, out->as.bytes);
            out->as.bytes = buf_bytes(&in->scratch);
        }
    }
    list_build_release(&b);
    return rc;
}

const struct rdb_type rdb_list = {rdb_list_code, rdb_list_write, rdb_list_read};
