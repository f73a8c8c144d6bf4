/*
 * dispatch_serve.c — who waits for a key is served by whoever writes it.
 *
 *   handler writes a key --> noted --> … handler ends --> for each noted key, in order:
 *       for each of its waiters, first come first served: claim, run its command, send it home
 *
 * All of that happens under the locks of the writing command, so nobody can take what a waiter was
 * to have, and in the writer's slot of the log, so a replica sees both or neither.
 */
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/dispatch_wait.h"
#include "core/cmd/engine/waiter.h"
#include "core/proto/resp_segment.h"

/* --- serving --------------------------------------------------------------------------------- */

static unsigned serve_type(struct dispatcher *d, const struct wait_key *k)
{
    const struct table *t = shard_table(k->shard, k->db);
    struct table_loc loc;
    const struct entry *e = t ? table_find(t, k->hash, wait_key_name(k), &loc) : NULL;
    if (!e || (entry_has_deadline(e) && clock_passed(entry_deadline(e), d->batch.now_ms)))
        return TYPE_NONE;
    return value_kind_type(e->kind);
}

/* Runs the waiter's command; true if that is the end of its wait. */
static bool serve_run(struct dispatcher *d, struct waiter *w, const struct wait_key *k)
{
    uint32_t at;
    const enum acl_denial denial =
        dispatch_ask_user(d, &w->stand_in, w->cmd, &w->args, ACL_TOPLEVEL, &at);
    if (LK_UNLIKELY(denial != ACL_ALLOWED)) {
        dispatch_reply_denied(&w->stand_in, denial, w->cmd, w->args.v[at]);
        dispatch_note_refused(d, &w->stand_in, w->cmd);
        return true;
    }
    d->unit.serving = true;
    d->unit.ready_key = wait_key_name(k);
    struct reply own;
    reply_init(&own, w->stand_in.reply.version);
    d->unit.own_invalid = own.version == 3 && !w->hushed ? &own : NULL;
    const bool served = dispatch_call(d, &w->stand_in, w->cmd, &w->args) != RUN_BLOCK;
    d->unit.own_invalid = NULL;
    d->unit.serving = false;
    if (LK_UNLIKELY(reply_size(&own) > 0))
        reply_append(&w->stand_in.reply, &own);
    reply_release(&own);
    return served;
}

/*
 * True if the wait is over, and the waiter is to be sent home.  What a master's stream has written
 * is the master's to take, so only readers are served.
 */
static bool serve_waiter(struct dispatcher *d, struct waiter *w, const struct wait_key *k)
{
    if (d->unit.readers_only && w->cmd->flags & CMD_WRITE)
        return false;
    if (!wait_claim(&w->wait))
        return false;
    /* Looked at behind the claim: nothing is taken for a client whose KILL was answered. */
    return wait_release(&w->wait, !wait_is_called_off(&w->wait) && serve_run(d, w, k));
}

static void keep_served(struct dispatcher *d, struct waiter *w)
{
    w->message.next = (struct inbox_node *)d->unit.served;
    d->unit.served = w;
    d->unit.work |= UNIT_SERVED;
}

static void serve_key(struct dispatcher *d, struct wait_key *k)
{
    unsigned type = serve_type(d, k);
    for (struct wait_node *n = k->first, *next; n; n = next) {
        next = n->next;
        if (type == TYPE_NONE && k->when_gone == 0)
            return;
        struct waiter *w = waiter_of_wait(n->wait);
        if (wait_is_over(n->wait)) {
            wait_drop(n); /* its owner could not, as this shard was busy */
            continue;
        }
        if ((type != w->type && !n->when_gone) || !serve_waiter(d, w, k))
            continue;
        wait_drop(n);
        keep_served(d, w);
        type = serve_type(d, k);
    }
}

/* What a served command writes may serve others: the list grows while it is worked off. */
void dispatch_serve(struct dispatcher *d)
{
    for (size_t i = 0; i < d->unit.ready_count; i++) {
        serve_key(d, d->unit.ready[i]);
        wait_let_go(d->unit.ready[i]); /* from here on it may be noted again */
    }
    d->unit.ready_count = 0;
}

/* They wait for one another in no way: the order in which they are sent does not matter. */
void dispatch_send_served(struct dispatcher *d)
{
    const struct engine *engine = d->engine;
    while (d->unit.served) {
        struct waiter *w = d->unit.served;
        d->unit.served = (struct waiter *)w->message.next;
        w->ticket = d->batch.logging ? d->unit.ticket : 0;
        engine->hooks.served(engine->hooks.served_ctx, w->wait.client->worker, &w->message);
    }
}

/* --- locks ----------------------------------------------------------------------------------- */

struct missing {
    const struct lock_set *set;
    uint32_t count;
    uint32_t *shards; /* of DISPATCH_MISSING_MAX; more of them are found in the next round */
};

static void find_missing(void *ctx, struct shard *s)
{
    struct missing *m = ctx;
    if (s->wait_targets == 0)
        return;
    for (const struct wait_key *k = s->waits; k; k = k->next)
        for (const struct wait_node *n = k->first; n && m->count < DISPATCH_MISSING_MAX;
             n = n->next)
            if (n->target && !lock_set_has(m->set, n->target->index) && !wait_is_over(n->wait))
                m->shards[m->count++] = n->target->index;
}

uint32_t dispatch_missing_for_waiters(struct dispatcher *d, uint32_t *shards)
{
    struct missing m = {.set = d->held.set, .shards = shards};
    lock_set_each(d->held.set, d->ks, find_missing, &m);
    return m.count;
}

bool dispatch_closed_for_waiters(struct dispatcher *d)
{
    uint32_t missing[DISPATCH_MISSING_MAX];
    const uint32_t n = dispatch_missing_for_waiters(d, missing);
    if (LK_LIKELY(n == 0))
        return true;
    lock_set_unlock(d->held.set, d->ks);
    d->held.set_locked = d->held.all_locked = false;
    for (uint32_t i = 0; i < n; i++)
        lock_set_add(d->held.set, missing[i]);
    return false;
}
