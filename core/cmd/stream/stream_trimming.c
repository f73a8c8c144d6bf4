#include "core/cmd/stream/stream_trimming.h"

uint64_t stream_trim_told(struct value_edit *e, struct stream_trim_spec *spec)
{
    const uint64_t gone = stream_trim(e, spec);
    if (!spec->approximate)
        return gone;
    spec->approximate = false;
    spec->limit = 0;
    if (spec->by_id && spec->refs != STREAM_ACKED) {
        struct stream_iter it;
        stream_iter_begin(&it, &e->value, stream_id_of(0, 0), stream_id_max(), false);
        if (stream_iter_next(&it) && stream_id_compare(it.id, spec->min_id) < 0)
            spec->min_id = it.id;
    } else {
        spec->by_id = false;
        spec->max_length = stream_length(&e->value);
    }
    return gone;
}

uint32_t stream_trim_effect(const struct stream_trim_spec *spec, struct bytes *words,
                            struct stream_trim_text *text)
{
    const size_t size = spec->by_id ? stream_id_to_chars(spec->min_id, '-', text->threshold)
                                    : int64_to_chars((int64_t)spec->max_length, text->threshold);
    words[0] = bytes_cstr(spec->by_id ? "MINID" : "MAXLEN");
    words[1] = bytes_cstr("=");
    words[2] = bytes_of(text->threshold, size);
    if (spec->refs == STREAM_KEEPREF)
        return 3;
    words[3] = bytes_cstr(spec->refs == STREAM_DELREF ? "DELREF" : "ACKED");
    return 4;
}
