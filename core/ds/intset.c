/*
 * intset.c — binary search, and one move per change.
 */
#include "core/ds/intset.h"

#include "core/base/mem.h"
#include "core/ds/le.h"

enum { HEADER_BYTES = INTSET_EMPTY_BYTES };

static size_t width_of(const unsigned char *set)
{
    return le32_get(set);
}

static size_t width_for(int64_t v)
{
    if (v >= INT16_MIN && v <= INT16_MAX)
        return sizeof(int16_t);
    if (v >= INT32_MIN && v <= INT32_MAX)
        return sizeof(int32_t);
    return sizeof(int64_t);
}

static int64_t get_as(const unsigned char *set, size_t index, size_t width)
{
    const unsigned char *p = set + HEADER_BYTES + index * width;
    if (width == sizeof(int16_t))
        return (int16_t)le16_get(p);
    if (width == sizeof(int32_t))
        return (int32_t)le32_get(p);
    return (int64_t)le64_get(p);
}

static void put_as(unsigned char *set, size_t index, size_t width, int64_t v)
{
    unsigned char *p = set + HEADER_BYTES + index * width;
    if (width == sizeof(int16_t))
        le16_put(p, (uint16_t)v);
    else if (width == sizeof(int32_t))
        le32_put(p, (uint32_t)v);
    else
        le64_put(p, (uint64_t)v);
}

void intset_init_in_place(unsigned char *set)
{
    le32_put(set, sizeof(int16_t));
    le32_put(set + 4, 0);
}

unsigned char *intset_new(void)
{
    unsigned char *set = (unsigned char *)mem_alloc(HEADER_BYTES);
    intset_init_in_place(set);
    return set;
}

void intset_free(unsigned char *set)
{
    if (set)
        mem_free(set, intset_bytes(set));
}

unsigned char *intset_clone(const unsigned char *set)
{
    const size_t size = intset_bytes(set);
    unsigned char *copy = (unsigned char *)mem_alloc(size);
    memcpy(copy, set, size);
    return copy;
}

size_t intset_bytes(const unsigned char *set)
{
    return HEADER_BYTES + intset_count(set) * width_of(set);
}

size_t intset_count(const unsigned char *set)
{
    return le32_get(set + 4);
}

int64_t intset_get(const unsigned char *set, size_t index)
{
    LK_ASSERT(index < intset_count(set));
    return get_as(set, index, width_of(set));
}

int64_t intset_min(const unsigned char *set)
{
    return intset_get(set, 0);
}

int64_t intset_max(const unsigned char *set)
{
    return intset_get(set, intset_count(set) - 1);
}

int64_t intset_random(const unsigned char *set, struct rng *rng)
{
    return intset_get(set, rng_below(rng, intset_count(set)));
}

bool intset_find(const unsigned char *set, int64_t v, size_t *index)
{
    const size_t width = width_of(set);
    size_t low = 0, high = intset_count(set);
    /* Ascending adds are common: ask the last one first. */
    if (high > 0 && v > get_as(set, high - 1, width))
        low = high;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (get_as(set, middle, width) < v)
            low = middle + 1;
        else
            high = middle;
    }
    if (index)
        *index = low;
    return low < intset_count(set) && get_as(set, low, width) == v;
}

static size_t width_with(const unsigned char *set, int64_t v)
{
    const size_t need = width_for(v), old = width_of(set);
    return need > old ? need : old;
}

size_t intset_bytes_with(const unsigned char *set, int64_t v)
{
    return HEADER_BYTES + (intset_count(set) + 1) * width_with(set, v);
}

void intset_insert_in_place(unsigned char *set, size_t index, int64_t v)
{
    const size_t count = intset_count(set), old_width = width_of(set), width = width_with(set, v);
    LK_ASSERT(count < UINT32_MAX);
    if (width == old_width) {
        unsigned char *p = set + HEADER_BYTES + index * width;
        memmove(p + width, p, (count - index) * width);
    } else {
        /* From the end, so that nothing is overwritten unread.  v goes to the front or the end. */
        for (size_t i = count; i-- > 0;)
            put_as(set, i < index ? i : i + 1, width, get_as(set, i, old_width));
        le32_put(set, (uint32_t)width);
    }
    put_as(set, index, width, v);
    le32_put(set + 4, (uint32_t)(count + 1));
}

void intset_delete_in_place(unsigned char *set, size_t index)
{
    const size_t count = intset_count(set), width = width_of(set);
    unsigned char *p = set + HEADER_BYTES + index * width;
    memmove(p, p + width, (count - index - 1) * width);
    le32_put(set + 4, (uint32_t)(count - 1));
}

bool intset_add(unsigned char **set, int64_t v)
{
    size_t index;
    if (intset_find(*set, v, &index))
        return false;
    *set = (unsigned char *)mem_realloc(*set, intset_bytes(*set), intset_bytes_with(*set, v));
    intset_insert_in_place(*set, index, v);
    return true;
}

bool intset_remove(unsigned char **set, int64_t v)
{
    size_t index;
    if (!intset_find(*set, v, &index))
        return false;
    const size_t old = intset_bytes(*set);
    intset_delete_in_place(*set, index);
    *set = (unsigned char *)mem_realloc(*set, old, intset_bytes(*set));
    return true;
}

bool intset_validate(const unsigned char *set, size_t size)
{
    if (size < HEADER_BYTES)
        return false;
    const size_t width = width_of(set), count = intset_count(set);
    if (width != sizeof(int16_t) && width != sizeof(int32_t) && width != sizeof(int64_t))
        return false;
    if ((size - HEADER_BYTES) % width != 0 || (size - HEADER_BYTES) / width != count)
        return false;
    for (size_t i = 1; i < count; i++) {
        if (get_as(set, i - 1, width) >= get_as(set, i, width))
            return false;
    }
    return true;
}
