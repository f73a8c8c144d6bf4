#include "core/store/tracking.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"

enum { SWEEP_FROM = 4096 };

struct tracking *tracking_new(void)
{
    struct tracking *t = mem_alloc_aligned(sizeof *t, LK_CACHE_LINE);
    memset(t, 0, sizeof *t);
    pthread_mutex_init(&t->mutex, NULL);
    t->trackers = trackers_new();
    t->prefixes = prefixes_new();
    return t;
}

void tracking_free(struct tracking *t)
{
    prefixes_free(t->prefixes);
    trackers_free(t->trackers);
    pthread_mutex_destroy(&t->mutex);
    mem_free(t, sizeof *t);
}

static void tracking_add(uint64_t *total, uint64_t change)
{
    fetch_add_relaxed(total, change);
}

/* --- one key --------------------------------------------------------------------------------- */

static size_t tracked_key_size(uint32_t capacity, size_t name_size)
{
    return sizeof(struct tracked_key) + capacity * sizeof(uint64_t) + name_size;
}

static struct tracked_key *tracked_key_new(uint64_t hash, struct bytes name, uint32_t capacity)
{
    struct tracked_key *k = mem_alloc(tracked_key_size(capacity, name.size));
    char *to = (char *)&k->who[capacity];
    k->node = (struct name_node){.hash = hash, .name = bytes_of(to, name.size)};
    k->count = 0;
    k->capacity = capacity;
    if (name.size > 0)
        memcpy(to, name.data, name.size);
    return k;
}

void tracked_key_free(struct tracked_key *k)
{
    mem_free(k, tracked_key_size(k->capacity, k->node.name.size));
}

/* Where the reader stands or is to stand: they are sorted, as a hot key may have thousands. */
static uint32_t tracked_key_find(const struct tracked_key *k, uint64_t who)
{
    uint32_t low = 0, high = k->count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (k->who[middle] < who)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool tracked_by(const struct tracked_key *k, uint64_t who)
{
    const uint32_t at = tracked_key_find(k, who);
    return at < k->count && k->who[at] == who;
}

bool tracked_key_drop(struct tracked_key *k, uint64_t who)
{
    const uint32_t at = tracked_key_find(k, who);
    if (at == k->count || k->who[at] != who)
        return false;
    memmove(&k->who[at], &k->who[at + 1], (k->count - at - 1) * sizeof who);
    k->count--;
    return true;
}

/* There is room. */
static void tracked_key_insert(struct tracked_key *k, uint64_t who)
{
    const uint32_t at = tracked_key_find(k, who);
    LK_ASSERT(k->count < k->capacity);
    memmove(&k->who[at + 1], &k->who[at], (k->count - at) * sizeof who);
    k->who[at] = who;
    k->count++;
}

/* Drops those who have gone; returns how many are left. */
static uint32_t tracked_key_sweep(struct tracking *t, struct tracked_key *k)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < k->count; i++)
        if (trackers_count_item(t->trackers, k->who[i], 0))
            k->who[left++] = k->who[i];
    if (left < k->count) {
        tracking_add(&t->items, left - (uint64_t)k->count);
        tracking_add(&t->dead, left - (uint64_t)k->count);
    }
    k->count = left;
    return left;
}

/* In the map, with room for one more. */
static struct tracked_key *tracked_key_grow(struct tracking *t, struct shard *s,
                                            struct tracked_key *k)
{
    if (tracked_key_sweep(t, k) < k->capacity)
        return k;
    struct tracked_key *larger = tracked_key_new(k->node.hash, k->node.name, k->capacity * 2);
    memcpy(larger->who, k->who, k->count * sizeof(uint64_t));
    larger->count = k->count;
    name_map_remove(&s->tracked, &k->node);
    name_map_add(&s->tracked, &larger->node);
    tracked_key_free(k);
    return larger;
}

bool tracking_remember(struct tracking *t, struct shard *s, uint64_t hash, struct bytes key,
                       uint64_t who)
{
    struct tracked_key *k = (struct tracked_key *)name_map_find(&s->tracked, key, hash);
    const bool is_new = !k;
    if (k && tracked_by(k, who))
        return false;
    if (is_new) {
        k = tracked_key_new(hash, key, 1);
        name_map_add(&s->tracked, &k->node);
        tracking_add(&t->keys, 1);
    } else if (k->count == k->capacity) {
        k = tracked_key_grow(t, s, k);
    }
    tracked_key_insert(k, who);
    trackers_count_item(t->trackers, who, 1);
    tracking_add(&t->items, 1);
    return is_new;
}

/* It has left the map: its items are no longer counted. */
static void tracked_key_uncount(struct tracking *t, const struct tracked_key *k)
{
    if (!t)
        return;
    uint64_t dead = 0;
    for (uint32_t i = 0; i < k->count; i++)
        if (!trackers_count_item(t->trackers, k->who[i], -1))
            dead++;
    tracking_add(&t->keys, UINT64_MAX);
    tracking_add(&t->items, -(uint64_t)k->count);
    if (dead > 0)
        tracking_add(&t->dead, -dead);
}

static struct tracked_key *tracking_take_node(struct tracking *t, struct shard *s,
                                              struct name_node *n)
{
    name_map_remove(&s->tracked, n);
    name_map_trim(&s->tracked);
    tracked_key_uncount(t, (struct tracked_key *)n);
    return (struct tracked_key *)n;
}

struct tracked_key *tracking_take(struct tracking *t, struct shard *s, uint64_t hash,
                                  struct bytes key)
{
    struct name_node *n = name_map_find(&s->tracked, key, hash);
    return n ? tracking_take_node(t, s, n) : NULL;
}

struct tracked_key *tracking_take_any(struct tracking *t, struct shard *s, uint64_t random,
                                      struct bytes but)
{
    const struct name_map *m = &s->tracked;
    for (uint32_t i = 0; m->count > 0 && i < m->capacity; i++)
        for (struct name_node *n = m->buckets[(random + i) & (m->capacity - 1)]; n; n = n->next)
            if (!bytes_equal(n->name, but))
                return tracking_take_node(t, s, n);
    return NULL;
}

/* --- a whole shard --------------------------------------------------------------------------- */

void tracking_clear(struct tracking *t, struct shard *s)
{
    struct name_cursor at;
    for (struct name_node *n = name_map_first(&s->tracked, &at); n; n = name_map_next(&at)) {
        name_map_remove(&s->tracked, n);
        tracked_key_uncount(t, (struct tracked_key *)n);
        tracked_key_free((struct tracked_key *)n);
    }
    name_map_trim(&s->tracked);
}

void tracking_sweep(struct tracking *t, struct shard *s)
{
    struct name_cursor at;
    for (struct name_node *n = name_map_first(&s->tracked, &at); n; n = name_map_next(&at)) {
        struct tracked_key *k = (struct tracked_key *)n;
        if (tracked_key_sweep(t, k) > 0)
            continue;
        name_map_remove(&s->tracked, n);
        tracking_add(&t->keys, UINT64_MAX);
        tracked_key_free(k);
    }
    name_map_trim(&s->tracked);
}

void tracking_forget_client(struct tracking *t, uint64_t who)
{
    tracking_add(&t->dead, trackers_remove(t->trackers, who));
}

bool tracking_wants_sweep(const struct tracking *t)
{
    const int64_t dead = (int64_t)load_relaxed(&t->dead);
    return dead > SWEEP_FROM && dead > (int64_t)load_relaxed(&t->items) / 2;
}
