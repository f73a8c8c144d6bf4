/*
 * resp_segment.c — references, holes, and the walk over both.
 *
 * A hole (where a deferred header took less room than was set aside) is a reference to nothing
 * that skips bytes of out.  So the walk knows one rule: send out up to the reference's place, then
 * its run, then go on behind what it skips.
 */
#include "core/proto/resp_segment.h"

#include "core/base/mem.h"
#include "core/proto/resp_write_priv.h"

void reply_ref_insert(struct reply *r, uint32_t index, const struct reply_ref *ref)
{
    enum { FIRST = 8 };
    LK_ASSERT(index >= r->ref.sent && index <= r->ref.n);
    if (r->ref.n == r->ref.capacity) {
        const uint32_t capacity = r->ref.capacity ? r->ref.capacity * 2 : FIRST;
        r->ref.v = mem_realloc(r->ref.v, r->ref.capacity * sizeof(*ref), capacity * sizeof(*ref));
        r->ref.capacity = capacity;
    }
    struct reply_ref *to = &r->ref.v[index];
    memmove(to + 1, to, (r->ref.n - index) * sizeof(*to));
    *to = *ref;
    r->ref.n++;
    r->ref.bytes += ref->run.size - ref->skip;
}

uint32_t reply_ref_find(const struct reply *r, size_t at)
{
    uint32_t i = r->ref.n;
    while (i > r->ref.sent && r->ref.v[i - 1].at >= at)
        i--;
    return i;
}

static void ref_release(struct reply_ref *ref)
{
    if (ref->release)
        ref->release(ref->arg);
}

void reply_ref_truncate(struct reply *r, uint32_t n)
{
    LK_ASSERT(n >= r->ref.sent);
    while (r->ref.n > n) {
        struct reply_ref *last = &r->ref.v[--r->ref.n];
        r->ref.bytes -= last->run.size - last->skip;
        ref_release(last);
    }
}

void reply_ref_clear(struct reply *r)
{
    reply_ref_truncate(r, r->ref.sent);
    r->ref.n = r->ref.sent = 0;
    r->ref.sent_in = r->ref.sent_out = r->ref.bytes = r->ref.sent_bytes = 0;
}

void reply_clear(struct reply *r)
{
    reply_ref_clear(r);
    r->out.size = 0;
}

void reply_ref_release(struct reply *r)
{
    reply_ref_clear(r);
    mem_free(r->ref.v, r->ref.capacity * sizeof(*r->ref.v));
    r->ref.v = NULL;
    r->ref.capacity = 0;
}

void reply_bulk_begin(struct reply *r, size_t size)
{
    reply_buf_header(&r->out, '$', size);
}

void reply_refer(struct reply *r, struct bytes run, reply_release_fn *release, void *arg)
{
    const struct reply_ref ref = {.at = r->out.size, .run = run, .release = release, .arg = arg};
    reply_ref_insert(r, r->ref.n, &ref);
}

void reply_bulk_end(struct reply *r)
{
    buf_append(&r->out, "\r\n", 2);
}

void reply_bulk_ref(struct reply *r, struct bytes s, reply_release_fn *release, void *arg)
{
    reply_bulk_begin(r, s.size);
    reply_refer(r, s, release, arg);
    reply_bulk_end(r);
}

void reply_append(struct reply *to, struct reply *from)
{
    LK_ASSERT(from->ref.sent == 0 && from->ref.sent_out == 0);
    const size_t base = to->out.size;
    buf_append_bytes(&to->out, buf_bytes(&from->out));
    for (uint32_t i = 0; i < from->ref.n; i++) {
        struct reply_ref ref = from->ref.v[i];
        ref.at += base;
        reply_ref_insert(to, to->ref.n, &ref);
    }
    from->ref.n = 0; /* to releases them now */
    if (from->errors > 0)
        to->error_at = base + from->error_at;
    to->errors += from->errors;
    to->version = from->version;
    from->errors = 0;
    reply_clear(from);
}

void reply_cut(struct reply *r, struct reply_place m, struct reply *tail)
{
    LK_ASSERT(m.size <= r->out.size && m.refs >= r->ref.sent && m.refs <= r->ref.n);
    LK_ASSERT(reply_size(tail) == 0);
    tail->version = r->version;
    buf_append(&tail->out, r->out.data + m.size, r->out.size - m.size);
    for (uint32_t i = m.refs; i < r->ref.n; i++) {
        struct reply_ref ref = r->ref.v[i];
        LK_ASSERT(ref.at >= m.size);
        ref.at -= m.size;
        r->ref.bytes -= ref.run.size - ref.skip;
        reply_ref_insert(tail, tail->ref.n, &ref);
    }
    tail->errors = r->errors - m.errors;
    tail->error_at = tail->errors > 0 ? r->error_at - m.size : 0;
    r->errors = m.errors;
    r->out.size = m.size;
    r->ref.n = m.refs;
}

size_t reply_segments(const struct reply *r, struct bytes *v, size_t max)
{
    size_t n = 0, at = r->ref.sent_out, in = r->ref.sent_in;
    for (uint32_t i = r->ref.sent; i < r->ref.n && n < max; i++, in = 0) {
        const struct reply_ref *ref = &r->ref.v[i];
        if (ref->at > at)
            v[n++] = bytes_of(r->out.data + at, ref->at - at);
        if (n < max && ref->run.size > in)
            v[n++] = bytes_of(ref->run.data + in, ref->run.size - in);
        at = ref->at + ref->skip;
    }
    /* With n == max the tail may not be next in line. */
    if (n < max && r->out.size > at)
        v[n++] = bytes_of(r->out.data + at, r->out.size - at);
    return n;
}

void reply_sent(struct reply *r, size_t n)
{
    LK_ASSERT(n <= reply_size(r));
    if (n == reply_size(r)) {
        reply_clear(r);
        return;
    }
    r->ref.sent_bytes += n;
    while (r->ref.sent < r->ref.n) {
        struct reply_ref *ref = &r->ref.v[r->ref.sent];
        /* Once its run has begun, all of out before it has gone. */
        const size_t before = ref->at > r->ref.sent_out ? ref->at - r->ref.sent_out : 0;
        if (n < before) {
            r->ref.sent_out += n;
            return;
        }
        n -= before;
        r->ref.sent_out += before;
        const size_t left = ref->run.size - r->ref.sent_in;
        if (n < left) {
            r->ref.sent_in += n;
            return;
        }
        n -= left;
        r->ref.sent_in = 0;
        r->ref.sent_out = ref->at + ref->skip;
        r->ref.sent++;
        ref_release(ref);
    }
    r->ref.sent_out += n;
}
