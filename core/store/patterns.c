#include "core/store/patterns.h"

#include "core/base/atomic.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/rank.h"
#include "core/ds/name_map.h"
#include "core/store/reclaim.h"

#include <pthread.h>

struct pattern {
    struct name_node node; /* first; the mutex's */
    uint32_t place;        /* in the list; the mutex's */
    uint64_t workers;      /* __atomic */
    uint64_t subscribers;
    char text[];
};

/*
 * What readers see without the mutex is stored with release order and loaded with acquire order:
 * who sees a store of a change also sees the odd version that came before it, so that it cannot
 * take half a change for a whole one.
 */
struct pattern_list {
    uint32_t capacity;
    struct pattern *v[]; /* __atomic */
};

struct patterns {
    uint64_t version;          /* __atomic */
    uint32_t count;            /* __atomic */
    struct pattern_list *list; /* __atomic pointer; retired when it grows */
    pthread_mutex_t mutex;
    struct name_map names;
};

enum { FIRST_LIST = 16, MATCH_TRIES = 4 };

static struct pattern_list *pattern_list_new(uint32_t capacity)
{
    struct pattern_list *l = mem_calloc(sizeof *l + capacity * sizeof(struct pattern *));
    l->capacity = capacity;
    return l;
}

static size_t pattern_list_size(const struct pattern_list *l)
{
    return sizeof *l + l->capacity * sizeof(struct pattern *);
}

struct patterns *patterns_new(void)
{
    struct patterns *p = mem_new(struct patterns);
    p->list = pattern_list_new(FIRST_LIST);
    pthread_mutex_init(&p->mutex, NULL);
    return p;
}

void patterns_free(struct patterns *p)
{
    LK_ASSERT(p->count == 0);
    name_map_release(&p->names);
    pthread_mutex_destroy(&p->mutex);
    mem_free(p->list, pattern_list_size(p->list));
    mem_delete(p);
}

uint64_t patterns_distinct(const struct patterns *p)
{
    return load_relaxed(&p->count);
}

/* --- changes --------------------------------------------------------------------------------- */

static void patterns_begin(struct patterns *p)
{
    leaf_lock(&p->mutex);
    LK_ASSERT(p->version % 2 == 0);
    store_release(&p->version, p->version + 1);
}

static uint64_t patterns_end(struct patterns *p)
{
    const uint64_t version = p->version + 1;
    store_release(&p->version, version);
    leaf_unlock(&p->mutex);
    return version;
}

static void patterns_grow(struct patterns *p)
{
    struct pattern_list *old = p->list, *more = pattern_list_new(old->capacity * 2);
    memcpy(more->v, old->v, old->capacity * sizeof(struct pattern *));
    store_release(&p->list, more);
    reclaim_retire(old, pattern_list_size(old));
}

static void patterns_list_add(struct patterns *p, struct pattern *one)
{
    if (p->count == p->list->capacity)
        patterns_grow(p);
    one->place = p->count;
    store_release(&p->list->v[one->place], one);
    store_release(&p->count, p->count + 1);
}

static void patterns_list_remove(struct patterns *p, struct pattern *one)
{
    struct pattern *last = p->list->v[p->count - 1];
    store_release(&p->list->v[one->place], last);
    last->place = one->place;
    store_release(&p->count, p->count - 1);
}

static struct pattern *pattern_new(struct bytes text, uint64_t hash)
{
    struct pattern *one = mem_alloc(sizeof *one + text.size);
    *one = (struct pattern){.node = {.hash = hash, .name = {one->text, text.size}}};
    if (text.size > 0)
        memcpy(one->text, text.data, text.size);
    return one;
}

uint64_t patterns_subscribe(struct patterns *p, struct bytes pattern, uint32_t worker, bool first)
{
    const uint64_t hash = hash_bytes(pattern), bit = UINT64_C(1) << worker;
    patterns_begin(p);
    struct pattern *one = (struct pattern *)name_map_find(&p->names, pattern, hash);
    if (!one) {
        one = pattern_new(pattern, hash);
        name_map_add(&p->names, &one->node);
        patterns_list_add(p, one);
    }
    LK_ASSERT(first == !(one->workers & bit));
    store_release(&one->workers, one->workers | bit);
    store_release(&one->subscribers, one->subscribers + 1);
    return patterns_end(p);
}

uint64_t patterns_unsubscribe(struct patterns *p, struct bytes pattern, uint32_t worker, bool last)
{
    const uint64_t hash = hash_bytes(pattern), bit = UINT64_C(1) << worker;
    patterns_begin(p);
    struct pattern *one = (struct pattern *)name_map_find(&p->names, pattern, hash);
    LK_ASSERT(one && one->workers & bit && one->subscribers > 0);
    store_release(&one->subscribers, one->subscribers - 1);
    if (last)
        store_release(&one->workers, one->workers & ~bit);
    LK_ASSERT((one->subscribers == 0) == (one->workers == 0));
    if (one->subscribers == 0) {
        name_map_remove(&p->names, &one->node);
        name_map_trim(&p->names);
        patterns_list_remove(p, one);
        reclaim_retire(one, sizeof *one + pattern.size);
    }
    return patterns_end(p);
}

/* --- matching -------------------------------------------------------------------------------- */

static void patterns_scan(const struct patterns *p, struct bytes channel, struct pattern_match *out)
{
    const uint32_t count = load_acquire(&p->count);
    const struct pattern_list *l = load_acquire(&p->list);
    out->workers = out->subscribers = 0;
    /* A list older than the count is short of it; the version will tell. */
    for (uint32_t i = 0; i < count && i < l->capacity; i++) {
        const struct pattern *one = load_acquire(&l->v[i]);
        if (!bytes_match_glob(one->node.name, channel, false))
            continue;
        out->workers |= load_acquire(&one->workers);
        out->subscribers += load_acquire(&one->subscribers);
    }
}

void patterns_match_locked(struct patterns *p, struct bytes channel, struct pattern_match *out)
{
    leaf_lock(&p->mutex);
    out->version = p->version;
    patterns_scan(p, channel, out);
    leaf_unlock(&p->mutex);
}

void patterns_match(struct patterns *p, struct bytes channel, struct pattern_match *out)
{
    for (int i = 0; i < MATCH_TRIES; i++) {
        out->version = load_acquire(&p->version);
        if (out->version % 2 != 0)
            continue;
        patterns_scan(p, channel, out);
        if (patterns_unchanged(p, out))
            return;
    }
    patterns_match_locked(p, channel, out);
}

bool patterns_unchanged(const struct patterns *p, const struct pattern_match *m)
{
    return load_relaxed(&p->version) == m->version;
}
