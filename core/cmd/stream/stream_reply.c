#include "core/cmd/stream/stream_reply.h"

void reply_stream_id(struct reply *r, struct stream_id id)
{
    char text[STREAM_ID_CHARS];
    reply_bulk(r, bytes_of(text, stream_id_to_chars(id, '-', text)));
}

static void put_word(struct reply *r, const struct listpack_value *w)
{
    if (w->is_number)
        reply_bulk_int(r, w->number);
    else
        reply_bulk(r, w->s);
}

void reply_stream_entry(struct reply *r, struct stream_iter *it)
{
    reply_array(r, 2);
    reply_stream_id(r, it->id);
    reply_array(r, 2 * it->fields);
    for (uint64_t i = 0; i < it->fields; i++) {
        struct listpack_value field, value;
        stream_iter_pair(it, &field, &value);
        put_word(r, &field);
        put_word(r, &value);
    }
}

uint64_t reply_stream_entries(struct reply *r, struct stream_iter *it, uint64_t most)
{
    const size_t head = reply_begin_deferred(r);
    uint64_t n = 0;
    for (; n < most && stream_iter_next(it); n++)
        reply_stream_entry(r, it);
    reply_end_deferred(r, head, REPLY_ARRAY, n);
    return n;
}
