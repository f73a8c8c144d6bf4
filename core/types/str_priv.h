/*
 * str_priv.h — what str.c asks of strings that are chunks.
 *
 * Threads  hold the lock of the key
 */
#ifndef LK_TYPES_STR_PRIV_H
#define LK_TYPES_STR_PRIV_H

#include "core/types/str.h"

LK_BEGIN

/* The bytes of a string that is no chunks; those of a number are made in digits. */
static inline struct bytes str_inline_bytes(const struct value *v, char digits[INT64_CHARS])
{
    struct bytes b;
    if (str_piece(v, &b))
        return b;
    return bytes_of(digits, int64_to_chars(v->as.integer, digits));
}

/* v is ENC_CHUNKS, before or after. */
void str_chunked_from_bytes(struct bytes b, struct value *out);
void str_chunked_from_range(size_t offset, struct bytes piece, struct value *out);
size_t str_chunked_size(const struct value *v);
size_t str_chunked_read(const struct value *v, size_t offset, char *out, size_t n);
void str_chunked_spans(const struct value *v, size_t offset, size_t n,
                       void (*span)(void *ctx, const struct str_span *piece), void *ctx);
bool str_chunked_equal(const struct value *v, struct bytes b);

/* As str_set_range; turns a value of any other encoding into chunks first.  LK_ENOMEM */
int str_chunked_set_range(struct value_edit *e, size_t offset, struct bytes piece);

void str_chunked_copy(const struct value *v, struct value *out);
void str_chunked_release(struct value *v, struct cow *cow);
bool str_chunked_reap(struct value_reaper *r, size_t budget);
size_t str_chunked_node_bytes(const struct value *v);
size_t str_chunked_free_effort(const struct value *v);

LK_END

#endif
