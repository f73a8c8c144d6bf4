/*
 * cmd_replicaof.c — REPLICAOF, SLAVEOF, ROLE.
 */
#include "core/base/trace.h"
#include "core/cmd/conn/cmd_client.h"
#include "io/repl/failover.h"
#include "io/repl/repl.h"
#include "io/repl/role_priv.h"

#include <time.h>

static struct role *role_of(const struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->fixed.role;
}

static void replicaof_log(const struct exec *x, const char *what)
{
    struct buf line = {0};
    client_info_append(&line, x->session, x->now_ms);
    trace_line(TRACE_NOTICE, "%s enabled (user request from '%.*s')", what, (int)line.size - 1,
               line.data);
    buf_release(&line);
}

static enum outcome replicaof_lead(struct exec *x)
{
    struct role_report now;
    role_report(role_of(x), &now);
    if (now.replica) {
        role_lead(role_of(x));
        replicaof_log(x, "MASTER MODE");
    }
    return reply_ok(x->reply), RUN_DONE;
}

static enum outcome replicaof_follow(struct exec *x, struct bytes host, uint16_t port)
{
    struct buf what = {0};
    if (!role_follow(role_of(x), host, port)) {
        trace_line(TRACE_NOTICE,
                   "REPLICAOF would result into synchronization with the master we are "
                   "already connected with. No operation performed.");
        reply_simple(x->reply, "OK Already connected to specified master");
        return RUN_DONE;
    }
    buf_printf(&what, "REPLICAOF %.*s:%u", (int)host.size, host.data, port);
    buf_append_char(&what, '\0');
    replicaof_log(x, what.data);
    buf_release(&what);
    reply_ok(x->reply);
    return RUN_DONE;
}

static enum outcome replicaof_command(struct exec *x, const struct args *a)
{
    int64_t port;
    if (exec_in_cluster(x)) {
        reply_error(x->reply, "ERR REPLICAOF not allowed in cluster mode.");
        return RUN_DONE;
    }
    if (failover_state(dispatcher_engine(x->dispatcher)->fixed.repl) != FAILOVER_NONE) {
        reply_error(x->reply, "ERR REPLICAOF not allowed while failing over.");
        return RUN_DONE;
    }
    if (bytes_is_word(a->v[1], "no") && bytes_is_word(a->v[2], "one"))
        return replicaof_lead(x);
    if (session_has(x->session, SESSION_REPLICA)) {
        reply_error(x->reply, "ERR Command is not valid when client is a replica.");
        return RUN_DONE;
    }
    if (!bytes_to_int64(a->v[2], &port) || port < 0 || port > UINT16_MAX ||
        a->v[1].size > ROLE_HOST_MAX) {
        reply_error(x->reply, "ERR Invalid master port");
        return RUN_DONE;
    }
    return replicaof_follow(x, a->v[1], (uint16_t)port);
}

static enum outcome role_command(struct exec *x, const struct args *a)
{
    struct role_report r;
    (void)a;
    role_report(role_of(x), &r);
    if (!r.replica) {
        repl_reply_role(x);
        return RUN_DONE;
    }
    reply_array(x->reply, 5);
    reply_bulk_cstr(x->reply, "slave");
    reply_bulk_cstr(x->reply, r.host);
    reply_int(x->reply, r.port);
    reply_bulk_cstr(x->reply, role_state_name(r.state));
    reply_int(x->reply, r.state == LINK_CONNECTED ? r.offset : -1);
    return RUN_DONE;
}

static const struct command role_commands[] = {
    {"replicaof", .arity = 3,
     .flags = CMD_NO_ASYNC_LOADING | CMD_ADMIN | CMD_NOSCRIPT | CMD_STALE | CMD_EXCLUSIVE,
     .run = replicaof_command},
    {"slaveof", .arity = 3,
     .flags = CMD_NO_ASYNC_LOADING | CMD_ADMIN | CMD_NOSCRIPT | CMD_STALE | CMD_EXCLUSIVE,
     .run = replicaof_command},
    {"role", .arity = 1, .flags = CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_FAST,
     .categories = CAT_ADMIN | CAT_DANGEROUS, .run = role_command},
    {0},
};

void role_add_commands(struct command_index *ix)
{
    command_index_add(ix, role_commands);
}
