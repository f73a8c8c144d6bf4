/*
 * stream_group.c — groups and consumers: making, changing and freeing them.
 */
#include "core/types/stream_group.h"

#include "core/base/mem.h"
#include "core/types/stream_priv.h"

static struct stream_group *as_group(struct stream_named *item)
{
    return (struct stream_group *)item;
}

static struct stream_consumer *as_consumer(struct stream_named *item)
{
    return (struct stream_consumer *)item;
}

/* --- groups ---------------------------------------------------------------------------------- */

uint64_t stream_group_count(const struct value *v)
{
    return stream_roster_count(stream_of(v)->groups);
}

const struct stream_group *stream_group_at(const struct value *v, uint64_t i)
{
    return as_group(stream_roster_at(stream_of(v)->groups, (uint32_t)i));
}

const struct stream_group *stream_group_find(const struct value *v, struct bytes name)
{
    return as_group(stream_roster_find(stream_of(v)->groups, name));
}

struct stream_group *stream_group_create(struct value_edit *e, struct bytes name,
                                         struct stream_id last_id, int64_t entries_read)
{
    if (stream_group_find(&e->value, name))
        return NULL;
    struct stream_group *g = as_group(stream_named_new(e->cow, sizeof *g, name));
    g->last_id = last_id;
    g->entries_read = entries_read;
    stream_roster_add(&stream_own(e)->groups, e->cow, &g->head);
    return g;
}

struct stream_group *stream_group_edit(struct value_edit *e, struct bytes name)
{
    if (!stream_group_find(&e->value, name))
        return NULL;
    return as_group(stream_roster_edit(&stream_own(e)->groups, e->cow, name));
}

static void free_consumer(struct stream_consumer *c, struct cow *cow)
{
    tree_free(c->pending, cow);
    stream_drop(cow, c, c->head.size, c->head.epoch);
}

static void free_group(struct stream_group *g, struct cow *cow)
{
    for (uint32_t i = 0; i < stream_roster_count(g->consumers); i++)
        free_consumer(as_consumer(stream_roster_at(g->consumers, i)), cow);
    stream_roster_drop(g->consumers, cow);
    tree_free(g->pending, cow);
    stream_drop(cow, g, g->head.size, g->head.epoch);
}

bool stream_group_destroy(struct value_edit *e, struct bytes name)
{
    if (!stream_group_find(&e->value, name))
        return false;
    free_group(as_group(stream_roster_take(&stream_own(e)->groups, e->cow, name)), e->cow);
    return true;
}

/* --- consumers ------------------------------------------------------------------------------- */

uint64_t stream_consumer_count(const struct stream_group *g)
{
    return stream_roster_count(g->consumers);
}

const struct stream_consumer *stream_consumer_at(const struct stream_group *g, uint64_t i)
{
    return as_consumer(stream_roster_at(g->consumers, (uint32_t)i));
}

const struct stream_consumer *stream_consumer_find(const struct stream_group *g, struct bytes name)
{
    return as_consumer(stream_roster_find(g->consumers, name));
}

struct stream_consumer *stream_consumer_create(struct value_edit *e, struct stream_group *g,
                                               struct bytes name, int64_t seen_ms)
{
    if (stream_consumer_find(g, name))
        return NULL;
    struct stream_consumer *c = as_consumer(stream_named_new(e->cow, sizeof *c, name));
    c->seen_ms = seen_ms;
    c->active_ms = -1;
    stream_roster_add(&g->consumers, e->cow, &c->head);
    return c;
}

struct stream_consumer *stream_consumer_edit(struct value_edit *e, struct stream_group *g,
                                             struct bytes name)
{
    return g->consumers ? as_consumer(stream_roster_edit(&g->consumers, e->cow, name)) : NULL;
}

int64_t stream_consumer_delete(struct value_edit *e, struct stream_group *g, struct bytes name)
{
    const struct stream_consumer *c = stream_consumer_find(g, name);
    if (!c)
        return -1;
    const int64_t pending = (int64_t)stream_pending_count(g, c);
    stream_pending_forget(e, g, c);
    free_consumer(as_consumer(stream_roster_take(&g->consumers, e->cow, name)), e->cow);
    return pending;
}

/* --- all of them ----------------------------------------------------------------------------- */

static struct tree *clone_tree(const struct tree *t)
{
    return t ? tree_clone(t, NULL) : NULL;
}

/* A roster of bytewise copies of the items, with the same numbers. */
static struct stream_roster *clone_roster(const struct stream_roster *r)
{
    if (!r)
        return NULL;
    const size_t size = stream_roster_bytes(r);
    struct stream_roster *copy = mem_alloc(size);
    memcpy(copy, r, size);
    copy->epoch = 0;
    for (uint32_t i = 0; i < r->slots; i++) {
        if (!r->items[i])
            continue;
        copy->items[i] = mem_alloc(r->items[i]->size);
        memcpy(copy->items[i], r->items[i], r->items[i]->size);
        copy->items[i]->epoch = 0;
    }
    return copy;
}

struct stream_roster *stream_groups_clone(const struct stream_roster *groups)
{
    struct stream_roster *copy = clone_roster(groups);
    for (uint32_t i = 0; i < stream_roster_count(copy); i++) {
        struct stream_group *g = as_group(stream_roster_at(copy, i));
        g->pending = clone_tree(g->pending);
        g->consumers = clone_roster(g->consumers);
        for (uint32_t j = 0; j < stream_roster_count(g->consumers); j++) {
            struct stream_consumer *c = as_consumer(stream_roster_at(g->consumers, j));
            c->pending = clone_tree(c->pending);
        }
    }
    return copy;
}

void stream_groups_free(struct stream_roster *groups, struct cow *cow)
{
    for (uint32_t i = 0; i < stream_roster_count(groups); i++)
        free_group(as_group(stream_roster_at(groups, i)), cow);
    stream_roster_drop(groups, cow);
}

/* A tree that is being freed lies in the reaper, and cursor says that there is one. */
static bool reap_tree(struct value_reaper *r, struct tree **t, size_t *budget)
{
    enum { SOME = 16 };
    if (*t) {
        tree_reap_begin(&r->tree, *t);
        r->cursor = 1;
        *t = NULL;
    }
    while (r->cursor && *budget > 0) {
        const size_t some = *budget < SOME ? *budget : SOME;
        *budget -= some;
        if (tree_reap(&r->tree, NULL, some))
            r->cursor = 0;
    }
    return !r->cursor;
}

/* The item of the highest number, once all that hangs on it is gone. */
static void reap_last(struct stream_roster *r, size_t *budget)
{
    struct stream_named *item = r->items[--r->slots];
    mem_free(item, item ? item->size : 0);
    *budget -= *budget > 0;
}

static bool reap_consumers(struct stream_roster **consumers, struct value_reaper *r, size_t *budget)
{
    struct stream_roster *list = *consumers;
    if (!list)
        return true;
    while (list->slots > 0) {
        struct stream_consumer *c = as_consumer(list->items[list->slots - 1]);
        if (c && !reap_tree(r, &c->pending, budget))
            return false;
        if (*budget == 0)
            return false;
        reap_last(list, budget);
    }
    stream_roster_drop(list, NULL);
    *consumers = NULL;
    return true;
}

bool stream_groups_reap(struct stream_roster **groups, struct value_reaper *r, size_t *budget)
{
    struct stream_roster *list = *groups;
    if (!list)
        return true;
    while (list->slots > 0) {
        struct stream_group *g = as_group(list->items[list->slots - 1]);
        if (g && (!reap_consumers(&g->consumers, r, budget) || !reap_tree(r, &g->pending, budget)))
            return false;
        if (*budget == 0)
            return false;
        reap_last(list, budget);
    }
    stream_roster_drop(list, NULL);
    *groups = NULL;
    return true;
}

static size_t tree_bytes(const struct tree *t)
{
    return t ? tree_used_bytes(t) : 0;
}

size_t stream_groups_bytes(const struct stream_roster *groups)
{
    size_t bytes = stream_roster_bytes(groups);
    for (uint32_t i = 0; i < stream_roster_count(groups); i++) {
        const struct stream_group *g = as_group(stream_roster_at(groups, i));
        bytes += g->head.size + tree_bytes(g->pending) + stream_roster_bytes(g->consumers);
        for (uint32_t j = 0; j < stream_roster_count(g->consumers); j++) {
            const struct stream_consumer *c = as_consumer(stream_roster_at(g->consumers, j));
            bytes += c->head.size + tree_bytes(c->pending);
        }
    }
    return bytes;
}
