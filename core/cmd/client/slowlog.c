/*
 * slowlog.c — a list with an end.
 *
 * An entry is one block: the node, its arguments' places, and then all their bytes.
 */
#include "core/cmd/client/slowlog.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/base/rank.h"
#include "core/cmd/client/secret.h"
#include "core/cmd/client/session.h"

#include <pthread.h>

struct node {
    struct slowlog_entry e;
    struct node *newer, *older;
    size_t size; /* of the block */
    struct bytes argv[];
};

struct slowlog {
    pthread_mutex_t lock;
    struct node *newest, *oldest;
    uint64_t next_id, max_count;
    uint64_t count; /* stored under the lock, loaded by anyone: relaxed, it is only a number */
};

struct slowlog *slowlog_new(uint64_t max_count)
{
    struct slowlog *l = mem_new(struct slowlog);
    pthread_mutex_init(&l->lock, NULL);
    l->max_count = max_count;
    return l;
}

/* Cuts the list down to at most count entries and returns what is left over, linked by newer. */
static struct node *slowlog_cut(struct slowlog *l, uint64_t count)
{
    struct node *rest = l->oldest;
    if (l->count <= count)
        return NULL;
    while (l->count > count) {
        l->oldest = l->oldest->newer;
        store_relaxed(&l->count, l->count - 1);
    }
    if (l->oldest) {
        l->oldest->older->newer = NULL;
        l->oldest->older = NULL;
    } else {
        l->newest = NULL;
    }
    return rest;
}

static void free_nodes(struct node *n)
{
    while (n) {
        struct node *newer = n->newer;
        mem_free(n, n->size);
        n = newer;
    }
}

static void slowlog_shorten(struct slowlog *l, uint64_t count)
{
    leaf_lock(&l->lock);
    struct node *rest = slowlog_cut(l, count);
    leaf_unlock(&l->lock);
    free_nodes(rest);
}

void slowlog_free(struct slowlog *l)
{
    slowlog_shorten(l, 0);
    pthread_mutex_destroy(&l->lock);
    mem_delete(l);
}

void slowlog_reset(struct slowlog *l)
{
    slowlog_shorten(l, 0);
}

void slowlog_set_max_count(struct slowlog *l, uint64_t max_count)
{
    leaf_lock(&l->lock);
    l->max_count = max_count;
    struct node *rest = slowlog_cut(l, max_count);
    leaf_unlock(&l->lock);
    free_nodes(rest);
}

uint64_t slowlog_count(const struct slowlog *l)
{
    return load_relaxed(&l->count);
}

/* Appends argument i as it is shown; the last place of a long list tells how many are left out. */
static void slowlog_append_shown(struct buf *out, const struct secret_rule *rule,
                                 const struct args *a, uint32_t i)
{
    if (i == SLOWLOG_ARGS - 1 && a->n > SLOWLOG_ARGS) {
        buf_printf(out, "... (%u more arguments)", a->n - i);
    } else if (args_is_secret(rule, a, i)) {
        buf_append_cstr(out, SECRET_TEXT);
    } else if (a->v[i].size > SLOWLOG_BYTES) {
        buf_append(out, a->v[i].data, SLOWLOG_BYTES);
        buf_printf(out, "... (%zu more bytes)", a->v[i].size - SLOWLOG_BYTES);
    } else {
        buf_append_bytes(out, a->v[i]);
    }
}

static struct node *node_new(const struct session *s, const struct secret_rule *rule,
                             const struct args *a)
{
    struct buf text = {0};
    size_t ends[SLOWLOG_ARGS];
    const uint32_t argc = a->n < SLOWLOG_ARGS ? a->n : SLOWLOG_ARGS;
    for (uint32_t i = 0; i < argc; i++) {
        slowlog_append_shown(&text, rule, a, i);
        ends[i] = text.size;
    }
    const size_t args_size = text.size;
    buf_append_cstr(&text, s->registry.peer ? s->registry.peer : "");
    const size_t peer_end = text.size;
    buf_append_cstr(&text, s->registry.name ? s->registry.name : "");

    const size_t head = sizeof(struct node) + argc * sizeof(struct bytes);
    struct node *n = mem_calloc(head + text.size);
    char *data = (char *)n + head;
    if (text.size > 0)
        memcpy(data, text.data, text.size);
    n->size = head + text.size;
    for (uint32_t i = 0; i < argc; i++) {
        const size_t begin = i > 0 ? ends[i - 1] : 0;
        n->argv[i] = bytes_of(data + begin, ends[i] - begin);
    }
    n->e.argv = n->argv;
    n->e.argc = argc;
    n->e.peer = bytes_of(data + args_size, peer_end - args_size);
    n->e.name = bytes_of(data + peer_end, text.size - peer_end);
    buf_release(&text);
    return n;
}

void slowlog_add(struct slowlog *l, const struct session *s, const struct secret_rule *rule,
                 const struct args *a, int64_t unix_s, uint64_t us)
{
    struct node *n = node_new(s, rule, a);
    n->e.unix_s = unix_s;
    n->e.us = us;
    leaf_lock(&l->lock);
    if (l->max_count == 0) { /* which takes no number, either */
        leaf_unlock(&l->lock);
        mem_free(n, n->size);
        return;
    }
    n->e.id = l->next_id++;
    n->older = l->newest;
    if (l->newest)
        l->newest->newer = n;
    else
        l->oldest = n;
    l->newest = n;
    store_relaxed(&l->count, l->count + 1);
    struct node *rest = slowlog_cut(l, l->max_count);
    leaf_unlock(&l->lock);
    free_nodes(rest);
}

uint64_t slowlog_each(struct slowlog *l, uint64_t max,
                      void (*visit)(void *ctx, const struct slowlog_entry *e), void *ctx)
{
    uint64_t n = 0;
    leaf_lock(&l->lock);
    for (const struct node *at = l->newest; at && n < max; at = at->older, n++)
        visit(ctx, &at->e);
    leaf_unlock(&l->lock);
    return n;
}
