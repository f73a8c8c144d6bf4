/*
 * str.h — strings: integers, small runs of bytes, and chunks above STR_INLINE_MAX.
 *
 * Shapes   up to 512 MiB (proto-max-bulk-len decides); any bytes
 * Errors   negative enum status; a call that fails has changed nothing
 * Threads  hold the lock of the key
 */
#ifndef LK_TYPES_STR_H
#define LK_TYPES_STR_H

#include "core/types/value.h"

LK_BEGIN

enum {
    STR_EMBSTR_MAX = 44,         /* longest that OBJECT ENCODING calls embstr */
    STR_INLINE_MAX = 256 * 1024, /* longer strings are chunks */
};

struct chunk;

/*
 * A value of these bytes in its best encoding.  Up to STR_INLINE_MAX it borrows them (they must
 * live until the value is put); above, it owns chunks.
 */
void str_from_bytes(struct bytes b, struct value *out);
void str_from_int64(int64_t n, struct value *out);
/* As str_from_bytes, but digits stay bytes: what INCRBYFLOAT leaves behind. */
void str_text_from_bytes(struct bytes b, struct value *out);
/* As str_from_bytes, but never as an integer or embstr: what APPEND and SETRANGE leave behind. */
void str_raw_from_bytes(struct bytes b, struct value *out);

/*
 * offset zero bytes and then piece, raw: what SETRANGE makes of no value.  Small ones are made in
 * scratch and borrowed from there; large ones keep the zeros as holes.
 */
void str_from_range(size_t offset, struct bytes piece, struct buf *scratch, struct value *out);

size_t str_size(const struct value *v);
/* LK_ENOTINT, LK_ENOTFLOAT */
int str_to_int64(const struct value *v, int64_t *out);
int str_to_long_double(const struct value *v, long double *out);

/*
 * The bytes, whole: borrowed from the value when they lie in one piece, else copied behind what
 * scratch holds (integers and chunks), so they die when scratch grows.
 */
struct bytes str_bytes(const struct value *v, struct buf *scratch);

/* The bytes where they lie, if they lie in one piece inside the value: the fast path of replies. */
static inline bool str_piece(const struct value *v, struct bytes *out)
{
    if (v->encoding != ENC_EMBSTR && v->encoding != ENC_RAW)
        return false;
    *out = v->as.bytes;
    return true;
}

/* Copies at most n bytes from offset; returns how many there were. */
size_t str_read(const struct value *v, size_t offset, char *out, size_t n);

struct str_span {
    struct bytes bytes;
    bool lasting;        /* they outlive the value for whoever holds a reference to owner */
    struct chunk *owner; /* chunk_ref (core/ds/chunks.h); NULL: they last for ever */
};

/* Calls span for each piece of [offset, offset + n) in order; the string must have them. */
void str_spans(const struct value *v, size_t offset, size_t n,
               void (*span)(void *ctx, const struct str_span *piece), void *ctx);

/*
 * In place, on an open edit; both turn the value into raw bytes or chunks.  What lies between the
 * old end and offset becomes zero bytes.  The bytes must not point into the value.  LK_ENOMEM
 * Cost  O(bytes written): growth within a size class moves nothing, and beyond it only what
 *       realloc moves
 */
int str_append(struct value_edit *e, struct bytes tail);
int str_set_range(struct value_edit *e, size_t offset, struct bytes piece);

/*
 * In place, on an open edit of a string in one piece: makes it size raw bytes, the old ones as far
 * as they reach and undefined ones behind, and returns where they are, writable, until the next
 * call or the end of the edit.  size <= STR_INLINE_MAX.  NULL: there is no memory.
 */
char *str_writable(struct value_edit *e, size_t size);

/* Is it what a change in place leaves behind, and OBJECT ENCODING calls raw? */
static inline bool str_is_raw(const struct value *v)
{
    return v->encoding == ENC_RAW || v->encoding == ENC_CHUNKS;
}

bool str_equal(const struct value *v, struct bytes b);

extern const struct type_ops str_type_ops;

LK_END

#endif
