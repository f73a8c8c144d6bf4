/*
 * config_holder.c — the current snapshot, those it replaced, and CONFIG GET.
 *
 * Readers load one pointer (acquire, with the release store of publish); everything else is under
 * the mutex.  Replaced snapshots wait in a list, as a reader may still be in the batch in which it
 * took one.
 */
#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "io/config/config_priv.h"

#include <pthread.h>
#include <stdatomic.h>

struct retired {
    struct retired *next;
    struct config *snapshot;
};

/* What came from the file and lives as long as the holder. */
struct kept {
    struct kept *next;
    size_t size;
    struct config_directive directive;
    struct bytes argv[];
};

struct config_holder {
    _Atomic(struct config *) current; /* stored under the mutex */
    int cpus;                         /* fixed at config_holder_new */
    uint32_t features;                /* a bit each; fixed before anything is loaded */
    struct config *defaults;          /* likewise */
    size_t replaced;                  /* __atomic; changed under the mutex: length of retired */
    pthread_mutex_t mutex;
    struct {
        struct config_hook hooks[CONFIG_HOOKS];
        uint32_t registered; /* a bit a hook */
        struct retired *retired;
        struct kept *kept;
    } locked; /* hold the mutex */
};

struct config_holder *config_holder_new(void)
{
    struct config_holder *h = mem_new(struct config_holder);

    h->cpus = config_cpu_count();
    h->defaults = config_draft_new(h->cpus);
    atomic_init(&h->current, config_draft_new(h->cpus));
    pthread_mutex_init(&h->mutex, NULL);
    return h;
}

void config_holder_free(struct config_holder *h)
{
    config_reclaim(h);
    config_draft_free(h->defaults);
    config_draft_free(atomic_load(&h->current));
    while (h->locked.kept) {
        struct kept *next = h->locked.kept->next;
        mem_free(h->locked.kept, h->locked.kept->size);
        h->locked.kept = next;
    }
    pthread_mutex_destroy(&h->mutex);
    mem_delete(h);
}

const struct config *config_current(const struct config_holder *h)
{
    return atomic_load_explicit(&h->current, memory_order_acquire);
}

const struct config *config_holder_defaults(const struct config_holder *h)
{
    return h->defaults;
}

int config_holder_cpus(const struct config_holder *h)
{
    return h->cpus;
}

void config_holder_lock(struct config_holder *h)
{
    pthread_mutex_lock(&h->mutex);
}

void config_holder_unlock(struct config_holder *h)
{
    pthread_mutex_unlock(&h->mutex);
}

void config_holder_publish(struct config_holder *h, struct config *draft)
{
    struct retired *r = mem_new(struct retired);

    r->snapshot = atomic_load_explicit(&h->current, memory_order_relaxed);
    r->next = h->locked.retired;
    h->locked.retired = r;
    store_relaxed(&h->replaced, h->replaced + 1);
    atomic_store_explicit(&h->current, draft, memory_order_release);
    const struct config_hook *engine = config_holder_hook(h, CONFIG_HOOK_ENGINE);
    if (engine && engine->applied)
        engine->applied(engine->ctx, r->snapshot, draft);
}

void config_register(struct config_holder *h, enum config_hook_id id,
                     const struct config_hook *hook)
{
    LK_ASSERT(id > CONFIG_HOOK_NONE && id < CONFIG_HOOKS);
    config_holder_lock(h);
    LK_ASSERT(!config_holder_hook(h, id));
    h->locked.hooks[id] = *hook;
    h->locked.registered |= 1u << id;
    config_holder_unlock(h);
}

const struct config_hook *config_holder_hook(const struct config_holder *h, enum config_hook_id id)
{
    return h->locked.registered & 1u << id ? &h->locked.hooks[id] : NULL;
}

void config_provide(struct config_holder *h, enum config_feature feature)
{
    LK_ASSERT(feature > CONFIG_NEEDS_NOTHING && feature < CONFIG_FEATURES);
    h->features |= 1u << feature;
}

bool config_has(const struct config_holder *h, enum config_feature feature)
{
    return feature == CONFIG_NEEDS_NOTHING || h->features & 1u << feature;
}

size_t config_replaced(const struct config_holder *h)
{
    return load_relaxed(&h->replaced);
}

size_t config_reclaim(struct config_holder *h)
{
    size_t n = 0;

    config_holder_lock(h);
    for (; h->locked.retired; n++) {
        struct retired *r = h->locked.retired;
        h->locked.retired = r->next;
        config_draft_free(r->snapshot);
        mem_delete(r);
    }
    store_relaxed(&h->replaced, 0);
    config_holder_unlock(h);
    return n;
}

struct config_directive *config_holder_keep(struct config_holder *h, struct bytes text, int line,
                                            const struct bytes *argv, size_t argc)
{
    size_t size = sizeof(struct kept) + argc * sizeof *argv + text.size + 1;

    for (size_t i = 0; i < argc; i++)
        size += argv[i].size + 1;
    struct kept *k = mem_calloc(size);
    char *p = (char *)(k->argv + argc);
    *k = (struct kept){.next = h->locked.kept, .size = size};
    h->locked.kept = k;
    k->directive =
        (struct config_directive){.line = line, .argc = argc, .argv = k->argv, .text = p};
    memcpy(p, text.data, text.size);
    p += text.size + 1;
    for (size_t i = 0; i < argc; i++) {
        if (argv[i].size > 0)
            memcpy(p, argv[i].data, argv[i].size);
        k->argv[i] = bytes_of(p, argv[i].size);
        p += argv[i].size + 1;
    }
    return &k->directive;
}

const char *config_holder_keep_string(struct config_holder *h, struct bytes s)
{
    return config_holder_keep(h, s, 0, NULL, 0)->text;
}

/* One bit a name: a directive's own at 2 * index, its alias at the next. */
static bool answer_once(uint64_t *answered, size_t bit)
{
    const uint64_t mask = (uint64_t)1 << (bit % 64);

    if (answered[bit / 64] & mask)
        return false;
    answered[bit / 64] |= mask;
    return true;
}

static bool is_pattern(struct bytes s)
{
    return memchr(s.data, '*', s.size) || memchr(s.data, '?', s.size) ||
           memchr(s.data, '[', s.size);
}

void config_get(const struct config_holder *h, const struct bytes *patterns, size_t count,
                config_emit *emit, void *ctx)
{
    const struct config *c = config_current(h);
    const size_t rows = config_row_count(), words = (2 * rows + 63) / 64;
    uint64_t *answered = mem_calloc(words * sizeof *answered);
    struct buf value = {0};

    for (size_t p = 0; p < count; p++) {
        bool aliased = false;
        if (patterns[p].size == 0)
            continue;
        if (!is_pattern(patterns[p])) {
            const struct config_row *row = config_row_find(patterns[p], &aliased);
            if (!row || !answer_once(answered, 2 * config_row_index(row) + aliased))
                continue;
            value.size = 0;
            config_show(c, row, &value);
            emit(ctx, patterns[p], buf_bytes(&value));
            continue;
        }
        for (size_t i = 0; i < 2 * rows; i++) {
            const struct config_row *row = config_row_at(i / 2);
            const char *name = i % 2 ? row->alias : row->name;
            if (!name || (row->flags & CONFIG_HIDDEN) ||
                !bytes_match_glob(patterns[p], bytes_cstr(name), true) || !answer_once(answered, i))
                continue;
            value.size = 0;
            config_show(c, row, &value);
            emit(ctx, bytes_cstr(name), buf_bytes(&value));
        }
    }
    buf_release(&value);
    mem_free(answered, words * sizeof *answered);
}
