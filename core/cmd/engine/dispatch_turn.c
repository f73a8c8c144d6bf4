/*
 * dispatch_turn.c — the worker's turn with the token: one for the scripts of a batch.
 *
 *   script: begin --no--> parked … told, or the turn of another one of the worker ends
 *             \--yes--> runs, the next one, … --no script comes next--> end
 *
 * All scripts of a worker have one place in the token's queue (core/store/token.h).
 */
#include "core/cmd/engine/dispatch_lock.h"

static void turn_leave(struct dispatcher *d)
{
    uint64_t tell = token_leave(&d->engine->token, &d->turn.node);
    /* The place that they wait with is gone, if they have not been told already. */
    if (d->turn.parked)
        tell |= UINT64_C(1) << d->worker;
    d->turn.held = d->turn.parked = d->turn.offered = false;
    shard_tell_retry(tell);
}

bool dispatch_turn_begin(struct dispatcher *d)
{
    struct token *t = &d->engine->token;
    if (d->turn.held && LK_LIKELY(!token_turn_is_over(t)))
        return true;
    if (d->turn.held)
        turn_leave(d);
    const enum token_answer answer = token_take_turn(t, &d->turn.node, d->worker);
    d->turn.held = answer == TOKEN_MINE;
    if (!d->turn.held)
        d->turn.parked = true;
    if (answer == TOKEN_KEPT)
        shard_tell_retry(UINT64_C(1) << d->worker);
    return d->turn.held;
}

bool dispatch_turn_try(struct dispatcher *d)
{
    if (!d->turn.held)
        d->turn.held = token_take(&d->engine->token, &d->turn.node, d->worker);
    return d->turn.held;
}

void dispatch_turn_drop(struct dispatcher *d)
{
    if (d->turn.node.queued && !d->turn.held && !d->turn.parked)
        turn_leave(d);
}

void dispatch_turn_end(struct dispatcher *d)
{
    LK_ASSERT(!d->script.running);
    if (d->turn.held)
        turn_leave(d);
}

/* Those that wait for it are handed over again between the two. */
void dispatch_turn_enter(struct dispatcher *d)
{
    d->turn.offered = token_is_at(&d->engine->token, &d->turn.node);
    if (d->turn.offered)
        d->turn.parked = false;
}

void dispatch_turn_leave(struct dispatcher *d)
{
    if (d->turn.held || d->turn.offered)
        turn_leave(d);
}

void dispatch_turn_give_up(struct dispatcher *d)
{
    d->turn.parked = false;
    if (d->turn.node.queued)
        turn_leave(d);
}
