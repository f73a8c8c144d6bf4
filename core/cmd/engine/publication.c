#include "core/cmd/engine/publication.h"

#include "core/base/mem.h"

enum { MATCH_ROUNDS = 3, KEEP_MESSAGES = 64 };

void publication_release(struct publication *p)
{
    for (uint32_t i = 0; i < p->count; i++)
        message_drop(p->v[i].message);
    mem_free(p->v, p->capacity * sizeof *p->v);
    LK_ASSERT(!p->locked);
    *p = (struct publication){0};
}

static struct unit_message *publication_place(struct publication *p)
{
    if (p->count == p->capacity) {
        const uint32_t more = p->capacity ? p->capacity * 2 : 4;
        p->v = mem_realloc(p->v, p->capacity * sizeof *p->v, more * sizeof *p->v);
        p->capacity = more;
    }
    return &p->v[p->count++];
}

static void publication_add_message(struct publication *p, struct message *m,
                                    const struct pattern_match *match)
{
    if (p->count == 0)
        stripe_set_clear(&p->stripes);
    stripe_set_add(&p->stripes, m);
    *publication_place(p) = (struct unit_message){m, *match};
}

uint64_t publication_add(struct publication *p, struct push_hub *h, enum message_kind kind,
                         struct bytes channel, struct bytes payload)
{
    struct pattern_match match = {0};
    if (kind == MESSAGE_MONITOR) { /* nobody wants to know by how many it is heard */
        publication_add_message(p, message_new(kind, channel, payload), &match);
        return 0;
    }
    uint64_t count = channels_count(h->channels, kind, channel);
    if (kind == MESSAGE_PLAIN && patterns_distinct(h->patterns) != 0) {
        patterns_match(h->patterns, channel, &match);
        count += match.subscribers;
    }
    if (count == 0)
        return 0;
    publication_add_message(p, message_new(kind, channel, payload), &match);
    return count;
}

/* True if what was matched with patterns stands for every message. */
static bool publication_stands(const struct publication *p, const struct push_hub *h)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (p->v[i].message->kind == MESSAGE_PLAIN &&
            !patterns_unchanged(h->patterns, &p->v[i].match))
            return false;
    return true;
}

static void publication_match(struct publication *p, struct push_hub *h, bool stripes_locked)
{
    for (uint32_t i = 0; i < p->count; i++) {
        struct unit_message *u = &p->v[i];
        if (u->message->kind != MESSAGE_PLAIN || patterns_unchanged(h->patterns, &u->match))
            continue;
        if (stripes_locked)
            patterns_match_locked(h->patterns, message_channel(u->message), &u->match);
        else
            patterns_match(h->patterns, message_channel(u->message), &u->match);
    }
}

static void publication_lock_stripes(struct publication *p, struct push_hub *h)
{
    for (int round = 0;; round++) {
        publication_match(p, h, false);
        channels_lock(h->channels, &p->stripes);
        if (LK_LIKELY(publication_stands(p, h)))
            return;
        if (round == MATCH_ROUNDS)
            break;
        channels_unlock(h->channels, &p->stripes);
    }
    /* Patterns come and go faster than they can be matched: this time nobody is let in between. */
    publication_match(p, h, true);
}

void publication_lock(struct publication *p, struct push_hub *h)
{
    if (!p->locked)
        publication_lock_stripes(p, h);
    p->locked = true;
}

uint64_t publication_add_last(struct publication *p, struct push_hub *h, enum message_kind kind,
                              struct bytes channel, struct bytes payload)
{
    LK_ASSERT(p->count == 0 && !p->locked);
    struct message *m = message_new(kind, channel, payload);
    publication_add_message(p, m, &(struct pattern_match){0});
    publication_lock(p, h);
    const uint64_t count = channels_subscribers(h->channels, m) + p->v[0].match.subscribers;
    if (count > 0)
        return count;
    channels_unlock(h->channels, &p->stripes);
    message_drop(m);
    p->locked = false;
    p->count = 0;
    return 0;
}

void publication_send(struct publication *p, struct push_hub *h, uint32_t from, uint64_t ticket)
{
    for (uint32_t i = 0; i < p->count; i++) {
        struct message *m = p->v[i].message;
        m->ticket = ticket;
        m->epoch = p->v[i].match.version;
        uint64_t workers = channels_publish(h->channels, m) | p->v[i].match.workers;
        for (; workers; workers &= workers - 1)
            push_send(h, from, (uint32_t)__builtin_ctzll(workers), m);
    }
    channels_unlock(h->channels, &p->stripes);
    p->locked = false;
    for (uint32_t i = 0; i < p->count; i++)
        message_drop(p->v[i].message);
    p->count = 0;
    if (LK_UNLIKELY(p->capacity > KEEP_MESSAGES))
        publication_release(p);
}
