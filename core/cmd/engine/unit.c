/*
 * unit.c — what a command has done to others, committed in one lock hold.
 *
 *   serve who waits for what was written --> put the effects, which gives the ticket
 *       --> stamp it on the shards and the session --> send the served home
 *
 * A unit is a command with all that it runs: the commands of EXEC, and those of the waiters whom it
 * serves.  Each step looks at its own bit of unit.work, so none depends on there being effects, or
 * shards.
 */
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_priv.h"

static void unit_stamp_shard(void *ctx, struct shard *s)
{
    s->ticket = *(const uint64_t *)ctx;
}

static void unit_put_effects(struct dispatcher *d, struct session *s, struct shard *only)
{
    LK_ASSERT(d->batch.logging);
    uint64_t ticket = effects_put(&d->unit.effects, d->engine->fixed.log);
    LK_ASSERT(ticket > d->unit.ticket);
    d->unit.ticket = ticket;
    s->ticket = ticket; /* the highest there is */
    if (only)
        only->ticket = ticket;
    else
        lock_set_each(d->held.set, d->ks, unit_stamp_shard, &ticket);
}

void unit_commit(struct dispatcher *d, struct session *s, struct shard *only)
{
    LK_ASSERT(!d->call.edit.open);
    if (d->unit.work & UNIT_READY) {
        dispatch_serve(d);
        d->batch.mark_ticks = clock_ticks(); /* no part of the next command's time */
    }
    if (d->unit.work & UNIT_EFFECTS)
        unit_put_effects(d, s, only);
    if (d->unit.work & UNIT_SERVED)
        dispatch_send_served(d);
    d->unit.work &= UNIT_PUSHES;
}

static void unit_highest_ticket(void *ctx, struct shard *s)
{
    uint64_t *ticket = ctx;
    if (s->ticket > *ticket)
        *ticket = s->ticket;
}

void unit_rest_on_set(struct dispatcher *d, struct session *s)
{
    lock_set_each(d->held.set, d->ks, unit_highest_ticket, &s->ticket);
}

void exec_push(struct exec *x, struct bytes push)
{
    struct unit *u = &x->dispatcher->unit;
    buf_append_bytes(&u->pushes, push);
    u->work |= UNIT_PUSHES;
}

enum { PUSHES_KEEP = 16 * 1024 };

void unit_send_pushes(struct dispatcher *d, struct session *s)
{
    struct unit *u = &d->unit;
    LK_ASSERT(u->work == UNIT_PUSHES);
    reply_raw(&s->reply, buf_bytes(&u->pushes));
    u->pushes.size = 0;
    u->work = 0;
    if (u->pushes.capacity > PUSHES_KEEP)
        buf_release(&u->pushes);
}
