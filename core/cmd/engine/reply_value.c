/*
 * reply_value.c — bulks that do not lie in one piece.
 */
#include "core/cmd/engine/reply_value.h"

#include "core/ds/chunks.h"
#include "core/proto/resp_segment.h"

/* Below this a copy is cheaper than a reference and one more run to send. */
enum { REFER_MIN = 16 * 1024 };

static void reply_value_unref(void *chunk)
{
    chunk_unref(chunk);
}

static void put_span(void *ctx, const struct str_span *s)
{
    struct reply *r = ctx;
    if (!s->lasting || s->bytes.size < REFER_MIN) {
        buf_append_bytes(&r->out, s->bytes);
        return;
    }
    chunk_ref(s->owner);
    reply_refer(r, s->bytes, s->owner ? reply_value_unref : NULL, s->owner);
}

void reply_string_range(struct reply *r, const struct value *v, size_t offset, size_t n)
{
    struct bytes b;
    if (str_piece(v, &b)) {
        LK_ASSERT(offset <= b.size && n <= b.size - offset);
        reply_bulk(r, bytes_of(b.data + offset, n));
        return;
    }
    reply_bulk_begin(r, n);
    str_spans(v, offset, n, put_span, r);
    reply_bulk_end(r);
}

void reply_string_slow(struct reply *r, const struct value *v)
{
    if (value_exists(v))
        reply_string_range(r, v, 0, str_size(v));
    else
        reply_null(r);
}
