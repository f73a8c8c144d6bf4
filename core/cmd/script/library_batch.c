/*
 * library_batch.c — several libraries at once, all or none: FUNCTION RESTORE, and files.
 */
#include "core/cmd/script/library_batch.h"

#include "core/base/atomic.h"
#include "core/cmd/script/library.h"
#include "core/cmd/script/script_hub.h"

struct library_batch {
    struct script_hub *hub;
    uint32_t count, capacity;
    struct library **v; /* each with a reference */
};

struct library_batch *library_batch_new(struct script_hub *h)
{
    struct library_batch *b = mem_new(struct library_batch);
    b->hub = h;
    return b;
}

void library_batch_free(struct library_batch *b)
{
    for (uint32_t i = 0; i < b->count; i++)
        library_drop(b->v[i]);
    mem_free(b->v, b->capacity * sizeof(struct library *));
    mem_delete(b);
}

static void batch_take(struct library_batch *b, struct library *l)
{
    if (b->count == b->capacity) {
        const uint32_t more = b->capacity ? 2 * b->capacity : 8;
        b->v = mem_realloc(b->v, b->capacity * sizeof(struct library *),
                           more * sizeof(struct library *));
        b->capacity = more;
    }
    b->v[b->count++] = l;
}

bool library_batch_add(struct library_batch *b, struct bytes source, struct buf *error)
{
    struct library *l = library_load(b->hub, source, true, error);
    if (l)
        batch_take(b, l);
    return l != NULL;
}

static void batch_keep(void *ctx, const struct library *l)
{
    struct library *kept = (struct library *)(uintptr_t)l;
    fetch_add_relaxed(&kept->refs, 1);
    batch_take(ctx, kept);
}

static bool batch_publish_each(const struct library_batch *b, bool replace, struct buf *error)
{
    for (uint32_t i = 0; i < b->count; i++)
        if (library_publish(b->hub, b->v[i], replace, error) != LK_OK)
            return false;
    return true;
}

bool library_batch_publish(struct library_batch *b, enum library_policy policy, struct buf *error)
{
    struct library_batch *before = library_batch_new(b->hub);
    library_each(b->hub, batch_keep, before);
    if (policy == LIBRARY_FLUSH)
        library_flush(b->hub);
    const bool done = batch_publish_each(b, policy == LIBRARY_REPLACE, error);
    if (!done) {
        library_flush(b->hub);
        LK_ASSERT(batch_publish_each(before, false, error));
    }
    library_batch_free(before);
    return done;
}

struct library_batch *library_batch_of_all(struct script_hub *h)
{
    struct library_batch *b = library_batch_new(h);
    library_each(h, batch_keep, b);
    return b;
}

void library_batch_each(const struct library_batch *b,
                        void (*visit)(void *ctx, struct bytes source), void *ctx)
{
    for (uint32_t i = 0; i < b->count; i++)
        visit(ctx, bytes_of(b->v[i]->source, b->v[i]->size));
}

void library_batch_clear(struct script_hub *h)
{
    library_flush(h);
}
