#include "core/ds/name_map.h"

#include "core/base/mem.h"

enum { FIRST_BUCKETS = 8 };

void name_map_release(struct name_map *m)
{
    mem_free(m->buckets, m->capacity * sizeof(struct name_node *));
    memset(m, 0, sizeof *m);
}

struct name_node *name_map_find(const struct name_map *m, struct bytes name, uint64_t hash)
{
    if (m->count == 0)
        return NULL;
    struct name_node *n = m->buckets[hash & (m->capacity - 1)];
    while (n && (n->hash != hash || !bytes_equal(n->name, name)))
        n = n->next;
    return n;
}

static void name_map_resize(struct name_map *m, uint32_t capacity)
{
    struct name_node **buckets = mem_calloc(capacity * sizeof(struct name_node *));
    for (uint32_t i = 0; i < m->capacity; i++)
        for (struct name_node *n = m->buckets[i], *next; n; n = next) {
            next = n->next;
            struct name_node **to = &buckets[n->hash & (capacity - 1)];
            n->next = *to;
            *to = n;
        }
    mem_free(m->buckets, m->capacity * sizeof(struct name_node *));
    m->buckets = buckets;
    m->capacity = capacity;
}

void name_map_add(struct name_map *m, struct name_node *node)
{
    LK_DEBUG_ASSERT(!name_map_find(m, node->name, node->hash));
    if (m->count == m->capacity)
        name_map_resize(m, m->capacity ? m->capacity * 2 : FIRST_BUCKETS);
    struct name_node **to = &m->buckets[node->hash & (m->capacity - 1)];
    node->next = *to;
    *to = node;
    m->count++;
}

void name_map_remove(struct name_map *m, struct name_node *node)
{
    LK_ASSERT(m->count > 0);
    struct name_node **at = &m->buckets[node->hash & (m->capacity - 1)];
    while (*at != node) {
        LK_ASSERT(*at != NULL);
        at = &(*at)->next;
    }
    *at = node->next;
    node->next = NULL;
    m->count--;
}

void name_map_trim(struct name_map *m)
{
    if (m->count == 0)
        name_map_release(m);
    else if (m->capacity > FIRST_BUCKETS && m->count < m->capacity / 8)
        name_map_resize(m, m->capacity / 4);
}

/* Puts c->next on the first node of the first bucket from c->bucket on that has one. */
static void name_cursor_seek(struct name_cursor *c)
{
    for (; c->bucket < c->map->capacity; c->bucket++)
        if ((c->next = c->map->buckets[c->bucket]) != NULL)
            return;
    c->next = NULL;
}

struct name_node *name_map_first(const struct name_map *m, struct name_cursor *c)
{
    *c = (struct name_cursor){.map = m};
    name_cursor_seek(c);
    return name_map_next(c);
}

struct name_node *name_map_next(struct name_cursor *c)
{
    struct name_node *n = c->next;
    if (!n)
        return NULL;
    c->next = n->next;
    if (!c->next) {
        c->bucket++;
        name_cursor_seek(c);
    }
    return n;
}
