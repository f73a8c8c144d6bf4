/*
 * dispatch.c — a batch of commands, from rows to replies.
 */
#include "core/cmd/engine/dispatch.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/dispatch_wait.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/exec_script.h"
#include "core/cmd/engine/monitor.h"
#include "core/cmd/engine/session_end.h"
#include "core/cmd/engine/transaction.h"
#include "core/cmd/engine/unit.h"
#include "core/store/reclaim.h"
#include "core/store/watch.h"

enum { STALE_NS = 100000 };

/* What a session is for the next command only, or for those till it says otherwise. */
enum {
    FOR_ONE_COMMAND = SESSION_REPLY_OFF | SESSION_REPLY_SKIP | SESSION_REPLY_SKIP_NEXT |
                      SESSION_ASKING | SESSION_ASKING_NEXT | SESSION_CACHING
};

struct dispatcher *dispatcher_new(struct engine *engine, uint32_t worker)
{
    struct dispatcher *d = mem_alloc_aligned(
        (sizeof *d + LK_CACHE_LINE - 1) & ~(size_t)(LK_CACHE_LINE - 1), LK_CACHE_LINE);
    memset(d, 0, sizeof *d);
    d->engine = engine;
    d->ks = engine->fixed.keyspace;
    d->worker = worker;
    d->slot = gate_join(&d->ks->gate);
    d->held.set = lock_set_new(d->ks);
    stats_init(&d->stats, command_index_count(engine->fixed.commands));
    uint64_t seed;
    rng_system(&seed, sizeof seed);
    rng_seed(&d->rng, seed);
    dispatch_reserve_keys(d, 16);
    dispatch_reserve_refs(d, 16);
    session_init(&d->system, 0);
    session_init(&d->script.stand_in, 0);
    d->script.stand_in.registry.peer = mem_strdup("lua"); /* for MONITOR */
    d->push = engine->fixed.push;
    if (d->push)
        subscribers_init(&d->subscribers, d->push->channels, d->push->patterns, worker);
    d->batch.tick_stale = 1;
    while (clock_ticks_to_ns(d->batch.tick_stale) < STALE_NS)
        d->batch.tick_stale *= 2;
    return d;
}

void dispatcher_free(struct dispatcher *d)
{
    if (!dispatch_is_tidy(d)) {
        dispatch_enter(d); /* nobody is there who could be in the way */
        dispatch_leave(d);
    }
    LK_ASSERT(dispatch_is_tidy(d));
    dispatch_turn_give_up(d);
    if (d->script.vm)
        d->engine->hooks.scripts->free_vm(d->script.vm);
    session_release(&d->script.stand_in);
    session_release(&d->system);
    subscribers_release(&d->subscribers);
    unit_release(&d->unit, d->engine->fixed.log);
    broadcast_release(d);
    buf_release(&d->event_name);
    buf_release(&d->monitor_line);
    gate_part(&d->ks->gate, d->slot);
    lock_set_free(d->held.set);
    if (d->script.amid_set)
        lock_set_free(d->script.amid_set);
    stats_release(&d->stats);
    buf_release(&d->scratch);
    buf_release(&d->fresh);
    mem_free(d->keys.v, d->keys.capacity * sizeof *d->keys.v);
    mem_free(d->refs.v, d->refs.capacity * sizeof *d->refs.v);
    mem_free(d, (sizeof *d + LK_CACHE_LINE - 1) & ~(size_t)(LK_CACHE_LINE - 1));
}

struct stats *dispatcher_stats(struct dispatcher *d)
{
    return &d->stats;
}

struct engine *dispatcher_engine(struct dispatcher *d)
{
    return d->engine;
}

int64_t dispatcher_now_ms(const struct dispatcher *d)
{
    return d->batch.now_ms;
}

/* What may only change while the gate is closed is read again each time it was left. */
static void enter_gate(struct dispatcher *d)
{
    gate_enter(&d->ks->gate, d->slot);
    dispatch_read_config(d);
    dispatch_read_logging(d);
    if (LK_UNLIKELY(d->ks->slotted))
        dispatch_read_slots(d);
}

void dispatch_enter(struct dispatcher *d)
{
    enter_gate(d);
    d->batch.mark_ticks = clock_ticks();
    dispatch_read_clock(d, d->batch.mark_ticks);
    if (LK_UNLIKELY(!dispatch_is_tidy(d)))
        dispatch_tidy(d);
    if (LK_UNLIKELY(d->turn.node.queued))
        dispatch_turn_enter(d);
}

void dispatch_leave(struct dispatcher *d)
{
    dispatch_unlock_one(d);
    if (LK_UNLIKELY(d->changed_keys.count > 0))
        dispatch_broadcast(d); /* a service has no loop that does it */
    if (LK_UNLIKELY(d->turn.node.queued))
        dispatch_turn_leave(d);
    gate_leave(&d->ks->gate, d->slot);
    reclaim_collect(RECLAIM_KEPT);
}

/* --- one command ----------------------------------------------------------------------------- */

/* One more try failed: the session comes again when the gate has been open for a while. */
static void dispatch_park_for_gate(struct dispatcher *d, struct session *s)
{
    const int64_t gap_ns = GATE_OPEN_FACTOR * gate_round_ns(s->lock_failures);
    const int64_t at_ms = d->batch.now_ms + (gap_ns + 999999) / 1000000;
    if (s->lock_failures < UINT8_MAX)
        s->lock_failures++;
    if (d->gate_again_ms == 0 || at_ms < d->gate_again_ms)
        d->gate_again_ms = at_ms;
    stats_add(&d->stats.parked, 1);
    s->parked = true;
}

/* Alone in the gate, where the words and the map are those of now. */
static enum redirected run_alone_redirect(struct dispatcher *d, struct pending *p)
{
    if (LK_LIKELY(!d->ks->slotted))
        return REDIRECT_NO;
    dispatch_read_slots(d);
    const enum redirected redirected = dispatch_redirect(d, p->session, p->cmd, &p->args, true);
    if (redirected == REDIRECT_DONE)
        dispatch_end_redirected(d, p);
    return redirected;
}

/* A worker sleeps for nobody: it tries, and its other clients go on meanwhile (O3). */
static bool run_alone(struct dispatcher *d, struct pending *p, enum outcome *outcome)
{
    dispatch_unlock_one(d);
    if (LK_UNLIKELY(d->turn.held))
        dispatch_turn_end(d);
    gate_leave(&d->ks->gate, d->slot);
    if (!gate_try_close(&d->ks->gate, p->session->lock_failures)) {
        enter_gate(d);
        dispatch_park_for_gate(d, p->session);
        return false;
    }
    p->session->lock_failures = 0;
    d->held.exclusive = true;
    d->script.pending = p;
    /* While nobody was in the gate, what had been replaced may have been freed. */
    dispatch_read_config(d);
    dispatch_read_logging(d);
    const enum redirected redirected = run_alone_redirect(d, p);
    *outcome = RUN_REFUSED;
    if (redirected == REDIRECT_NO) {
        *outcome = dispatch_call_unit(d, p->session, p->cmd, &p->args);
        lock_set_clear(d->held.set);
        lock_set_add_all(d->held.set, d->ks);
        unit_end(d, p->session, NULL);
    }
    d->held.exclusive = false;
    gate_open(&d->ks->gate);
    enter_gate(d);
    return redirected != REDIRECT_WAIT;
}

static bool run_set(struct dispatcher *d, struct pending *p, enum outcome *outcome)
{
    if (!dispatch_lock_for_waiters(d, p))
        return false;
    const enum redirected redirected =
        LK_UNLIKELY(d->ks->slotted) ? dispatch_redirect(d, p->session, p->cmd, &p->args, true)
                                    : REDIRECT_NO;
    if (LK_UNLIKELY(redirected != REDIRECT_NO)) {
        dispatch_unlock_set(d, p->session);
        if (redirected == REDIRECT_DONE)
            dispatch_end_redirected(d, p);
        *outcome = RUN_REFUSED;
        return redirected == REDIRECT_DONE;
    }
    *outcome = dispatch_call_unit(d, p->session, p->cmd, &p->args);
    unit_end(d, p->session, NULL);
    dispatch_unlock_set(d, p->session);
    return true;
}

static bool run_one_shard(struct dispatcher *d, struct pending *p, struct shard *shard,
                          enum outcome *outcome)
{
    if (!dispatch_lock_one(d, p->session, shard))
        return false;
    if (LK_UNLIKELY(shard->slot | d->batch.cluster_down)) {
        const enum redirected redirected = dispatch_redirect(d, p->session, p->cmd, &p->args, true);
        *outcome = RUN_REFUSED;
        if (redirected != REDIRECT_NO)
            return redirected == REDIRECT_DONE;
    }
    if (LK_UNLIKELY(shard->wait_targets != 0) && p->cmd->flags & CMD_WRITE) {
        lock_set_clear(d->held.set);
        lock_set_add(d->held.set, shard->index);
        return run_set(d, p, outcome); /* which lets go of this one */
    }
    *outcome = dispatch_call_unit(d, p->session, p->cmd, &p->args);
    unit_end(d, p->session, shard);
    return true;
}

/*
 * The one shard of all hashed keys, or NULL with d->held.set made of theirs.  Where their entries
 * are will be asked for: their directories are from here on.
 */
static struct shard *common_shard(struct dispatcher *d)
{
    const struct key_hash *k = d->keys.v, *const end = k + d->call.key_count;
    struct shard *first = k->shard;
    while (k < end && k->shard == first)
        k++;
    if (k == end)
        return first;
    struct lock_set *l = d->held.set;
    lock_set_clear(l);
    for (k = d->keys.v; k < end; k++) {
        lock_set_add(l, k->shard->index);
        table_prefetch_dir(&k->shard->first);
    }
    return NULL;
}

/* The keys' buckets and entries are asked for together: each stage for all keys, as for a batch. */
static void prefetch_keys(struct dispatcher *d, const struct session *s)
{
    enum { AT_ONCE = 32 };
    const void *bucket[AT_ONCE];
    const uint32_t n = d->call.key_count < AT_ONCE ? d->call.key_count : (uint32_t)AT_ONCE;
    if (n < 2 || s->db != 0)
        return;
    const struct key_hash *k = d->keys.v;
    for (uint32_t i = 0; i < n; i++)
        bucket[i] = table_prefetch_bucket(&k[i].shard->first, k[i].hash);
    for (uint32_t i = 0; i < n; i++)
        if (bucket[i])
            table_prefetch_entry(bucket[i], k[i].hash);
}

static bool run_locked(struct dispatcher *d, struct pending *p, enum outcome *outcome)
{
    const struct command_info *c = p->cmd;
    d->call.key_count = 0;
    if (LK_LIKELY(c->one_key)) {
        const struct bytes key = p->args.v[c->first_key];
        d->keys.v[0] = (struct key_hash){key.data, key.size, p->hash, p->shard};
        d->call.key_count = 1;
        return run_one_shard(d, p, p->shard, outcome);
    }
    if (c->row->run == transaction_exec && session_has(p->session, SESSION_MULTI)) {
        multi_lock_set(d, p->session);
        if (LK_UNLIKELY(multi_flags(p->session) & CMD_SCRIPT))
            return dispatch_run_scripts(d, p, outcome);
        return run_set(d, p, outcome);
    }
    if (LK_UNLIKELY(c->flags & CMD_SCRIPT))
        return dispatch_run_script(d, p, outcome);
    if (dispatch_wants_all(c, &p->args)) {
        lock_set_clear(d->held.set);
        lock_set_add_all(d->held.set, d->ks);
        return run_set(d, p, outcome);
    }
    /* Wrong keys are the handler's to name; it will meet none. */
    if (dispatch_hash_keys(d, c, &p->args) != LK_OK || d->call.key_count == 0) {
        dispatch_unlock_one(d);
        lock_set_clear(d->held.set);
        *outcome = dispatch_call_unit(d, p->session, c, &p->args);
        unit_end(d, p->session, NULL);
        return true;
    }
    struct shard *shard = common_shard(d);
    if (!(c->flags & CMD_TOGETHER))
        prefetch_keys(d, p->session);
    return shard ? run_one_shard(d, p, shard, outcome) : run_set(d, p, outcome);
}

int64_t dispatch_gate_again_ms(const struct dispatcher *d)
{
    return d->gate_again_ms;
}

bool dispatch_gate_due(struct dispatcher *d)
{
    const bool due = d->gate_again_ms != 0 && d->batch.now_ms >= d->gate_again_ms;
    if (due)
        d->gate_again_ms = 0;
    return due;
}

/* A session queues for the token to wait for locks, and for nothing else. */
static void leave_token(struct dispatcher *d, struct session *s)
{
    if (LK_UNLIKELY(s->token.queued))
        shard_tell_retry(token_leave(&d->engine->token, &s->token));
}

/*
 * May it publish: itself, as events of what it changes, or by what is forgotten for what it reads?
 */
static bool dispatch_publishes(const struct dispatcher *d, const struct session *s, uint32_t flags)
{
    if (LK_LIKELY(dispatch_push_has_room(d)))
        return false;
    const bool events = load_relaxed(&d->engine->hooks.events) != 0;
    return monitor_any(d->push) || flags & CMD_MAY_REPLICATE || (events && flags & CMD_WRITE) ||
           session_has(s, SESSION_TRACKING);
}

static bool run_command(struct dispatcher *d, struct pending *p, enum outcome *outcome)
{
    const uint32_t flags = dispatch_flags(p->session, p->cmd);
    if (d->batch.logging && flags & (CMD_WRITE | CMD_MAY_REPLICATE) &&
        LK_UNLIKELY(!log_ring_room_or_ask(d->engine->fixed.log, d->worker))) {
        leave_token(d, p->session);
        p->session->parked = true;
        return false;
    }
    if (LK_UNLIKELY(dispatch_publishes(d, p->session, flags) &&
                    !push_room_or_ask(d->push, d->worker))) {
        leave_token(d, p->session);
        p->session->parked = true;
        return false;
    }
    if (LK_UNLIKELY(flags & CMD_EXCLUSIVE)) {
        d->call.key_count = 0;
        return run_alone(d, p, outcome);
    }
    return run_locked(d, p, outcome);
}

/* The reply comes behind what was pushed before it: before becomes where it begins. */
static bool run_aside(struct dispatcher *d, struct pending *p, enum outcome *outcome,
                      struct reply_place *before)
{
    aside_begin(d);
    const bool ran = run_command(d, p, outcome);
    aside_end(d, p->session, before);
    return ran;
}

static bool is_about_client(const struct command_info *c)
{
    return c && c->parent && strcmp(c->parent->row->name, "client") == 0;
}

/*
 * CLIENT REPLY: takes back what a command said to somebody who does not want to hear it.  Messages
 * stand before the reply, or come later.
 */
static void dispatch_hush(struct session *s, const struct command_info *c,
                          struct reply_place before)
{
    if (session_has(s, SESSION_REPLY_OFF | SESSION_REPLY_SKIP) && !(c && c->flags & CMD_PUSHES))
        reply_rewind(&s->reply, before);
    /* CLIENT CACHING is for the next command, or the transaction that it begins. */
    if (session_has(s, SESSION_CACHING) && !session_has(s, SESSION_MULTI) && !is_about_client(c))
        session_set(s, SESSION_CACHING, false);
    session_set(s, SESSION_REPLY_SKIP, false);
    if (session_has(s, SESSION_REPLY_SKIP_NEXT)) {
        session_set(s, SESSION_REPLY_SKIP_NEXT, false);
        session_set(s, SESSION_REPLY_SKIP, true);
    }
}

/* ASKING holds for one command behind it, or for a transaction. */
static void dispatch_end_asking(struct session *s)
{
    if (session_has(s, SESSION_ASKING) && !session_has(s, SESSION_MULTI))
        session_set(s, SESSION_ASKING, false);
    if (session_has(s, SESSION_ASKING_NEXT)) {
        session_set(s, SESSION_ASKING_NEXT, false);
        session_set(s, SESSION_ASKING, true);
    }
}

static void note_refused(struct dispatcher *d, struct pending *p)
{
    struct session *s = p->session;
    leave_token(d, s);
    session_end_slices(s); /* it may have been allowed the turns before */
    s->slice.ticks = 0;
    /* An unknown subcommand is no command, as an unknown name is none. */
    if (p->cmd && (p->cmd->subcommand_count == 0 || p->args.n == 1))
        dispatch_note_refused(d, s, p->cmd);
    else
        dispatch_note_refused(d, s, NULL);
}

/* What is left to do for a command, whatever came of it. */
static void dispatch_end_pending(struct dispatcher *d, struct pending *p, enum outcome outcome,
                                 struct reply_place before)
{
    struct session *s = p->session;
    if (LK_UNLIKELY(outcome == RUN_REFUSED))
        note_refused(d, p);
    if (LK_UNLIKELY(outcome == RUN_AGAIN || outcome == RUN_LATER)) {
        s->parked = true;
        p->state = PENDING_PARKED;
        if (outcome == RUN_AGAIN) /* its next turn is in the next loop; the other is told */
            shard_tell_retry(UINT64_C(1) << d->worker);
        return;
    }
    leave_token(d, s); /* it may have waited for several shards, and needed but one in the end */
    if (LK_LIKELY(outcome != RUN_BLOCK)) /* one that waits is counted when it ends */
        session_count(&s->commands, 1);
    store_relaxed(&s->last_used_ms, d->batch.now_ms);
    if (LK_UNLIKELY(session_has(s, FOR_ONE_COMMAND))) {
        dispatch_hush(s, p->cmd, before);
        dispatch_end_asking(s);
    }
    if (outcome == RUN_CLOSE) {
        session_set(s, SESSION_CLOSE_AFTER, true);
        p->state = PENDING_CLOSE;
    } else if (outcome == RUN_BLOCK) {
        p->state = PENDING_BLOCKED;
    }
}

void dispatch_run_pending(struct dispatcher *d, struct pending *p)
{
    struct session *s = p->session;
    if (s->parked || LK_UNLIKELY(session_has(s, SESSION_BLOCKED))) {
        p->state = PENDING_PARKED;
        return;
    }
    if (LK_UNLIKELY(load_acquire(&s->kill) || session_has(s, SESSION_CLOSE_AFTER))) {
        p->state = PENDING_CLOSE;
        return;
    }
    if (LK_UNLIKELY(session_has(s, SESSION_TRACKING)) && dispatch_keys_over(d) > 0)
        dispatch_forget_some(d);
    struct reply_place before = reply_mark(&s->reply);
    enum outcome outcome = RUN_DONE;
    store_relaxed(&s->last_command, p->cmd);
    p->state = PENDING_DONE;
    if (LK_UNLIKELY(!p->cmd) && dispatch_is_attack(d, s, &p->args)) {
        p->state = PENDING_CLOSE;
        return;
    }
    switch (dispatch_check(d, s, p->cmd, &p->args)) {
    case CHECK_NEXT:
    case CHECK_RUN:
        if (!(LK_UNLIKELY(session_has(s, SESSION_SUBSCRIBER | SESSION_TRACKING))
                  ? run_aside(d, p, &outcome, &before)
                  : run_command(d, p, &outcome))) {
            p->state = PENDING_PARKED;
            return;
        }
        break;
    case CHECK_REFUSED:
        note_refused(d, p);
        break;
    case CHECK_PARKED:
        leave_token(d, s);
        session_set(s, SESSION_POSTPONED, true);
        s->parked = true;
        p->state = PENDING_PARKED;
        return;
    case CHECK_QUEUED:
        multi_queue(s, p->cmd, &p->args);
        reply_simple(&s->reply, "QUEUED");
        break;
    }
    dispatch_end_pending(d, p, outcome, before);
}

/* --- the batch ------------------------------------------------------------------------------- */

static void look_up(struct dispatcher *d, struct pending *p)
{
    const struct command_info *c = command_index_resolve(d->engine->fixed.commands, &p->args);
    p->state = PENDING_NEW;
    p->shard = NULL;
    p->table = NULL;
    p->bucket = NULL;
    p->cmd = c;
    if (LK_UNLIKELY(!c) || c->first_key == 0 || LK_UNLIKELY(!command_takes(c, p->args.n)) ||
        (uint32_t)c->first_key >= p->args.n)
        return;
    p->hash = keyspace_hash(d->ks, p->args.v[c->first_key]);
    p->shard = keyspace_shard(d->ks, p->hash);
    if (LK_LIKELY(p->session->db == 0))
        p->table = &p->shard->first;
    shard_prefetch(p->shard);
}

static void prefetch_reach(const struct pending *p)
{
    const struct bytes key = p->args.v[p->cmd->first_key];
    const size_t offset = ENTRY_WIDE_HEAD + key.size + p->cmd->row->reach(&p->args);
    table_prefetch_entry_at(p->bucket, p->hash, offset);
}

/* Each stage touches what the one before has asked for, one command behind the other. */
static void dispatch_prefetch(struct pending *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (p[i].table)
            table_prefetch_dir(p[i].table);
    for (uint32_t i = 0; i < n; i++)
        if (p[i].table)
            p[i].bucket = table_prefetch_bucket(p[i].table, p[i].hash);
    for (uint32_t i = 0; i < n; i++)
        if (p[i].bucket) {
            table_prefetch_entry(p[i].bucket, p[i].hash);
            if (LK_UNLIKELY(p[i].cmd->row->reach != NULL))
                prefetch_reach(&p[i]);
        }
}

void dispatch_prepare(struct dispatcher *d, struct pending *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        look_up(d, &p[i]);
    if (n > 1)
        dispatch_prefetch(p, n);
}

/* The token is kept from one script to the next, and for nothing else. */
static void turn_go_on(struct dispatcher *d, const struct command_info *next)
{
    if (!(next && next->flags & CMD_SCRIPT) && !d->script.running)
        dispatch_turn_end(d);
}

void dispatch_run(struct dispatcher *d, struct pending *p, uint32_t n)
{
    LK_ASSERT(n <= DISPATCH_BATCH);
    dispatch_prepare(d, p, n);
    /* Readers free what others have taken, too; who takes more is asked again (check_memory). */
    if (LK_UNLIKELY(d->batch.config->maxmemory != 0) && !d->script.running &&
        !dispatch_memory_is_far(d))
        dispatch_evict(d);
    for (uint32_t i = 0; i < n && LK_LIKELY(!d->batch.cut); i++) {
        enum outcome outcome;
        if (!dispatch_run_plain(d, &p[i], &outcome)) {
            dispatch_run_pending(d, &p[i]);
            if (LK_UNLIKELY(d->turn.held))
                turn_go_on(d, i + 1 < n ? p[i + 1].cmd : NULL);
        } else if (LK_UNLIKELY(outcome != RUN_DONE))
            dispatch_end_pending(d, &p[i], outcome, reply_mark(&p[i].session->reply));
    }
    d->batch.cut = false;
    dispatch_unlock_one(d);
}

void dispatch_forget(struct dispatcher *d, struct session *s)
{
    shard_tell_retry(token_leave(&d->engine->token, &s->token));
    waiter_forget(d, s);
    subscriber_forget(&d->subscribers, s);
    session_forget_tracking(d, s);
    session_unwatch(d, s);
    multi_discard(s);
}
