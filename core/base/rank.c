#include "core/base/rank.h"

#include "core/base/atomic.h"

#include <stddef.h>

static uint32_t rank_count(const struct ranks *r, enum rank rank)
{
    return r->held[rank].count;
}

static bool rank_holds_above(const struct ranks *r, enum rank rank)
{
    for (int i = (int)rank + 1; i < RANKS; i++)
        if (r->held[i].count > 0)
            return true;
    return false;
}

static const char *shard_rule(const struct ranks *r, uint32_t index, enum rank_how how)
{
    if (how == RANK_TRIES || rank_count(r, RANK_SHARD) == 0)
        return NULL;
    if (rank_count(r, RANK_TOKEN) == 0)
        return "who sleeps for a shard and holds another one has the token";
    return index > r->held[RANK_SHARD].last ? NULL : "shards are waited for in ascending order";
}

const char *rank_rule(const struct ranks *r, enum rank rank, uint32_t index, enum rank_how how)
{
    LK_ASSERT(rank < RANKS);
    if (rank_holds_above(r, rank))
        return "a lock is taken behind one of a higher rank";
    switch (rank) {
    case RANK_GATE:
        return rank_count(r, rank) > 0 ? "the gate is entered once" : NULL;
    case RANK_GATE_CLOSED:
        return rank_count(r, RANK_GATE) + rank_count(r, rank) > 0
                   ? "the gate is closed from the outside"
                   : NULL;
    case RANK_SHARD:
        return shard_rule(r, index, how);
    case RANK_STRIPE:
        return rank_count(r, rank) > 0 && index <= r->held[rank].last
                   ? "stripes are taken in ascending order"
                   : NULL;
    default: /* the token, leaves, the ring */
        return rank_count(r, rank) > 0 ? "one of this rank is held already" : NULL;
    }
}

void rank_note_taken(struct ranks *r, enum rank rank, uint32_t index)
{
    LK_ASSERT(rank < RANKS);
    struct rank_held *h = &r->held[rank];
    if (h->count == 0 || index > h->last)
        h->last = index;
    h->count++;
}

void rank_note_let_go(struct ranks *r, enum rank rank)
{
    LK_ASSERT(r->held[rank].count > 0);
    r->held[rank].count--;
}

#ifdef LK_DEBUG

static _Thread_local struct ranks mine;

void rank_ask(enum rank rank, uint32_t index, enum rank_how how)
{
    const char *rule = rank_rule(&mine, rank, index, how);
    if (LK_UNLIKELY(rule != NULL))
        lk_assert_fail(rule, __FILE__, __LINE__);
}

void rank_take(enum rank rank, uint32_t index, enum rank_how how)
{
    rank_ask(rank, index, how);
    rank_note_taken(&mine, rank, index);
}

void rank_let_go(enum rank rank)
{
    rank_note_let_go(&mine, rank);
}

bool rank_holds(enum rank rank)
{
    return mine.held[rank].count > 0;
}

uint32_t rank_thread(void)
{
    static uint32_t threads; /* __atomic */
    static _Thread_local uint32_t number;
    if (number == 0)
        number = add_fetch_relaxed(&threads, 1);
    return number;
}

#endif
