/*
 * stream_roster.c — named things of which there are few: groups of a stream, consumers of a group.
 *
 * Each has a number for as long as it lives, by which others name it in a byte or two; numbers that
 * are free again are given anew.  A second array has the numbers in the order of the names.
 *
 *   items by number   | b | - | a | c |
 *   order of names    | 2 | 0 | 3 |
 */
#include "core/base/mem.h"
#include "core/types/stream_priv.h"

enum { SLOT_BYTES = sizeof(struct stream_named *) + sizeof(uint32_t), FIRST_CAPACITY = 3 };

static size_t stream_roster_block_size(uint32_t capacity)
{
    return sizeof(struct stream_roster) + (size_t)capacity * SLOT_BYTES;
}

static uint32_t *stream_roster_order_of(const struct stream_roster *r)
{
    return (uint32_t *)(uintptr_t)(r->items + r->capacity);
}

struct stream_named *stream_named_new(const struct cow *cow, size_t size, struct bytes name)
{
    LK_ASSERT(size + name.size <= UINT32_MAX);
    struct stream_named *item = mem_calloc(size + name.size);
    item->epoch = cow_epoch(cow);
    item->size = (uint32_t)(size + name.size);
    item->name_size = (uint32_t)name.size;
    if (name.size > 0)
        memcpy((char *)item + size, name.data, name.size);
    return item;
}

uint32_t stream_roster_count(const struct stream_roster *r)
{
    return r ? r->n : 0;
}

struct stream_named *stream_roster_at(const struct stream_roster *r, uint32_t i)
{
    LK_ASSERT(i < stream_roster_count(r));
    return r->items[stream_roster_order_of(r)[i]];
}

/* The first place whose name is not below the given one; *found: it is that name's. */
static uint32_t stream_roster_place_of(const struct stream_roster *r, struct bytes name,
                                       bool *found)
{
    uint32_t low = 0, high = stream_roster_count(r);
    *found = false;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const int order = bytes_compare(stream_name(stream_roster_at(r, middle)), name);
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
            *found |= order == 0;
        }
    }
    return low;
}

struct stream_named *stream_roster_find(const struct stream_roster *r, struct bytes name)
{
    bool found;
    const uint32_t i = stream_roster_place_of(r, name, &found);
    return found ? stream_roster_at(r, i) : NULL;
}

void stream_roster_drop(struct stream_roster *r, struct cow *cow)
{
    if (r)
        stream_drop(cow, r, stream_roster_block_size(r->capacity), r->epoch);
}

size_t stream_roster_bytes(const struct stream_roster *r)
{
    return r ? stream_roster_block_size(r->capacity) : 0;
}

/* A private roster with room for that many items, in place of *r. */
static struct stream_roster *stream_roster_own(struct stream_roster **r, struct cow *cow,
                                               uint32_t slots)
{
    struct stream_roster *old = *r;
    if (old && slots <= old->capacity && !cow_shared(cow, old->epoch))
        return old;
    uint32_t capacity = old ? old->capacity : FIRST_CAPACITY;
    if (slots > capacity)
        capacity *= 2;
    struct stream_roster *fresh = mem_calloc(stream_roster_block_size(capacity));
    fresh->capacity = capacity;
    fresh->epoch = cow_epoch(cow);
    if (old) {
        fresh->n = old->n;
        fresh->slots = old->slots;
        memcpy(fresh->items, old->items, old->slots * sizeof(struct stream_named *));
        memcpy(stream_roster_order_of(fresh), stream_roster_order_of(old),
               old->n * sizeof(uint32_t));
        stream_roster_drop(old, cow);
    }
    *r = fresh;
    return fresh;
}

/* The lowest number that nobody has. */
static uint32_t free_number(const struct stream_roster *r)
{
    uint32_t number = 0;
    if (!r || r->n == r->slots)
        return r ? r->slots : 0;
    while (r->items[number])
        number++;
    return number;
}

void stream_roster_add(struct stream_roster **rp, struct cow *cow, struct stream_named *item)
{
    bool found;
    const uint32_t place = stream_roster_place_of(*rp, stream_name(item), &found);
    const uint32_t number = free_number(*rp);
    LK_ASSERT(!found);
    struct stream_roster *r = stream_roster_own(rp, cow, number + 1);
    uint32_t *order = stream_roster_order_of(r);
    memmove(order + place + 1, order + place, (r->n - place) * sizeof *order);
    order[place] = number;
    item->number = number;
    r->items[number] = item;
    r->n++;
    if (number == r->slots)
        r->slots++;
}

struct stream_named *stream_roster_edit_number(struct stream_roster **rp, struct cow *cow,
                                               uint32_t number)
{
    struct stream_roster *r = stream_roster_own(rp, cow, 0);
    struct stream_named *old = r->items[number];
    LK_ASSERT(number < r->slots && old);
    if (!cow_shared(cow, old->epoch))
        return old;
    struct stream_named *copy = mem_alloc(old->size);
    memcpy(copy, old, old->size);
    copy->epoch = cow->epoch;
    cow->defer(cow, old, old->size);
    r->items[number] = copy;
    return copy;
}

struct stream_named *stream_roster_edit(struct stream_roster **r, struct cow *cow,
                                        struct bytes name)
{
    const struct stream_named *item = stream_roster_find(*r, name);
    return item ? stream_roster_edit_number(r, cow, item->number) : NULL;
}

struct stream_named *stream_roster_take(struct stream_roster **rp, struct cow *cow,
                                        struct bytes name)
{
    bool found;
    const uint32_t place = stream_roster_place_of(*rp, name, &found);
    if (!found)
        return NULL;
    struct stream_roster *r = stream_roster_own(rp, cow, 0);
    uint32_t *order = stream_roster_order_of(r);
    const uint32_t number = order[place];
    struct stream_named *item = r->items[number];
    memmove(order + place, order + place + 1, (r->n - place - 1) * sizeof *order);
    r->items[number] = NULL;
    r->n--;
    while (r->slots > 0 && !r->items[r->slots - 1])
        r->slots--;
    return item;
}
