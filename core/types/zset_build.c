/*
 * zset_build.c — whole sorted sets at once: what STORE commands make and files hold.
 *
 * Items are sorted by the bits of their scores, byte by byte, and runs of equal scores by their
 * members.  Then the leaves of the tree are filled one after the other, and a table that has its
 * final size from the start takes the members: nothing is searched and nothing moves.
 */
#include "core/types/packed.h"
#include "core/types/zset_priv.h"

#include <stdlib.h>

/* --- sorting --------------------------------------------------------------------------------- */

enum { RADIX_LEAST = 256 }; /* below it a comparison sort is as fast */

static int compare_items(const void *a, const void *b)
{
    const struct zset_item *x = a, *y = b;
    return zset_compare(x->score, x->member, y->score, y->member);
}

bool zset_is_sorted(const struct zset_item *items, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (compare_items(&items[i - 1], &items[i]) > 0)
            return false;
    return true;
}

struct ranked {
    uint64_t bits; /* of the score */
    size_t index;
};

/* One pass over a byte of the bits; false if all have the same one and nothing was done. */
static bool radix_pass(const struct ranked *from, struct ranked *to, size_t n, unsigned shift)
{
    size_t start[256] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++)
        start[from[i].bits >> shift & 255]++;
    if (start[from[0].bits >> shift & 255] == n)
        return false;
    for (size_t i = 0; i < 256; i++) {
        const size_t count = start[i];
        start[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[start[from[i].bits >> shift & 255]++] = from[i];
    return true;
}

/* Sorts the runs of items whose scores are equal by their members. */
static void sort_runs(struct zset_item *items, size_t n)
{
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && items[end].score == items[i].score;)
            end++;
        if (end - i > 1)
            qsort(items + i, end - i, sizeof *items, compare_items);
    }
}

static void radix_sort(struct zset_item *items, size_t n)
{
    struct ranked *a = mem_alloc(n * sizeof *a), *b = mem_alloc(n * sizeof *b);
    struct zset_item *copy = mem_alloc(n * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        a[i] = (struct ranked){zset_score_bits(items[i].score), i};
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if (radix_pass(a, b, n, shift)) {
            struct ranked *swap = a;
            a = b;
            b = swap;
        }
    }
    memcpy(copy, items, n * sizeof *copy);
    for (size_t i = 0; i < n; i++)
        items[i] = copy[a[i].index];
    mem_free(copy, n * sizeof *copy);
    mem_free(a, n * sizeof *a);
    mem_free(b, n * sizeof *b);
    sort_runs(items, n);
}

void zset_sort(struct zset_item *items, size_t n)
{
    if (zset_is_sorted(items, n))
        return;
    if (n < RADIX_LEAST)
        qsort(items, n, sizeof *items, compare_items);
    else
        radix_sort(items, n);
}

/* --- building -------------------------------------------------------------------------------- */

struct builder {
    struct zset *z;
    struct cow *cow;
    struct buf leaf; /* a listpack on its way into the tree */
};

static void flush_leaf(struct builder *b)
{
    if (b->leaf.size > 0)
        tree_append_packed(&b->z->order, b->cow, (const unsigned char *)b->leaf.data);
    b->leaf.size = 0;
}

static void leaf_add(struct builder *b, struct bytes member, double score)
{
    char raw[sizeof(double)];
    struct listpack_value v[2];
    zset_element_values(member, score, raw, v);
    const size_t bytes = listpack_encoded_bytes(v, 2);
    if (b->leaf.size + bytes > zset_tree_params.leaf_bytes)
        flush_leaf(b);
    if (b->leaf.size == 0) {
        listpack_init_in_place((unsigned char *)buf_reserve(&b->leaf, LISTPACK_EMPTY_BYTES));
        b->leaf.size = LISTPACK_EMPTY_BYTES;
    }
    buf_reserve(&b->leaf, bytes);
    listpack_splice_in_place((unsigned char *)b->leaf.data, b->leaf.size - 1, 0, 0, v, 2);
    b->leaf.size += bytes;
}

static void build_begin(struct builder *b, struct cow *cow, size_t n)
{
    *b = (struct builder){.z = zset_tree_new(cow), .cow = cow};
    table_reserve(&b->z->members, n);
}

/* The next element in order. */
static int build_add(struct builder *b, struct bytes member, uint64_t hash, double score)
{
    struct table_loc loc;
    if (table_find(&b->z->members, hash, member, &loc))
        return LK_EFORMAT;
    struct entry *e = zset_entry_new(member, score);
    if (!e)
        return LK_ENOMEM;
    table_insert(&b->z->members, b->cow, hash, e);
    leaf_add(b, member, score);
    return LK_OK;
}

/* The root; freed, and NULL, if something went wrong. */
static struct zset *build_end(struct builder *b, int rc)
{
    flush_leaf(b);
    buf_release(&b->leaf);
    if (rc == LK_OK)
        return b->z;
    struct value v = {.type = TYPE_ZSET, .encoding = ENC_TREE_TABLE, .as.root = b->z};
    value_release_cow(&v, b->cow);
    return NULL;
}

int zset_become_tree(struct value_edit *e)
{
    struct builder b;
    struct zset_iter it;
    int rc = LK_OK;
    build_begin(&b, e->cow, zset_length(&e->value) + 1);
    for (bool on = zset_iter_at(&it, &e->value, 0, false); on && rc == LK_OK;
         on = zset_iter_next(&it))
        rc = build_add(&b, it.member, hash_bytes(it.member), it.score);
    struct zset *z = build_end(&b, rc);
    if (!z)
        return rc;
    if (!e->resize(e, sizeof z)) {
        build_end(&b, LK_ENOMEM);
        return LK_ENOMEM;
    }
    e->value.encoding = ENC_TREE_TABLE;
    e->value.as.root = z;
    return LK_OK;
}

static bool fits_packed(const struct zset_item *items, size_t n, const struct type_limits *limits)
{
    size_t bytes = 0;
    if (n > limits->zset_max_listpack_entries)
        return false;
    for (size_t i = 0; i < n; i++) {
        bytes += items[i].member.size;
        if (items[i].member.size > limits->zset_max_listpack_value || bytes > ZSET_PACKED_MAX)
            return false;
    }
    return true;
}

static int zset_build_pack(const struct zset_item *items, size_t n, struct buf *scratch,
                           struct value *out)
{
    const size_t at = scratch->size;
    listpack_init_in_place((unsigned char *)buf_reserve(scratch, LISTPACK_EMPTY_BYTES));
    scratch->size += LISTPACK_EMPTY_BYTES;
    for (size_t i = 0; i < n; i++) {
        char text[DOUBLE_CHARS];
        const struct listpack_value v[2] = {listpack_from_bytes(items[i].member),
                                            zset_packed_value(items[i].score, text)};
        const size_t bytes = listpack_encoded_bytes(v, 2);
        buf_reserve(scratch, bytes);
        listpack_splice_in_place((unsigned char *)scratch->data + at, scratch->size - at - 1, 0, 0,
                                 v, 2);
        scratch->size += bytes;
    }
    out->encoding = ENC_LISTPACK;
    out->as.bytes = bytes_of(scratch->data + at, scratch->size - at);
    return LK_OK;
}

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->bits > y->bits) - (x->bits < y->bits);
}

/* Equal members have equal hashes, so these are sorted to find them. */
static bool has_twins(const struct zset_item *items, size_t n)
{
    struct ranked *by_hash = mem_alloc(n * sizeof *by_hash);
    bool found = false;
    for (size_t i = 0; i < n; i++)
        by_hash[i] = (struct ranked){items[i].hash, i};
    qsort(by_hash, n, sizeof *by_hash, compare_ranked);
    for (size_t i = 1; i < n; i++)
        if (by_hash[i].bits == by_hash[i - 1].bits)
            found |=
                bytes_equal(items[by_hash[i].index].member, items[by_hash[i - 1].index].member);
    mem_free(by_hash, n * sizeof *by_hash);
    return found;
}

int zset_from_items(struct zset_item *items, size_t n, const struct type_limits *limits,
                    struct buf *scratch, struct value *out)
{
    struct builder b;
    int rc = LK_OK;
    for (size_t i = 0; i < n; i++)
        if (isnan(items[i].score))
            return LK_EFORMAT;
    zset_sort(items, n);
    out->type = TYPE_ZSET;
    if (fits_packed(items, n, limits))
        return has_twins(items, n) ? LK_EFORMAT : zset_build_pack(items, n, scratch, out);
    build_begin(&b, NULL, n);
    for (size_t i = 0; i < n && rc == LK_OK; i++)
        rc = build_add(&b, items[i].member, items[i].hash, items[i].score);
    out->encoding = ENC_TREE_TABLE;
    out->as.root = build_end(&b, rc);
    if (rc != LK_OK)
        out->type = TYPE_NONE;
    return rc;
}
