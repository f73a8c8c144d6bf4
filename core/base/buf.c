/*
 * buf.c — growing, printing and dropping.
 */
#include "core/base/buf.h"
#include "core/base/mem.h"

#include <stdio.h>

enum { BUF_FIRST_BYTES = 64 };

void buf_release(struct buf *b)
{
    mem_free(b->data, b->capacity);
    *b = (struct buf){0};
}

char *buf_reserve_slow(struct buf *b, size_t n)
{
    size_t need, grown;

    LK_ASSERT(b->size <= b->capacity);
    LK_ASSERT(!__builtin_add_overflow(b->size, n, &need));
    if (need > b->capacity || b->capacity == 0) {
        grown = b->capacity > SIZE_MAX / 4 ? need : b->capacity * 2;
        if (grown < need)
            grown = need;
        if (grown < BUF_FIRST_BYTES)
            grown = BUF_FIRST_BYTES;
        /* The rest of the size class costs nothing. */
        if (grown < SIZE_MAX / 4)
            grown = mem_class(grown);
        b->data = (char *)mem_realloc(b->data, b->capacity, grown);
        b->capacity = grown;
    }
    return b->data + b->size;
}

void buf_reserve_most(struct buf *b, size_t n, size_t most)
{
    LK_ASSERT(most >= b->size && n <= most - b->size);
    if (b->capacity - b->size >= n || b->capacity * 2 <= most - most / 8)
        return; /* there is room, or there is to be far more than doubling makes */
    most = mem_class(most);
    b->data = (char *)mem_realloc(b->data, b->capacity, most);
    b->capacity = most;
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    const size_t room = b->capacity - b->size;

    va_copy(again, args);
    int n = vsnprintf(b->data ? b->data + b->size : NULL, room, format, args);
    LK_ASSERT(n >= 0);
    if ((size_t)n >= room) {
        char *at = buf_reserve(b, (size_t)n + 1);
        n = vsnprintf(at, (size_t)n + 1, format, again);
    }
    va_end(again);
    b->size += (size_t)n;
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_consume(struct buf *b, size_t n)
{
    LK_ASSERT(n <= b->size);
    if (n == 0)
        return;
    memmove(b->data, b->data + n, b->size - n);
    b->size -= n;
}
