/*
 * dispatch_plain.c — the way of nearly all commands: one key, and nothing special about anything.
 * And of PUBLISH, which names none.
 *
 * It does what dispatch_run_pending does, for commands of which these are known at once: the row
 * names one key and asks for nothing special (command_info.plain), its number of arguments is
 * right, no check wants to look at it, and its session is in no state that anybody asks about.  One
 * AND a word says so (of a limit of memory, and of a user who may not do everything, a look), and
 * the rest is one piece of code, with the handler its only call.  Whatever is else goes the long
 * way, which asks everything itself.
 */
#include "core/base/atomic.h"
#include "core/cmd/engine/call_run.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/unit.h"

/* Sessions that go the long way. */
enum {
    NOT_PLAIN = CHECK_SESSIONS | SESSION_BLOCKED | SESSION_CLOSE_AFTER | SESSION_TRACKING |
                SESSION_REPLY_OFF | SESSION_REPLY_SKIP | SESSION_REPLY_SKIP_NEXT | SESSION_ASKING |
                SESSION_ASKING_NEXT | SESSION_CACHING
};

static inline bool session_is_plain(const struct session *s, uint32_t flags)
{
    return !(flags & NOT_PLAIN) && !s->parked && !s->token.queued && !load_acquire(&s->kill);
}

/*
 * May the command go the short way though there is something to check?  If that is the limit of
 * memory, which is far, or its user, whose rules allow it at a look.  A refusal is written, counted
 * and logged on the long way.
 */
static bool plain_may(const struct dispatcher *d, const struct pending *p, uint32_t checks)
{
    if (checks & CHECK_MEMORY && !dispatch_memory_is_far(d))
        return false;
    const struct acl_user *u = p->session->user;
    checks &= ~(uint32_t)CHECK_MEMORY;
    return checks == 0 ||
           (checks == CHECK_USER && u && acl_allows_plain(u, p->cmd, p->args.v[p->cmd->first_key]));
}

/* Is there room for all that the command may log and publish? */
static inline bool plain_has_room(const struct dispatcher *d, const struct command_info *c)
{
    return dispatch_push_has_room(d) &&
           (!d->batch.logging || !(c->flags & (CMD_WRITE | CMD_MAY_REPLICATE)) ||
            log_ring_has_room(d->engine->fixed.log));
}

/* Is the key served here, by this command alone? */
static inline bool shard_is_plain(const struct dispatcher *d, const struct shard *shard,
                                  const struct command_info *c)
{
    return !(shard->slot | d->batch.cluster_down) &&
           (LK_LIKELY(shard->wait_targets == 0) || !(c->flags & CMD_WRITE));
}

static inline void plain_count(const struct dispatcher *d, struct session *s)
{
    session_count(&s->commands, 1);
    store_relaxed(&s->last_used_ms, d->batch.now_ms);
}

/* Its locks are the stripes of what it publishes: a unit without shards. */
LK_NOINLINE static bool run_publisher(struct dispatcher *d, struct pending *p,
                                      enum outcome *outcome)
{
    struct session *s = p->session;
    const struct command_info *c = p->cmd;
    const uint32_t flags = load_relaxed(&s->flags);
    if (!c || !c->publishes || !command_takes(c, p->args.n) || !session_is_plain(s, flags) ||
        dispatch_checks(d, flags, c->checks) != 0 || !plain_has_room(d, c))
        return false;
    dispatch_unlock_one(d);
    lock_set_clear(d->held.set);
    store_relaxed(&s->last_command, c);
    p->state = PENDING_DONE;
    d->call.key_count = 0;
    *outcome = dispatch_call_unit(d, s, c, &p->args); /* one piece of code is enough */
    LK_ASSERT(*outcome == RUN_DONE);
    unit_end(d, s, NULL);
    plain_count(d, s);
    return true;
}

bool dispatch_run_plain(struct dispatcher *d, struct pending *p, enum outcome *outcome)
{
    struct session *s = p->session;
    struct shard *shard = p->shard;
    const struct command_info *c = p->cmd;
    if (!shard)
        return run_publisher(d, p, outcome);
    const uint32_t flags = load_relaxed(&s->flags);
    if (!c->plain || LK_UNLIKELY(!session_is_plain(s, flags)))
        return false;
    const uint32_t checks = dispatch_checks(d, flags, c->checks);
    if (LK_UNLIKELY(checks != 0) && !plain_may(d, p, checks))
        return false;
    if (LK_UNLIKELY(!plain_has_room(d, c)))
        return false;
    LK_DEBUG_ASSERT(command_takes(c, p->args.n));
    if (LK_UNLIKELY(load_relaxed(&shard->slot)) && !session_in_turns(s) &&
        dispatch_moved(d, s, c, shard)) {
        store_relaxed(&s->last_command, c);
        p->state = PENDING_DONE;
        *outcome = RUN_DONE;
        plain_count(d, s);
        return true;
    }
    if (!dispatch_lock_one(d, s, shard)) {
        store_relaxed(&s->last_command, c);
        p->state = PENDING_PARKED;
        *outcome = RUN_DONE;
        return true;
    }
    if (LK_UNLIKELY(!shard_is_plain(d, shard, c)))
        return false;
    store_relaxed(&s->last_command, c);
    p->state = PENDING_DONE;
    const struct bytes key = p->args.v[c->first_key];
    d->keys.v[0] = (struct key_hash){key.data, key.size, p->hash, shard};
    d->call.key_count = 1;
    *outcome = call_run_unit(d, s, c, &p->args);
    unit_end(d, s, shard);
    if (LK_UNLIKELY(*outcome != RUN_DONE))
        return true;
    plain_count(d, s);
    return true;
}
