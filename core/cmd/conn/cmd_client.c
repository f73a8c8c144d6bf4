/*
 * cmd_client.c — CLIENT: what a client says about itself, and the list of all its subcommands.
 */
#include "core/cmd/conn/cmd_client.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/dispatch.h"

bool client_check_word(struct exec *x, struct bytes word, const char *what)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] < '!' || word.data[i] > '~') {
            reply_error(x->reply, "ERR %s cannot contain spaces, newlines or special characters.",
                        what);
            return false;
        }
    return true;
}

void client_set_text(struct exec *x, char **field, struct bytes word)
{
    registry_set_text(dispatcher_engine(x->dispatcher)->fixed.registry, x->session, field, word);
}

static enum outcome client_id(struct exec *x, const struct args *a)
{
    (void)a;
    reply_int(x->reply, (int64_t)x->session->id);
    return RUN_DONE;
}

static enum outcome client_getname(struct exec *x, const struct args *a)
{
    (void)a;
    if (x->session->registry.name)
        reply_bulk_cstr(x->reply, x->session->registry.name);
    else
        reply_null(x->reply);
    return RUN_DONE;
}

static enum outcome client_setname(struct exec *x, const struct args *a)
{
    if (!client_check_word(x, a->v[2], "Client names"))
        return RUN_DONE;
    client_set_text(x, &x->session->registry.name, a->v[2]);
    reply_ok(x->reply);
    return RUN_DONE;
}

static enum outcome client_setinfo(struct exec *x, const struct args *a)
{
    struct session *s = x->session;
    const bool name = args_is(a, 2, "lib-name");
    if (!name && !args_is(a, 2, "lib-ver")) {
        reply_error(x->reply, "ERR Unrecognized option '%.*s'", (int)a->v[2].size, a->v[2].data);
        return RUN_DONE;
    }
    if (!client_check_word(x, a->v[3], name ? "lib-name" : "lib-ver"))
        return RUN_DONE;
    client_set_text(x, name ? &s->registry.lib_name : &s->registry.lib_version, a->v[3]);
    reply_ok(x->reply);
    return RUN_DONE;
}

/* ON, OFF and SKIP; the last two are not answered themselves. */
static enum outcome client_reply(struct exec *x, const struct args *a)
{
    struct session *s = x->session;
    if (args_is(a, 2, "on")) {
        session_set(s, SESSION_REPLY_OFF | SESSION_REPLY_SKIP | SESSION_REPLY_SKIP_NEXT, false);
        reply_ok(x->reply);
    } else if (args_is(a, 2, "off")) {
        session_set(s, SESSION_REPLY_OFF, true);
    } else if (args_is(a, 2, "skip")) {
        if (!session_has(s, SESSION_REPLY_OFF))
            session_set(s, SESSION_REPLY_SKIP_NEXT, true);
    } else {
        return reply_syntax(x);
    }
    return RUN_DONE;
}

/* NO-EVICT and NO-TOUCH: imm is the flag. */
static enum outcome client_switch(struct exec *x, const struct args *a)
{
    const bool on = args_is(a, 2, "on");
    if (!on && !args_is(a, 2, "off"))
        return reply_syntax(x);
    session_set(x->session, (uint32_t)x->cmd->imm, on);
    reply_ok(x->reply);
    return RUN_DONE;
}

struct unblock {
    struct registry *registry;
    enum session_unblock how;
    bool done;
};

static bool unblock_visit(void *ctx, struct session *s)
{
    struct unblock *u = ctx;
    u->done = registry_unblock(u->registry, s, u->how);
    return false;
}

static bool unblock_look(void *ctx, struct session *s)
{
    *(bool *)ctx = session_has(s, SESSION_BLOCKED);
    return false;
}

/* One who waits for replicas is told what there is; no stripe may be held meanwhile. */
static bool unblock_hurry(const struct exec *x, const struct unblock *u, uint64_t id)
{
    const struct engine *e = dispatcher_engine(x->dispatcher);
    bool blocked = false;
    if (e->hooks.hurry)
        registry_find(u->registry, id, unblock_look, &blocked);
    return blocked && e->hooks.hurry(e->hooks.hurry_ctx, id, u->how == UNBLOCK_ERROR);
}

static enum outcome client_unblock(struct exec *x, const struct args *a)
{
    struct unblock u = {dispatcher_engine(x->dispatcher)->fixed.registry, UNBLOCK_TIMEOUT, false};
    int64_t id;
    if (a->n > 4)
        return reply_subcommand(x, a);
    if (a->n == 4) {
        if (args_is(a, 3, "error")) {
            u.how = UNBLOCK_ERROR;
        } else if (!args_is(a, 3, "timeout")) {
            reply_error(x->reply, "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
            return RUN_DONE;
        }
    }
    const int rc = args_int64(a, 2, &id);
    if (rc != LK_OK)
        return reply_status(x, rc);
    u.done = unblock_hurry(x, &u, (uint64_t)id);
    if (!u.done)
        registry_find(u.registry, (uint64_t)id, unblock_visit, &u);
    reply_int(x->reply, u.done);
    return RUN_DONE;
}

static enum outcome client_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "CACHING (YES|NO)",
        "    Whether the next command's keys are tracked, with OPTIN or OPTOUT.",
        "GETNAME",
        "    The name of this connection.",
        "GETREDIR",
        "    The client that gets this one's invalidation messages: -1 for nobody.",
        "ID",
        "    The number of this connection.",
        "INFO",
        "    This connection's line of CLIENT LIST.",
        "KILL <ip:port>",
        "    Closes the connection from that address.",
        "KILL <filter> <value> [<filter> <value> ...]",
        "    Closes all connections that pass every filter:",
        "    ID <client-id>, TYPE (NORMAL|MASTER|REPLICA|PUBSUB), USER <username>,",
        "    ADDR <ip:port>, LADDR <ip:port>, MAXAGE <seconds>, SKIPME (YES|NO).",
        "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <client-id> [<client-id> ...]]",
        "    A line for each connection.",
        "NO-EVICT (ON|OFF)",
        "    Keeps this connection when clients are closed to save memory.",
        "NO-TOUCH (ON|OFF)",
        "    Lets commands of this connection leave no trace in idle times and counters.",
        "PAUSE <milliseconds> [WRITE|ALL]",
        "    Holds back commands of all clients, or only those that write.",
        "REPLY (ON|OFF|SKIP)",
        "    Whether commands of this connection are answered.",
        "SETINFO (LIB-NAME|LIB-VER) <value>",
        "    Tells which client library is in use.",
        "SETNAME <name>",
        "    Names this connection.",
        "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
        "         [OPTIN] [OPTOUT] [NOLOOP]",
        "    Tells this connection, or that one, when keys change that it has read.",
        "TRACKINGINFO",
        "    How this connection tracks keys.",
        "UNBLOCK <client-id> [TIMEOUT|ERROR]",
        "    Ends the wait of a blocked client.",
        "UNPAUSE",
        "    Ends a pause.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}

#define OWN .flags = CMD_NOSCRIPT | CMD_LOADING | CMD_STALE, .categories = CAT_CONNECTION
#define ADMIN                                                                                      \
    .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE, .categories = CAT_CONNECTION
/* Pauses change for all workers at once. */
#define ALONE                                                                                      \
    .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_EXCLUSIVE,                   \
    .categories = CAT_CONNECTION

static const struct command client_subcommands[] = {
    {"caching", .arity = 3, .run = client_caching, OWN},
    {"getname", .arity = 2, .run = client_getname, OWN},
    {"getredir", .arity = 2, .run = client_getredir, OWN},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .categories = CAT_CONNECTION,
     .run = client_help},
    {"id", .arity = 2, .run = client_id, OWN},
    {"info", .arity = 2, .run = client_info, OWN},
    {"kill", .arity = -3, .run = client_kill, ADMIN},
    {"list", .arity = -2, .run = client_list, ADMIN},
    {"no-evict", .arity = 3, .imm = SESSION_NO_EVICT, .run = client_switch, ADMIN},
    {"no-touch", .arity = 3, .imm = SESSION_NO_TOUCH, .run = client_switch, OWN},
    {"pause", .arity = -3, .run = client_pause, ALONE},
    {"reply", .arity = 3, .run = client_reply, OWN},
    {"setinfo", .arity = 4, .run = client_setinfo, OWN},
    {"setname", .arity = 3, .run = client_setname, OWN},
    {"tracking", .arity = -3, .run = client_tracking, OWN},
    {"trackinginfo", .arity = 2, .run = client_trackinginfo, OWN},
    {"unblock", .arity = -3, .run = client_unblock, ADMIN},
    {"unpause", .arity = 2, .run = client_unpause, ALONE},
    {0},
};

const struct command client_commands[] = {
    {"client", .arity = -2, .subcommands = client_subcommands},
    {0},
};
