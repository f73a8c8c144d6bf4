#include "core/store/channels.h"

#include "core/base/atomic.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/rank.h"
#include "core/ds/name_map.h"

#include <assert.h>
#include <pthread.h>

struct channel {
    struct name_node node; /* first */
    uint64_t workers;      /* those that have a subscriber */
    uint64_t subscribers;
    char name[];
};

struct stripe {
    pthread_mutex_t mutex;
    struct name_map kinds[MESSAGE_KINDS];
    uint64_t sequence;
} __attribute__((aligned(LK_CACHE_LINE)));

struct channels {
    uint64_t
        distinct[MESSAGE_KINDS]; /* __atomic, relaxed: a hint to publishers, a figure to INFO */
    struct stripe stripes[CHANNEL_STRIPES];
};

struct channels *channels_new(void)
{
    struct channels *c = mem_alloc_aligned(sizeof *c, LK_CACHE_LINE);
    memset(c, 0, sizeof *c);
    for (uint32_t i = 0; i < CHANNEL_STRIPES; i++)
        pthread_mutex_init(&c->stripes[i].mutex, NULL);
    return c;
}

void channels_free(struct channels *c)
{
    for (uint32_t i = 0; i < CHANNEL_STRIPES; i++) {
        for (int kind = 0; kind < MESSAGE_KINDS; kind++)
            LK_ASSERT(c->stripes[i].kinds[kind].count == 0);
        pthread_mutex_destroy(&c->stripes[i].mutex);
    }
    mem_free(c, sizeof *c);
}

bool channels_any(const struct channels *c, enum message_kind kind)
{
    return load_relaxed(&c->distinct[kind]) != 0;
}

uint64_t channels_distinct(const struct channels *c, enum message_kind kind)
{
    return load_relaxed(&c->distinct[kind]);
}

/* The top bits: the map's buckets are told apart by the low ones. */
static uint32_t stripe_index(uint64_t hash)
{
    return (uint32_t)(hash >> 56);
}
static_assert(CHANNEL_STRIPES == 1 << 8, "stripe_index takes eight bits");

static void stripe_take(struct channels *c, uint32_t index)
{
    rank_take(RANK_STRIPE, index, RANK_SLEEPS);
    pthread_mutex_lock(&c->stripes[index].mutex);
}

static void stripe_let_go(struct stripe *s)
{
    pthread_mutex_unlock(&s->mutex);
    rank_let_go(RANK_STRIPE);
}

static struct stripe *stripe_lock(struct channels *c, uint64_t hash)
{
    struct stripe *s = &c->stripes[stripe_index(hash)];
    stripe_take(c, stripe_index(hash));
    return s;
}

static struct channel *stripe_find(const struct stripe *s, enum message_kind kind,
                                   struct bytes name, uint64_t hash)
{
    return (struct channel *)name_map_find(&s->kinds[kind], name, hash);
}

uint64_t channels_subscribe(struct channels *c, enum message_kind kind, struct bytes name,
                            uint32_t worker, bool first)
{
    const uint64_t hash = hash_bytes(name), bit = UINT64_C(1) << worker;
    struct stripe *s = stripe_lock(c, hash);
    struct channel *ch = stripe_find(s, kind, name, hash);
    if (!ch) {
        ch = mem_alloc(sizeof *ch + name.size);
        *ch = (struct channel){.node = {.hash = hash, .name = {ch->name, name.size}}};
        if (name.size > 0)
            memcpy(ch->name, name.data, name.size);
        name_map_add(&s->kinds[kind], &ch->node);
        fetch_add_relaxed(&c->distinct[kind], 1);
    }
    LK_ASSERT(first == !(ch->workers & bit));
    ch->workers |= bit;
    ch->subscribers++;
    const uint64_t since = s->sequence;
    stripe_let_go(s);
    return since;
}

uint64_t channels_unsubscribe(struct channels *c, enum message_kind kind, struct bytes name,
                              uint32_t worker, bool last)
{
    const uint64_t hash = hash_bytes(name), bit = UINT64_C(1) << worker;
    struct stripe *s = stripe_lock(c, hash);
    struct channel *ch = stripe_find(s, kind, name, hash);
    LK_ASSERT(ch && ch->workers & bit && ch->subscribers > 0);
    ch->subscribers--;
    if (last)
        ch->workers &= ~bit;
    LK_ASSERT((ch->subscribers == 0) == (ch->workers == 0));
    if (ch->subscribers > 0)
        ch = NULL;
    else {
        name_map_remove(&s->kinds[kind], &ch->node);
        name_map_trim(&s->kinds[kind]);
        fetch_sub_relaxed(&c->distinct[kind], 1);
    }
    const uint64_t until = s->sequence;
    stripe_let_go(s);
    if (ch)
        mem_free(ch, sizeof *ch + ch->node.name.size);
    return until;
}

uint64_t channels_count(struct channels *c, enum message_kind kind, struct bytes name)
{
    const uint64_t hash = hash_bytes(name);
    struct stripe *s = stripe_lock(c, hash);
    const struct channel *ch = stripe_find(s, kind, name, hash);
    const uint64_t n = ch ? ch->subscribers : 0;
    stripe_let_go(s);
    return n;
}

void channels_each(struct channels *c, enum message_kind kind,
                   void (*visit)(void *ctx, struct bytes name, uint64_t subscribers), void *ctx)
{
    for (uint32_t i = 0; i < CHANNEL_STRIPES; i++) {
        struct stripe *s = &c->stripes[i];
        struct name_cursor at;
        stripe_take(c, i);
        for (struct name_node *n = name_map_first(&s->kinds[kind], &at); n; n = name_map_next(&at))
            visit(ctx, n->name, ((const struct channel *)n)->subscribers);
        stripe_let_go(s);
    }
}

/* --- publishing ------------------------------------------------------------------------------ */

void stripe_set_add(struct stripe_set *s, const struct message *m)
{
    const uint32_t i = stripe_index(m->hash);
    s->bits[i / 64] |= UINT64_C(1) << (i % 64);
}

void channels_lock(struct channels *c, const struct stripe_set *s)
{
    for (uint32_t w = 0; w < CHANNEL_STRIPES / 64; w++)
        for (uint64_t bits = s->bits[w]; bits; bits &= bits - 1)
            stripe_take(c, w * 64 + (uint32_t)__builtin_ctzll(bits));
}

void channels_unlock(struct channels *c, const struct stripe_set *s)
{
    for (uint32_t w = 0; w < CHANNEL_STRIPES / 64; w++)
        for (uint64_t bits = s->bits[w]; bits; bits &= bits - 1)
            stripe_let_go(&c->stripes[w * 64 + (uint32_t)__builtin_ctzll(bits)]);
}

uint64_t channels_publish(struct channels *c, struct message *m)
{
    struct stripe *s = &c->stripes[stripe_index(m->hash)];
    m->sequence = ++s->sequence;
    const struct channel *ch = stripe_find(s, m->kind, message_channel(m), m->hash);
    return ch ? ch->workers : 0;
}

uint64_t channels_subscribers(struct channels *c, const struct message *m)
{
    const struct stripe *s = &c->stripes[stripe_index(m->hash)];
    const struct channel *ch = stripe_find(s, m->kind, message_channel(m), m->hash);
    return ch ? ch->subscribers : 0;
}

void channels_pass(struct channels *c)
{
    for (uint32_t i = 0; i < CHANNEL_STRIPES; i++) {
        stripe_take(c, i);
        stripe_let_go(&c->stripes[i]);
    }
}
