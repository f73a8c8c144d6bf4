/*
 * dispatch_remember.c — what clients with tracking read.
 *
 * A read is remembered under the locks of the command that does it, behind its handler: who writes
 * the key later finds it (rule T1).  Above tracking-table-max-keys the reader's shard forgets
 * others of its keys, telling their readers; dispatch_tracking.c goes on with that.
 */
#include "core/base/atomic.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/unit.h"

enum { FORGET_AT_ONCE = 16 };

static void remember_key(struct dispatcher *d, const struct session *s, struct bytes key)
{
    const uint64_t hash = exec_hash(&d->call.x, key);
    struct shard *shard = keyspace_shard(d->ks, hash);
    LK_DEBUG_ASSERT(d->held.exclusive || load_relaxed(&shard->lock) != 0);
    if (!tracking_remember(d->push->tracking, shard, hash, key, s->tracker))
        return;
    uint64_t over = dispatch_keys_over(d);
    for (int i = 0; LK_UNLIKELY(over > 0) && i < FORGET_AT_ONCE; i++, over--)
        if (!unit_forget_any(d, shard, key))
            break;
}

void dispatch_remember(struct dispatcher *d, struct session *s, const struct command_info *c,
                       const struct args *a)
{
    const uint32_t flags = load_relaxed(&s->flags);
    const bool caching = flags & SESSION_CACHING;
    /* A script reads by the commands that it runs. */
    if (!(c->flags & CMD_READONLY) || c->flags & CMD_SCRIPT || flags & SESSION_TRACKING_BCAST ||
        (flags & SESSION_TRACKING_OPTIN && !caching) ||
        (flags & SESSION_TRACKING_OPTOUT && caching))
        return;
    if (LK_LIKELY(c->one_key)) {
        remember_key(d, s, a->v[c->first_key]);
        return;
    }
    dispatch_reserve_refs(d, a->n);
    const int n = command_keys(c, a, d->refs.v, d->refs.capacity);
    for (int i = 0; i < n; i++)
        if (!(d->refs.v[i].flags & KEY_NOT_KEY))
            remember_key(d, s, a->v[d->refs.v[i].index]);
}
