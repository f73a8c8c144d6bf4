/*
 * dispatch_script.c — the locks of commands that run others.
 *
 *   keys named --> their shards --> run --+--> a shard that is not held --> with the token: wait
 *                                         |                                 without: try, or stray
 *                                         +--> end: commit, let go
 *
 * Whoever holds the token may wait for a shard in any order, because nobody else waits while
 * holding one (rule L5).
 */
#include "core/base/atomic.h"
#include "core/cmd/client/acl_check.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/dispatch_wait.h"
#include "core/cmd/engine/exec_script.h"
#include "core/cmd/engine/monitor.h"
#include "core/cmd/engine/script_wait.h"
#include "core/cmd/engine/transaction.h"
#include "core/cmd/engine/unit.h"

#include <time.h>

enum { SCRIPT_PAUSE_NS = 20000 };

enum {
    SCRIPT_CALLER_FLAGS = SESSION_TLS | SESSION_AUTHENTICATED | SESSION_FREE | SESSION_NO_TOUCH |
                          SESSION_LOADING | SESSION_MASTER | SESSION_TRACKING |
                          SESSION_TRACKING_BCAST | SESSION_TRACKING_OPTIN |
                          SESSION_TRACKING_OPTOUT | SESSION_CACHING
};

/* --- locks ----------------------------------------------------------------------------------- */

static bool script_holds(const struct dispatcher *d, const struct shard *shard)
{
    if (d->held.exclusive || d->held.all_locked)
        return true;
    return d->held.set_locked ? lock_set_has(d->held.set, shard->index) : d->batch.kept == shard;
}

/* One kept shard becomes a set of one, so that others can join it. */
static void script_make_set(struct dispatcher *d)
{
    if (d->held.set_locked)
        return;
    lock_set_clear(d->held.set);
    if (d->batch.kept)
        lock_set_add(d->held.set, d->batch.kept->index);
    d->batch.kept = NULL;
    d->held.set_locked = true;
}

static void script_add_shard(struct dispatcher *d, const struct shard *shard)
{
    lock_set_add(d->held.set, shard->index);
    d->held.all_locked = lock_set_count(d->held.set) == d->ks->count;
}

/* False: it is to give way, or to end.  It naps, and the gate can be entered meanwhile. */
static bool script_wait_for_shard(struct dispatcher *d, struct shard *shard)
{
    const struct timespec pause = {0, SCRIPT_PAUSE_NS};
    struct script_wait wait = {.ks = d->ks, .held = d->held.set, .shard = shard->index};
    bool got, waits = true;
    gate_busy_begin(&d->ks->gate);
    script_wait_begin(&wait);
    while (!(got = shard_lock_or_ask(shard, d->worker, d->ks->spin_ns)) && waits) {
        d->script.token = d->script.token || dispatch_turn_try(d);
        d->script.gave_way = script_wait_in_circle(&wait, d->script.token);
        waits = !d->script.gave_way && d->engine->hooks.scripts->look(d->script.who);
        if (waits)
            nanosleep(&pause, NULL);
    }
    script_wait_end(&wait);
    gate_busy_end(&d->ks->gate);
    return got;
}

/*
 * Who has begun what cannot be begun anew waits, whoever it is for.  All others but the holder of
 * the token let all go, and so does he if somebody waits who cannot.
 */
static bool script_have_shard(struct dispatcher *d, struct shard *shard)
{
    if (LK_LIKELY(shard_lock_or_ask(shard, d->worker, d->ks->spin_ns)))
        return true;
    const struct script_state *s = &d->script;
    if (s->wrote || s->stays || s->is_long || (s->token && !gate_is_busy(&d->ks->gate)))
        return script_wait_for_shard(d, shard);
    return false;
}

static bool script_take_shard(struct dispatcher *d, struct shard *shard)
{
    if (script_holds(d, shard))
        return true;
    script_make_set(d);
    if (!script_have_shard(d, shard))
        return false;
    script_add_shard(d, shard);
    return true;
}

/* The shards that serving the waiters of these can need come with them; false: not all. */
static bool script_close_for_waiters(struct dispatcher *d)
{
    uint32_t missing[DISPATCH_MISSING_MAX], n;
    while ((n = dispatch_missing_for_waiters(d, missing)) > 0)
        for (uint32_t i = 0; i < n; i++)
            if (!script_take_shard(d, &d->ks->shards[missing[i]]))
                return false;
    return true;
}

static bool script_take_all(struct dispatcher *d)
{
    for (uint32_t i = 0; i < d->ks->count; i++)
        if (!script_take_shard(d, &d->ks->shards[i]))
            return false;
    return true;
}

static void script_note_reach(struct dispatcher *d, enum script_reach reach)
{
    if (d->script.reached < reach)
        d->script.reached = reach;
}

/* Takes the shards that a command of the script needs; false: one cannot be had. */
static bool script_lock_call(struct dispatcher *d, const struct command_info *c,
                             const struct args *a)
{
    d->script.hashed = 0;
    if (d->held.exclusive || d->held.all_locked)
        return true;
    if (dispatch_wants_all(c, a) || c->flags & CMD_EACH_SHARD) {
        script_note_reach(d, REACH_ANY);
        return script_take_all(d);
    }
    const uint32_t keys = d->call.key_count;
    const int rc = dispatch_hash_keys(d, c, a);
    const uint32_t n = d->call.key_count - keys;
    d->call.key_count = keys;
    if (rc != LK_OK)
        return true; /* its handler will say so */
    bool added = false;
    for (uint32_t i = 0; i < n; i++) {
        struct shard *shard = keyspace_shard(d->ks, d->keys.v[keys + i].hash);
        if (LK_LIKELY(script_holds(d, shard)))
            continue;
        added = true;
        script_note_reach(d, d->script.wrote ? REACH_ANY : REACH_EARLY);
        if (!script_take_shard(d, shard))
            return false;
    }
    if (LK_UNLIKELY(added)) /* which takes the places of the keys */
        return script_close_for_waiters(d);
    d->script.hashed = keys == 0 ? n : 0;
    return true;
}

/* --- before and behind ----------------------------------------------------------------------- */

static void script_prepare(struct dispatcher *d)
{
    d->script.oom = d->batch.config->maxmemory > 0 && dispatch_evict(d) == EVICT_FAILED;
    d->script.token = false;
    d->script.stays = d->script.gave_way = d->script.is_long = false;
}

static void script_name_shards(struct dispatcher *d, const struct pending *p)
{
    lock_set_clear(d->held.set);
    if (dispatch_hash_keys(d, p->cmd, &p->args) != LK_OK)
        d->call.key_count = 0; /* the handler will say so */
    for (uint32_t i = 0; i < d->call.key_count; i++)
        lock_set_add(d->held.set, keyspace_shard(d->ks, d->keys.v[i].hash)->index);
    d->call.key_count = 0;
}

/* A shard could not be had, or the token: it will be told. */
static void script_park(struct dispatcher *d, struct session *s)
{
    stats_add(&d->stats.parked, 1);
    s->parked = true;
}

/* Waits for the held set; false: parked until the token comes. */
static bool script_lock_with_token(struct dispatcher *d, struct session *s)
{
    dispatch_unlock_one(d);
    if (LK_UNLIKELY(s->token.queued)) /* as one that keeps to its keys */
        shard_tell_retry(token_leave(&d->engine->token, &s->token));
    if (!dispatch_turn_begin(d)) {
        script_park(d, s);
        return false;
    }
    stats_add(&d->stats.token_waits, 1);
    if (!lock_set_wait(d->held.set, d->ks, d->worker)) {
        script_park(d, s);
        return false;
    }
    s->lock_failures = 0;
    d->held.set_locked = true;
    d->held.all_locked = lock_set_count(d->held.set) == d->ks->count;
    d->script.token = true;
    if (script_close_for_waiters(d))
        return true;
    dispatch_unlock_set(d, s);
    script_park(d, s);
    return false;
}

/* Its locks are held: a session that queues has not waited in vain. */
static bool script_has_token(const struct dispatcher *d, const struct session *s)
{
    return d->turn.held || s->token.queued;
}

static enum outcome script_run_held(struct dispatcher *d, struct pending *p, bool *ran)
{
    const enum redirected redirected =
        LK_UNLIKELY(d->ks->slotted) ? dispatch_redirect(d, p->session, p->cmd, &p->args, true)
                                    : REDIRECT_NO;
    if (LK_UNLIKELY(redirected != REDIRECT_NO)) {
        dispatch_unlock_set(d, p->session);
        if (redirected == REDIRECT_DONE)
            dispatch_end_redirected(d, p);
        *ran = redirected == REDIRECT_DONE;
        return RUN_REFUSED;
    }
    *ran = true;
    d->script.pending = p;
    const enum outcome outcome = dispatch_call_unit(d, p->session, p->cmd, &p->args);
    unit_end(d, p->session, NULL);
    dispatch_unlock_set(d, p->session);
    dispatch_turn_drop(d);
    return outcome;
}

bool dispatch_run_script(struct dispatcher *d, struct pending *p, enum outcome *outcome)
{
    struct session *s = p->session;
    const struct script_calls *calls = d->engine->hooks.scripts;
    LK_ASSERT(calls);
    dispatch_unlock_one(d);
    script_prepare(d);
    /* Monitors are shown each step once: it must not begin anew. */
    bool token = calls->reach(d, p->cmd, &p->args) == REACH_ANY || monitor_any(d->push);
    for (;;) {
        script_name_shards(d, p);
        if (!(token ? script_lock_with_token(d, s) : dispatch_lock_for_waiters(d, p)))
            return false;
        const bool had_token = d->script.token = script_has_token(d, s);
        bool ran;
        *outcome = script_run_held(d, p, &ran);
        if (*outcome != RUN_STRAYED)
            return ran;
        if (had_token) {
            script_park(d, s);
            return false;
        }
        token = true;
    }
}

struct queue_reach {
    struct dispatcher *d;
    enum script_reach reach;
};

static void script_join_reach(void *ctx, const struct command_info *c, const struct args *a)
{
    struct queue_reach *q = ctx;
    if (!(c->flags & CMD_SCRIPT) || q->reach == REACH_ANY)
        return;
    const enum script_reach reach = q->d->engine->hooks.scripts->reach(q->d, c, a);
    if (q->reach < reach)
        q->reach = reach;
}

/* Behind commands that have written, nothing is early. */
static bool script_queue_needs_token(struct dispatcher *d, struct session *s)
{
    struct queue_reach q = {d, REACH_DECLARED};
    multi_each(s, script_join_reach, &q);
    return q.reach != REACH_DECLARED;
}

bool dispatch_run_scripts(struct dispatcher *d, struct pending *p, enum outcome *outcome)
{
    struct session *s = p->session;
    script_prepare(d);
    d->script.stays = true;
    if (!(script_queue_needs_token(d, s) ? script_lock_with_token(d, s)
                                         : dispatch_lock_for_waiters(d, p)))
        return false;
    d->script.token = script_has_token(d, s);
    bool ran;
    *outcome = script_run_held(d, p, &ran);
    return ran;
}

/* --- what handlers ask ----------------------------------------------------------------------- */

void **exec_script_vm(struct dispatcher *d)
{
    return &d->script.vm;
}

struct session *exec_script_begin(struct exec *x, void *who)
{
    struct dispatcher *d = x->dispatcher;
    struct session *s = &d->script.stand_in;
    const struct session *caller = x->session;
    LK_ASSERT(!d->script.running);
    d->script.running = true;
    d->script.caller = caller;
    d->script.who = who;
    d->script.wrote = false;
    d->script.reached = REACH_DECLARED;
    d->script.clock_us = 0;
    d->script.slot = UINT32_MAX;
    d->script.begun_ticks = d->batch.mark_ticks;
    s->id = caller->id;
    s->db = x->db;
    s->flags = SESSION_IN_EXEC | (caller->flags & SCRIPT_CALLER_FLAGS);
    s->user = caller->user; /* who is not let go while his command runs */
    s->tracker = caller->tracker;
    s->ipv6 = caller->ipv6;
    s->ticket = caller->ticket; /* WAIT asks what the caller's writes rest on */
    s->aside_ticket = caller->aside_ticket;
    s->registry.name = caller->registry.name;
    session_set_version(s, 2);
    reply_clear(&s->reply);
    return s;
}

void exec_script_end(struct exec *x)
{
    struct dispatcher *d = x->dispatcher;
    LK_ASSERT(d->script.running);
    session_count(&x->session->commands, d->script.stand_in.commands);
    d->script.stand_in.commands = 0;
    d->script.running = false;
    d->script.caller = NULL;
    d->script.stand_in.registry.name = NULL;
    d->script.stand_in.user = NULL;
    d->script.stand_in.tracker = 0;
    reply_clear(&d->script.stand_in.reply);
}

/* What it changes is not told to all who read the log. */
static LK_COLD void script_call_apart(struct dispatcher *d, const struct command_info *c,
                                      const struct args *a, uint32_t to)
{
    struct effects *e = &d->unit.effects;
    const uint32_t logging = d->batch.logging;
    LK_ASSERT(!(e->forms & (FORMS_AOF | FORMS_REPL)));
    d->batch.logging = logging & to;
    e->forms |= d->batch.logging == LOG_TO_REPL ? FORMS_REPL : FORMS_AOF;
    dispatch_call_hashed(d, &d->script.stand_in, c, a, d->script.hashed);
    e->forms &= FORMS_DIFFER;
    d->batch.logging = logging;
}

bool exec_script_call(struct exec *x, const struct command_info *c, const struct args *a,
                      uint32_t to)
{
    struct dispatcher *d = x->dispatcher;
    struct session *s = &d->script.stand_in;
    LK_ASSERT(d->script.running);
    reply_clear(&s->reply);
    if (!script_lock_call(d, c, a)) {
        s->commands = 0; /* they will be run again */
        return false;
    }
    if (c->flags & (CMD_WRITE | CMD_MAY_REPLICATE))
        d->script.wrote = true;
    if (LK_LIKELY((d->batch.logging & to) == d->batch.logging))
        dispatch_call_hashed(d, s, c, a, d->script.hashed);
    else
        script_call_apart(d, c, a, to);
    session_count(&s->commands, 1);
    return true;
}

bool exec_script_denied(struct exec *x, const struct command_info *c, const struct args *a,
                        struct buf *error)
{
    struct session *s = &x->dispatcher->script.stand_in;
    uint32_t at = 0;
    const enum acl_denial denial = dispatch_ask_user(x->dispatcher, s, c, a, ACL_IN_SCRIPT, &at);
    if (LK_LIKELY(denial == ACL_ALLOWED))
        return false;
    if (error) {
        buf_append_cstr(error, "-ERR ACL failure in script: ");
        acl_append_denial(error, denial, s->user, c, a->v[at], true);
    }
    return true;
}

const char *exec_script_slot_fault(struct exec *x, const struct command_info *c,
                                   const struct args *a, bool one_slot)
{
    struct dispatcher *d = x->dispatcher;
    if (LK_LIKELY(!d->ks->slotted) ||
        session_has(x->session, SESSION_LOADING | SESSION_MASTER | SESSION_READONLY))
        return NULL;
    d->call.key_count = 0;
    if (dispatch_hash_keys(d, c, a) != LK_OK)
        d->call.key_count = 0;
    const uint32_t n = d->call.key_count;
    d->call.key_count = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct shard *shard = keyspace_shard(d->ks, d->keys.v[i].hash);
        const uint16_t state = load_relaxed(&shard->slot);
        if (state != SLOT_SERVED && state != SLOT_MIGRATING && state != SLOT_IMPORTING)
            return "Script attempted to access a non local key in a cluster node";
        if (one_slot && d->script.slot != UINT32_MAX && d->script.slot != shard->index)
            return "Script attempted to access keys that do not hash to the same slot";
        d->script.slot = shard->index;
    }
    return NULL;
}

bool exec_in_script(const struct exec *x)
{
    return x->session == &x->dispatcher->script.stand_in;
}

void exec_script_name_slot(struct exec *x, struct bytes key)
{
    struct dispatcher *d = x->dispatcher;
    if (LK_UNLIKELY(d->ks->slotted))
        d->script.slot = keyspace_shard(d->ks, keyspace_hash(d->ks, key))->index;
}

bool exec_script_is_stale(const struct exec *x)
{
    const struct dispatcher *d = x->dispatcher;
    return LK_UNLIKELY(load_relaxed(&d->engine->checks) & CHECK_STALE) &&
           !d->batch.config->replica.serve_stale_data &&
           !session_has(x->session, SESSION_LOADING | SESSION_MASTER);
}

bool exec_script_in_cluster(const struct exec *x)
{
    return x->dispatcher->ks->slotted;
}

bool exec_script_may_wait(const struct exec *x)
{
    return x->dispatcher->script.token || x->dispatcher->held.exclusive;
}

bool exec_script_gave_way(const struct exec *x)
{
    const struct script_state *s = &x->dispatcher->script;
    return s->gave_way && (s->wrote || s->stays);
}

void exec_script_stay(struct exec *x)
{
    x->dispatcher->script.stays = true;
}

void exec_script_set_long(struct exec *x, bool is_long)
{
    x->dispatcher->script.is_long = is_long;
}

enum script_reach exec_script_reached(const struct exec *x)
{
    return (enum script_reach)x->dispatcher->script.reached;
}

int64_t exec_clock_us(struct exec *x)
{
    struct script_state *s = &x->dispatcher->script;
    if (!s->running)
        return clock_unix_us();
    if (s->clock_us == 0)
        s->clock_us = clock_unix_us();
    return s->clock_us;
}

bool exec_script_is_over_limit(const struct exec *x)
{
    return x->dispatcher->script.oom;
}

void exec_script_note_refused(struct exec *x, const struct command_info *c, struct bytes line)
{
    struct stats *stats = &x->dispatcher->stats;
    if (c)
        stats_add(&stats->commands[c->id].rejected, 1);
    stats_error(stats, line, false);
}

void exec_script_note_failed(struct exec *x, const struct args *a)
{
    stats_add(&x->dispatcher->stats.commands[exec_find_command(x, a)->id].failed, 1);
}

const char *exec_script_write_fault(const struct exec *x)
{
    const struct dispatcher *d = x->dispatcher;
    if (session_has(x->session, SESSION_LOADING | SESSION_MASTER))
        return NULL;
    const uint32_t checks = load_acquire(&d->engine->checks);
    const bool is_replica = checks & CHECK_READONLY;
    if (is_replica && d->batch.config->replica.read_only)
        return "READONLY You can't write against a read only replica.";
    const char *fault = load_acquire(&d->engine->saving.write_fault);
    if (!fault && !is_replica && checks & CHECK_REPLICAS)
        fault = "NOREPLICAS Not enough good replicas to write.";
    return fault;
}

void exec_script_show(struct exec *x, const struct args *a)
{
    struct dispatcher *d = x->dispatcher;
    if (LK_UNLIKELY(monitor_any(d->push)))
        monitor_show(d, x->session, exec_find_command(x, a), a);
}

const struct command_info *exec_find_command(const struct exec *x, const struct args *a)
{
    return command_index_resolve(x->dispatcher->engine->fixed.commands, a);
}

uint32_t exec_worker(const struct exec *x)
{
    return x->dispatcher->worker;
}
