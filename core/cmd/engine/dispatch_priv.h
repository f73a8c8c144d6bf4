/*
 * dispatch_priv.h — the dispatcher's inside, for dispatch*.c, exec*.c and transaction.c.
 */
#ifndef LK_CMD_DISPATCH_PRIV_H
#define LK_CMD_DISPATCH_PRIV_H

#include "core/cmd/client/acl_check.h"
#include "core/cmd/client/acl_log.h"
#include "core/cmd/client/latency.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/invalidation.h"
#include "core/cmd/engine/publication.h"
#include "core/cmd/engine/subscriber.h"
#include "core/store/evict.h"
#include "core/store/shard_write.h"
#include "core/store/wait.h"

LK_BEGIN

/* A key argument and its hash; handlers look their keys up in the order in which they came. */
struct key_hash {
    const char *data;
    size_t size;
    uint64_t hash;
    struct shard *shard;
};

/* The last look-up: good until anything changes in its table. */
struct found {
    struct place at; /* at.key.data is that of the key argument; NULL: nothing was looked up */
    bool expired;    /* not there, but its entry still is: nobody could delete it */
};

enum effect_mode { EFFECT_VERBATIM, EFFECT_EXPLICIT };

enum effect_forms {
    FORMS_DIFFER = 1 << 0, /* what the replicas are told is in effects.repl */
    FORMS_AOF = 1 << 1,    /* what is added now is for the file alone, */
    FORMS_REPL = 1 << 2,   /* or for the replicas alone */
};

struct effects {
    struct buf bytes; /* whole RESP commands, for all who read the log */
    struct log_arena arena;
    uint32_t commands;
    uint32_t first_db, last_db;
    uint32_t forms; /* enum effect_forms */
    /* What the replicas are told, where that is not the same. */
    struct {
        struct buf bytes;
        uint32_t commands;
        uint32_t first_db, last_db;
    } repl;
    bool apart; /* the commands need not be one unit: expiry */
};

struct edit {
    struct place_edit kept; /* first */
    struct exec *x;
    struct bytes key; /* of a fresh one */
    bool open;
    bool fresh; /* of a value that is nowhere yet: its payload lies in dispatcher.fresh */
};

/* What holds for the commands of a batch, and what one hands to the next. */
struct batch {
    const struct dispatch_config *config; /* read again each time the gate is entered */
    uint32_t logging;                     /* log_active, likewise: enum log_to */
    bool cluster_down;                    /* likewise: keys are not served */
    const struct slot_map *slots;         /* likewise; NULL outside a cluster */
    uint32_t checks;                      /* enum command_check: those of the configuration */
    uint64_t slow_ns; /* likewise: from here on a call is told to who watches for slow ones */
    uint32_t lru_now;
    int64_t now_ms;
    uint64_t now_ticks;  /* when now_ms was read */
    uint64_t tick_stale; /* ticks after which now_ms is read again */
    uint64_t mark_ticks; /* when the running command began */
    struct shard *kept;  /* a single shard that is locked from the command before */
    uint32_t kept_commands;
    bool cut; /* it ends with the running command: the others have been taken back */
};

/* The locks of a command that holds more than one shard. */
struct held {
    struct lock_set *set;
    bool set_locked;
    bool all_locked; /* the set has every shard */
    bool exclusive;  /* alone in the gate */
};

/* The running command: begins with exec_begin. */
struct call {
    struct exec x;
    struct found found;           /* its last look-up */
    uint32_t key_count, key_next; /* of dispatcher.keys */
    uint32_t db_in_use;           /* exec_use_db */
    uint32_t errors; /* that the session's reply had before, or that others have made */
    enum effect_mode mode;
    struct edit edit;
};

/* What a unit has to commit; 0 between two units. */
enum unit_work {
    UNIT_EFFECTS = 1 << 0,
    UNIT_READY = 1 << 1,    /* keys that somebody waits for */
    UNIT_SERVED = 1 << 2,   /* waiters that go home */
    UNIT_MESSAGES = 1 << 3, /* for subscribers of any worker */
    UNIT_ASIDE = 1 << 4,    /* pushes that came before are to be delivered first: struct aside */
    UNIT_RAW = 1 << 5,      /* bytes of a master for replicas of ours */
    UNIT_INVALID = 1 << 6,  /* keys that clients have read */
};

/* A command with all that it runs (unit.c): committed at once, under the command's locks. */
struct unit {
    uint32_t work; /* enum unit_work */
    struct effects effects;
    struct wait_key **ready; /* keys that were written and somebody waits for */
    size_t ready_count, ready_capacity;
    bool readers_only;      /* of waiters, those who write nothing are served */
    bool serving;           /* a waiter's command runs again … */
    struct bytes ready_key; /* … because this key was written */
    struct waiter *served;  /* linked by their messages */
    struct publication publication;
    struct invalidations invalid;
    /*
     * A served waiter that tracks hears of its own changes behind its own reply, and that goes home
     * with it: pushes to be appended.  NULL: as anybody else.
     */
    struct reply *own_invalid;
    struct bytes raw;      /* UNIT_RAW: the unit as it came … */
    uint32_t raw_first_db; /* … and where it began in its stream; LOG_NO_DB: it names no key */
    uint64_t ticket;       /* of the effects that were committed last */
};

/*
 * What was pushed to this worker before a subscriber's command, or that of a client that tracks,
 * had its locks: it is delivered before the reply, so that no reply shows a later state than a
 * message that is still on its way (rule M13).
 */
struct aside {
    struct push *taken, *last; /* under the command's locks */
};

/* The script that runs: see dispatch_script.c. */
struct script_state {
    bool running;
    bool token;              /* it holds the token, and may wait for shards */
    bool wrote;              /* a command of it writes or publishes */
    bool oom;                /* memory was over its limit when it began, and nothing could go */
    bool stays;              /* it cannot begin anew: it is EXEC's, or keeps state */
    bool is_long;            /* it should not: it has run for so long */
    bool gave_way;           /* it lets all go, for another that cannot */
    void *who;               /* see exec_script_begin */
    int64_t clock_us;        /* what it has been told of the time; 0: it has not asked */
    uint32_t reached;        /* enum script_reach: the shards that it has touched so far */
    uint32_t slot;           /* in a cluster: of its keys so far; UINT32_MAX: none */
    struct session stand_in; /* on which its commands run … */
    const struct session *caller; /* … for this one; only while it runs */
    void *vm;                     /* of whoever runs scripts */
    uint64_t begun_ticks;
    struct pending *pending;   /* the command that runs it, of the batch */
    struct lock_set *amid_set; /* of commands amid it: dispatch_pass.c; NULL: not needed yet */
};

struct dispatcher {
    struct engine *engine;
    struct keyspace *ks;
    struct push_hub *push; /* NULL: nobody can subscribe */
    uint32_t worker;
    int slot;              /* in the gate */
    int64_t gate_again_ms; /* when parked sessions try again to be alone in it; 0: there are none */
    struct batch batch;
    struct held held;
    struct call call;
    struct unit unit;
    struct aside aside;
    struct subscribers subscribers; /* of this worker */
    struct buf event_name;          /* of the event that is being put together */
    struct buf monitor_line;        /* likewise */
    struct name_map changed_keys;   /* for clients that track by prefix: broadcast.c */
    struct {
        uint32_t next;     /* of this worker's shards: where forgetting goes on */
        uint32_t anywhere; /* of all shards: the same for clients' commands */
        int64_t next_ms;
    } tracking;
    struct script_state script;
    struct {
        struct token_node node; /* of all scripts of this worker */
        bool held;              /* it has the token */
        bool parked;            /* sessions wait for it, and have not been handed over since */
        bool offered;           /* it had the token's place when the gate was entered */
    } turn;

    struct {
        struct key_hash *v;
        uint32_t capacity;
    } keys; /* of the running command */
    struct {
        struct key_ref *v;
        uint32_t capacity;
    } refs;             /* room for finding them */
    struct buf scratch; /* handlers' */
    struct buf fresh;   /* the payload of a value that exec_open has begun */
    struct stats stats;
    struct rng rng;
    struct session system; /* whose commands are the server's own: expiry */
    struct {
        uint32_t next; /* of this worker's shards: where it goes on */
        bool timed;    /* the last round saw keys with deadlines */
    } expiry;
    struct { /* over, with nodes in shards that were busy: dispatch_tidy */
        struct waiter *waiters;
        struct watch_list *watches;
    } left;
    struct {
        struct evict search;
        int64_t here;    /* mem_used_here when it looked last */
        uint64_t limit;  /* maxmemory at the last turn */
        int64_t next_ms; /* the next turn */
        bool more;       /* the last one did not come to the end */
        /* While mem_used_here is below it, this limit is far, and nobody looks. */
        int64_t far_until;
        uint64_t far_limit;
    } eviction;
};

/* --- dispatch.c ------------------------------------------------------------------------------ */

/* Rows, hashes, prefetches for a batch. */
void dispatch_prepare(struct dispatcher *d, struct pending *p, uint32_t n);
/* One of them; d->batch.kept may hold its shard's lock behind it. */
void dispatch_run_pending(struct dispatcher *d, struct pending *p);

/* --- dispatch_plain.c ------------------------------------------------------------------------ */

/*
 * Runs a command if nothing is special about it, its session and the server, or parks it.  With an
 * outcome other than RUN_DONE its end is still to be seen to.  False: nothing was done, and
 * dispatch_run_pending is to see to it.
 */
bool dispatch_run_plain(struct dispatcher *d, struct pending *p, enum outcome *outcome);

/* Who reads the log: changed in the gate only.  What a replica does itself is in no stream. */
static inline void dispatch_read_logging(struct dispatcher *d)
{
    const uint32_t to = __atomic_load_n(&d->engine->saving.log_active, __ATOMIC_ACQUIRE);
    d->batch.logging = engine_is_replica(d->engine) ? to & ~(uint32_t)LOG_TO_REPL : to;
}

/* --- dispatch_latency.c ---------------------------------------------------------------------- */

/* Of something that the latency monitor watches; 0: nobody does. */
static inline uint64_t dispatch_watch_begin(const struct dispatcher *d)
{
    return LK_UNLIKELY(d->batch.config->latency_ms > 0) ? clock_ticks() : 0;
}
/* It took so long: a sample, if that is as long as the threshold. */
void dispatch_note_slow(struct dispatcher *d, enum latency_event event, uint64_t ticks) LK_COLD;
/* What began then is over: a sample, if it took as long as the threshold. */
void dispatch_watch_end(struct dispatcher *d, enum latency_event event, uint64_t begun_ticks);

/* --- dispatch_call.c ------------------------------------------------------------------------- */

/*
 * Counts a command that has waited and ends without being served.  Its answer is written; before it
 * the reply had so many errors, and its runs took so many ticks.
 */
void dispatch_account_wait(struct dispatcher *d, struct session *s, const struct command_info *c,
                           const struct args *a, uint64_t ticks, uint32_t errors);

/* --- exec.c ---------------------------------------------------------------------------------- */

/* What others want to hear, as it is now: for who began before it had the lock. */
static inline void exec_read_events(struct exec *x)
{
    x->events = __atomic_load_n(&x->dispatcher->engine->hooks.events, __ATOMIC_RELAXED);
}

/* Readies x for a command of session s. */
static inline void exec_begin(struct dispatcher *d, struct session *s, const struct command_info *c)
{
    struct exec *x = &d->call.x;
    x->cmd = c->row;
    x->container = c->parent ? c->parent->row : NULL;
    x->session = s;
    x->reply = &s->reply;
    x->db = s->db;
    x->now_ms = d->batch.now_ms;
    x->changes = 0;
    x->dispatcher = d;
    exec_read_events(x);
    x->admin = d->engine->fixed.admin;
    x->scratch = &d->scratch;
    d->scratch.size = 0;
    d->call.db_in_use = s->db;
    d->call.errors = s->reply.errors;
    d->call.mode = EFFECT_VERBATIM;
    d->call.found.at.key.data = NULL;
    d->call.key_next = 0;
}

uint64_t exec_hash(struct exec *x, struct bytes key);
/* Looks key up; an expired one is deleted first and is then not there. */
struct found *exec_locate(struct exec *x, struct bytes key);
void exec_forget(struct exec *x); /* the last look-up is stale */
void exec_changed(struct exec *x, struct shard *s, struct bytes key);
/* Drops the entry of a place, which has expired, with its DEL in the effects. */
void exec_expire_entry(struct exec *x, struct place *at);
/* Drops the entry of a place for want of memory, with its DEL or UNLINK in the effects. */
void exec_evict_entry(struct exec *x, struct place *at);
/* Drops it because its slot is another node's; who waits for the key is not told. */
void exec_drain_entry(struct exec *x, struct place *at);

/* --- exec_slice.c ----------------------------------------------------------------------------- */

void session_end_slices(struct session *s);
static inline bool session_in_turns(const struct session *s)
{
    return s->slice.count != 0 || s->slice.state != NULL;
}

/* --- exec_elements.c ------------------------------------------------------------------------- */

/*
 * Drops elements that are due from the value of a place, with a line of their own in the effects;
 * the key goes with the last of them.  True: as many as one call takes.
 */
bool exec_expire_elements(struct exec *x, struct place *at);

/* --- effects.c ------------------------------------------------------------------------------- */

/* Adds a command to what the unit logs.  Somebody reads the log. */
void effects_add(struct unit *u, uint32_t db, const struct bytes *argv, uint32_t n);
/* Adds one that the replicas alone are told. They read the log. */
void effects_add_to_replicas(struct unit *u, uint32_t db, const struct bytes *argv, uint32_t n);
/*
 * Puts what was added, at least one command, into one slot of the log, or two where the replicas
 * are told more than the file; returns the last ticket.  to: who reads the log.
 */
uint64_t effects_put(struct effects *e, struct log_ring *log, uint32_t to);

/* --- unit.c ---------------------------------------------------------------------------------- */

void unit_commit(struct dispatcher *d, struct session *s, struct shard *only);
void unit_rest_on_set(struct dispatcher *d, struct session *s);
/* Nobody is told what the unit has done, nor what else is done before the gate is entered again. */
void unit_abandon(struct dispatcher *d);
void unit_release(struct unit *u, struct log_ring *log);
/* Puts unit.raw, whose stream stands in db behind it. */
void unit_put_raw(struct dispatcher *d, uint32_t db);

/* unit_message.c: as publication_add, for the running unit; last: as publication_add_last. */
uint64_t unit_add_message(struct dispatcher *d, enum message_kind kind, struct bytes channel,
                          struct bytes payload, bool last);

/* What the session is told shows what these shards hold. */
static inline void unit_rest(struct dispatcher *d, struct session *s, const struct shard *only)
{
    if (!d->batch.logging)
        return;
    if (!only)
        unit_rest_on_set(d, s);
    else if (only->ticket > s->ticket)
        s->ticket = only->ticket;
}

/*
 * Ends a unit of session s: commits what it has to, under its locks, which are those of one shard,
 * or of the held set if only is NULL.  What the session is told shows what these shards hold, so it
 * waits for their last change to be durable (P4).
 */
static inline void unit_end(struct dispatcher *d, struct session *s, struct shard *only)
{
    if (d->unit.work)
        unit_commit(d, s, only);
    unit_rest(d, s, only);
}

/* --- dispatch_push.c ------------------------------------------------------------------------- */

void aside_begin(struct dispatcher *d);
void aside_take(struct dispatcher *d); /* under the command's locks */
/* Delivers what was taken, and puts the reply, which begins at the place, behind it. */
void aside_end(struct dispatcher *d, struct session *s, struct reply_place *reply);

/* May keys go, with what is told of that?  For who cannot be parked: one load. */
/* Of a replica: looks at some keys of its own clients.  The call has begun, no lock is held. */
void dispatch_expire_own(struct dispatcher *d);

static inline bool dispatch_push_has_room(const struct dispatcher *d)
{
    return !d->push || __atomic_load_n(&d->push->full, __ATOMIC_RELAXED) == 0;
}

/* --- unit_invalidation.c ---------------------------------------------------------------------- */

/* The key has changed, by whom (0: by the server): those who have read it will hear of it. */
void unit_invalidate(struct dispatcher *d, struct shard *s, uint64_t hash, struct bytes key,
                     uint64_t by);
/* All keys are gone, under the locks of all shards. */
void unit_invalidate_all(struct dispatcher *d);
/* How many more keys are remembered than tracking-table-max-keys allows. */
uint64_t dispatch_keys_over(const struct dispatcher *d);
/* Forgets some key of the shard, but not this one; false if there is none. */
bool unit_forget_any(struct dispatcher *d, struct shard *s, struct bytes but);
/* A message of the kinds MESSAGE_INVALIDATE and MESSAGE_UNTOLD. */
void invalidation_deliver(struct dispatcher *d, struct message *m);

/* --- broadcast.c ------------------------------------------------------------------------------ */

/* The key has changed: clients with such a prefix hear of it when the loop ends. */
void broadcast_note(struct dispatcher *d, uint64_t hash, struct bytes key, uint64_t by);
void broadcast_release(struct dispatcher *d);
void dispatch_broadcast(struct dispatcher *d);

/* --- dispatch_tracking.c ---------------------------------------------------------------------- */

/* There are too many keys: some go at once, and this worker's sessions hear of it now. */
void dispatch_forget_some(struct dispatcher *d);

/* --- dispatch_remember.c ---------------------------------------------------------------------- */

/* Remembers what the session's command has read, under its locks.  The session tracks. */
void dispatch_remember(struct dispatcher *d, struct session *s, const struct command_info *c,
                       const struct args *a);
/* exec_tracking.c: the session is about to go. */
void session_forget_tracking(struct dispatcher *d, struct session *s);

/* --- dispatch_lock.c ------------------------------------------------------------------------- */

/* Hashes the keys of a command into d->keys.v. LK_ESYNTAX if they cannot be found. */
int dispatch_hash_keys(struct dispatcher *d, const struct command_info *c, const struct args *a);
/* Must every shard be held for this call? */
static inline bool dispatch_wants_all(const struct command_info *c, const struct args *a)
{
    return c->flags & CMD_ALL_SHARDS || (c->row->looks_up && c->row->looks_up(a));
}
/* With the token, waits for the held set; false: the token will come. */
bool dispatch_wait_with_token(struct dispatcher *d, struct session *s);

/* --- dispatch_turn.c ------------------------------------------------------------------------- */

/* A script needs the token.  False: the session is to be parked, and this worker will be told. */
bool dispatch_turn_begin(struct dispatcher *d);
/* Likewise, for a running script that waits anyhow: it asks as often as it likes. */
bool dispatch_turn_try(struct dispatcher *d);
/* It has ended, and never had it: nobody else waits with its place. */
void dispatch_turn_drop(struct dispatcher *d);
/* What comes next is no script. */
void dispatch_turn_end(struct dispatcher *d);
/* The gate has been entered, or is to be left: of a node that is queued. */
void dispatch_turn_enter(struct dispatcher *d);
void dispatch_turn_leave(struct dispatcher *d);
/* Nobody waits for it any more: of a service, or at the end. */
void dispatch_turn_give_up(struct dispatcher *d);

/* For so many commands a shard is kept; only a benchmark changes it. */
extern uint32_t dispatch_keep_commands;
/* Locks the one shard, keeping the one that is held if it is the same. */
bool dispatch_lock_one_slow(struct dispatcher *d, struct session *s, struct shard *shard);
static inline void dispatch_unlock_one(struct dispatcher *d)
{
    if (d->batch.kept)
        shard_unlock(d->batch.kept);
    d->batch.kept = NULL;
}
static inline bool dispatch_lock_one(struct dispatcher *d, struct session *s, struct shard *shard)
{
    LK_DEBUG_ASSERT(rank_holds(RANK_GATE) || d->held.exclusive);
    if (d->batch.kept == shard && ++d->batch.kept_commands < dispatch_keep_commands)
        return true;
    dispatch_unlock_one(d);
    if (LK_UNLIKELY(!shard_try_lock(shard)))
        return dispatch_lock_one_slow(d, s, shard);
    d->batch.kept = shard;
    d->batch.kept_commands = 0;
    return true;
}
void dispatch_reserve_refs(struct dispatcher *d, uint32_t n);
void dispatch_reserve_keys(struct dispatcher *d, uint32_t n);
/* Locks d->held.set for a session; false: parked. */
bool dispatch_lock_set(struct dispatcher *d, struct session *s);
void dispatch_unlock_set(struct dispatcher *d, struct session *s);
/*
 * For shard-by-shard walks: locks and unlocks unless the command holds all anyway.  False: it is
 * busy, and its next unlock tells this worker to retry.
 */
bool dispatch_visit_try(struct dispatcher *d, struct shard *s);
void dispatch_visit_unlock(struct dispatcher *d, struct shard *s);
/* Takes off their lists what the owner could not: at the begin of each batch. */
static inline bool dispatch_is_tidy(const struct dispatcher *d)
{
    return !d->left.waiters && !d->left.watches;
}
void dispatch_tidy(struct dispatcher *d);

/* --- dispatch_ready.c ------------------------------------------------------------------------ */

/* A key was written or deleted: if somebody waits for it, he will be served. */
void dispatch_note_ready_slow(struct dispatcher *d, struct shard *s, uint32_t db, uint64_t hash,
                              struct bytes key);
static inline void dispatch_note_ready(struct dispatcher *d, struct shard *s, uint32_t db,
                                       uint64_t hash, struct bytes key)
{
    if (LK_UNLIKELY(s->waiting != 0))
        dispatch_note_ready_slow(d, s, db, hash, key);
}
/* The same for all keys of a database in this shard that somebody waits for. */
void dispatch_note_db_ready(struct dispatcher *d, struct shard *s, uint32_t db);

/* --- dispatch_serve.c ------------------------------------------------------------------------ */

/* Serves who waits for the noted keys, still under the locks of the command that wrote them. */
void dispatch_serve(struct dispatcher *d);
void waiter_tidy(struct dispatcher *d); /* tries those in d->left again */
/* The connection is gone: nobody waits any more. */
void waiter_forget(struct dispatcher *d, struct session *s);
/* Sends the served to their owners; what serving them has logged has its ticket. */
void dispatch_send_served(struct dispatcher *d);

/*
 * The set has every shard that serving waiters of its shards can need; else those that are missing
 * are added, and false is returned.  The set is locked before, and unlocked if it is false.
 */
bool dispatch_closed_for_waiters(struct dispatcher *d);

/* Those that are missing for it, at most DISPATCH_MISSING_MAX of them at a time; how many. */
enum { DISPATCH_MISSING_MAX = 64 };
uint32_t dispatch_missing_for_waiters(struct dispatcher *d, uint32_t *shards);

/* dispatch_lock_waiters.c: locks d->held.set with those shards; false: parked. */
bool dispatch_lock_for_waiters(struct dispatcher *d, struct pending *p);

/* --- dispatch_script.c ----------------------------------------------------------------------- */

/* dispatch_redirect.c: behind an error that says where a command belongs. */
void dispatch_end_redirected(struct dispatcher *d, struct pending *p);
/* Locks, runs and commits a row with CMD_SCRIPT; false: parked. */
bool dispatch_run_script(struct dispatcher *d, struct pending *p, enum outcome *outcome);
/* The same for EXEC with such rows in its queue; d->held.set is what it names. */
bool dispatch_run_scripts(struct dispatcher *d, struct pending *p, enum outcome *outcome);

/* --- transaction.c --------------------------------------------------------------------------- */

struct multi_state;
void multi_free(struct multi_state *m);
/* Queues a command between MULTI and EXEC. */
void multi_queue(struct session *s, const struct command_info *c, const struct args *a);
/* The flags of all queued commands together. */
uint32_t multi_flags(const struct session *s);
uint32_t multi_checks(const struct session *s); /* likewise: enum command_check */
/* Makes d->held.set what EXEC must hold: the keys of queued commands and of watches. */
void multi_lock_set(struct dispatcher *d, struct session *s);
/* Calls each for the queued commands, in order. */
void multi_each(struct session *s,
                void (*each)(void *ctx, const struct command_info *c, const struct args *a),
                void *ctx);
/* Ends the transaction's queue; watches stay. */
void multi_discard(struct session *s);

/* The row's flags; those of EXEC with the flags of all that it will run. */
uint32_t dispatch_flags(const struct session *s, const struct command_info *c);

command_run transaction_exec; /* EXEC: dispatch gives it the locks of all it will run */

/* --- watches.c ------------------------------------------------------------------------------- */

/* Watches nothing any more, holding no lock; nodes on busy shards follow later. */
void session_unwatch(struct dispatcher *d, struct session *s);
void watches_tidy(struct dispatcher *d); /* tries those in d->left again */
/* Adds what EXEC must hold for its watches to d->held.set. */
void watches_lock_set(struct dispatcher *d, const struct session *s);
/* Has anything changed?  Drops all of them; every watched shard is locked, or nobody runs. */
bool watches_end(struct exec *x);
command_run watch_run, unwatch_run;

/* --- dispatch_call.c ------------------------------------------------------------------------- */

/* The configuration as it is now. */
void dispatch_read_config(struct dispatcher *d);
/* The clock of the commands that follow; ticks: those of now. */
void dispatch_read_clock(struct dispatcher *d, uint64_t ticks);

/* Begins a unit: runs the command that it is named after, under its locks. */
enum outcome dispatch_call_unit(struct dispatcher *d, struct session *s,
                                const struct command_info *c, const struct args *a);

/*
 * Runs a command as part of the unit, under the locks of that, also from inside a handler, which
 * then goes on as if nothing had been: its struct exec, look-ups and effects are its own.  What the
 * command changes is committed with the unit.  No value is open for change; what the handler has in
 * x->scratch is lost.
 */
enum outcome dispatch_call(struct dispatcher *d, struct session *s, const struct command_info *c,
                           const struct args *a);

/* --- dispatch_check.c ------------------------------------------------------------------------ */

/* An unknown command that is an HTTP request: the connection must end without an answer. */
bool dispatch_is_attack(const struct dispatcher *d, const struct session *s, const struct args *a);

enum check_result {
    CHECK_NEXT, /* of a row: nothing to say */
    CHECK_RUN,
    CHECK_REFUSED, /* the error line is written, and a transaction under way will not be executed */
    CHECK_PARKED,  /* a pause is on */
    CHECK_QUEUED,  /* belongs into the transaction's queue */
};

/* What of checks is the case, for a session with these flags. */
static inline uint32_t dispatch_checks(const struct dispatcher *d, uint32_t flags, uint32_t checks)
{
    const uint32_t on = d->batch.checks | __atomic_load_n(&d->engine->checks, __ATOMIC_ACQUIRE);
    /* SESSION_AUTHENTICATED and SESSION_FREE: the same bits. */
    return on & checks & ~(flags & (uint32_t)(CHECK_AUTH | CHECK_USER));
}

/*
 * Is maxmemory so far that all workers together cannot have come to it since this one looked?
 * Cost: the thread's counter is compared with a mark, where a look sums up what all have used.
 */
static inline bool dispatch_memory_is_far(const struct dispatcher *d)
{
    return mem_used_here() < d->eviction.far_until &&
           d->eviction.far_limit == d->batch.config->maxmemory;
}

enum check_result dispatch_check_rows(struct dispatcher *d, struct session *s,
                                      const struct command_info *c, const struct args *a);

/* Sessions that rows of checks ask about. */
enum { CHECK_SESSIONS = SESSION_MULTI | SESSION_SUBSCRIBER | SESSION_MONITOR | SESSION_REPLICA };

/* All that is asked before a command may run or be queued; c is NULL if it is unknown. */
static inline enum check_result dispatch_check(struct dispatcher *d, struct session *s,
                                               const struct command_info *c, const struct args *a)
{
    const uint32_t flags = __atomic_load_n(&s->flags, __ATOMIC_RELAXED);
    if (LK_LIKELY(c && !(dispatch_checks(d, flags, c->checks) | (flags & CHECK_SESSIONS)) &&
                  command_takes(c, a->n)))
        return CHECK_RUN;
    return dispatch_check_rows(d, s, c, a);
}

/* --- dispatch_user.c ------------------------------------------------------------------------- */

/*
 * May the session's user make this call, by the rules as they are now?  If not, the refusal is
 * counted and logged, and *at is the argument that it is about.
 */
enum acl_denial dispatch_ask_user_slow(struct dispatcher *d, struct session *s,
                                       const struct command_info *c, const struct args *a,
                                       enum acl_context context, uint32_t *at);
static inline enum acl_denial dispatch_ask_user(struct dispatcher *d, struct session *s,
                                                const struct command_info *c, const struct args *a,
                                                enum acl_context context, uint32_t *at)
{
    if (LK_LIKELY(session_has(s, SESSION_FREE | SESSION_LOADING | SESSION_MASTER)))
        return ACL_ALLOWED;
    return dispatch_ask_user_slow(d, s, c, a, context, at);
}

/* Counts a command that was refused, NULL: that is none; the error is the last line of the
 * session's reply. */
void dispatch_note_refused(struct dispatcher *d, const struct session *s,
                           const struct command_info *c);

/* Writes NOPERM, as to a client whose command it was. */
void dispatch_reply_denied(struct session *s, enum acl_denial denial, const struct command_info *c,
                           struct bytes arg);

/* --- dispatch_evict.c ------------------------------------------------------------------------ */

enum evict_outcome {
    EVICT_BELOW,   /* there is room */
    EVICT_RUNNING, /* there is not, but somebody is at it: the command may run */
    EVICT_FAILED,  /* there is not, and nothing can go */
};

/* Pays this worker's share of what is over the limit.  No unit is under way. */
enum evict_outcome dispatch_evict(struct dispatcher *d);

/* --- dispatch_redirect.c --------------------------------------------------------------------- */

/* Of a cluster, as it is now: each time the gate is entered. */
void dispatch_read_slots(struct dispatcher *d);

/*
 * A plain command whose slot is, by a look without the lock, certainly another node's: true, and
 * the reply says so and is counted.  False: nothing is known, and nothing was done.
 */
bool dispatch_moved(struct dispatcher *d, struct session *s, const struct command_info *c,
                    const struct shard *shard);

enum redirected {
    REDIRECT_NO,
    REDIRECT_DONE, /* it belongs elsewhere or may not run, and the reply says so */
    REDIRECT_WAIT, /* its slot is held: the session is parked, and the worker will be told */
};
/* locked: the shards of the command's keys are. */
enum redirected dispatch_redirect(struct dispatcher *d, struct session *s,
                                  const struct command_info *c, const struct args *a, bool locked);

/*
 * Of a blocked command that waits for keys: is its slot no longer served here, so that it is to end
 * with the error line that the second writes?  Its worker, holding no lock.
 */
bool dispatch_redirects_waiter(struct dispatcher *d, const struct session *s,
                               const struct command_info *c, const struct wait_node *nodes,
                               uint32_t count);
void dispatch_redirect_waiter(struct dispatcher *d, struct session *s,
                              const struct wait_node *nodes);

/* --- dispatch_pause.c ------------------------------------------------------------------------ */

/* What pauses hold back now. */
enum pause_what dispatch_paused(struct dispatcher *d);

LK_END

#endif
