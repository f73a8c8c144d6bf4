#include "io/worker/id_table.h"

#include "core/base/mem.h"

enum { BITS_MIN = 4 };

static size_t bucket_count(const struct id_table *t)
{
    return t->buckets ? (size_t)1 << t->bits : 0;
}

static struct id_node **id_table_bucket_of(const struct id_table *t, uint64_t id)
{
    const uint64_t golden = UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / the golden ratio */
    return &t->buckets[id * golden >> (64 - t->bits)];
}

static void push_node(struct id_table *t, struct id_node *n)
{
    struct id_node **at = id_table_bucket_of(t, n->id);
    n->next = *at;
    *at = n;
}

static void grow_buckets(struct id_table *t)
{
    const struct id_table old = *t;
    t->bits = old.buckets ? old.bits + 1 : (uint32_t)BITS_MIN;
    t->buckets = mem_calloc(sizeof *t->buckets << t->bits);
    for (size_t i = 0; i < bucket_count(&old); i++)
        for (struct id_node *n = old.buckets[i], *next; n; n = next) {
            next = n->next;
            push_node(t, n);
        }
    mem_free(old.buckets, bucket_count(&old) * sizeof *old.buckets);
}

void id_table_release(struct id_table *t)
{
    mem_free(t->buckets, bucket_count(t) * sizeof *t->buckets);
    *t = (struct id_table){0};
}

void id_table_add(struct id_table *t, struct id_node *n, uint64_t id)
{
    LK_DEBUG_ASSERT(!id_table_find(t, id));
    if (t->count >= bucket_count(t))
        grow_buckets(t);
    n->id = id;
    push_node(t, n);
    t->count++;
}

void id_table_remove(struct id_table *t, struct id_node *n)
{
    LK_ASSERT(t->count > 0);
    struct id_node **at = id_table_bucket_of(t, n->id);
    while (*at != n) {
        LK_ASSERT(*at);
        at = &(*at)->next;
    }
    *at = n->next;
    n->next = (struct id_node *)0;
    t->count--;
}

struct id_node *id_table_find(const struct id_table *t, uint64_t id)
{
    struct id_node *n = t->buckets ? *id_table_bucket_of(t, id) : (struct id_node *)0;
    while (n && n->id != id)
        n = n->next;
    return n;
}
