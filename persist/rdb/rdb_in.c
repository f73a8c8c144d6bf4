/*
 * rdb_in.c — the window, its checksum, lengths and numbers.
 */
#include "persist/rdb/rdb_in.h"

#include "core/base/crc64.h"
#include "core/base/mem.h"
#include "core/ds/le.h"
#include "persist/rdb/rdb_in_priv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

enum { WINDOW_BYTES_MIN = 512 }; /* the text of a score fits in, and any number */

void rdb_in_init(struct rdb_in *in, const struct rdb_source *source, size_t window_bytes)
{
    LK_ASSERT(window_bytes >= WINDOW_BYTES_MIN);
    *in = (struct rdb_in){
        .source = *source,
        .data = mem_alloc(window_bytes),
        .capacity = window_bytes,
        .checksum = true,
    };
}

void rdb_in_init_bytes(struct rdb_in *in, struct bytes b)
{
    *in = (struct rdb_in){
        .source = {.size = b.size},
        .data = (unsigned char *)(uintptr_t)b.data, /* without a source nothing is written there */
        .end = b.size,
        .checksum = true,
        .ended = true,
    };
}

void rdb_in_release(struct rdb_in *in)
{
    mem_free(in->source.read ? in->data : NULL, in->capacity);
    buf_release(&in->scratch);
    buf_release(&in->packed);
    buf_release(&in->element);
    *in = (struct rdb_in){0};
}

static void add_message(struct rdb_in *in, const char *format, va_list args)
{
    const size_t used = strlen(in->error);
    vsnprintf(in->error + used, sizeof in->error - used, format, args);
}

static int rdb_in_fail_here(struct rdb_in *in, int status, const char *format, va_list args)
{
    if (in->status != LK_OK)
        return in->status;
    in->status = status;
    snprintf(in->error, sizeof in->error, "at byte %llu: ", (unsigned long long)rdb_in_offset(in));
    add_message(in, format, args);
    return status;
}

int rdb_in_fail(struct rdb_in *in, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int rc = rdb_in_fail_here(in, LK_EFORMAT, format, args);
    va_end(args);
    return rc;
}

int rdb_in_fail_with(struct rdb_in *in, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int rc = rdb_in_fail_here(in, status, format, args);
    va_end(args);
    return rc;
}

void rdb_in_fail_while(struct rdb_in *in, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_message(in, format, args);
    va_end(args);
}

uint64_t rdb_in_left(const struct rdb_in *in)
{
    if (in->source.size == RDB_SIZE_UNKNOWN)
        return in->ended ? in->end - in->at : RDB_SIZE_UNKNOWN;
    /* A file may have grown since it was measured. */
    const uint64_t offset = rdb_in_offset(in), have = in->end - in->at;
    const uint64_t left = in->source.size > offset ? in->source.size - offset : 0;
    return left > have ? left : have;
}

static void rdb_in_digest(struct rdb_in *in)
{
    if (in->checksum)
        in->crc = crc64(in->crc, in->data + in->digested, in->at - in->digested);
    in->digested = in->at;
}

uint64_t rdb_in_crc(struct rdb_in *in)
{
    rdb_in_digest(in);
    return in->crc;
}

static LK_COLD int fail_at_end(struct rdb_in *in, uint64_t missing)
{
    in->at = in->end; /* that is where it is */
    return rdb_in_fail(in, "the data ends here, and at least %llu more bytes must follow",
                       (unsigned long long)missing);
}

/* One more read into the window, which has room for it. */
static int rdb_in_receive(struct rdb_in *in)
{
    size_t got = 0;
    if (in->ended)
        return LK_OK;
    const int rc =
        in->source.read(in->source.ctx, in->data + in->end, in->capacity - in->end, &got);
    if (rc != LK_OK)
        return rdb_in_fail_with(in, rc, "reading failed: %s",
                                errno == 0 ? "it has ended" : strerror(errno));
    LK_ASSERT(got <= in->capacity - in->end);
    in->end += got;
    in->ended = got == 0;
    return LK_OK;
}

/* Lets go of what was used up. */
static void rdb_in_shift(struct rdb_in *in)
{
    rdb_in_digest(in);
    memmove(in->data, in->data + in->at, in->end - in->at);
    in->base += in->at;
    in->end -= in->at;
    in->at = in->digested = 0;
}

int rdb_in_fill_window(struct rdb_in *in)
{
    int rc = in->status;
    if (in->source.read)
        rdb_in_shift(in);
    while (rc == LK_OK && !in->ended && in->end < in->capacity)
        rc = rdb_in_receive(in);
    return rc;
}

LK_COLD int rdb_in_fill_slow(struct rdb_in *in, size_t n)
{
    if (in->status != LK_OK)
        return in->status;
    if (in->source.read) {
        LK_ASSERT(n <= in->capacity);
        rdb_in_shift(in);
    }
    while (in->end - in->at < n && !in->ended) {
        const int rc = rdb_in_receive(in);
        if (rc != LK_OK)
            return rc;
    }
    if (in->end - in->at < n)
        return fail_at_end(in, n - (in->end - in->at));
    return LK_OK;
}

int rdb_in_byte(struct rdb_in *in, unsigned *out)
{
    const int rc = rdb_in_fill(in, 1);
    if (rc == LK_OK)
        *out = in->data[in->at++];
    return rc;
}

int rdb_in_piece(struct rdb_in *in, uint64_t want, struct bytes *out)
{
    const int rc = rdb_in_fill(in, 1);
    if (rc != LK_OK)
        return rc;
    const size_t have = in->end - in->at, n = want < have ? (size_t)want : have;
    *out = bytes_of(in->data + in->at, n);
    in->at += n;
    return LK_OK;
}

int rdb_in_raw(struct rdb_in *in, void *out, size_t size)
{
    char *at = out;
    struct bytes piece;
    while (size > 0) {
        const int rc = rdb_in_piece(in, size, &piece);
        if (rc != LK_OK)
            return rc;
        memcpy(at, piece.data, piece.size);
        at += piece.size;
        size -= piece.size;
    }
    return in->status;
}

int rdb_in_check_claim(struct rdb_in *in, uint64_t size)
{
    const uint64_t left = rdb_in_left(in);
    if (LK_UNLIKELY(size > left))
        return rdb_in_fail(in, "%llu bytes are said to follow, but only %llu are left",
                           (unsigned long long)size, (unsigned long long)left);
    return LK_OK;
}

int rdb_in_skip(struct rdb_in *in, uint64_t size)
{
    struct bytes piece;
    int rc = rdb_in_check_claim(in, size);
    while (rc == LK_OK && size > 0) {
        rc = rdb_in_piece(in, size, &piece);
        if (rc == LK_OK)
            size -= piece.size;
    }
    return rc;
}

static uint64_t rdb_in_get_be(const unsigned char *p, unsigned bytes)
{
    uint64_t v = 0;
    while (bytes-- > 0)
        v = v << 8 | *p++;
    return v;
}

int rdb_in_length_or_form(struct rdb_in *in, uint64_t *length, int *form)
{
    unsigned first;
    unsigned char wide[8];
    int rc = rdb_in_byte(in, &first);
    if (rc != LK_OK)
        return rc;
    *form = -1;
    *length = first & 0x3f;
    switch (first >> 6) {
    case 0:
        return LK_OK;
    case 1:
        rc = rdb_in_byte(in, &first);
        *length = *length << 8 | first;
        return rc;
    case 3:
        *form = (int)*length;
        return LK_OK;
    default:
        break;
    }
    if (first != 0x80 && first != 0x81)
        return rdb_in_fail(in, "0x%02x begins no length", first);
    const unsigned bytes = first == 0x80 ? 4 : 8;
    rc = rdb_in_raw(in, wide, bytes);
    *length = rc == LK_OK ? rdb_in_get_be(wide, bytes) : 0;
    return rc;
}

int rdb_in_length(struct rdb_in *in, uint64_t *out)
{
    int form;
    const int rc = rdb_in_length_or_form(in, out, &form);
    if (rc == LK_OK && form >= 0)
        return rdb_in_fail(in, "a length is expected, not a string of form %d", form);
    return rc;
}

int rdb_in_count(struct rdb_in *in, uint64_t element_bytes, uint64_t *out)
{
    const int rc = rdb_in_length(in, out);
    if (rc != LK_OK)
        return rc;
    const uint64_t left = rdb_in_left(in);
    LK_ASSERT(element_bytes > 0);
    if (*out > left / element_bytes)
        return rdb_in_fail(in, "%llu elements are said to follow, but only %llu bytes are left",
                           (unsigned long long)*out, (unsigned long long)left);
    return LK_OK;
}

int rdb_in_ms(struct rdb_in *in, int64_t *out)
{
    unsigned char b[8];
    const int rc = rdb_in_raw(in, b, sizeof b);
    if (rc == LK_OK)
        *out = (int64_t)le64_get(b);
    return rc;
}

int rdb_in_seconds(struct rdb_in *in, int32_t *out)
{
    unsigned char b[4];
    const int rc = rdb_in_raw(in, b, sizeof b);
    if (rc == LK_OK)
        *out = (int32_t)le32_get(b);
    return rc;
}

int rdb_in_double(struct rdb_in *in, double *out)
{
    int64_t bits;
    const int rc = rdb_in_ms(in, &bits);
    if (rc == LK_OK)
        memcpy(out, &bits, sizeof *out);
    return rc;
}

int rdb_in_double_text(struct rdb_in *in, double *out)
{
    unsigned size;
    char text[UINT8_MAX];
    int rc = rdb_in_byte(in, &size);
    if (rc != LK_OK)
        return rc;
    if (size >= RDB_TEXT_NAN) {
        *out = size == RDB_TEXT_NAN ? (double)NAN : size == RDB_TEXT_INF ? INFINITY : -INFINITY;
        return LK_OK;
    }
    rc = rdb_in_raw(in, text, size);
    if (rc == LK_OK && !bytes_to_double(bytes_of(text, size), out))
        return rdb_in_fail(in, "a score is no number");
    return rc;
}
