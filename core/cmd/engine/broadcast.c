/*
 * broadcast.c — changed keys for clients that track by prefix (CLIENT TRACKING ... BCAST).
 *
 * Such keys gather in the worker that changes them, each once, and leave together when its loop
 * ends, before any of its replies does (rule T3): one message a prefix, with all its keys in order.
 */
#include "core/base/mem.h"
#include "core/cmd/engine/unit.h"
#include "core/proto/resp_write.h"

#include <stdlib.h>

struct changed_key {
    struct name_node node; /* first */
    uint64_t by;           /* who changed it last; 0: nobody who tracks */
    char name[];
};

void broadcast_note(struct dispatcher *d, uint64_t hash, struct bytes key, uint64_t by)
{
    if (!prefixes_match(d->push->tracking->prefixes, key))
        return;
    struct changed_key *k = (struct changed_key *)name_map_find(&d->changed_keys, key, hash);
    if (!k) {
        k = mem_alloc(sizeof *k + key.size);
        k->node = (struct name_node){.hash = hash, .name = bytes_of(k->name, key.size)};
        if (key.size > 0)
            memcpy(k->name, key.data, key.size);
        name_map_add(&d->changed_keys, &k->node);
    }
    k->by = by;
}

void broadcast_release(struct dispatcher *d)
{
    struct name_cursor at;
    for (struct name_node *n = name_map_first(&d->changed_keys, &at); n; n = name_map_next(&at)) {
        name_map_remove(&d->changed_keys, n);
        mem_free(n, sizeof(struct changed_key) + n->name.size);
    }
    name_map_trim(&d->changed_keys);
}

/* A key under one of its prefixes. */
struct changed_row {
    int32_t prefix;
    const struct changed_key *key;
};

static int changed_row_order(const void *a, const void *b)
{
    const struct changed_row *x = a, *y = b;
    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    return bytes_compare(x->key->node.name, y->key->node.name);
}

/* The prefixes are locked. */
static void changed_rows_gather(struct dispatcher *d, struct buf *rows)
{
    const struct prefixes *p = d->push->tracking->prefixes;
    struct name_cursor at;
    for (struct name_node *n = name_map_first(&d->changed_keys, &at); n; n = name_map_next(&at)) {
        struct changed_row row = {prefixes_longest(p, n->name), (const struct changed_key *)n};
        for (; row.prefix >= 0; row.prefix = prefixes_shorter(p, row.prefix))
            buf_append(rows, &row, sizeof row);
    }
    if (rows->size > 0)
        qsort(rows->data, rows->size / sizeof(struct changed_row), sizeof(struct changed_row),
              changed_row_order);
}

/* The keys of a group as a reply, without those that `but` has changed; nothing if none is left. */
static void changed_rows_reply(const struct changed_row *v, uint32_t n, uint64_t but,
                               struct buf *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        count += but == 0 || v[i].key->by != but;
    out->size = 0;
    if (count == 0)
        return;
    reply_buf_header(out, '*', count);
    for (uint32_t i = 0; i < n; i++)
        if (but == 0 || v[i].key->by != but)
            reply_buf_bulk(out, v[i].key->node.name);
}

static bool has_changed(const struct changed_row *v, uint32_t n, uint64_t who)
{
    for (uint32_t i = 0; i < n; i++)
        if (v[i].key->by == who)
            return true;
    return false;
}

/* Is it to be spared what it has changed itself? */
static bool looks_away(const struct tracking *t, const struct changed_row *v, uint32_t n,
                       uint64_t who)
{
    struct tracker_state state;
    return trackers_find(t->trackers, who, &state) && state.flags & TRACKER_NOLOOP &&
           has_changed(v, n, who);
}

static void broadcast_group(struct dispatcher *d, const struct changed_row *v, uint32_t n)
{
    struct tracking *t = d->push->tracking;
    struct invalidations *out = &d->unit.invalid;
    struct buf keys = {0};
    uint32_t clients, others = 0;
    const uint64_t *who = prefixes_clients(t->prefixes, v[0].prefix, &clients);
    uint64_t *rest = mem_alloc(clients * sizeof *rest);
    for (uint32_t i = 0; i < clients; i++) {
        if (!looks_away(t, v, n, who[i])) {
            rest[others++] = who[i];
            continue;
        }
        changed_rows_reply(v, n, who[i], &keys);
        if (keys.size > 0)
            invalidations_add(out, t, &who[i], 1, buf_bytes(&keys));
    }
    changed_rows_reply(v, n, 0, &keys);
    invalidations_add(out, t, rest, others, buf_bytes(&keys));
    mem_free(rest, clients * sizeof *rest);
    buf_release(&keys);
}

void dispatch_broadcast(struct dispatcher *d)
{
    LK_ASSERT(d->unit.work == 0);
    struct prefixes *p = d->push->tracking->prefixes;
    struct buf rows = {0};
    prefixes_lock(p);
    changed_rows_gather(d, &rows);
    const struct changed_row *v = (const struct changed_row *)(const void *)rows.data;
    const uint32_t n = (uint32_t)(rows.size / sizeof *v);
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && v[end].prefix == v[i].prefix;)
            end++;
        broadcast_group(d, v + i, end - i);
    }
    prefixes_unlock(p);
    buf_release(&rows);
    broadcast_release(d);
    invalidations_send(&d->unit.invalid, d->push, d->worker);
}
