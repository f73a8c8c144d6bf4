#include "core/store/trackers.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"

#include <pthread.h>
#include <string.h>

enum { CHUNK = 1024, CHUNKS = 16384, NO_INDEX = UINT32_MAX >> 1 };

struct tracker {
    uint32_t generation; /* __atomic: release when the rest is set, acquire by readers */
    uint32_t flags;      /* __atomic */
    uint64_t own;        /* __atomic */
    uint64_t aim;        /* __atomic */
    uint32_t items;      /* __atomic: keys that remember it */
    uint32_t next_free;
};

struct trackers {
    pthread_mutex_t mutex;
    uint32_t count; /* __atomic: indexes that were ever used */
    uint32_t first_free;
    struct tracker *chunks[CHUNKS]; /* __atomic */
};

struct trackers *trackers_new(void)
{
    struct trackers *t = mem_new(struct trackers);
    pthread_mutex_init(&t->mutex, NULL);
    t->first_free = NO_INDEX;
    return t;
}

void trackers_free(struct trackers *t)
{
    for (uint32_t i = 0; i * CHUNK < t->count; i++)
        mem_free(t->chunks[i], CHUNK * sizeof(struct tracker));
    pthread_mutex_destroy(&t->mutex);
    mem_delete(t);
}

static struct tracker *tracker_at(const struct trackers *t, uint32_t index)
{
    struct tracker *chunk = load_acquire(&t->chunks[index / CHUNK]);
    return &chunk[index % CHUNK];
}

static uint64_t tracker_who(uint32_t index, uint32_t generation)
{
    return (uint64_t)generation << 32 | index;
}

/* NULL if its generation is over. */
static struct tracker *tracker_alive(const struct trackers *t, uint64_t who)
{
    struct tracker *r = tracker_at(t, (uint32_t)who);
    return load_acquire(&r->generation) == (uint32_t)(who >> 32) ? r : NULL;
}

/* The mutex is held. */
static uint32_t trackers_take_index(struct trackers *t)
{
    uint32_t index = t->first_free;
    if (index != NO_INDEX) {
        t->first_free = tracker_at(t, index)->next_free;
        return index;
    }
    index = t->count;
    LK_ASSERT(index < (uint32_t)CHUNK * CHUNKS);
    if (index % CHUNK == 0)
        store_release(&t->chunks[index / CHUNK], mem_calloc(CHUNK * sizeof(struct tracker)));
    store_relaxed(&t->count, index + 1);
    return index;
}

uint64_t trackers_add(struct trackers *t, const struct tracker_state *state)
{
    LK_ASSERT(aim_client(state->own) != 0);
    pthread_mutex_lock(&t->mutex);
    const uint32_t index = trackers_take_index(t);
    struct tracker *r = tracker_at(t, index);
    store_relaxed(&r->flags, state->flags);
    store_relaxed(&r->own, state->own);
    store_relaxed(&r->aim, state->aim);
    store_relaxed(&r->items, 0);
    const uint32_t generation = r->generation + 1; /* odd while it is in use */
    store_release(&r->generation, generation);
    pthread_mutex_unlock(&t->mutex);
    LK_ASSERT(generation & 1);
    return tracker_who(index, generation);
}

uint32_t trackers_remove(struct trackers *t, uint64_t who)
{
    pthread_mutex_lock(&t->mutex);
    struct tracker *r = tracker_alive(t, who);
    LK_ASSERT(r);
    store_relaxed(&r->flags, 0);
    store_release(&r->generation, r->generation + 1);
    const uint32_t items = load_relaxed(&r->items);
    r->next_free = t->first_free;
    t->first_free = (uint32_t)who;
    pthread_mutex_unlock(&t->mutex);
    return items;
}

void trackers_set(struct trackers *t, uint64_t who, uint32_t flags, uint64_t aim)
{
    struct tracker *r = tracker_alive(t, who);
    LK_ASSERT(r);
    store_relaxed(&r->aim, aim);
    store_release(&r->flags, flags);
}

/* False if it went meanwhile: what was read may be of the next one. */
static bool tracker_read(const struct tracker *r, uint32_t generation, struct tracker_state *out)
{
    out->flags = load_acquire(&r->flags);
    out->own = load_acquire(&r->own);
    out->aim = load_acquire(&r->aim);
    return load_relaxed(&r->generation) == generation;
}

bool trackers_find(const struct trackers *t, uint64_t who, struct tracker_state *out)
{
    const struct tracker *r = tracker_alive(t, who);
    return r && tracker_read(r, (uint32_t)(who >> 32), out);
}

bool trackers_count_item(struct trackers *t, uint64_t who, int32_t change)
{
    struct tracker *r = tracker_alive(t, who);
    if (!r)
        return false;
    fetch_add_relaxed(&r->items, (uint32_t)change);
    return true;
}

void trackers_each(struct trackers *t,
                   void (*visit)(void *ctx, uint64_t who, const struct tracker_state *state),
                   void *ctx)
{
    const uint32_t count = load_acquire(&t->count);
    for (uint32_t i = 0; i < count; i++) {
        const struct tracker *r = tracker_at(t, i);
        const uint32_t generation = load_acquire(&r->generation);
        struct tracker_state state;
        if (generation & 1 && tracker_read(r, generation, &state) && state.flags & TRACKER_ON)
            visit(ctx, tracker_who(i, generation), &state);
    }
}
