#include "core/cmd/client/acl_log.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/rank.h"

#include <pthread.h>

enum { SEARCHED = 10, GROUPED_MS = 60000, FIRST_MAX = 128 };

/* One block with the texts behind it. */
struct acl_log_node {
    struct acl_log_entry e;
    struct acl_log_node *next;
    size_t size;
};

struct acl_log {
    pthread_mutex_t lock;
    struct acl_log_node *first;
    uint64_t next_id, count, max;
};

struct acl_log *acl_log_new(void)
{
    struct acl_log *l = mem_new(struct acl_log);
    pthread_mutex_init(&l->lock, NULL);
    l->max = FIRST_MAX;
    return l;
}

static struct bytes acl_log_keep_text(char **to, struct bytes text)
{
    const struct bytes kept = bytes_of(*to, text.size);
    if (text.size > 0)
        memcpy(*to, text.data, text.size);
    *to += text.size;
    return kept;
}

static struct acl_log_node *acl_log_node_new(const struct acl_log_entry *e)
{
    const size_t size =
        sizeof(struct acl_log_node) + e->object.size + e->user.size + e->client.size;
    struct acl_log_node *n = mem_alloc(size);
    char *to = (char *)(n + 1);
    *n = (struct acl_log_node){.e = *e, .size = size};
    n->e.object = acl_log_keep_text(&to, e->object);
    n->e.user = acl_log_keep_text(&to, e->user);
    n->e.client = acl_log_keep_text(&to, e->client);
    return n;
}

/* Leaves at most count entries; the lock is held. */
static void acl_log_cut(struct acl_log *l, uint64_t count)
{
    struct acl_log_node **at = &l->first;
    if (l->count <= count)
        return;
    for (uint64_t i = 0; i < count; i++)
        at = &(*at)->next;
    struct acl_log_node *rest = *at;
    *at = NULL;
    l->count = count;
    while (rest) {
        struct acl_log_node *next = rest->next;
        mem_free(rest, rest->size);
        rest = next;
    }
}

void acl_log_free(struct acl_log *l)
{
    acl_log_cut(l, 0);
    pthread_mutex_destroy(&l->lock);
    mem_delete(l);
}

void acl_log_set_max(struct acl_log *l, uint64_t max)
{
    leaf_lock(&l->lock);
    l->max = max;
    leaf_unlock(&l->lock);
}

void acl_log_reset(struct acl_log *l)
{
    leaf_lock(&l->lock);
    acl_log_cut(l, 0);
    leaf_unlock(&l->lock);
}

static bool acl_log_is_like(const struct acl_log_entry *a, const struct acl_log_entry *b,
                            int64_t now_ms)
{
    return a->reason == b->reason && a->context == b->context &&
           now_ms - a->updated_ms <= GROUPED_MS && bytes_equal(a->object, b->object) &&
           bytes_equal(a->user, b->user);
}

/* Takes out one of the latest entries that is like e; NULL: there is none. */
static struct acl_log_node *acl_log_take(struct acl_log *l, const struct acl_log_entry *e,
                                         int64_t now_ms)
{
    struct acl_log_node **at = &l->first;
    for (int i = 0; *at && i < SEARCHED; i++, at = &(*at)->next) {
        struct acl_log_node *n = *at;
        if (!acl_log_is_like(&n->e, e, now_ms))
            continue;
        *at = n->next;
        l->count--;
        return n;
    }
    return NULL;
}

void acl_log_add(struct acl_log *l, const struct acl_log_entry *e, int64_t now_ms)
{
    struct acl_log_node *n = acl_log_node_new(e);
    leaf_lock(&l->lock);
    struct acl_log_node *before = acl_log_take(l, e, now_ms);
    n->e.id = before ? before->e.id : l->next_id++;
    n->e.count = before ? before->e.count + 1 : 1;
    n->e.created_ms = before ? before->e.created_ms : now_ms;
    n->e.updated_ms = now_ms;
    n->next = l->first;
    l->first = n;
    l->count++;
    acl_log_cut(l, l->max);
    leaf_unlock(&l->lock);
    if (before)
        mem_free(before, before->size);
}

uint64_t acl_log_each(struct acl_log *l, uint64_t max,
                      void (*visit)(void *ctx, const struct acl_log_entry *e), void *ctx)
{
    uint64_t n = 0;
    leaf_lock(&l->lock);
    for (const struct acl_log_node *at = l->first; at && n < max; at = at->next, n++)
        visit(ctx, &at->e);
    leaf_unlock(&l->lock);
    return n;
}
