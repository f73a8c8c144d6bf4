#include "io/worker/wait_heap.h"

#include "core/base/mem.h"

static int64_t deadline_at(const struct wait_heap *h, uint32_t i)
{
    return h->places[i]->deadline_ms;
}

static void heap_put(struct wait_heap *h, uint32_t i, struct wait_place *p)
{
    h->places[i] = p;
    p->index = i + 1;
}

static void sift_up(struct wait_heap *h, uint32_t i)
{
    struct wait_place *p = h->places[i];
    for (; i > 0 && deadline_at(h, (i - 1) / 2) > p->deadline_ms; i = (i - 1) / 2)
        heap_put(h, i, h->places[(i - 1) / 2]);
    heap_put(h, i, p);
}

static void sift_down(struct wait_heap *h, uint32_t i)
{
    struct wait_place *p = h->places[i];
    for (uint32_t child; (child = 2 * i + 1) < h->count; i = child) {
        if (child + 1 < h->count && deadline_at(h, child + 1) < deadline_at(h, child))
            child++;
        if (deadline_at(h, child) >= p->deadline_ms)
            break;
        heap_put(h, i, h->places[child]);
    }
    heap_put(h, i, p);
}

void wait_heap_release(struct wait_heap *h)
{
    mem_free(h->places, h->capacity * sizeof *h->places);
    *h = (struct wait_heap){0};
}

void wait_heap_add(struct wait_heap *h, struct wait_place *p)
{
    LK_ASSERT(p->index == 0);
    if (h->count == h->capacity) {
        const uint32_t more = h->capacity ? h->capacity * 2 : 16;
        h->places =
            mem_realloc(h->places, h->capacity * sizeof *h->places, more * sizeof *h->places);
        h->capacity = more;
    }
    h->places[h->count] = p;
    sift_up(h, h->count++);
}

void wait_heap_remove(struct wait_heap *h, struct wait_place *p)
{
    LK_ASSERT(p->index >= 1 && p->index <= h->count && h->places[p->index - 1] == p);
    const uint32_t i = p->index - 1;
    p->index = 0;
    struct wait_place *last = h->places[--h->count];
    if (last == p)
        return;
    heap_put(h, i, last);
    sift_up(h, i);
    sift_down(h, last->index - 1);
}
