#include "core/cmd/client/registry.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/base/rank.h"
#include "core/cmd/client/acl_user.h"

#include <pthread.h>

struct stripe {
    _Alignas(LK_CACHE_LINE) pthread_mutex_t lock;
    struct session *first, *last; /* under the lock */
};

struct registry {
    struct stripe stripes[REGISTRY_STRIPES];
    uint64_t count; /* __atomic, relaxed: only reports read it */
    uint32_t workers;
    void (*wake)(void *ctx, uint32_t worker);
    void *ctx;
};

struct registry *registry_new(uint32_t workers, void (*wake)(void *ctx, uint32_t worker), void *ctx)
{
    struct registry *r = mem_alloc_aligned(sizeof *r, LK_CACHE_LINE);
    memset(r, 0, sizeof *r);
    for (int i = 0; i < REGISTRY_STRIPES; i++)
        pthread_mutex_init(&r->stripes[i].lock, NULL);
    r->workers = workers;
    r->wake = wake;
    r->ctx = ctx;
    return r;
}

void registry_free(struct registry *r)
{
    LK_ASSERT(registry_count(r) == 0);
    for (int i = 0; i < REGISTRY_STRIPES; i++)
        pthread_mutex_destroy(&r->stripes[i].lock);
    mem_free(r, sizeof *r);
}

static struct stripe *stripe_of(struct registry *r, uint64_t id)
{
    return &r->stripes[id % REGISTRY_STRIPES];
}

void registry_add(struct registry *r, struct session *s)
{
    LK_ASSERT(s->id != 0 && !s->registry.next && !s->registry.prev);
    struct stripe *t = stripe_of(r, s->id);
    leaf_lock(&t->lock);
    s->registry.prev = t->last;
    s->registry.next = NULL;
    if (t->last)
        t->last->registry.next = s;
    else
        t->first = s;
    t->last = s;
    leaf_unlock(&t->lock);
    fetch_add_relaxed(&r->count, 1);
}

void registry_remove(struct registry *r, struct session *s)
{
    struct stripe *t = stripe_of(r, s->id);
    leaf_lock(&t->lock);
    struct session *prev = s->registry.prev, *next = s->registry.next;
    LK_ASSERT(prev ? prev->registry.next == s : t->first == s);
    if (prev)
        prev->registry.next = next;
    else
        t->first = next;
    if (next)
        next->registry.prev = prev;
    else
        t->last = prev;
    s->registry.prev = s->registry.next = NULL;
    leaf_unlock(&t->lock);
    fetch_sub_relaxed(&r->count, 1);
}

uint64_t registry_count(const struct registry *r)
{
    return load_relaxed(&r->count);
}

void registry_each(struct registry *r, registry_visit *visit, void *ctx)
{
    bool more = r != NULL;
    for (int i = 0; more && i < REGISTRY_STRIPES; i++) {
        struct stripe *t = &r->stripes[i];
        leaf_lock(&t->lock);
        for (struct session *s = t->first; more && s; s = s->registry.next)
            more = visit(ctx, s);
        leaf_unlock(&t->lock);
    }
}

bool registry_find(struct registry *r, uint64_t id, registry_visit *visit, void *ctx)
{
    if (!r)
        return false;
    struct stripe *t = stripe_of(r, id);
    leaf_lock(&t->lock);
    struct session *s = t->first;
    while (s && s->id != id)
        s = s->registry.next;
    if (s)
        visit(ctx, s);
    leaf_unlock(&t->lock);
    return s != NULL;
}

void registry_set_text(struct registry *r, struct session *s, char **field, struct bytes text)
{
    char *fresh = NULL;
    if (text.size > 0) {
        struct buf b = {0};
        buf_append_bytes(&b, text);
        buf_append_char(&b, '\0');
        fresh = mem_strdup(b.data);
        buf_release(&b);
    }
    pthread_mutex_t *lock = r ? &stripe_of(r, s->id)->lock : NULL;
    if (lock)
        leaf_lock(lock);
    char *old = *field;
    *field = fresh;
    if (lock)
        leaf_unlock(lock);
    mem_strfree(old);
}

void registry_set_user(struct registry *r, struct session *s, struct acl_user *user)
{
    struct acl_user *const before = s->user;
    pthread_mutex_t *lock = r ? &stripe_of(r, s->id)->lock : NULL;
    acl_user_keep(user);
    if (lock)
        leaf_lock(lock);
    s->user = user;
    if (lock)
        leaf_unlock(lock);
    acl_user_drop(before);
    session_settle(s);
}

static void registry_wake(const struct registry *r, uint32_t worker)
{
    if (r->wake)
        r->wake(r->ctx, worker);
}

void registry_kill(struct registry *r, struct session *s)
{
    if (exchange_seq_cst(&s->client->kill, 1) != 0)
        return;
    store_seq_cst(&s->kill, 1);
    registry_wake(r, s->worker);
}

bool registry_unblock(struct registry *r, struct session *s, enum session_unblock how)
{
    uint32_t was = load_acquire(&s->client->unblock);
    LK_ASSERT(how != UNBLOCK_NONE && how != UNBLOCK_BY_ANSWER);
    if (!session_has(s, SESSION_BLOCKED) ||
        !(was == UNBLOCK_NONE || (was == UNBLOCK_BY_ANSWER && how == UNBLOCK_ROLE)) ||
        !__atomic_compare_exchange_n(&s->client->unblock, &was, (uint32_t)how, false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        return false;
    registry_wake(r, s->worker);
    return true;
}

void registry_wake_all(struct registry *r)
{
    for (uint32_t i = 0; r && i < r->workers; i++)
        registry_wake(r, i);
}
