/*
 * tls_arena.c — blocks of plain bytes, given back all at once.
 */
#include "io/net/tls_arena.h"

#include "core/base/mem.h"

enum { BLOCK_MIN = 128 * 1024, BLOCK_KEPT = 2 * 1024 * 1024 };

struct tls_block {
    struct tls_block *next;
    size_t size, used;
    char data[];
};

static struct tls_block *block_new(size_t size)
{
    struct tls_block *b = mem_alloc(sizeof *b + size);
    b->next = NULL;
    b->size = size;
    b->used = 0;
    return b;
}

static void block_free_all(struct tls_block *b)
{
    for (struct tls_block *next; b; b = next) {
        next = b->next;
        mem_free(b, sizeof *b + b->size);
    }
}

void tls_arena_release(struct tls_arena *a)
{
    block_free_all(a->blocks);
    a->blocks = NULL;
}

void tls_arena_empty(struct tls_arena *a)
{
    if (a->batch == 0)
        return;
    struct tls_block *b = a->blocks;
    if (b->next || b->size > BLOCK_KEPT) {
        /* Next time one block is to do for as much, within bounds. */
        size_t size = BLOCK_MIN;
        while (size < a->batch && size < BLOCK_KEPT)
            size *= 2;
        tls_arena_release(a);
        a->blocks = block_new(size);
    }
    a->blocks->used = 0;
    a->batch = 0;
}

char *tls_arena_room(struct tls_arena *a, size_t size)
{
    struct tls_block *b = a->blocks;
    if (!b || b->size - b->used < size) {
        b = block_new(size > BLOCK_MIN ? size : BLOCK_MIN);
        b->next = a->blocks;
        a->blocks = b;
    }
    return b->data + b->used;
}

void tls_arena_use(struct tls_arena *a, size_t size)
{
    LK_ASSERT(a->blocks->size - a->blocks->used >= size);
    a->blocks->used += size;
    a->batch += size;
}
