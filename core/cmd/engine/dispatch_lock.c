/*
 * dispatch_lock.c — which locks a command needs, and how it gets them.
 *
 * Most commands name one key: its shard's lock is tried, and kept for the next command if that
 * wants the same shard.  The others collect a set.  Whoever fails is parked, not the worker.
 */
#include "core/cmd/engine/dispatch_priv.h"

/* A benchmark includes this file with another figure. */
#ifndef DISPATCH_KEEP_COMMANDS
#define DISPATCH_KEEP_COMMANDS 32 /* a batch: fewer let two threads fall below one on a hot key */
#endif

enum { SET_TRIES = 3 };

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

int dispatch_hash_keys(struct dispatcher *d, const struct command_info *c, const struct args *a)
{
    dispatch_reserve_refs(d, a->n);
    const int n = command_keys(c, a, d->refs.v, d->refs.capacity);
    if (n < 0)
        return n;
    LK_ASSERT((uint32_t)n <= d->refs.capacity);
    dispatch_reserve_keys(d, d->call.key_count + (uint32_t)n);
    for (int i = 0; i < n; i++) {
        const struct bytes key = a->v[d->refs.v[i].index];
        d->keys.v[d->call.key_count++] =
            (struct key_hash){key.data, key.size, keyspace_hash(d->ks, key)};
    }
    return LK_OK;
}

void dispatch_unlock_one(struct dispatcher *d)
{
    if (!d->batch.kept)
        return;
    shard_unlock(d->batch.kept);
    d->batch.kept = NULL;
}

bool dispatch_lock_one(struct dispatcher *d, struct session *s, struct shard *shard)
{
    LK_DEBUG_ASSERT(rank_holds(RANK_GATE) || d->held.exclusive);
    if (d->batch.kept == shard && ++d->batch.kept_commands < DISPATCH_KEEP_COMMANDS)
        return true;
    dispatch_unlock_one(d);
    if (LK_UNLIKELY(!shard_lock_or_ask(shard, d->worker, d->ks->spin_ns))) {
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
