/*
 * cmd_cluster_client.c — ASKING, READONLY, READWRITE: what a client of a cluster says of itself.
 */
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/dispatch.h"

static bool is_cluster(struct exec *x)
{
    const struct engine *e = dispatcher_engine(x->dispatcher);
    if (e->fixed.keyspace->slotted)
        return true;
    reply_error(x->reply, "ERR This instance has cluster support disabled");
    return false;
}

static enum outcome asking_run(struct exec *x, const struct args *a)
{
    (void)a;
    if (!is_cluster(x))
        return RUN_DONE;
    session_set(x->session, SESSION_ASKING_NEXT, true);
    reply_ok(x->reply);
    return RUN_DONE;
}

static enum outcome readonly_run(struct exec *x, const struct args *a)
{
    (void)a;
    if (!is_cluster(x))
        return RUN_DONE;
    session_set(x->session, SESSION_READONLY, x->cmd->imm != 0);
    reply_ok(x->reply);
    return RUN_DONE;
}

const struct command cluster_client_commands[] = {
    {"asking", .arity = 1, .flags = CMD_FAST, .categories = CAT_CONNECTION, .run = asking_run},
    {"readonly", .arity = 1, .flags = CMD_LOADING | CMD_STALE | CMD_FAST,
     .categories = CAT_CONNECTION, .imm = 1, .run = readonly_run},
    {"readwrite", .arity = 1, .flags = CMD_LOADING | CMD_STALE | CMD_FAST,
     .categories = CAT_CONNECTION, .imm = 0, .run = readonly_run},
    {0},
};
