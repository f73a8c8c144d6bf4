/*
 * config_blob.c — values that several snapshots point to, and how many do.
 */
#include "core/base/mem.h"
#include "io/config/config_priv.h"

struct blob {
    size_t size;  /* of the whole block */
    size_t count; /* snapshots that point here */
    max_align_t data[];
};

static struct blob *blob_at(const void *data)
{
    return (struct blob *)(void *)((char *)data - offsetof(struct blob, data));
}

void *config_blob_new(size_t size)
{
    const size_t whole = offsetof(struct blob, data) + size;
    struct blob *b = mem_calloc(whole);

    b->size = whole;
    b->count = 1;
    return b->data;
}

void config_blob_drop(const void *data)
{
    if (!data)
        return;
    struct blob *b = blob_at(data);
    LK_ASSERT(b->count > 0);
    if (--b->count == 0)
        mem_free(b, b->size);
}

void config_blob_share(const void *data)
{
    if (data)
        blob_at(data)->count++;
}
