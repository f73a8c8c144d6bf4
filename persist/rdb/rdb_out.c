/*
 * rdb_out.c — the buffer with its checksum, lengths and numbers.
 *
 * The checksum is computed over whole buffers, as they leave: that is one pass over memory that is
 * warm, and keeps it out of the writing of small elements.
 */
#include "persist/rdb/rdb_out.h"

#include "core/base/crc64.h"
#include "core/base/mem.h"
#include "core/ds/le.h"

#include <math.h>

enum { BUFFER_BYTES_MIN = 64 }; /* no number is longer */

void rdb_out_init(struct rdb_out *o, const struct rdb_sink *sink, size_t buffer_bytes)
{
    LK_ASSERT(buffer_bytes >= BUFFER_BYTES_MIN);
    *o = (struct rdb_out){
        .sink = *sink,
        .data = mem_alloc(buffer_bytes),
        .capacity = buffer_bytes,
        .checksum = true,
        .compress = true,
        .version = RDB_VERSION_FIRST,
    };
}

void rdb_out_release(struct rdb_out *o)
{
    mem_free(o->data, o->capacity);
    buf_release(&o->packed);
    *o = (struct rdb_out){0};
}

static void rdb_out_digest(struct rdb_out *o)
{
    if (o->checksum)
        o->crc = crc64(o->crc, o->data + o->digested, o->used - o->digested);
    o->digested = o->used;
}

uint64_t rdb_out_crc(struct rdb_out *o)
{
    rdb_out_digest(o);
    return o->crc;
}

void rdb_out_crc_restart(struct rdb_out *o)
{
    o->digested = o->used;
    o->crc = 0;
    o->crc_at = rdb_out_offset(o);
}

static void rdb_out_give(struct rdb_out *o, const void *data, size_t size)
{
    if (o->status == LK_OK && size > 0)
        o->status = o->sink.write(o->sink.ctx, data, size);
    o->given += size;
}

int rdb_out_flush(struct rdb_out *o)
{
    rdb_out_digest(o);
    rdb_out_give(o, o->data, o->used);
    o->used = o->digested = 0;
    return o->status;
}

/* What would fill the buffer again goes past it. */
void rdb_out_raw_slow(struct rdb_out *o, const void *data, size_t size)
{
    rdb_out_flush(o);
    if (size < o->capacity) {
        memcpy(o->data, data, size);
        o->used = size;
        return;
    }
    if (o->checksum)
        o->crc = crc64(o->crc, data, size);
    rdb_out_give(o, data, size);
}

static void rdb_out_put_be(unsigned char *p, uint64_t v, unsigned bytes)
{
    while (bytes-- > 0) {
        p[bytes] = (unsigned char)v;
        v >>= 8;
    }
}

void rdb_out_length(struct rdb_out *o, uint64_t length)
{
    unsigned char b[9];
    if (length < 1 << 6) {
        rdb_out_byte(o, (unsigned)length);
    } else if (length < 1 << 14) {
        rdb_out_put_be(b, 0x4000 | length, 2);
        rdb_out_raw(o, b, 2);
    } else if (length <= UINT32_MAX) {
        b[0] = 0x80;
        rdb_out_put_be(b + 1, length, 4);
        rdb_out_raw(o, b, 5);
    } else {
        b[0] = 0x81;
        rdb_out_put_be(b + 1, length, 8);
        rdb_out_raw(o, b, 9);
        rdb_out_needs(o, RDB_VERSION_U64_LENGTH);
    }
}

void rdb_out_ms(struct rdb_out *o, int64_t ms)
{
    unsigned char b[8];
    le64_put(b, (uint64_t)ms);
    rdb_out_raw(o, b, sizeof b);
}

void rdb_out_double(struct rdb_out *o, double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    rdb_out_ms(o, (int64_t)bits);
}

void rdb_out_double_text(struct rdb_out *o, double d)
{
    char text[DOUBLE_CHARS];
    if (isnan(d)) {
        rdb_out_byte(o, RDB_TEXT_NAN);
    } else if (isinf(d)) {
        rdb_out_byte(o, d > 0 ? RDB_TEXT_INF : RDB_TEXT_MINUS_INF);
    } else {
        const size_t n = double_to_chars(d, text);
        rdb_out_byte(o, (unsigned)n);
        rdb_out_raw(o, text, n);
    }
}
