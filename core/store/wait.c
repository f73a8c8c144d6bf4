#include "core/store/wait.h"

#include "core/base/atomic.h"

#include <sched.h>

/* Under the lock; whoever counts reads without it. */
static void wait_count(uint32_t *n, uint32_t by)
{
    store_relaxed(n, *n + by);
}

static struct wait_key *own_key(struct shard *s, uint32_t db, struct bytes key, uint64_t hash)
{
    struct wait_key *k = wait_find(s, db, hash, key);
    if (k)
        return k;
    k = mem_calloc(sizeof *k + key.size);
    k->shard = s;
    k->hash = hash;
    k->db = db;
    k->key_size = key.size;
    if (key.size > 0)
        memcpy(k->key, key.data, key.size);
    k->next = s->waits;
    if (k->next)
        k->next->prev = k;
    s->waits = k;
    wait_count(&s->waited, 1);
    return k;
}

static void drop_key(struct wait_key *k)
{
    if (k->first || k->ready)
        return;
    if (k->prev)
        k->prev->next = k->next;
    else
        k->shard->waits = k->next;
    if (k->next)
        k->next->prev = k->prev;
    wait_count(&k->shard->waited, -1u);
    mem_free(k, sizeof *k + k->key_size);
}

void wait_add(struct shard *s, uint32_t db, struct bytes key, uint64_t hash, struct wait_node *node)
{
    struct wait_key *k = own_key(s, db, key, hash);
    node->key = k;
    node->hash = hash;
    node->next = NULL;
    node->prev = k->last;
    if (k->last)
        k->last->next = node;
    else
        k->first = node;
    k->last = node;
    if (node->when_gone && k->when_gone++ == 0)
        wait_count(&s->waited_gone, 1);
    s->waiting++;
    s->wait_targets += node->target != NULL;
}

void wait_drop(struct wait_node *node)
{
    struct wait_key *k = node->key;
    if (!k)
        return;
    if (node->prev)
        node->prev->next = node->next;
    else
        k->first = node->next;
    if (node->next)
        node->next->prev = node->prev;
    else
        k->last = node->prev;
    node->key = NULL;
    if (node->when_gone && --k->when_gone == 0)
        wait_count(&k->shard->waited_gone, -1u);
    k->shard->waiting--;
    k->shard->wait_targets -= node->target != NULL;
    drop_key(k);
}

struct wait_key *wait_find(struct shard *s, uint32_t db, uint64_t hash, struct bytes key)
{
    struct wait_key *k = s->waits;
    while (k && !(k->hash == hash && k->db == db && bytes_equal(wait_key_name(k), key)))
        k = k->next;
    return k;
}

void wait_let_go(struct wait_key *k)
{
    k->ready = false;
    drop_key(k);
}

struct wait_totals wait_totals_get(const struct keyspace *ks)
{
    struct wait_totals t = {0};
    for (uint32_t i = 0; i < ks->count; i++) {
        t.keys += load_relaxed(&ks->shards[i].waited);
        t.keys_when_gone += load_relaxed(&ks->shards[i].waited_gone);
    }
    return t;
}

/* --- whose it is ----------------------------------------------------------------------------- */

static bool wait_pass(struct wait *w, enum wait_state from, enum wait_state to, uint32_t *found)
{
    *found = from;
    return __atomic_compare_exchange_n(&w->state, found, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

bool wait_claim(struct wait *w)
{
    uint32_t found;
    while (!wait_pass(w, WAIT_WAITS, WAIT_CLAIMED, &found)) {
        if (found >= WAIT_SERVED)
            return false;
        sched_yield();
    }
    return true;
}

bool wait_release(struct wait *w, bool served)
{
    uint32_t found;
    if (!served && wait_pass(w, WAIT_CLAIMED, WAIT_WAITS, &found))
        return false;
    const uint32_t before = exchange_seq_cst(&w->state, served ? WAIT_SERVED : WAIT_ENDED);
    LK_ASSERT(before == WAIT_LEFT || (served && before == WAIT_CLAIMED));
    return true;
}

enum wait_end wait_end(struct wait *w)
{
    uint32_t found;
    if (wait_pass(w, WAIT_WAITS, WAIT_ENDED, &found))
        return WAIT_END_DONE;
    LK_ASSERT(found == WAIT_CLAIMED || found == WAIT_SERVED);
    return found == WAIT_CLAIMED ? WAIT_END_LATER : WAIT_END_SERVED;
}

bool wait_leave(struct wait *w)
{
    uint32_t found;
    do {
        if (wait_pass(w, WAIT_WAITS, WAIT_ENDED, &found))
            return true;
    } while (found == WAIT_CLAIMED && !wait_pass(w, WAIT_CLAIMED, WAIT_LEFT, &found));
    LK_ASSERT(found == WAIT_CLAIMED || found == WAIT_SERVED);
    return false;
}
