/*
 * dispatch_check.c — what is asked of a command before it may run.
 *
 * The checks run in the order that clients can observe.
 */
#include "core/cmd/dispatch_priv.h"
#include "core/store/view.h"

static const char oom_text[] = "OOM command not allowed when used memory > 'maxmemory'.";

static void reply_unknown(struct reply *r, const struct args *a)
{
    enum { SHOWN = 128 };
    struct buf rest = {0};
    for (uint32_t i = 1; i < a->n && rest.size < SHOWN; i++) {
        const size_t room = SHOWN - rest.size;
        buf_append_char(&rest, '\'');
        buf_append(&rest, a->v[i].data, a->v[i].size < room ? a->v[i].size : room);
        buf_append_cstr(&rest, "' ");
    }
    const size_t name = a->v[0].size < SHOWN ? a->v[0].size : SHOWN;
    reply_error(r, "ERR unknown command '%.*s', with args beginning with: %.*s", (int)name,
                a->v[0].data, (int)rest.size, rest.data ? rest.data : "");
    buf_release(&rest);
}

static bool out_of_memory(const struct dispatcher *d)
{
    const uint64_t max = d->config->maxmemory;
    if (LK_LIKELY(max == 0))
        return false;
    const size_t used = mem_used(), held = view_held_bytes(d->ks);
    return used > held && used - held > max; /* what only a view holds is not counted (S8) */
}

static bool reject(struct session *s)
{
    if (session_has(s, SESSION_MULTI))
        session_set(s, SESSION_DIRTY_EXEC, true);
    return false;
}

static bool reject_oom(struct dispatcher *d, struct session *s, bool exec)
{
    if (!exec) {
        reply_error(&s->reply, "%s", oom_text);
        return reject(s);
    }
    dispatch_unlock_one(d); /* of the command before: a watched shard may be the same one */
    session_unwatch(s);
    multi_discard(s);
    reply_error(&s->reply, "EXECABORT Transaction discarded because of: %s", oom_text);
    return false;
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
        reply_unknown_subcommand(&d->x, a);
        return reject(s);
    }
    if (LK_UNLIKELY((c->arity > 0 && (uint32_t)c->arity != a->n) ||
                    (c->arity < 0 && a->n < (uint32_t)-c->arity))) {
        exec_begin(d, s, c);
        reply_arity(&d->x);
        return reject(s);
    }
    if (LK_UNLIKELY(session_has(s, SESSION_LOADING | SESSION_MASTER)))
        return true; /* it has been accepted already, where it comes from */
    if (LK_UNLIKELY(!session_has(s, SESSION_AUTHENTICATED) && !(c->flags & CMD_NO_AUTH))) {
        const char *password = d->config->requirepass;
        if (password && *password) {
            reply_error(&s->reply, "NOAUTH Authentication required.");
            return reject(s);
        }
    }
    if (LK_UNLIKELY(c->flags & CMD_NO_MULTI && session_has(s, SESSION_MULTI))) {
        reply_error(&s->reply, "ERR Command not allowed inside a transaction");
        return reject(s);
    }
    const bool exec = c->row->run == transaction_exec && session_has(s, SESSION_MULTI);
    const uint32_t flags = exec ? c->flags | multi_flags(s) : c->flags;
    if (LK_UNLIKELY(flags & CMD_DENYOOM && out_of_memory(d)))
        return reject_oom(d, s, exec);
    return true;
}
