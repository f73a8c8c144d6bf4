#include "core/store/prefixes.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/store/reclaim.h"

#include <pthread.h>

struct prefix_clients {
    struct bytes name; /* owned */
    uint32_t count, capacity;
    uint64_t *who; /* owned */
};

struct prefix_row {
    struct bytes name; /* in the list's own block */
    int32_t shorter;   /* the longest other prefix that this one begins with; -1: none */
};

struct prefix_list {
    size_t size; /* of the block */
    uint32_t count;
    struct prefix_row v[];
};

struct prefixes {
    pthread_mutex_t mutex;
    struct prefix_list *list; /* __atomic; NULL: none */
    uint32_t count, capacity;
    struct prefix_clients *v; /* in order, as in the list */
};

struct prefixes *prefixes_new(void)
{
    struct prefixes *p = mem_new(struct prefixes);
    pthread_mutex_init(&p->mutex, NULL);
    return p;
}

void prefixes_free(struct prefixes *p)
{
    LK_ASSERT(p->count == 0 && !p->list);
    mem_free(p->v, p->capacity * sizeof *p->v);
    pthread_mutex_destroy(&p->mutex);
    mem_delete(p);
}

uint32_t prefixes_count(const struct prefixes *p)
{
    return load_relaxed(&p->count);
}

void prefixes_lock(struct prefixes *p)
{
    pthread_mutex_lock(&p->mutex);
}

void prefixes_unlock(struct prefixes *p)
{
    pthread_mutex_unlock(&p->mutex);
}

/* --- the list -------------------------------------------------------------------------------- */

/* How many names up to this one, itself included, come in order. */
static uint32_t prefix_list_up_to(const struct prefix_list *l, struct bytes key)
{
    uint32_t low = 0, high = l->count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (bytes_compare(l->v[middle].name, key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool prefix_of(struct bytes prefix, struct bytes key)
{
    return prefix.size <= key.size &&
           (prefix.size == 0 || memcmp(prefix.data, key.data, prefix.size) == 0);
}

static int32_t prefix_list_longest(const struct prefix_list *l, struct bytes key)
{
    int32_t i = (int32_t)prefix_list_up_to(l, key) - 1;
    while (i >= 0 && !prefix_of(l->v[i].name, key))
        i = l->v[i].shorter;
    return i;
}

static struct prefix_list *prefix_list_new(const struct prefixes *p)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < p->count; i++)
        bytes += p->v[i].name.size;
    const size_t size = sizeof(struct prefix_list) + p->count * sizeof(struct prefix_row) + bytes;
    struct prefix_list *l = mem_alloc(size);
    char *to = (char *)&l->v[p->count];
    l->size = size;
    for (l->count = 0; l->count < p->count; l->count++) {
        const struct bytes name = p->v[l->count].name;
        /* Those before it are in the list by now. */
        l->v[l->count].shorter = prefix_list_longest(l, name);
        l->v[l->count].name = bytes_of(to, name.size);
        if (name.size > 0)
            memcpy(to, name.data, name.size);
        to += name.size;
    }
    return l;
}

/* The mutex is held. */
static void prefixes_publish(struct prefixes *p)
{
    struct prefix_list *old = p->list, *new = p->count > 0 ? prefix_list_new(p) : NULL;
    store_release(&p->list, new);
    if (old)
        reclaim_retire(old, old->size);
}

bool prefixes_match(const struct prefixes *p, struct bytes key)
{
    const struct prefix_list *l = load_acquire(&p->list);
    return l && prefix_list_longest(l, key) >= 0;
}

int32_t prefixes_longest(const struct prefixes *p, struct bytes key)
{
    return p->list ? prefix_list_longest(p->list, key) : -1;
}

int32_t prefixes_shorter(const struct prefixes *p, int32_t number)
{
    return p->list->v[number].shorter;
}

const uint64_t *prefixes_clients(const struct prefixes *p, int32_t number, uint32_t *count)
{
    LK_ASSERT(number >= 0 && (uint32_t)number < p->count);
    *count = p->v[number].count;
    return p->v[number].who;
}

/* --- clients --------------------------------------------------------------------------------- */

/* Where the prefix is, or where it would be. */
static uint32_t prefixes_place(const struct prefixes *p, struct bytes prefix, bool *there)
{
    const uint32_t n = p->list ? prefix_list_up_to(p->list, prefix) : 0;
    *there = n > 0 && bytes_equal(p->v[n - 1].name, prefix);
    return *there ? n - 1 : n;
}

static void prefixes_insert(struct prefixes *p, uint32_t at, struct bytes prefix)
{
    if (p->count == p->capacity) {
        const uint32_t more = p->capacity ? p->capacity * 2 : 8;
        p->v = mem_realloc(p->v, p->capacity * sizeof *p->v, more * sizeof *p->v);
        p->capacity = more;
    }
    memmove(&p->v[at + 1], &p->v[at], (p->count - at) * sizeof *p->v);
    char *name = mem_alloc(prefix.size + 1);
    if (prefix.size > 0)
        memcpy(name, prefix.data, prefix.size);
    p->v[at] = (struct prefix_clients){.name = bytes_of(name, prefix.size)};
    store_relaxed(&p->count, p->count + 1);
}

static void prefixes_erase(struct prefixes *p, uint32_t at)
{
    struct prefix_clients *c = &p->v[at];
    mem_free(c->who, c->capacity * sizeof *c->who);
    mem_free((char *)(uintptr_t)c->name.data, c->name.size + 1);
    memmove(&p->v[at], &p->v[at + 1], (p->count - at - 1) * sizeof *p->v);
    store_relaxed(&p->count, p->count - 1);
}

static uint32_t prefix_client_index(const struct prefix_clients *c, uint64_t who)
{
    uint32_t i = 0;
    while (i < c->count && c->who[i] != who)
        i++;
    return i;
}

static void prefix_client_add(struct prefix_clients *c, uint64_t who)
{
    if (c->count == c->capacity) {
        const uint32_t more = c->capacity ? c->capacity * 2 : 1;
        c->who = mem_realloc(c->who, c->capacity * sizeof who, more * sizeof who);
        c->capacity = more;
    }
    c->who[c->count++] = who;
}

bool prefixes_add(struct prefixes *p, struct bytes prefix, uint64_t who)
{
    bool there;
    prefixes_lock(p);
    const uint32_t at = prefixes_place(p, prefix, &there);
    if (!there) {
        prefixes_insert(p, at, prefix);
        prefixes_publish(p);
    }
    struct prefix_clients *c = &p->v[at];
    const bool added = prefix_client_index(c, who) == c->count;
    if (added)
        prefix_client_add(c, who);
    prefixes_unlock(p);
    return added;
}

bool prefixes_remove(struct prefixes *p, struct bytes prefix, uint64_t who)
{
    bool there;
    prefixes_lock(p);
    const uint32_t at = prefixes_place(p, prefix, &there);
    struct prefix_clients *c = there ? &p->v[at] : NULL;
    const uint32_t index = c ? prefix_client_index(c, who) : 0;
    const bool removed = c && index < c->count;
    if (removed) {
        c->who[index] = c->who[--c->count];
        if (c->count == 0) {
            prefixes_erase(p, at);
            prefixes_publish(p);
        }
    }
    prefixes_unlock(p);
    return removed;
}
