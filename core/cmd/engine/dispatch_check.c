/*
 * dispatch_check.c — what is asked of a command before it may run.
 *
 * The checks run in the order that clients can observe.
 */
#include "core/base/log.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/store/view.h"

static const char oom_text[] = "OOM command not allowed when used memory > 'maxmemory'.";

/* An argument for people: up to max bytes, and not beyond a NUL. */
static void append_shown(struct buf *b, struct bytes arg, size_t max)
{
    buf_append(b, arg.data, strnlen(arg.data, arg.size < max ? arg.size : max));
}

static void reply_unknown(struct reply *r, const struct args *a)
{
    enum { SHOWN = 128 };
    struct buf line = {0};
    buf_append_cstr(&line, "ERR unknown command '");
    append_shown(&line, a->v[0], SHOWN);
    buf_append_cstr(&line, "', with args beginning with: ");
    const size_t head = line.size;
    for (uint32_t i = 1; i < a->n && line.size - head < SHOWN; i++) {
        const size_t room = SHOWN - (line.size - head);
        buf_append_char(&line, '\'');
        append_shown(&line, a->v[i], room);
        buf_append_cstr(&line, "' ");
    }
    reply_error_bytes(r, buf_bytes(&line));
    buf_release(&line);
}

static bool out_of_memory(const struct dispatcher *d)
{
    const uint64_t max = d->batch.config->maxmemory;
    if (LK_LIKELY(max == 0))
        return false;
    /* What only a view holds is not counted (S8), nor is what waits to be logged. */
    const struct log_ring *log = d->engine->fixed.log;
    const size_t used = mem_used(),
                 apart = view_held_bytes(d->ks) + (log ? log_ring_slot_bytes(log) : 0);
    return used > apart && used - apart > max;
}

static bool reject(struct session *s)
{
    if (session_has(s, SESSION_MULTI))
        session_set(s, SESSION_DIRTY_EXEC, true);
    return false;
}

/* EXEC that may not run ends the transaction: why takes the error's place. */
static bool reject_exec(struct dispatcher *d, struct session *s, const char *why)
{
    dispatch_unlock_one(d); /* it may be a watched one, and unwatching locks */
    session_unwatch(s);
    multi_discard(s);
    reply_error(&s->reply, "EXECABORT Transaction discarded because of: %s", why);
    return false;
}

static bool refuse(struct dispatcher *d, struct session *s, bool is_exec, const char *why)
{
    if (is_exec)
        return reject_exec(d, s, why);
    reply_error(&s->reply, "%s", why);
    return reject(s);
}

static bool wrong_arity(const struct command_info *c, const struct args *a)
{
    return c->arity > 0 ? (uint32_t)c->arity != a->n : a->n < (uint32_t)-c->arity;
}

bool dispatch_is_attack(const struct dispatcher *d, const struct session *s, const struct args *a)
{
    if (LK_LIKELY(!bytes_is_word(a->v[0], "post") && !bytes_is_word(a->v[0], "host:")))
        return false;
    static int64_t said_ms; /* __atomic: once a minute is enough for the log */
    const int64_t last = __atomic_load_n(&said_ms, __ATOMIC_RELAXED);
    if (d->batch.now_ms - last > 60000) {
        __atomic_store_n(&said_ms, d->batch.now_ms, __ATOMIC_RELAXED);
        log_line(LOG_WARNING,
                 "Possible SECURITY ATTACK detected: %s sends POST or Host: as a web browser that "
                 "was lured here does. Connection closed.",
                 s->registry.peer ? s->registry.peer : "a client");
    }
    return true;
}

bool dispatch_allowed(struct dispatcher *d, struct session *s, const struct command_info *c,
                      const struct args *a)
{
    if (LK_UNLIKELY(!c)) {
        reply_unknown(&s->reply, a);
        return reject(s);
    }
    if (LK_UNLIKELY(c->subcommand_count > 0 && a->n > 1)) {
        exec_begin(d, s, c);
        reply_unknown_subcommand(&d->call.x, a);
        return reject(s);
    }
    const bool is_exec = c->row->run == transaction_exec;
    if (LK_UNLIKELY(wrong_arity(c, a))) {
        if (is_exec)
            return reject_exec(d, s, "wrong number of arguments for 'exec' command");
        exec_begin(d, s, c);
        reply_arity(&d->call.x);
        return reject(s);
    }
    if (LK_UNLIKELY(session_has(s, SESSION_LOADING)))
        return true;
    if (LK_UNLIKELY(!session_has(s, SESSION_AUTHENTICATED) && !(c->flags & CMD_NO_AUTH) &&
                    d->batch.config->requirepass.size > 0)) {
        reply_error(&s->reply, "NOAUTH Authentication required.");
        return reject(s);
    }
    if (LK_UNLIKELY(c->flags & CMD_NO_MULTI && session_has(s, SESSION_MULTI))) {
        reply_error(&s->reply, "ERR Command not allowed inside a transaction");
        return reject(s);
    }
    const uint32_t flags = is_exec ? c->flags | multi_flags(s) : c->flags;
    if (LK_UNLIKELY(__atomic_load_n(&d->engine->saving.loading, __ATOMIC_RELAXED) &&
                    !(flags & CMD_LOADING)))
        return refuse(d, s, is_exec, "LOADING Redis is loading the dataset in memory");
    const char *fault = __atomic_load_n(&d->engine->saving.write_fault, __ATOMIC_ACQUIRE);
    if (LK_UNLIKELY(fault && flags & (CMD_WRITE | CMD_DENYOOM)))
        return refuse(d, s, is_exec, fault);
    if (LK_LIKELY(!(flags & CMD_DENYOOM) || !out_of_memory(d)))
        return true;
    return refuse(d, s, is_exec, oom_text);
}

bool dispatch_is_paused(struct dispatcher *d, const struct session *s, const struct command_info *c)
{
    if (LK_LIKELY(__atomic_load_n(&d->engine->pause.until_ms, __ATOMIC_RELAXED) == 0) ||
        !dispatch_paused_until(d) || session_has(s, SESSION_LOADING))
        return false;
    return __atomic_load_n(&d->engine->pause.all, __ATOMIC_RELAXED) ||
           dispatch_flags(s, c) & (CMD_WRITE | CMD_MAY_REPLICATE);
}
