/*
 * stream_root.c — IDs, and the root of a stream, which the live side makes its own.
 */
#include "core/base/mem.h"
#include "core/types/stream_priv.h"

bool stream_id_increment(struct stream_id *id)
{
    if (id->seq == UINT64_MAX && id->ms == UINT64_MAX)
        return false;
    if (++id->seq == 0)
        id->ms++;
    return true;
}

bool stream_id_decrement(struct stream_id *id)
{
    if (id->seq == 0 && id->ms == 0)
        return false;
    if (id->seq-- == 0)
        id->ms--;
    return true;
}

static size_t uint64_to_chars(uint64_t n, char *out)
{
    if (n <= INT64_MAX)
        return int64_to_chars((int64_t)n, out);
    const size_t size = int64_to_chars((int64_t)(n / 10), out);
    out[size] = (char)('0' + n % 10);
    return size + 1;
}

size_t stream_id_to_chars(struct stream_id id, char between, char out[STREAM_ID_CHARS])
{
    char digits[INT64_CHARS];
    size_t size = uint64_to_chars(id.ms, digits);
    memcpy(out, digits, size);
    out[size++] = between;
    const size_t more = uint64_to_chars(id.seq, digits);
    memcpy(out + size, digits, more);
    return size + more;
}

void stream_drop(struct cow *cow, void *p, size_t size, uint32_t epoch)
{
    if (cow_shared(cow, epoch))
        cow->defer(cow, p, size);
    else
        mem_free(p, size);
}

struct stream *stream_own(struct value_edit *e)
{
    struct stream *s = stream_of(&e->value);
    if (!cow_shared(e->cow, s->epoch))
        return s;
    struct stream *copy = mem_alloc(sizeof *copy);
    *copy = *s;
    copy->epoch = e->cow->epoch;
    e->cow->defer(e->cow, s, sizeof *s);
    e->value.as.root = copy;
    return copy;
}
