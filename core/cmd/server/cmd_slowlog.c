/*
 * cmd_slowlog.c — SLOWLOG: which commands took long.
 */
#include "core/cmd/client/slowlog.h"
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/dispatch.h"

enum { DEFAULT_COUNT = 10 };

static struct slowlog *log_of(struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->fixed.slowlog;
}

static void reply_entry(void *ctx, const struct slowlog_entry *e)
{
    struct reply *r = ctx;
    reply_array(r, 6);
    reply_int(r, (int64_t)e->id);
    reply_int(r, e->unix_s);
    reply_int(r, (int64_t)e->us);
    reply_array(r, e->argc);
    for (uint32_t i = 0; i < e->argc; i++)
        reply_bulk(r, e->argv[i]);
    reply_bulk(r, e->peer);
    reply_bulk(r, e->name);
}

static enum outcome slowlog_get(struct exec *x, const struct args *a)
{
    struct slowlog *l = log_of(x);
    int64_t count = DEFAULT_COUNT;
    if (a->n > 3)
        return reply_subcommand(x, a);
    if (a->n == 3 && (args_int64(a, 2, &count) != LK_OK || count < -1)) {
        reply_error(x->reply, "ERR count should be greater than or equal to -1");
        return RUN_DONE;
    }
    const size_t head = reply_begin_deferred(x->reply);
    const uint64_t n =
        l ? slowlog_each(l, count < 0 ? UINT64_MAX : (uint64_t)count, reply_entry, x->reply) : 0;
    reply_end_deferred(x->reply, head, REPLY_ARRAY, n);
    return RUN_DONE;
}

static enum outcome slowlog_len(struct exec *x, const struct args *a)
{
    (void)a;
    struct slowlog *l = log_of(x);
    reply_int(x->reply, l ? (int64_t)slowlog_count(l) : 0);
    return RUN_DONE;
}

static enum outcome slowlog_reset_command(struct exec *x, const struct args *a)
{
    (void)a;
    struct slowlog *l = log_of(x);
    if (l)
        slowlog_reset(l);
    reply_ok(x->reply);
    return RUN_DONE;
}

static enum outcome slowlog_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "GET [<count>]",
        "    The latest slow commands, 10 of them if not told otherwise, -1 for all:",
        "    number, Unix time, microseconds, arguments, address and name of the client.",
        "LEN",
        "    How many are kept.",
        "RESET",
        "    Forgets them.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}

#define ADMIN .flags = CMD_ADMIN | CMD_LOADING | CMD_STALE

static const struct command slowlog_subcommands[] = {
    {"get", .arity = -2, .run = slowlog_get, ADMIN},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .run = slowlog_help},
    {"len", .arity = 2, .run = slowlog_len, ADMIN},
    {"reset", .arity = 2, .run = slowlog_reset_command, ADMIN},
    {0},
};

const struct command slowlog_commands[] = {
    {"slowlog", .arity = -2, .subcommands = slowlog_subcommands},
    {0},
};
