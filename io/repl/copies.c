/*
 * copies.c — min-replicas-to-write: no change is acknowledged before enough replicas have it.
 *
 * Given means that the socket of the replica has taken the bytes: they arrive whatever becomes of
 * this process.  Those count who are online and neither silent nor stuck for longer than
 * min-replicas-max-lag; where they are fewer than wanted, as many as there are must have it, and
 * without any nobody waits.
 *
 *   fill: all that was read has been sent --> given --reaches the goal--> ticket
 *   the wanted-th highest ticket of those who count --> log_copies --> workers that hold replies
 *
 * A goal is a ticket and then the end of the stream, which is not below it; the next one is taken
 * once it is met.  A ticket that brings no bytes is met by who has been given the whole stream, and
 * the log thread's round behind it looks.
 *
 * Threads  the worker of a replica, the log thread, who sets it; repl.lock
 */
#include "core/base/atomic.h"
#include "core/store/log_ring.h"
#include "core/store/shard.h"
#include "io/repl/repl_priv.h"

/* In lock.  Does it take what there is for it? */
static bool copies_flow(const struct replica *p, int64_t oldest_ms)
{
    return p->copy.given >= p->copy.goal || p->copy.moved_ms >= oldest_ms;
}

/* In lock. */
static bool copies_count_it(const struct replica *p, int64_t oldest_ms)
{
    return p->phase == REPLICA_ONLINE && !p->dismissed && replica_heard_ms(p) >= oldest_ms &&
           copies_flow(p, oldest_ms);
}

/* In lock: of those who count, how many have been given that ticket? */
static uint32_t copies_with(const struct repl *r, uint64_t ticket, int64_t oldest_ms)
{
    uint32_t n = 0;
    for (const struct replica *p = r->first; p; p = p->next)
        n += copies_count_it(p, oldest_ms) && p->copy.ticket >= ticket;
    return n;
}

/* In lock: the highest ticket that at least so many have. */
static uint64_t copies_ticket(const struct repl *r, uint32_t least, int64_t oldest_ms)
{
    uint64_t best = 0;
    for (const struct replica *p = r->first; p; p = p->next)
        if (copies_count_it(p, oldest_ms) && p->copy.ticket > best &&
            copies_with(r, p->copy.ticket, oldest_ms) >= least)
            best = p->copy.ticket;
    return best;
}

/* In lock.  Who has been given the whole stream has each ticket that it holds. */
static void copies_reach_end(struct repl *r)
{
    const uint64_t ticket = backlog_ticket(r->backlog);
    const int64_t end = backlog_end(r->backlog); /* loaded second: not below the ticket */
    for (struct replica *p = r->first; p; p = p->next)
        if (p->phase == REPLICA_ONLINE && !p->dismissed && p->copy.given >= end &&
            p->copy.ticket < ticket)
            p->copy.ticket = ticket;
}

/* In lock. */
static void copies_tell(struct repl *r)
{
    struct log_copies *told = &r->parts.engine->copies;
    const uint32_t wanted = load_relaxed(&r->copies.wanted);
    if (wanted == 0 && !log_copies_is_on(told))
        return;
    copies_reach_end(r);
    const int64_t oldest_ms = repl_now_ms() - r->copies.max_lag_ms;
    const uint32_t there = wanted ? copies_with(r, 0, oldest_ms) : 0;
    if (there == 0)
        shard_tell_retry(log_copies_off(told));
    else
        shard_tell_retry(
            log_copies_publish(told, copies_ticket(r, wanted < there ? wanted : there, oldest_ms)));
}

/* In lock.  What it has from now on; the ticket is loaded first. */
static void copies_aim(struct replica *p)
{
    p->copy.goal_ticket = backlog_ticket(p->repl->backlog);
    p->copy.goal = backlog_end(p->repl->backlog);
    p->copy.moved_ms = repl_now_ms();
}

/* How many are to have it; 0: none. */
static void copies_set(struct repl *r, uint32_t wanted, int64_t max_lag_ms)
{
    pthread_mutex_lock(&r->lock);
    const uint32_t before = load_relaxed(&r->copies.wanted);
    r->copies.max_lag_ms = max_lag_ms;
    store_relaxed(&r->copies.wanted, wanted);
    for (struct replica *p = r->first; p && before == 0 && wanted > 0; p = p->next)
        copies_aim(p);
    copies_tell(r);
    pthread_mutex_unlock(&r->lock);
}

/*
 * Replicas that count for min-replicas-to-write: near enough, and sent the stream.  One that is yet
 * to say that it has loaded its data is shown as online, but what is written now may not reach it.
 */
static uint32_t copies_count_good(struct repl *r, const struct config *c)
{
    const int64_t oldest = repl_now_ms() - c->min_replicas_max_lag_s * 1000;
    uint32_t good = 0;
    pthread_mutex_lock(&r->lock);
    for (const struct replica *p = r->first; p; p = p->next)
        good += p->phase == REPLICA_ONLINE && !p->dismissed && replica_heard_ms(p) >= oldest;
    pthread_mutex_unlock(&r->lock);
    return good;
}

void copies_see_to_writes(struct repl *r, const struct config *c)
{
    const uint32_t good = copies_count_good(r, c);
    store_relaxed(&r->good_replicas, good);
    const bool on = c->min_replicas_to_write > 0 && c->min_replicas_max_lag_s > 0;
    const uint32_t wanted = on && !repl_is_replica(r) ? (uint32_t)c->min_replicas_to_write : 0;
    copies_set(r, wanted,
               c->min_replicas_max_lag_s * 1000); /* first: there is no reply to hold yet */
    engine_set_few_replicas(r->parts.engine, on && good < (uint64_t)c->min_replicas_to_write);
}

void copies_round(struct repl *r)
{
    if (LK_LIKELY(load_relaxed(&r->copies.wanted) == 0))
        return;
    pthread_mutex_lock(&r->lock);
    copies_tell(r);
    pthread_mutex_unlock(&r->lock);
}

void copies_given(struct replica *p)
{
    struct replica_copy *c = &p->copy;
    c->given = p->pin.wanted - 1;
    if (LK_LIKELY(load_relaxed(&p->repl->copies.wanted) == 0))
        return;
    c->moved_ms = repl_now_ms();
    if (c->given >= c->goal) {
        if (c->goal_ticket > c->ticket)
            c->ticket = c->goal_ticket;
        copies_aim(p);
    }
    copies_tell(p->repl);
}
