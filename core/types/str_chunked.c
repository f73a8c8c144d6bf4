/*
 * str_chunked.c — strings above STR_INLINE_MAX.
 *
 * The entry holds one pointer, and the string is cut into chunks that are cloned, sent and freed
 * one by one (core/ds/chunks.h).  A string never goes back to the inline form: only SET makes it
 * shorter, and that makes a new value.
 */
#include "core/types/str_priv.h"

#include "core/ds/chunks.h"

static struct chunks *str_chunked_root_of(const struct value *v)
{
    LK_DEBUG_ASSERT(v->encoding == ENC_CHUNKS);
    return v->as.root;
}

void str_chunked_from_bytes(struct bytes b, struct value *out)
{
    out->type = TYPE_STRING;
    out->encoding = ENC_CHUNKS;
    out->as.root = chunks_from_bytes(NULL, b);
}

void str_chunked_from_range(size_t offset, struct bytes piece, struct value *out)
{
    struct chunks *root = chunks_new(NULL);
    chunks_write(&root, NULL, offset, piece);
    out->type = TYPE_STRING;
    out->encoding = ENC_CHUNKS;
    out->as.root = root;
}

size_t str_chunked_size(const struct value *v)
{
    return chunks_size(str_chunked_root_of(v));
}

size_t str_chunked_read(const struct value *v, size_t offset, char *out, size_t n)
{
    return chunks_read(str_chunked_root_of(v), offset, out, n);
}

void str_chunked_spans(const struct value *v, size_t offset, size_t n,
                       void (*span)(void *ctx, const struct str_span *piece), void *ctx)
{
    struct chunks_iter it;
    struct chunk_span s;
    chunks_iter_init(&it, str_chunked_root_of(v), offset, n);
    while (chunks_iter_next(&it, &s)) {
        const struct str_span piece = {bytes_of(s.data, s.size), true, s.owner};
        span(ctx, &piece);
    }
}

bool str_chunked_equal(const struct value *v, struct bytes b)
{
    struct chunks_iter it;
    struct chunk_span s;
    size_t at = 0;
    if (chunks_size(str_chunked_root_of(v)) != b.size)
        return false;
    chunks_iter_init(&it, str_chunked_root_of(v), 0, b.size);
    while (chunks_iter_next(&it, &s)) {
        if (memcmp(s.data, b.data + at, s.size) != 0)
            return false;
        at += s.size;
    }
    return true;
}

/* The payload shrinks to a pointer only when the chunks hold all of it. */
static int become_chunks(struct value_edit *e)
{
    char digits[INT64_CHARS];
    struct chunks *root = chunks_from_bytes(e->cow, str_inline_bytes(&e->value, digits));
    if (!e->resize(e, sizeof root)) {
        chunks_free(root, NULL);
        return LK_ENOMEM;
    }
    e->value.encoding = ENC_CHUNKS;
    e->value.as.root = root;
    return LK_OK;
}

int str_chunked_set_range(struct value_edit *e, size_t offset, struct bytes piece)
{
    if (e->value.encoding != ENC_CHUNKS) {
        const int rc = become_chunks(e);
        if (rc != LK_OK)
            return rc;
    }
    struct chunks *root = e->value.as.root;
    chunks_write(&root, e->cow, offset, piece);
    e->value.as.root = root;
    return LK_OK;
}

void str_chunked_copy(const struct value *v, struct value *out)
{
    *out = *v;
    out->as.root = chunks_clone(str_chunked_root_of(v), NULL);
}

void str_chunked_release(struct value *v, struct cow *cow)
{
    chunks_free(str_chunked_root_of(v), cow);
    v->as.root = NULL;
}

bool str_chunked_reap(struct value_reaper *r, size_t budget)
{
    return chunks_free_some(str_chunked_root_of(&r->value), NULL, &r->cursor, budget);
}

size_t str_chunked_node_bytes(const struct value *v)
{
    return chunks_used_bytes(str_chunked_root_of(v));
}

size_t str_chunked_free_effort(const struct value *v)
{
    return chunks_size(str_chunked_root_of(v)) / CHUNK_BYTES + 1;
}
