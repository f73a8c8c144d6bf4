/*
 * dispatch_user.c — asks whether a session's user may make a call, and keeps book of refusals.
 */
#include "core/base/atomic.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/engine/client_info.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/session_user.h"

enum acl_denial dispatch_ask_user_slow(struct dispatcher *d, struct session *s,
                                       const struct command_info *c, const struct args *a,
                                       enum acl_context context, uint32_t *at)
{
    LK_ASSERT(c && (!s->user || d->engine->fixed.acl));
    const enum acl_denial denial = acl_check_call(s->user, c, a, at);
    if (LK_LIKELY(denial == ACL_ALLOWED))
        return denial;
    const struct bytes object = denial == ACL_DENIED_COMMAND ? bytes_cstr(c->full_name) : a->v[*at];
    session_note_denied(d, s, denial, context, object, s->user->name);
    return denial;
}

void dispatch_note_refused(struct dispatcher *d, const struct session *s,
                           const struct command_info *c)
{
    if (c)
        stats_add(&d->stats.commands[c->id].rejected, 1);
    stats_error(&d->stats,
                bytes_of(s->reply.out.data + s->reply.error_at + 1,
                         s->reply.out.size - s->reply.error_at - 1),
                false);
}

void dispatch_reply_denied(struct session *s, enum acl_denial denial, const struct command_info *c,
                           struct bytes arg)
{
    struct buf line = {0};
    buf_append_cstr(&line, "NOPERM ");
    acl_append_denial(&line, denial, s->user, c, arg, false);
    reply_error_bytes(&s->reply, buf_bytes(&line));
    buf_release(&line);
}

void session_note_denied(struct dispatcher *d, const struct session *s, enum acl_denial denial,
                         enum acl_context context, struct bytes object, struct bytes user)
{
    struct acl *acl = d->engine->fixed.acl;
    struct buf line = {0};
    LK_ASSERT(acl && denial != ACL_ALLOWED);
    fetch_add_relaxed(&acl->denied[denial], 1);
    /* A script has no connection: who runs it is named.  Others may come while it runs. */
    client_info_append(&line, s == &d->script.stand_in ? d->script.caller : s, d->batch.now_ms);
    const struct acl_log_entry e = {.reason = denial,
                                    .context = context,
                                    .object = object,
                                    .user = user,
                                    .client = bytes_of(line.data, line.size - 1)};
    acl_log_add(acl->log, &e, d->batch.now_ms);
    buf_release(&line);
}

void session_begin_user(const struct engine *e, struct session *s)
{
    struct acl *acl = e->fixed.acl;
    registry_set_user(e->fixed.registry, s, acl ? acl->first : NULL);
    session_set(s, SESSION_AUTHENTICATED, !acl || acl_is_open(acl));
}

bool session_take_user(const struct engine *e, struct session *s, struct bytes name)
{
    struct acl_user *u = e->fixed.acl ? acl_find_active(e->fixed.acl, name) : NULL;
    if (!u)
        return false;
    registry_set_user(e->fixed.registry, s, u);
    session_set(s, SESSION_AUTHENTICATED, true);
    return true;
}

bool exec_reads_all_keys(const struct exec *x, const struct args *a)
{
    const struct session *s = x->session;
    if (LK_LIKELY(session_has(s, SESSION_FREE | SESSION_LOADING | SESSION_MASTER)))
        return true;
    const struct command_info *c = command_index_resolve(x->dispatcher->engine->fixed.commands, a);
    return c && acl_reads_all_keys(s->user, c, a);
}
