/*
 * dispatch_check.c — what is asked of a command before it may run.
 *
 * The checks are rows, in the order that clients can observe.  A part that refuses commands adds a
 * row at its place, and the bit of enum command_check that says when anybody must look at it.
 * Nearly every command meets no bit at all, and never comes here.
 */
#include "core/cmd/engine/dispatch_check.h"
#include "core/base/atomic.h"
#include "core/base/trace.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/exec_script.h"
#include "core/cmd/engine/transaction.h"

#include <assert.h>

static const char oom_text[] = "OOM command not allowed when used memory > 'maxmemory'.";

static void dispatch_check_reply_unknown(struct reply *r, const struct args *a)
{
    enum { SHOWN = 128 };
    struct buf line = {0};
    buf_append_cstr(&line, "ERR unknown command '");
    buf_append_shown(&line, a->v[0], SHOWN);
    buf_append_cstr(&line, "', with args beginning with: ");
    const size_t head = line.size;
    for (uint32_t i = 1; i < a->n && line.size - head < SHOWN; i++) {
        const size_t room = SHOWN - (line.size - head);
        buf_append_char(&line, '\'');
        buf_append_shown(&line, a->v[i], room);
        buf_append_cstr(&line, "' ");
    }
    reply_error_bytes(r, buf_bytes(&line));
    buf_release(&line);
}

static bool wrong_arity(const struct command_info *c, const struct args *a)
{
    return !command_takes(c, a->n);
}

bool dispatch_is_attack(const struct dispatcher *d, const struct session *s, const struct args *a)
{
    if (LK_LIKELY(!bytes_is_word(a->v[0], "post") && !bytes_is_word(a->v[0], "host:")))
        return false;
    static int64_t said_ms; /* __atomic: once a minute is enough for the log */
    const int64_t last = load_relaxed(&said_ms);
    if (d->batch.now_ms - last > 60000) {
        store_relaxed(&said_ms, d->batch.now_ms);
        trace_line(
            TRACE_WARNING,
            "Possible SECURITY ATTACK detected: %s sends POST or Host: as a web browser that "
            "was lured here does. Connection closed.",
            s->registry.peer ? s->registry.peer : "a client");
    }
    return true;
}

/* --- rows ------------------------------------------------------------------------------------ */

struct checked {
    struct dispatcher *d;
    struct session *s;
    const struct command_info *c; /* NULL: unknown */
    const struct args *a;
    uint32_t checks; /* enum command_check: what this command cares about, and is the case */
};

static enum check_result dispatch_check_refuse(struct checked *k, const char *why)
{
    reply_error(&k->s->reply, "%s", why);
    return CHECK_REFUSED;
}

/* EXEC that may not run ends the transaction: why takes the error's place. */
static enum check_result refuse_exec(struct checked *k, const char *why)
{
    if (k->c->row->run != transaction_exec)
        return dispatch_check_refuse(k, why);
    session_unwatch(k->d, k->s);
    multi_discard(k->s);
    reply_error(&k->s->reply, "EXECABORT Transaction discarded because of: %s", why);
    return CHECK_REFUSED;
}

static enum check_result check_name(struct checked *k)
{
    if (LK_LIKELY(k->c && !(k->c->subcommand_count > 0 && k->a->n > 1)))
        return CHECK_NEXT;
    if (!k->c) {
        dispatch_check_reply_unknown(&k->s->reply, k->a);
    } else {
        exec_begin(k->d, k->s, k->c);
        reply_unknown_subcommand(&k->d->call.x, k->a);
    }
    return CHECK_REFUSED;
}

static enum check_result check_arity(struct checked *k)
{
    if (LK_LIKELY(!wrong_arity(k->c, k->a)))
        return CHECK_NEXT;
    if (k->c->row->run == transaction_exec)
        return refuse_exec(k, "wrong number of arguments for 'exec' command");
    exec_begin(k->d, k->s, k->c);
    reply_arity(&k->d->call.x);
    return CHECK_REFUSED;
}

static enum check_result check_auth(struct checked *k)
{
    return dispatch_check_refuse(k, "NOAUTH Authentication required.");
}

static enum check_result check_multi(struct checked *k)
{
    if (!(k->c->flags & CMD_NO_MULTI))
        return CHECK_NEXT;
    return dispatch_check_refuse(k, "ERR Command not allowed inside a transaction");
}

static enum check_result check_user(struct checked *k)
{
    uint32_t at;
    const bool multi = session_has(k->s, SESSION_MULTI);
    const enum acl_denial denial =
        dispatch_ask_user(k->d, k->s, k->c, k->a, multi ? ACL_IN_MULTI : ACL_TOPLEVEL, &at);
    if (denial == ACL_ALLOWED)
        return CHECK_NEXT;
    if (k->c->row->run == transaction_exec) {
        struct buf why = {0};
        buf_append_cstr(&why, "NOPERM ");
        acl_append_denial(&why, denial, k->s->user, k->c, k->a->v[at], false);
        buf_append_char(&why, '\0');
        refuse_exec(k, why.data);
        buf_release(&why);
    } else {
        dispatch_reply_denied(k->s, denial, k->c, k->a->v[at]);
    }
    return CHECK_REFUSED;
}

/* A hint: what runs is asked again under its locks. */
static enum check_result check_slots(struct checked *k)
{
    if (!k->d->ks->slotted || !dispatch_redirect(k->d, k->s, k->c, k->a, false))
        return CHECK_NEXT;
    if (k->c->row->run == transaction_exec) {
        session_unwatch(k->d, k->s);
        multi_discard(k->s);
    }
    return CHECK_REFUSED;
}

/*
 * Asked of what takes memory, and of all that would be queued: a transaction's queue has no other
 * bound.
 */
static enum check_result check_memory(struct checked *k)
{
    if (k->d->batch.config->maxmemory == 0 ||
        (!(k->checks & CHECK_MEMORY) && k->c->flags & CMD_CONTROL))
        return CHECK_NEXT;
    if (LK_LIKELY(dispatch_memory_is_far(k->d)))
        return CHECK_NEXT;
    return dispatch_evict(k->d) == EVICT_FAILED ? refuse_exec(k, oom_text) : CHECK_NEXT;
}

static enum check_result check_fault(struct checked *k)
{
    const char *fault = load_acquire(&k->d->engine->saving.write_fault);
    return fault ? refuse_exec(k, fault) : CHECK_NEXT;
}

/* Only the master's stream may change what is the master's. */
static enum check_result check_readonly(struct checked *k)
{
    if (!k->d->batch.config->replica.read_only)
        return CHECK_NEXT;
    return refuse_exec(k, "READONLY You can't write against a read only replica.");
}

static enum check_result check_stale(struct checked *k)
{
    if (k->d->batch.config->replica.serve_stale_data)
        return CHECK_NEXT;
    return refuse_exec(
        k, "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
}

/* Who is a replica himself says so: a client that asks for writes has to go elsewhere. */
static enum check_result check_replicas(struct checked *k)
{
    if (k->checks & CHECK_READONLY)
        return CHECK_NEXT;
    return refuse_exec(k, "NOREPLICAS Not enough good replicas to write.");
}

/* A subscriber of RESP2 could not tell the reply from a message. */
static enum check_result check_subscriber(struct checked *k)
{
    if (k->s->reply.version != 2 || k->c->flags & CMD_SUBSCRIBED)
        return CHECK_NEXT;
    reply_error(&k->s->reply,
                "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / "
                "RESET are allowed in this context",
                k->c->full_name);
    return CHECK_REFUSED;
}

static enum check_result check_loading(struct checked *k)
{
    return refuse_exec(k, "LOADING Redis is loading the dataset in memory");
}

/* It may be over by now. */
static enum check_result check_busy(struct checked *k)
{
    const char *line = load_acquire(&k->d->engine->busy.line);
    return line ? refuse_exec(k, line) : CHECK_NEXT;
}

/* The worker is amid a script that may take a while: it comes again behind that. */
static enum check_result check_amid(struct checked *k)
{
    (void)k;
    return CHECK_PARKED;
}

/* Replicas have their data from us, and monitors count as replicas. */
static enum check_result check_replica(struct checked *k)
{
    if (!(k->c->flags & (CMD_WRITE | CMD_READONLY | CMD_MAY_REPLICATE)))
        return CHECK_NEXT;
    return dispatch_check_refuse(k, "ERR Replica can't interact with the keyspace");
}

static enum check_result check_pause(struct checked *k)
{
    const enum pause_what what = dispatch_paused(k->d);
    if (what == PAUSE_NOTHING || (what == PAUSE_WRITES && !(k->checks & CHECK_PAUSE_WRITES)))
        return CHECK_NEXT;
    return CHECK_PARKED;
}

static enum check_result check_queue(struct checked *k)
{
    return k->c->flags & CMD_CONTROL ? CHECK_RUN : CHECK_QUEUED;
}

enum { NOT_OURS = SESSION_LOADING | SESSION_MASTER | SESSION_SERVICE };

static const struct check_row {
    enum check_result (*check)(struct checked *k);
    uint32_t checks; /* asked if one of these is the case … */
    uint32_t flags;  /* … or one of these of the session; both 0: always */
    uint32_t
        spares; /* sessions with these flags are not asked: what was accepted once is applied */
} check_rows[] = {
    {check_name, 0, 0, 0},
    {check_arity, 0, 0, 0},
    {check_auth, CHECK_AUTH, 0, NOT_OURS},
    {check_multi, 0, SESSION_MULTI, NOT_OURS},
    {check_user, CHECK_USER, 0, NOT_OURS},
    {check_slots, 0, 0, NOT_OURS},
    {check_memory, CHECK_MEMORY, SESSION_MULTI, NOT_OURS},
    {check_fault, CHECK_FAULT, 0, NOT_OURS},
    {check_replicas, CHECK_REPLICAS, 0, NOT_OURS},
    {check_readonly, CHECK_READONLY, 0, NOT_OURS},
    {check_subscriber, 0, SESSION_SUBSCRIBER, NOT_OURS},
    {check_stale, CHECK_STALE, 0, NOT_OURS},
    {check_loading, CHECK_LOADING | CHECK_LOADING_BESIDE, 0, NOT_OURS},
    {check_busy, CHECK_BUSY, 0, NOT_OURS},
    {check_amid, CHECK_AMID, 0, NOT_OURS},
    {check_replica, 0, SESSION_MONITOR | SESSION_REPLICA, NOT_OURS},
    {check_pause, CHECK_PAUSE_WRITES | CHECK_PAUSE_ALL, 0, NOT_OURS | SESSION_REPLICA},
    {check_queue, 0, SESSION_MULTI, 0},
};

/* One bit in both words, so that one AND NOT takes it from who need not be asked. */
static_assert((uint32_t)CHECK_AUTH == (uint32_t)SESSION_AUTHENTICATED &&
                  (uint32_t)CHECK_USER == (uint32_t)SESSION_FREE,
              "see dispatch_checks");

static bool row_applies(const struct check_row *r, const struct checked *k, uint32_t flags)
{
    if (flags & r->spares)
        return false;
    return (r->checks | r->flags) == 0 || r->checks & k->checks || r->flags & flags;
}

struct call_checks {
    struct dispatcher *d;
    uint32_t checks;
};

static void add_checks(void *ctx, const struct command_info *c, const struct args *a)
{
    struct call_checks *sum = ctx;
    const struct script_calls *scripts = sum->d->engine->hooks.scripts;
    const bool asks = c->flags & CMD_SCRIPT && scripts && !wrong_arity(c, a);
    sum->checks |= asks ? scripts->checks(sum->d, c, a) : c->checks;
}

/* What a call cares about; EXEC is asked as all of its queue together. */
static uint32_t checks_of_call(struct dispatcher *d, struct session *s,
                               const struct command_info *c, const struct args *a, uint32_t flags)
{
    const bool exec = c->row->run == transaction_exec && s->multi;
    const uint32_t most = c->checks | (exec ? multi_checks(s) : 0);
    const bool scripts = (c->flags | (exec ? multi_flags(s) : 0)) & CMD_SCRIPT;
    uint32_t on = dispatch_checks(d, flags, most);
    if (on & CHECK_MEMORY && dispatch_memory_is_far(d))
        on &= ~(uint32_t)CHECK_MEMORY;
    if (LK_LIKELY(!scripts || !(on & CHECKS_OF_SCRIPTS)))
        return on;
    struct call_checks sum = {.d = d};
    add_checks(&sum, c, a);
    if (exec)
        multi_each(s, add_checks, &sum);
    return on & sum.checks;
}

enum check_result dispatch_check_rows(struct dispatcher *d, struct session *s,
                                      const struct command_info *c, const struct args *a)
{
    struct checked k = {.d = d, .s = s, .c = c, .a = a};
    const uint32_t flags = load_relaxed(&s->flags);
    if (LK_LIKELY(c))
        k.checks = checks_of_call(d, s, c, a, flags);
    for (size_t i = 0; i < sizeof check_rows / sizeof check_rows[0]; i++) {
        if (!row_applies(&check_rows[i], &k, flags))
            continue;
        const enum check_result result = check_rows[i].check(&k);
        if (result == CHECK_NEXT)
            continue;
        if (result == CHECK_REFUSED && session_has(s, SESSION_MULTI))
            session_set(s, SESSION_DIRTY_EXEC, true);
        return result;
    }
    return CHECK_RUN;
}
