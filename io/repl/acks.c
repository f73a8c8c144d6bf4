/*
 * acks.c — WAIT and WAITAOF: until replicas have said that they have it.
 *
 *   WAIT: the session's ticket --log thread has come to it--> an offset --GETACK--> ACKs --> answer
 *
 * The offset is that of the end of the log thread's round, so it is never too low (H6).  Replicas
 * are asked once a round for all who wait.
 *
 * Threads  commands and ACKs: workers; rounds: the log thread; acks.lock, then repl.lock
 */
#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/client/registry.h"
#include "core/store/log_ring.h"
#include "core/store/shard.h"
#include "io/repl/repl_priv.h"

enum { NS_PER_MS = 1000000 };

static const char getack[] = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";
static const char ping[] = "*1\r\n$4\r\nPING\r\n";

/* --- counting -------------------------------------------------------------------------------- */

/* Replicas of the present history that have all up to target, in memory or in their file. */
static int64_t acks_count(struct repl *r, int64_t target, bool in_file)
{
    int64_t n = 0;
    pthread_mutex_lock(&r->lock);
    for (const struct replica *p = r->first; p; p = p->next)
        n += p->phase == REPLICA_ONLINE && !p->dismissed && (in_file ? p->fack : p->ack) >= target;
    pthread_mutex_unlock(&r->lock);
    return n;
}

/* Has each that is online all up to target? */
static bool acks_all(struct repl *r, int64_t target)
{
    bool all = true;
    pthread_mutex_lock(&r->lock);
    for (const struct replica *p = r->first; p; p = p->next)
        all &= p->phase != REPLICA_ONLINE || p->dismissed || p->ack >= target;
    pthread_mutex_unlock(&r->lock);
    return all;
}

/* A file that is only begun has not all that came before it. */
static bool acks_is_local(const struct repl *r, uint64_t ticket)
{
    return ticket <= log_ring_durable(r->parts.engine->fixed.log) &&
           r->parts.has_file(r->parts.ctx);
}

struct acks_seen {
    int64_t replicas, local;
    bool enough;
    bool in_vain; /* this server's file is wanted, and there is none any more */
};

static const char acks_no_file[] =
    "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";

static struct acks_seen acks_look(struct repl *r, const struct ack_waiter *w)
{
    struct acks_seen s = {0};
    const bool file = w->local >= 0;
    s.replicas = w->target >= 0 ? acks_count(r, w->target, file) : 0;
    const bool on = repl_config(r)->appendonly;
    s.local = file && on && acks_is_local(r, w->ticket);
    s.in_vain = w->local > 0 && !on;
    const bool replicas = w->all ? acks_all(r, w->target) : s.replicas >= w->replicas;
    s.enough = w->target >= 0 && replicas && (!file || s.local >= w->local);
    return s;
}

static void acks_write_answer(struct buf *b, const struct ack_waiter *w, const struct acks_seen *s)
{
    if (s->in_vain)
        buf_printf(b, "-%s\r\n", acks_no_file);
    else if (w->local >= 0)
        buf_printf(b, "*2\r\n:%lld\r\n:%lld\r\n", (long long)s->local, (long long)s->replicas);
    else
        buf_printf(b, ":%lld\r\n", (long long)s->replicas);
}

static void acks_answer(struct repl *r, const struct ack_waiter *w, const struct acks_seen *s)
{
    static const char refusal[] = "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n";
    struct buf b = {0};
    if (w->done) {
        w->done(w->arg, s->enough && !w->refused);
        return;
    }
    if (w->refused)
        buf_append_cstr(&b, refusal);
    else
        acks_write_answer(&b, w, s);
    r->parts.answer(r->parts.ctx, w->worker, w->session_id, buf_bytes(&b));
    buf_release(&b);
}

/* --- those who wait -------------------------------------------------------------------------- */

/* In acks.lock; returns the waiter behind it. */
static struct ack_waiter **acks_remove(struct repl *r, struct ack_waiter **at)
{
    struct ack_waiter *w = *at;
    *at = w->next;
    mem_delete(w);
    store_relaxed(&r->acks.count, r->acks.count - 1);
    return at;
}

/* In acks.lock: the session waits for something else by now, or has gone. */
static struct ack_waiter **acks_give_up(struct repl *r, struct ack_waiter **at)
{
    if ((*at)->done)
        (*at)->done((*at)->arg, false);
    return acks_remove(r, at);
}

/* In acks.lock. */
static void acks_answer_ready(struct repl *r, int64_t now_ms)
{
    for (struct ack_waiter **at = &r->acks.first; *at;) {
        const struct acks_seen s = acks_look(r, *at);
        if (s.enough || s.in_vain || ((*at)->until_ms != 0 && now_ms >= (*at)->until_ms)) {
            acks_answer(r, *at, &s);
            at = acks_remove(r, at);
        } else {
            at = &(*at)->next;
        }
    }
}

void acks_changed(struct repl *r)
{
    if (load_acquire(&r->acks.count) == 0)
        return;
    pthread_mutex_lock(&r->acks.lock);
    acks_answer_ready(r, repl_now_ms());
    pthread_mutex_unlock(&r->acks.lock);
}

bool acks_hurry(void *repl, uint64_t session_id, bool refuse)
{
    struct repl *r = repl;
    bool found = false;
    if (load_acquire(&r->acks.count) == 0)
        return false;
    pthread_mutex_lock(&r->acks.lock);
    for (struct ack_waiter *w = r->acks.first; w; w = w->next)
        if (w->session_id == session_id) {
            w->until_ms = 1; /* long ago */
            w->refused = refuse;
            found = true;
        }
    acks_answer_ready(r, repl_now_ms());
    pthread_mutex_unlock(&r->acks.lock);
    return found;
}

static bool acks_session_is(void *ctx, struct session *s)
{
    *(bool *)ctx = session_has(s, SESSION_BLOCKED);
    return true;
}

/* Whose client has gone, or was unblocked; and what has become durable. */
void acks_cron(struct repl *r)
{
    if (load_acquire(&r->acks.count) == 0)
        return;
    pthread_mutex_lock(&r->acks.lock);
    acks_answer_ready(r, repl_now_ms());
    for (struct ack_waiter **at = &r->acks.first; *at;) {
        bool waits = false;
        registry_find(r->parts.engine->fixed.registry, (*at)->session_id, acks_session_is, &waits);
        at = waits ? &(*at)->next : acks_give_up(r, at);
    }
    pthread_mutex_unlock(&r->acks.lock);
}

void acks_release(struct repl *r)
{
    while (r->acks.first)
        acks_remove(r, &r->acks.first);
}

/* --- the log thread -------------------------------------------------------------------------- */

/* In acks.lock.  All whose tickets have been dealt with rest on the end of this round. */
static void acks_settle_targets(struct repl *r)
{
    const uint64_t ticket = backlog_ticket(r->backlog);
    const int64_t end = backlog_end(r->backlog);
    for (struct ack_waiter *w = r->acks.first; w; w = w->next)
        if (w->target < 0 && w->ticket <= ticket) {
            w->target = end;
            r->acks.getack = 1;
        }
}

static int64_t acks_next_ms(const struct repl *r, int64_t now_ms)
{
    int64_t next = INT64_MAX;
    for (const struct ack_waiter *w = r->acks.first; w; w = w->next)
        if (w->until_ms != 0 && w->until_ms < next)
            next = w->until_ms;
    return next == INT64_MAX ? -1 : next > now_ms ? next - now_ms : 0;
}

/* The stream is ours to add to, and nobody counts on its end to stand still. */
static bool acks_may_append(const struct repl *r)
{
    static const enum pause_purpose still[] = {PAUSE_BY_FAILOVER, PAUSE_BY_SHUTDOWN,
                                               PAUSE_BY_SLOTS};
    for (size_t i = 0; i < sizeof still / sizeof *still; i++)
        if (load_acquire(&r->parts.engine->pause[still[i]].what) != PAUSE_NOTHING)
            return false;
    return !repl_is_replica(r) && load_relaxed(&r->count) > 0;
}

/* Returns in how many ms the next one is due; -1: none is. */
static int64_t acks_ping(struct repl *r, int64_t now_ms)
{
    if (load_relaxed(&r->count) == 0) {
        r->ping_ms = now_ms;
        return -1;
    }
    const int64_t period_ms = repl_config(r)->repl_ping_replica_period_s * 1000;
    if (now_ms - r->ping_ms < period_ms)
        return period_ms - (now_ms - r->ping_ms);
    r->ping_ms = now_ms;
    if (acks_may_append(r))
        backlog_append(r->backlog, bytes_cstr(ping));
    return period_ms;
}

static int64_t acks_serve(struct repl *r, int64_t now_ms)
{
    if (load_acquire(&r->acks.count) == 0)
        return -1;
    pthread_mutex_lock(&r->acks.lock);
    acks_settle_targets(r);
    acks_answer_ready(r, now_ms);
    const bool ask = r->acks.first && r->acks.getack;
    r->acks.getack = 0;
    const int64_t next_ms = acks_next_ms(r, now_ms);
    pthread_mutex_unlock(&r->acks.lock);
    if (ask && acks_may_append(r))
        backlog_append(r->backlog, bytes_cstr(getack));
    return next_ms;
}

/* Sessions wait for a history that is told (history_is_told): each sees whether this is enough. */
static void acks_tell_history(struct repl *r)
{
    if (LK_LIKELY(load_seq_cst(&r->history_askers) == 0))
        return;
    shard_tell_retry(exchange_seq_cst(&r->history_askers, 0));
}

/* Of a failover: the replicas are asked for the end that nobody writes behind. */
static void acks_ask_for_end(struct repl *r)
{
    if (LK_LIKELY(!load_acquire(&r->failover.ask)) ||
        backlog_ticket(r->backlog) < r->failover.ticket)
        return;
    r->failover.end = backlog_end(r->backlog); /* an ACK does not count the question */
    if (!repl_is_replica(r))
        backlog_append(r->backlog, bytes_cstr(getack));
    store_release(&r->failover.ask, 0);
}

int64_t acks_round(void *repl)
{
    struct repl *r = repl;
    copies_round(r);
    acks_tell_history(r);
    acks_ask_for_end(r);
    if (LK_UNLIKELY(load_acquire(&r->acks.once)) && exchange_acq_rel(&r->acks.once, 0) &&
        !repl_is_replica(r))
        backlog_append(r->backlog, bytes_cstr(getack));
    const int64_t now_ms = repl_now_ms();
    const int64_t waits_ms = acks_serve(r, now_ms), ping_ms = acks_ping(r, now_ms);
    if (waits_ms < 0 && ping_ms < 0)
        return -1;
    return (waits_ms >= 0 && (ping_ms < 0 || waits_ms < ping_ms) ? waits_ms : ping_ms) * NS_PER_MS;
}

/* Who waits for an ACK, or for copies, waits for each round. */
bool acks_eager(void *repl)
{
    const struct repl *r = repl;
    return load_relaxed(&r->acks.count) > 0 || log_copies_is_on(&r->parts.engine->copies);
}

/* --- the commands ---------------------------------------------------------------------------- */

/* Completes the waiter: who waits, and for which place in the stream. */
static void acks_aim(struct repl *r, const struct session *s, struct ack_waiter *w)
{
    w->worker = s->worker;
    w->session_id = s->id;
    w->target = w->ticket <= backlog_ticket(r->backlog) ? backlog_end(r->backlog) : -1;
    if (w->ticket == 0)
        w->target = 0; /* it has changed nothing: every replica has that */
}

static enum outcome acks_keep(struct exec *x, const struct args *a, const struct ack_waiter *w,
                              int64_t timeout_ms)
{
    struct repl *r = repl_of(x);
    const struct session *s = x->session;
    struct ack_waiter *kept = mem_new(struct ack_waiter);
    *kept = *w;
    kept->until_ms = timeout_ms > 0 ? repl_now_ms() + timeout_ms : 0;
    /* In the lock, as the cron lets go whom it finds here and not blocked. */
    pthread_mutex_lock(&r->acks.lock);
    const struct wait_spec until_answered = {.count = 0};
    const enum outcome outcome = exec_wait(x, a, &until_answered);
    LK_ASSERT(outcome == RUN_BLOCK && session_has(s, SESSION_BLOCKED));
    for (struct ack_waiter **at = &r->acks.first; *at;) /* of a wait that was ended otherwise */
        at = (*at)->session_id == s->id ? acks_give_up(r, at) : &(*at)->next;
    kept->next = r->acks.first;
    r->acks.first = kept;
    r->acks.getack |= w->target >= 0;
    store_release(&r->acks.count, r->acks.count + 1);
    pthread_mutex_unlock(&r->acks.lock);
    log_ring_wake(r->parts.engine->fixed.log);
    return outcome;
}

static enum outcome acks_begin(struct exec *x, const struct args *a, const struct ack_waiter *spec,
                               int64_t timeout_ms)
{
    struct repl *r = repl_of(x);
    const struct session *s = x->session;
    struct ack_waiter w = *spec;
    w.ticket = s->ticket > s->aside_ticket ? s->ticket : s->aside_ticket;
    acks_aim(r, s, &w);
    const struct acks_seen seen = acks_look(r, &w);
    if (seen.enough || session_has(s, SESSION_IN_EXEC | SESSION_LOADING | SESSION_MASTER)) {
        acks_write_answer(&x->reply->out, &w, &seen);
        return RUN_DONE;
    }
    return acks_keep(x, a, &w, timeout_ms);
}

enum outcome repl_await(struct exec *x, const struct args *a, uint64_t ticket, int64_t timeout_ms,
                        repl_awaited *done, void *arg)
{
    const struct wait_spec until_answered = {.count = 0};
    struct repl *r = repl_of(x);
    struct ack_waiter w = {.ticket = ticket, .local = -1, .all = true, .done = done, .arg = arg};
    acks_aim(r, x->session, &w);
    if (!acks_look(r, &w).enough)
        return acks_keep(x, a, &w, timeout_ms);
    done(arg, true);
    return exec_wait(x, a, &until_answered);
}

static bool acks_parse_timeout(struct exec *x, const struct args *a, uint32_t i, int64_t *ms)
{
    const char *error = NULL;
    if (args_int64(a, i, ms) != LK_OK)
        error = "ERR timeout is not an integer or out of range";
    else if (*ms < 0)
        error = "ERR timeout is negative";
    else if (*ms > INT64_MAX - x->now_ms)
        error = "ERR timeout is out of range";
    if (error)
        reply_error(x->reply, "%s", error);
    return !error;
}

enum outcome acks_wait(struct exec *x, const struct args *a)
{
    struct ack_waiter w = {.local = -1};
    int64_t timeout_ms;
    if (repl_is_replica(repl_of(x))) {
        reply_error(x->reply,
                    "ERR WAIT cannot be used with replica instances. Please also note that since "
                    "Redis 4.0 if a replica is configured to be writable (which is not the "
                    "default) writes to replicas are just local and are not propagated.");
        return RUN_DONE;
    }
    if (args_int64(a, 1, &w.replicas) != LK_OK) {
        reply_error(x->reply, "ERR value is not an integer or out of range");
        return RUN_DONE;
    }
    if (!acks_parse_timeout(x, a, 2, &timeout_ms))
        return RUN_DONE;
    return acks_begin(x, a, &w, timeout_ms);
}

enum outcome acks_waitaof(struct exec *x, const struct args *a)
{
    struct repl *r = repl_of(x);
    struct ack_waiter w = {0};
    int64_t timeout_ms;
    const char *error = NULL;
    if (args_int64(a, 1, &w.local) != LK_OK || args_int64(a, 2, &w.replicas) != LK_OK)
        error = "ERR value is not an integer or out of range";
    else if (w.local < 0 || w.local > 1)
        error = "ERR value is out of range, value must between 0 and 1";
    else if (w.replicas < 0)
        error = "ERR value is out of range, must be positive";
    if (error) {
        reply_error(x->reply, "%s", error);
        return RUN_DONE;
    }
    if (!acks_parse_timeout(x, a, 3, &timeout_ms))
        return RUN_DONE;
    if (repl_is_replica(r))
        error = "ERR WAITAOF cannot be used with replica instances. Please also note that writes "
                "to replicas are just local and are not propagated.";
    else if (w.local > 0 && !repl_config(r)->appendonly)
        error = acks_no_file;
    if (error) {
        reply_error(x->reply, "%s", error);
        return RUN_DONE;
    }
    return acks_begin(x, a, &w, timeout_ms);
}
