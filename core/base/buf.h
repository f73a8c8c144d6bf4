/*
 * buf.h — a growable run of bytes with an owner.
 *
 * Memory   grows by doubling; buf_release gives everything back
 * Threads  one owner at a time
 */
#ifndef LK_BASE_BUF_H
#define LK_BASE_BUF_H

#include "core/base/bytes.h"

#include <stdarg.h>

LK_BEGIN

struct buf {
    char *data;
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes held */
};

void buf_release(struct buf *b);

/* Makes room for n more bytes and returns where they go; the caller then adds to size. */
char *buf_reserve_slow(struct buf *b, size_t n);
static inline char *buf_reserve(struct buf *b, size_t n)
{
    if (LK_LIKELY(b->capacity - b->size >= n))
        return b->data + b->size;
    return buf_reserve_slow(b, n);
}

/*
 * Before n bytes are appended to a run that will have `most` bytes in all: if growing for them
 * would make room for nearly that or more, it grows to that at once.
 */
void buf_reserve_most(struct buf *b, size_t n, size_t most);

static inline void buf_append(struct buf *b, const void *data, size_t n)
{
    if (n == 0)
        return;
    memcpy(buf_reserve(b, n), data, n);
    b->size += n;
}

static inline void buf_append_bytes(struct buf *b, struct bytes s)
{
    buf_append(b, s.data, s.size);
}

static inline void buf_append_cstr(struct buf *b, const char *s)
{
    buf_append(b, s, strlen(s));
}

/* A word of a client, for people: up to max bytes of it, and not beyond a NUL. */
static inline void buf_append_shown(struct buf *b, struct bytes word, size_t max)
{
    const size_t size = word.size < max ? word.size : max;
    if (size > 0)
        buf_append(b, word.data, strnlen(word.data, size));
}

static inline void buf_append_char(struct buf *b, char c)
{
    *buf_reserve(b, 1) = c;
    b->size++;
}

void buf_printf(struct buf *b, const char *format, ...) LK_PRINTF(2, 3);
void buf_vprintf(struct buf *b, const char *format, va_list args);

/* Drops the first n bytes; the rest moves to the front. */
void buf_consume(struct buf *b, size_t n);

static inline struct bytes buf_bytes(const struct buf *b)
{
    return bytes_of(b->data, b->size);
}

LK_END

#endif
