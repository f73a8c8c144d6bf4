/*
 * cmd_monitor.c — MONITOR: to see every command that the server runs.
 */
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/exec_push.h"

static enum outcome monitor_run(struct exec *x, const struct args *a)
{
    (void)a;
    struct session *s = x->session;
    if (session_has(s, SESSION_IN_EXEC)) {
        reply_error(x->reply, "ERR MONITOR isn't allowed for DENY BLOCKING client");
        return RUN_DONE;
    }
    if (session_has(s, SESSION_MONITOR | SESSION_REPLICA))
        return RUN_DONE; /* which says nothing */
    session_set(s, SESSION_MONITOR, true);
    exec_subscribe(x, SUBSCRIBED_MONITOR, bytes_of("", 0));
    reply_ok(x->reply);
    return RUN_DONE;
}

const struct command monitor_commands[] = {
    {"monitor", .arity = 1, .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE,
     .run = monitor_run},
    {0},
};
