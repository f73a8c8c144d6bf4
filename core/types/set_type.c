/*
 * set_type.c — the row of sets: what generic code wants of them.
 */
#include "core/ds/table_join.h"
#include "core/types/set_priv.h"
#include "core/types/set_walk.h"

static void set_empty(struct value *out)
{
    static const unsigned char none[INTSET_EMPTY_BYTES] = {sizeof(int16_t)};
    out->type = TYPE_SET;
    out->encoding = ENC_INTSET;
    out->as.bytes = bytes_of(none, sizeof none);
}

static const char *set_encoding_name(const struct value *v)
{
    switch (v->encoding) {
    case ENC_INTSET:
        return "intset";
    case ENC_LISTPACK:
        return "listpack";
    default:
        return "hashtable";
    }
}

static int set_copy(const struct value *v, struct value *out)
{
    *out = *v;
    if (v->encoding != ENC_TABLE)
        return LK_OK;
    struct table *t = set_table_of(v, 0);
    if (!t)
        return LK_ENOMEM;
    out->as.root = t;
    return LK_OK;
}

static void set_free_entry(void *ctx, struct entry *e)
{
    (void)ctx;
    entry_free(e);
}

static void set_release(struct value *v, struct cow *cow)
{
    struct table *t = set_table(v);
    const bool shared = cow_shared(cow, t->epoch);
    table_release_cow(t, cow, set_free_entry, NULL);
    if (shared)
        cow->defer(cow, t, sizeof *t);
    else
        mem_delete(t);
    v->as.root = NULL;
}

static bool set_reap(struct value_reaper *r, size_t budget)
{
    struct table *t = set_table(&r->value);
    if (!table_release_some(t, &r->cursor, budget, set_free_entry, NULL))
        return false;
    mem_delete(t);
    return true;
}

/* Entries are nearly alike, so that a few stand for all. */
static size_t set_node_bytes(const struct value *v, size_t samples)
{
    if (v->encoding != ENC_TABLE)
        return 0;
    const struct table *t = set_table(v);
    struct table_walk w;
    struct table_run run;
    size_t bytes = 0, n = 0;
    table_walk_begin(&w, t);
    for (table_walk_next(&w, &run); run.count > 0 && n < samples; table_walk_next(&w, &run))
        for (uint32_t i = 0; i < run.count && n < samples; i++, n++)
            bytes += mem_class(entry_size(run.entry[i]));
    const size_t entries = n ? (size_t)((double)bytes / (double)n * t->count) : 0;
    return mem_class(sizeof *t) + table_page_bytes(t) + entries;
}

static size_t set_free_effort(const struct value *v)
{
    return v->encoding == ENC_TABLE ? set_table(v)->count : 1;
}

struct describing {
    describe_sink *sink;
    void *ctx;
};

static void describe_member(void *ctx, const struct set_member *m)
{
    const struct describing *d = ctx;
    char digits[INT64_CHARS];
    d->sink(d->ctx, set_member_text(m, digits), DESCRIBE_ELEMENT);
}

static void set_describe(const struct value *v, describe_sink *sink, void *ctx)
{
    struct describing d = {sink, ctx};
    set_each(v, describe_member, &d);
}

const struct type_ops set_type_ops = {
    .name = "set",
    .empty = set_empty,
    .encoding_name = set_encoding_name,
    .copy = set_copy,
    .release = set_release,
    .reap = set_reap,
    .node_bytes = set_node_bytes,
    .free_effort = set_free_effort,
    .length = set_count,
    .describe = set_describe,
    .unordered = true,
};
