/*
 * stream_type.c — the row of streams: what generic code wants of them.
 */
#include "core/base/mem.h"
#include "core/types/stream_priv.h"

static void stream_empty(struct value *out)
{
    out->type = TYPE_STREAM;
    out->encoding = ENC_TREE;
    out->as.root = mem_new(struct stream);
}

static const char *stream_encoding_name(const struct value *v)
{
    (void)v;
    return "stream";
}

static int stream_copy(const struct value *v, struct value *out)
{
    const struct stream *s = stream_of(v);
    struct stream *own = mem_new(struct stream);
    *own = *s;
    own->epoch = 0;
    blocks_clone(&s->entries, NULL, &own->entries);
    own->groups = stream_groups_clone(s->groups);
    *out = *v;
    out->as.root = own;
    return LK_OK;
}

/* The root may be what a view reads: it is not written. */
static void stream_release(struct value *v, struct cow *cow)
{
    struct stream *s = stream_of(v);
    struct blocks entries = s->entries;
    blocks_free(&entries, cow);
    stream_groups_free(s->groups, cow);
    stream_drop(cow, s, sizeof *s, s->epoch);
    v->as.root = NULL;
}

static bool stream_reap(struct value_reaper *r, size_t budget)
{
    struct stream *s = stream_of(&r->value);
    if (!blocks_reap(&s->entries, &budget) || !stream_groups_reap(&s->groups, r, &budget))
        return false;
    mem_delete(s);
    return true;
}

static size_t stream_node_bytes(const struct value *v, size_t samples)
{
    const struct stream *s = stream_of(v);
    (void)samples;
    return sizeof *s + s->entries.used_bytes + stream_groups_bytes(s->groups);
}

static size_t stream_free_effort(const struct value *v)
{
    enum { BLOCK = 1024 }; /* of trees; consumers are smaller, but few */
    const struct stream *s = stream_of(v);
    return s->entries.count + s->entries.nodes + stream_groups_bytes(s->groups) / BLOCK + 1;
}

static void stream_describe(const struct value *v, describe_sink *sink, void *ctx)
{
    char id[STREAM_ID_CHARS], digits[INT64_CHARS];
    struct stream_iter it;
    stream_iter_begin(&it, v, stream_id_of(0, 0), stream_id_max(), false);
    while (stream_iter_next(&it)) {
        const size_t size = stream_id_to_chars(it.id, '.', id);
        sink(ctx, bytes_of(id, size), it.fields ? DESCRIBE_PART : DESCRIBE_ELEMENT);
        for (uint64_t i = it.fields; i > 0; i--) {
            struct listpack_value pair[2];
            stream_iter_pair(&it, &pair[0], &pair[1]);
            for (int j = 0; j < 2; j++) {
                const struct listpack_value *w = &pair[j];
                const struct bytes text =
                    w->is_number ? bytes_of(digits, int64_to_chars(w->number, digits)) : w->s;
                sink(ctx, text, i == 1 && j == 1 ? DESCRIBE_ELEMENT : DESCRIBE_PART);
            }
        }
    }
}

const struct type_ops stream_type_ops = {
    .name = "stream",
    .empty = stream_empty,
    .stays_when_empty = true,
    .encoding_name = stream_encoding_name,
    .copy = stream_copy,
    .release = stream_release,
    .node_bytes = stream_node_bytes,
    .reap = stream_reap,
    .free_effort = stream_free_effort,
    .length = stream_length,
    .describe = stream_describe,
};
