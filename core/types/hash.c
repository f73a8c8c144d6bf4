/*
 * hash.c — hashes, whichever way they are kept, and when they change from one way to another.
 *
 *   listpack --(a field gets a deadline)--> listpack with deadlines
 *       |                                       |
 *       +---(too many fields, or a long one)----+--> table
 */
#include "core/types/hash.h"

#include "core/types/hash_priv.h"
#include "core/types/packed.h"

/* A listpack holds up to 4 GiB, but moving that much for a change of one field is out of hand. */
#define PACKED_BYTES_MAX ((size_t)1 << 30)

/* --- reading --------------------------------------------------------------------------------- */

bool hash_get(const struct value *v, struct bytes name, int64_t now_ms, struct hash_value *out)
{
    const bool kept =
        hash_is_table(v) ? hash_table_get(v, name, out) : hash_packed_get(v, name, out);
    return kept && !hash_due(out->deadline_ms, now_ms);
}

void hash_get_many(const struct value *v, const struct bytes *names, uint32_t n, int64_t now_ms,
                   hash_got *got, void *ctx)
{
    if (hash_is_table(v)) {
        hash_table_get_many(v, names, n, now_ms, got, ctx);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        struct hash_value value;
        const bool found =
            hash_packed_get(v, names[i], &value) && !hash_due(value.deadline_ms, now_ms);
        got(ctx, found ? &value : NULL);
    }
}

uint64_t hash_length(const struct value *v)
{
    return hash_is_table(v) ? ((const struct table *)v->as.root)->count : hash_packed_length(v);
}

static void hash_count_one(void *ctx, const struct hash_field *f)
{
    (void)f;
    ++*(uint64_t *)ctx;
}

uint64_t hash_count(const struct value *v, int64_t now_ms)
{
    if (!hash_is_table(v))
        return hash_packed_length(v) - hash_packed_count_due(v, now_ms);
    if (LK_LIKELY(!hash_table_may_be_due(v, now_ms)))
        return hash_length(v);
    uint64_t n = 0;
    hash_table_each(v, now_ms, hash_count_one, &n);
    return n;
}

void hash_each(const struct value *v, int64_t now_ms, hash_visit *visit, void *ctx)
{
    if (hash_is_table(v))
        hash_table_each(v, now_ms, visit, ctx);
    else
        hash_packed_each(v, now_ms, visit, ctx);
}

uint64_t hash_scan(const struct value *v, uint64_t cursor, uint64_t count, int64_t now_ms,
                   hash_visit *visit, void *ctx)
{
    if (hash_is_table(v))
        return hash_table_scan(v, cursor, count, now_ms, visit, ctx);
    hash_packed_each(v, now_ms, visit, ctx);
    return 0;
}

/* --- changing -------------------------------------------------------------------------------- */

/* Must the hash be a table before it may hold this field? */
static bool outgrown_by(const struct value_edit *e, struct bytes name, struct bytes value)
{
    const uint64_t longest = e->limits->hash_max_listpack_value;
    return name.size > longest || value.size > longest ||
           hash_packed_bytes(&e->value).size + name.size + value.size > PACKED_BYTES_MAX;
}

/* A hash with too many fields that finds no memory for a table stays as it is for now. */
static void grow_up(struct value_edit *e)
{
    if (LK_UNLIKELY(hash_packed_length(&e->value) > e->limits->hash_max_listpack_entries))
        (void)hash_table_make(e);
}

static int packed_set(struct value_edit *e, struct bytes name, struct bytes value,
                      int64_t deadline_ms, struct hash_was *was)
{
    int rc = deadline_ms >= 0 ? hash_packed_make_timed(e) : LK_OK;
    if (rc == LK_OK)
        rc = hash_packed_set(e, name, value, deadline_ms, was);
    if (rc == LK_OK && !was->kept)
        grow_up(e);
    return rc;
}

int hash_set(struct value_edit *e, struct bytes name, struct bytes value, int64_t deadline_ms,
             struct hash_was *was)
{
    if (!hash_is_table(&e->value)) {
        if (LK_LIKELY(!outgrown_by(e, name, value)))
            return packed_set(e, name, value, deadline_ms, was);
        const int rc = hash_table_make(e);
        if (rc != LK_OK)
            return rc;
    }
    return hash_table_set(e, name, value, deadline_ms, was);
}

int hash_set_pairs(struct value_edit *e, const struct bytes *pairs, uint32_t n, int64_t deadline_ms,
                   int64_t now_ms, uint32_t *set, uint32_t *created)
{
    uint32_t i = 0;
    *set = *created = 0;
    for (; i < n && !hash_is_table(&e->value); i++) {
        struct hash_was was;
        const int rc =
            hash_set(e, pairs[2 * (size_t)i], pairs[2 * (size_t)i + 1], deadline_ms, &was);
        if (LK_UNLIKELY(rc != LK_OK))
            return rc;
        *set += 1;
        *created += !was.kept || hash_due(was.deadline_ms, now_ms);
    }
    if (i == n)
        return LK_OK;
    return hash_table_set_pairs(e, pairs + 2 * (size_t)i, n - i, deadline_ms, now_ms, set, created);
}

bool hash_delete(struct value_edit *e, struct bytes name, struct hash_was *was)
{
    return hash_is_table(&e->value) ? hash_table_delete(e, name, was)
                                    : hash_packed_delete(e, name, was);
}

int hash_set_deadline(struct value_edit *e, struct bytes name, int64_t deadline_ms)
{
    if (hash_is_table(&e->value))
        return hash_table_set_deadline(e, name, deadline_ms);
    if (e->value.encoding == ENC_LISTPACK && deadline_ms == ENTRY_NO_DEADLINE)
        return LK_OK;
    const int rc = hash_packed_make_timed(e);
    return rc == LK_OK ? hash_packed_set_deadline(e, name, deadline_ms) : rc;
}

uint32_t hash_drop_due(struct value_edit *e, int64_t now_ms, uint32_t max,
                       void (*gone)(void *ctx, struct bytes name), void *ctx)
{
    return hash_is_table(&e->value) ? hash_table_drop_due(e, now_ms, max, gone, ctx)
                                    : hash_packed_drop_due(e, now_ms, max, gone, ctx);
}

/* --- the row --------------------------------------------------------------------------------- */

static void hash_empty(struct value *out)
{
    out->type = TYPE_HASH;
    out->encoding = ENC_LISTPACK;
    out->as.bytes = packed_empty();
}

static const char *hash_encoding_name(const struct value *v)
{
    switch (v->encoding) {
    case ENC_TABLE:
        return "hashtable";
    case ENC_LISTPACK_EX:
        return "listpackex";
    default:
        return "listpack";
    }
}

static int hash_copy(const struct value *v, struct value *out)
{
    if (hash_is_table(v))
        return hash_table_copy(v, out);
    *out = *v;
    return LK_OK;
}

static size_t hash_node_bytes(const struct value *v, size_t samples)
{
    return hash_is_table(v) ? hash_table_node_bytes(v, samples) : 0;
}

static int64_t next_deadline(const struct value *v)
{
    return hash_is_table(v) ? hash_table_next_deadline(v) : hash_packed_next_deadline(v);
}

static size_t hash_free_effort(const struct value *v)
{
    return hash_is_table(v) ? hash_length(v) + 1 : 1;
}

struct describing {
    describe_sink *sink;
    void *ctx;
};

static void describe_field(void *ctx, const struct hash_field *f)
{
    const struct describing *d = ctx;
    d->sink(d->ctx, f->name, DESCRIBE_PART);
    d->sink(d->ctx, f->value, DESCRIBE_ELEMENT);
}

static void hash_describe(const struct value *v, describe_sink *sink, void *ctx)
{
    struct describing d = {sink, ctx};
    hash_each(v, -1, describe_field, &d);
}

const struct type_ops hash_type_ops = {
    .name = "hash",
    .empty = hash_empty,
    .encoding_name = hash_encoding_name,
    .copy = hash_copy,
    .release = hash_table_release,
    .reap = hash_table_reap,
    .node_bytes = hash_node_bytes,
    .next_deadline = next_deadline,
    .free_effort = hash_free_effort,
    .length = hash_length,
    .describe = hash_describe,
    .unordered = true,
};
