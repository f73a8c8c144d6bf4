#include "core/types/zset_items.h"

#include "core/base/mem.h"

enum { TEXT_BLOCK = 4096 - 24, FIRST_ITEMS = 64, FIRST_SLOTS = 128 };

struct zset_text {
    struct zset_text *next;
    size_t size, used;
    char bytes[];
};

void zset_items_release(struct zset_items *s)
{
    for (struct zset_text *t = s->texts, *next; t; t = next) {
        next = t->next;
        mem_free(t, sizeof *t + t->size);
    }
    mem_free(s->v, s->capacity * sizeof *s->v);
    mem_free(s->index, s->index_slots * sizeof *s->index);
    *s = (struct zset_items){0};
}

static void set_capacity(struct zset_items *s, size_t capacity)
{
    s->v = mem_realloc(s->v, s->capacity * sizeof *s->v, capacity * sizeof *s->v);
    s->capacity = capacity;
}

void zset_items_reserve(struct zset_items *s, size_t n)
{
    if (n > s->capacity - s->n)
        set_capacity(s, s->n + n);
}

static struct bytes zset_items_keep(struct zset_items *s, struct bytes member)
{
    struct zset_text *t = s->texts;
    if (!t || t->size - t->used < member.size) {
        const size_t size = member.size > TEXT_BLOCK ? member.size : (size_t)TEXT_BLOCK;
        t = mem_alloc(sizeof *t + size);
        *t = (struct zset_text){.next = s->texts, .size = size};
        s->texts = t;
    }
    char *at = t->bytes + t->used;
    memcpy(at, member.data, member.size);
    t->used += member.size;
    return bytes_of(at, member.size);
}

void zset_items_append(struct zset_items *s, struct bytes member, uint64_t hash, double score,
                       bool brief)
{
    if (s->n == s->capacity)
        set_capacity(s, s->n ? 2 * s->n : FIRST_ITEMS);
    if (brief)
        member = zset_items_keep(s, member);
    s->v[s->n++] = (struct zset_item){member, score, hash};
}

/* --- the index ------------------------------------------------------------------------------- */

static uint64_t zset_items_slot_of(uint64_t hash, size_t number)
{
    return (hash & UINT64_C(0xffffffff00000000)) | (number + 1);
}

static void index_add(struct zset_items *s, uint64_t hash, size_t number)
{
    const size_t mask = s->index_slots - 1;
    size_t i = hash & mask;
    while (s->index[i])
        i = (i + 1) & mask;
    s->index[i] = zset_items_slot_of(hash, number);
}

/* At most half of the slots are taken. */
static void index_fit(struct zset_items *s)
{
    if (s->index_slots >= 2 * (s->n + 1))
        return;
    size_t slots = s->index_slots ? s->index_slots : (size_t)FIRST_SLOTS;
    while (slots < 2 * (s->n + 1) || slots < s->capacity)
        slots *= 2;
    mem_free(s->index, s->index_slots * sizeof *s->index);
    s->index = mem_calloc(slots * sizeof *s->index);
    s->index_slots = slots;
    for (size_t i = 0; i < s->n; i++)
        index_add(s, s->v[i].hash, i);
}

void zset_items_prefetch(const struct zset_items *s, uint64_t hash)
{
    if (s->index_slots)
        LK_PREFETCH(&s->index[hash & (s->index_slots - 1)]);
}

struct zset_item *zset_items_find(const struct zset_items *s, struct bytes member, uint64_t hash)
{
    const size_t mask = s->index_slots - 1;
    if (s->index_slots == 0)
        return NULL;
    for (size_t i = hash & mask; s->index[i]; i = (i + 1) & mask) {
        if ((s->index[i] ^ hash) >> 32)
            continue;
        struct zset_item *item = &s->v[(uint32_t)s->index[i] - 1];
        if (item->hash == hash && bytes_equal(item->member, member))
            return item;
    }
    return NULL;
}

struct zset_item *zset_items_put(struct zset_items *s, struct bytes member, uint64_t hash,
                                 double score, bool brief, bool *fresh)
{
    struct zset_item *item = zset_items_find(s, member, hash);
    *fresh = !item;
    if (item)
        return item;
    index_fit(s);
    zset_items_append(s, member, hash, score, brief);
    index_add(s, hash, s->n - 1);
    return &s->v[s->n - 1];
}
