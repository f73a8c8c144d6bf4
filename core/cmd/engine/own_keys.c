#include "core/cmd/engine/own_keys.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/base/rank.h"

enum { CAPACITY_MIN = 64, BUCKETS_A_TAKE = 64 };

struct own_key {
    struct own_key *next;
    struct own_key_head head;
    char text[];
};

/* In lock.  Where the pointer to it stands; that is NULL if it is not there. */
static struct own_key **own_keys_find(struct own_keys *o, uint32_t db, uint64_t hash,
                                      struct bytes key)
{
    struct own_key **at = &o->buckets[hash & (o->capacity - 1)];
    while (*at && !((*at)->head.hash == hash && (*at)->head.db == db &&
                    bytes_equal(key, bytes_of((*at)->text, (*at)->head.size))))
        at = &(*at)->next;
    return at;
}

static void own_keys_grow(struct own_keys *o)
{
    const uint32_t capacity = o->capacity ? o->capacity * 2 : CAPACITY_MIN;
    struct own_key **buckets = mem_alloc(capacity * sizeof(struct own_key *));
    memset(buckets, 0, capacity * sizeof(struct own_key *));
    for (uint32_t i = 0; i < o->capacity; i++)
        for (struct own_key *k = o->buckets[i], *next; k; k = next) {
            struct own_key **to = &buckets[k->head.hash & (capacity - 1)];
            next = k->next;
            k->next = *to;
            *to = k;
        }
    mem_free(o->buckets, o->capacity * sizeof(struct own_key *));
    o->buckets = buckets;
    o->capacity = capacity;
}

void own_keys_note(struct own_keys *o, uint32_t db, uint64_t hash, struct bytes key)
{
    leaf_lock(&o->lock);
    if (o->count >= o->capacity)
        own_keys_grow(o);
    struct own_key **at = own_keys_find(o, db, hash, key);
    if (!*at) {
        struct own_key *k = mem_alloc(sizeof *k + key.size);
        k->next = NULL;
        k->head = (struct own_key_head){hash, db, (uint32_t)key.size};
        memcpy(k->text, key.data, key.size);
        *at = k;
        store_relaxed(&o->count, o->count + 1);
    }
    leaf_unlock(&o->lock);
}

static void own_keys_drop(struct own_keys *o, struct own_key **at)
{
    struct own_key *k = *at;
    *at = k->next;
    mem_free(k, sizeof *k + k->head.size);
    store_relaxed(&o->count, o->count - 1);
}

void own_keys_forget(struct own_keys *o, uint32_t db, uint64_t hash, struct bytes key)
{
    leaf_lock(&o->lock);
    if (o->capacity > 0) {
        struct own_key **at = own_keys_find(o, db, hash, key);
        if (*at)
            own_keys_drop(o, at);
    }
    leaf_unlock(&o->lock);
}

void own_keys_clear(struct own_keys *o)
{
    leaf_lock(&o->lock);
    for (uint32_t i = 0; i < o->capacity; i++)
        while (o->buckets[i])
            own_keys_drop(o, &o->buckets[i]);
    mem_free(o->buckets, o->capacity * sizeof(struct own_key *));
    o->buckets = NULL;
    o->capacity = 0;
    leaf_unlock(&o->lock);
}

void own_keys_take(struct own_keys *o, struct buf *out)
{
    out->size = 0;
    leaf_lock(&o->lock);
    for (uint32_t i = 0; i < BUCKETS_A_TAKE && i < o->capacity; i++) {
        o->next = (o->next + 1) & (o->capacity - 1);
        for (const struct own_key *k = o->buckets[o->next]; k; k = k->next) {
            buf_append(out, &k->head, sizeof k->head);
            buf_append(out, k->text, k->head.size);
        }
    }
    leaf_unlock(&o->lock);
}
