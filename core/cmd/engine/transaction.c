/*
 * transaction.c — MULTI, EXEC, DISCARD; WATCH and UNWATCH are in watches.c.
 *
 * Commands are queued as copies.  EXEC runs them under the locks of all their keys and of all
 * watched keys at once, so nobody sees half a transaction, and its effects are one unit in the log.
 */
#include "core/cmd/engine/transaction.h"
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/dispatch_lock.h"
#include "core/cmd/engine/dispatch_priv.h"

struct queued {
    const struct command_info *cmd;
    uint32_t argc;
    size_t bytes;       /* of the block below */
    struct bytes *argv; /* one block with what it points to */
};

struct multi_state {
    struct queued *commands;
    uint32_t count, capacity;
    uint32_t flags, checks; /* of all commands together */
    size_t bytes;
};

/* For CLIENT LIST of other workers. */
static void show_queue(struct session *s, uint32_t commands, size_t bytes)
{
    store_relaxed(&s->shown.multi_commands, commands);
    store_relaxed(&s->shown.multi_size, bytes);
}

void multi_queue(struct session *s, const struct command_info *c, const struct args *a)
{
    struct multi_state *m = s->multi;
    if (session_has(s, SESSION_DIRTY_EXEC))
        return; /* it will not run */
    if (m->count == m->capacity) {
        const uint32_t more = m->capacity ? m->capacity * 2 : 8;
        m->commands =
            mem_realloc(m->commands, m->capacity * sizeof *m->commands, more * sizeof *m->commands);
        m->capacity = more;
    }
    size_t bytes = a->n * sizeof(struct bytes);
    for (uint32_t i = 0; i < a->n; i++)
        bytes += a->v[i].size;
    struct queued *q = &m->commands[m->count++];
    *q = (struct queued){.cmd = c, .argc = a->n, .bytes = bytes, .argv = mem_alloc(bytes)};
    char *to = (char *)(q->argv + a->n);
    for (uint32_t i = 0; i < a->n; i++) {
        q->argv[i] = bytes_of(to, a->v[i].size);
        if (a->v[i].size)
            memcpy(to, a->v[i].data, a->v[i].size);
        to += a->v[i].size;
    }
    m->flags |= c->flags;
    m->checks |= c->checks;
    if (dispatch_wants_all(c, a))
        m->flags |= CMD_ALL_SHARDS;
    m->bytes += bytes;
    show_queue(s, m->count, m->bytes);
}

uint32_t multi_flags(const struct session *s)
{
    return s->multi ? s->multi->flags : 0;
}

uint32_t multi_checks(const struct session *s)
{
    return s->multi ? s->multi->checks : 0;
}

void multi_free(struct multi_state *m)
{
    for (uint32_t i = 0; i < m->count; i++)
        mem_free(m->commands[i].argv, m->commands[i].bytes);
    mem_free(m->commands, m->capacity * sizeof *m->commands);
    mem_delete(m);
}

void multi_discard(struct session *s)
{
    if (s->multi)
        multi_free(s->multi);
    s->multi = NULL;
    session_set(s, SESSION_MULTI | SESSION_DIRTY_EXEC, false);
    show_queue(s, 0, 0);
}

void multi_each(struct session *s,
                void (*each)(void *ctx, const struct command_info *c, const struct args *a),
                void *ctx)
{
    const struct multi_state *m = s->multi;
    for (uint32_t i = 0; i < m->count; i++) {
        const struct args a = {m->commands[i].argv, m->commands[i].argc};
        each(ctx, m->commands[i].cmd, &a);
    }
}

void multi_lock_set(struct dispatcher *d, struct session *s)
{
    lock_set_clear(d->held.set);
    const struct multi_state *m = s->multi;
    if (m->flags & (CMD_ALL_SHARDS | CMD_EACH_SHARD)) {
        lock_set_add_all(d->held.set, d->ks);
        return;
    }
    for (uint32_t i = 0; i < m->count; i++) {
        const struct args a = {m->commands[i].argv, m->commands[i].argc};
        d->call.key_count = 0;
        if (dispatch_hash_keys(d, m->commands[i].cmd, &a) != LK_OK)
            continue; /* its handler will say so */
        for (uint32_t k = 0; k < d->call.key_count; k++)
            lock_set_add(d->held.set, keyspace_shard(d->ks, d->keys.v[k].hash)->index);
    }
    d->call.key_count = 0;
    watches_lock_set(d, s);
}

/* --- the transaction ------------------------------------------------------------------------- */

static enum outcome multi_run(struct exec *x, const struct args *a)
{
    (void)a;
    struct session *s = x->session;
    if (session_has(s, SESSION_MULTI)) { /* in a log: who calls is refused before */
        reply_error(x->reply, "ERR Command not allowed inside a transaction");
        return RUN_DONE;
    }
    s->multi = mem_new(struct multi_state);
    session_set(s, SESSION_MULTI, true);
    reply_ok(x->reply);
    return RUN_DONE;
}

static enum outcome discard_run(struct exec *x, const struct args *a)
{
    (void)a;
    if (!session_has(x->session, SESSION_MULTI)) {
        reply_error(x->reply, "ERR DISCARD without MULTI");
        return RUN_DONE;
    }
    session_unwatch(x->dispatcher, x->session);
    multi_discard(x->session);
    reply_ok(x->reply);
    return RUN_DONE;
}

/* Rules that have changed since it was queued count.  Writes the refusal and returns false. */
static bool transaction_may_run(struct dispatcher *d, struct session *s, const struct queued *q)
{
    static const char *const reasons[ACL_DENIALS] = {
        [ACL_DENIED_COMMAND] = "no permission to execute the command or subcommand",
        [ACL_DENIED_KEY] = "no permission to touch the specified keys",
        [ACL_DENIED_CHANNEL] =
            "no permission to access one of the channels used as arguments to the command",
    };
    uint32_t at;
    const enum acl_denial denial =
        dispatch_ask_user(d, s, q->cmd, &(struct args){q->argv, q->argc}, ACL_IN_MULTI, &at);
    if (LK_LIKELY(denial == ACL_ALLOWED))
        return true;
    reply_error(&s->reply,
                "NOPERM ACLs rules changed between the moment the transaction was accumulated and "
                "the EXEC call. This command is no longer allowed for the following reason: %s",
                reasons[denial]);
    return false;
}

static enum outcome run_queue(struct exec *x, struct multi_state *m)
{
    struct dispatcher *d = x->dispatcher;
    struct session *s = x->session;
    enum outcome outcome = RUN_DONE;
    session_set(s, SESSION_IN_EXEC, true);
    reply_array(x->reply, m->count);
    for (uint32_t i = 0; i < m->count; i++) {
        const struct args a = {m->commands[i].argv, m->commands[i].argc};
        if (!transaction_may_run(d, s, &m->commands[i]))
            continue;
        if (dispatch_call(d, s, m->commands[i].cmd, &a) == RUN_CLOSE)
            outcome = RUN_CLOSE;
    }
    session_set(s, SESSION_IN_EXEC, false);
    return outcome;
}

enum outcome transaction_exec(struct exec *x, const struct args *a)
{
    (void)a;
    struct session *s = x->session;
    if (!session_has(s, SESSION_MULTI)) {
        reply_error(x->reply, "ERR EXEC without MULTI");
        return RUN_DONE;
    }
    struct multi_state *m = s->multi;
    const bool aborted = session_has(s, SESSION_DIRTY_EXEC);
    const bool changed = watches_end(x);

    enum outcome outcome = RUN_DONE;
    if (aborted)
        reply_error(x->reply, "EXECABORT Transaction discarded because of previous errors.");
    else if (changed)
        reply_null_array(x->reply);
    else
        outcome = run_queue(x, m);
    multi_discard(s);
    return outcome;
}

uint32_t dispatch_flags(const struct session *s, const struct command_info *c)
{
    const bool exec = session_has(s, SESSION_MULTI) && c->row->run == transaction_exec;
    return LK_UNLIKELY(exec) ? c->flags | multi_flags(s) : c->flags;
}

#define CONTROL(more)                                                                              \
    .flags =                                                                                       \
        CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_FAST | CMD_ALLOW_BUSY | CMD_CONTROL | (more), \
    .categories = CAT_TRANSACTION

const struct command transaction_commands[] = {
    {"multi", .arity = 1, CONTROL(CMD_NO_MULTI), .run = multi_run},
    {"exec", .arity = 1,
     .flags = CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_SKIP_SLOWLOG | CMD_CONTROL,
     .categories = CAT_TRANSACTION, .run = transaction_exec},
    {"discard", .arity = 1, CONTROL(0), .run = discard_run},
    {"watch", .arity = -2, CONTROL(CMD_NO_MULTI), .keys = KEY_RANGE(1, -1, 1, KEY_RO),
     .run = watch_run},
    {"unwatch", .arity = 1,
     .flags = CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_FAST | CMD_ALLOW_BUSY,
     .categories = CAT_TRANSACTION, .run = unwatch_run},
    {0},
};
