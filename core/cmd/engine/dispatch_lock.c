/*
 * dispatch_lock.c — which locks a command needs, and how it gets them.
 *
 * Most commands name one key: its shard's lock is tried, and kept for the next command if that
 * wants the same shard.  The others collect a set.  Whoever fails is parked, not the worker.
 */
#include "core/cmd/engine/dispatch_lock.h"

enum { SET_TRIES = 3 };

uint32_t dispatch_keep_commands =
    32; /* a batch: fewer let two threads fall below one on a hot key */

void dispatch_reserve_refs(struct dispatcher *d, uint32_t n)
{
    if (n <= d->refs.capacity)
        return;
    d->refs.v = mem_realloc(d->refs.v, d->refs.capacity * sizeof *d->refs.v, n * sizeof *d->refs.v);
    d->refs.capacity = n;
}

void dispatch_reserve_keys(struct dispatcher *d, uint32_t n)
{
    if (n <= d->keys.capacity)
        return;
    d->keys.v = mem_realloc(d->keys.v, d->keys.capacity * sizeof *d->keys.v, n * sizeof *d->keys.v);
    d->keys.capacity = n;
}

/* What of a key its command needs to know: in a place that was reserved. */
LK_HOT_INLINE void note_key(const struct keyspace *ks, const struct bytes *key, uint64_t hash,
                            struct key_hash *out)
{
    hash = keyspace_hash_of(ks, *key, hash);
    struct shard *shard = keyspace_shard(ks, hash);
    LK_PREFETCH(shard);
    *out = (struct key_hash){key->data, key->size, hash, shard};
}

/* As command_keys says, of a row with command_info.range. */
static void hash_range(struct dispatcher *d, const struct command_info *c, const struct args *a)
{
    enum { AT_ONCE = 32 };
    const struct key_spec *k = &c->row->keys[0];
    const struct keyspace *ks = d->ks;
    const int64_t last = (int64_t)a->n + k->last, step = k->step ? k->step : 1;
    LK_DEBUG_ASSERT(k->last < 0 && k->index > 0 && step > 0);
    if (last < k->index)
        return;
    dispatch_reserve_keys(d, d->call.key_count + a->n);
    struct key_hash *to = d->keys.v + d->call.key_count;
    uint32_t left = (uint32_t)((last - k->index) / step) + 1;
    d->call.key_count += left;
    const struct bytes *key = &a->v[k->index];
    for (uint32_t n; left > 0; left -= n) {
        uint64_t hash[AT_ONCE];
        n = left < AT_ONCE ? left : (uint32_t)AT_ONCE;
        hash_bytes_each(key, n, (size_t)step, hash);
        for (uint32_t i = 0; i < n; i++, key += step)
            note_key(ks, key, hash[i], to++);
    }
}

int dispatch_hash_keys(struct dispatcher *d, const struct command_info *c, const struct args *a)
{
    if (LK_LIKELY(c->range)) {
        hash_range(d, c, a);
        return LK_OK;
    }
    dispatch_reserve_refs(d, a->n);
    const int n = command_keys(c, a, d->refs.v, d->refs.capacity);
    if (n < 0)
        return n;
    LK_ASSERT((uint32_t)n <= d->refs.capacity);
    dispatch_reserve_keys(d, d->call.key_count + (uint32_t)n);
    for (int i = 0; i < n; i++)
        note_key(d->ks, &a->v[d->refs.v[i].index], hash_bytes(a->v[d->refs.v[i].index]),
                 &d->keys.v[d->call.key_count++]);
    return LK_OK;
}

bool dispatch_lock_one_slow(struct dispatcher *d, struct session *s, struct shard *shard)
{
    LK_ASSERT(!d->batch.kept);
    if (!shard_lock_or_ask(shard, d->worker, d->ks->spin_ns)) {
        stats_add(&d->stats.parked, 1);
        s->parked = true;
        return false;
    }
    d->batch.kept = shard;
    d->batch.kept_commands = 0;
    return true;
}

bool dispatch_wait_with_token(struct dispatcher *d, struct session *s)
{
    if (!token_take(&d->engine->token, &s->token, d->worker))
        return false;
    stats_add(&d->stats.token_waits, 1);
    return lock_set_wait(d->held.set, d->ks, d->worker);
}

bool dispatch_lock_set(struct dispatcher *d, struct session *s)
{
    LK_DEBUG_ASSERT(rank_holds(RANK_GATE) || d->held.exclusive);
    dispatch_unlock_one(d);
    bool locked = false;
    if (LK_UNLIKELY(d->script.running))
        locked = lock_set_try(d->held.set, d->ks, d->worker); /* amid one: it waits for nothing */
    else if (s->token.queued)
        locked = dispatch_wait_with_token(d, s);
    else if (lock_set_try(d->held.set, d->ks, d->worker))
        locked = true;
    else if (++s->lock_failures >= SET_TRIES)
        locked = dispatch_wait_with_token(d, s);
    if (!locked) {
        stats_add(&d->stats.parked, 1);
        s->parked = true;
        return false;
    }
    s->lock_failures = 0;
    d->held.set_locked = true;
    d->held.all_locked = lock_set_count(d->held.set) == d->ks->count;
    return true;
}

void dispatch_unlock_set(struct dispatcher *d, struct session *s)
{
    lock_set_unlock(d->held.set, d->ks);
    d->held.set_locked = d->held.all_locked = false;
    if (s->token.queued)
        shard_tell_retry(token_leave(&d->engine->token, &s->token));
}

bool dispatch_visit_try(struct dispatcher *d, struct shard *s)
{
    return d->held.all_locked || d->held.exclusive ||
           shard_lock_or_ask(s, d->worker, d->ks->spin_ns);
}

void dispatch_visit_unlock(struct dispatcher *d, struct shard *s)
{
    if (!d->held.all_locked && !d->held.exclusive)
        shard_unlock(s);
}
