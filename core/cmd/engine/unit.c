/*
 * unit.c — what a command has done to others, committed in one lock hold.
 *
 *   serve who waits for what was written --> lock the stripes of its channels
 *       --> put the effects, which gives the ticket --> stamp it on the shards and the session
 *       --> send the messages, and the served home
 *
 * A unit is a command with all that it runs: the commands of EXEC, and those of the waiters whom it
 * serves.  Each step looks at its own bit of unit.work, so none depends on there being effects, or
 * shards.
 */
#include "core/cmd/engine/unit.h"
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_wait.h"
#include "core/store/wait.h"

static void unit_stamp_shard(void *ctx, struct shard *s)
{
    s->ticket = *(const uint64_t *)ctx;
}

static void unit_put_effects(struct dispatcher *d, struct session *s, struct shard *only)
{
    LK_ASSERT(d->batch.logging);
    const bool writes = only || d->held.set->count > 0 || d->unit.effects.commands > 0;
    uint64_t ticket = effects_put(&d->unit.effects, d->engine->fixed.log, d->batch.logging);
    LK_ASSERT(ticket > d->unit.ticket);
    d->unit.ticket = ticket;
    s->ticket = ticket;    /* the highest there is */
    if (LK_LIKELY(writes)) /* and not only publishes, which is for replicas alone */
        s->written = ticket;
    if (only)
        only->ticket = ticket;
    else
        lock_set_each(d->held.set, d->ks, unit_stamp_shard, &ticket);
}

void unit_put_raw(struct dispatcher *d, uint32_t db)
{
    struct unit *u = &d->unit;
    struct log_bytes b = log_arena_take(&u->effects.arena, u->raw.size);
    memcpy(b.data, u->raw.data, u->raw.size);
    b.to = LOG_TO_REPL;
    log_ring_put_raw(d->engine->fixed.log, &b, u->raw_first_db,
                     u->raw_first_db == LOG_NO_DB ? LOG_NO_DB : db);
    log_ring_poke(d->engine->fixed.log);
    u->work &= ~(uint32_t)UNIT_RAW;
}

/* The stripes are locked around the ticket: so a channel's order is that of the log (rule M1). */
static void unit_publish(struct dispatcher *d, struct session *s, struct shard *only)
{
    struct publication *p = &d->unit.publication;
    publication_lock(p, d->push);
    if (d->unit.work & UNIT_EFFECTS)
        unit_put_effects(d, s, only);
    unit_rest(d, s, only);
    /* It tells of what its session has done before, too (rule M6). */
    publication_send(p, d->push, d->worker,
                     s->ticket > s->aside_ticket ? s->ticket : s->aside_ticket);
}

void unit_commit(struct dispatcher *d, struct session *s, struct shard *only)
{
    LK_ASSERT(!d->call.edit.open);
    if (d->unit.work & UNIT_READY) {
        d->unit.readers_only = session_has(s, SESSION_MASTER);
        dispatch_serve(d);
        d->batch.mark_ticks = clock_ticks(); /* no part of the next command's time */
    }
    if (d->unit.work & UNIT_ASIDE)
        aside_take(d); /* before the unit's own messages: those go behind its reply */
    if (d->unit.work & UNIT_INVALID)
        invalidations_send(&d->unit.invalid, d->push, d->worker);
    if (d->unit.work & UNIT_MESSAGES)
        unit_publish(d, s, only);
    else if (d->unit.work & UNIT_EFFECTS)
        unit_put_effects(d, s, only);
    if (d->unit.work & UNIT_RAW)
        unit_put_raw(d, s->db);
    if (d->unit.work & UNIT_SERVED)
        dispatch_send_served(d);
    d->unit.work = 0;
}

void unit_release(struct unit *u, struct log_ring *log)
{
    publication_release(&u->publication);
    invalidations_release(&u->invalid);
    buf_release(&u->effects.bytes);
    buf_release(&u->effects.repl.bytes);
    log_arena_end(&u->effects.arena, log);
    mem_free(u->ready, u->ready_capacity * sizeof(struct wait_key *));
    *u = (struct unit){0};
}

void unit_abandon(struct dispatcher *d)
{
    struct unit *u = &d->unit;
    for (size_t i = 0; i < u->ready_count; i++)
        wait_let_go(u->ready[i]);
    u->ready_count = 0;
    publication_release(&u->publication);
    invalidations_release(&u->invalid);
    u->effects.bytes.size = u->effects.repl.bytes.size = 0;
    u->effects.commands = u->effects.repl.commands = u->effects.forms = 0;
    u->work &= UNIT_ASIDE | UNIT_RAW;
    d->batch.logging = 0;
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
