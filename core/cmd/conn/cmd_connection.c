/*
 * cmd_connection.c — PING, ECHO, QUIT, RESET, SELECT.
 */
#include "core/base/atomic.h"
#include "core/cmd/command/tables_server.h"
#include "core/cmd/conn/cmd_client.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/engine/exec_push.h"
#include "core/cmd/engine/exec_tracking.h"
#include "core/cmd/engine/session_end.h"
#include "core/cmd/engine/session_user.h"

/* A RESP 2 subscriber reads nothing but messages, so the answer looks like one. */
static bool only_messages(const struct exec *x)
{
    return x->reply->version == 2 && session_has(x->session, SESSION_SUBSCRIBER);
}

static enum outcome connection_ping(struct exec *x, const struct args *a)
{
    if (a->n > 2)
        return reply_arity(x);
    if (only_messages(x)) {
        reply_array(x->reply, 2);
        reply_bulk_cstr(x->reply, "pong");
        reply_bulk(x->reply, a->n == 2 ? a->v[1] : bytes_of("", 0));
    } else if (a->n == 2) {
        reply_bulk(x->reply, a->v[1]);
    } else {
        reply_simple(x->reply, "PONG");
    }
    return RUN_DONE;
}

static enum outcome connection_echo(struct exec *x, const struct args *a)
{
    reply_bulk(x->reply, a->v[1]);
    return RUN_DONE;
}

static enum outcome connection_quit(struct exec *x, const struct args *a)
{
    (void)a;
    reply_ok(x->reply);
    return RUN_CLOSE;
}

static enum outcome connection_reset(struct exec *x, const struct args *a)
{
    (void)a;
    struct session *s = x->session;
    const struct engine *engine = dispatcher_engine(x->dispatcher);
    /* Under the registry's lock, before session_reset frees what is left of the name. */
    client_set_text(x, &s->registry.name, bytes_of(NULL, 0));
    exec_unsubscribe_all(x);
    exec_tracking_off(x);
    session_reset(x->dispatcher, s);
    session_begin_user(engine, s);
    reply_simple(x->reply, "RESET");
    return RUN_DONE;
}

static enum outcome connection_select_db(struct exec *x, const struct args *a)
{
    int64_t db;
    const int rc = args_int64(a, 1, &db);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (db > INT32_MAX || db < INT32_MIN)
        return reply_not_between(x, INT32_MIN, INT32_MAX);
    if (db != 0 && exec_in_cluster(x)) {
        reply_error(x->reply, "ERR SELECT is not allowed in cluster mode");
        return RUN_DONE;
    }
    if (db < 0 || db >= (int64_t)exec_limits(x)->databases)
        return reply_status(x, LK_EDBINDEX);
    store_relaxed(&x->session->db, (uint32_t)db);
    reply_ok(x->reply);
    return RUN_DONE;
}

#define ALWAYS                                                                                     \
    CMD_SUBSCRIBED | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_FAST | CMD_NO_AUTH |             \
        CMD_ALLOW_BUSY

const struct command connection_commands[] = {
    {"echo", .arity = 2, .flags = CMD_LOADING | CMD_STALE | CMD_FAST, .categories = CAT_CONNECTION,
     .run = connection_echo},
    {"ping", .arity = -1, .flags = CMD_FAST | CMD_HEALTH | CMD_SUBSCRIBED,
     .categories = CAT_CONNECTION, .run = connection_ping},
    {"quit", .arity = -1, .flags = ALWAYS | CMD_CONTROL, .categories = CAT_CONNECTION,
     .run = connection_quit},
    {"reset", .arity = 1, .flags = ALWAYS | CMD_CONTROL, .categories = CAT_CONNECTION,
     .run = connection_reset},
    {"select", .arity = 2, .flags = CMD_LOADING | CMD_STALE | CMD_FAST,
     .categories = CAT_CONNECTION, .run = connection_select_db},
    {0},
};
