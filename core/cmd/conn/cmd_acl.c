/*
 * cmd_acl.c — ACL: its rows, and what it says without changing anybody.
 *
 * What changes rules runs alone in the gate: no command is half done by rules that are replaced.
 */
#include "core/cmd/conn/cmd_acl.h"

#include "core/base/rng.h"
#include "core/cmd/client/acl_check.h"
#include "core/cmd/command/tables_server.h"
#include "core/cmd/engine/dispatch.h"

static enum outcome acl_whoami(struct exec *x, const struct args *a)
{
    (void)a;
    const struct acl_user *u = x->session->user;
    reply_bulk(x->reply, u ? u->name : bytes_cstr("default"));
    return RUN_DONE;
}

/* Hexadecimal digits of as many random bits, rounded up to four. */
static enum outcome acl_genpass(struct exec *x, const struct args *a)
{
    enum { DEFAULT_BITS = 256, MAX_BITS = 4096 };
    char text[MAX_BITS / 4];
    uint8_t random[MAX_BITS / 8];
    int64_t bits = DEFAULT_BITS;
    if (a->n > 3)
        return reply_subcommand(x, a);
    if (a->n == 3) {
        const int rc = args_int64(a, 2, &bits);
        if (rc != LK_OK)
            return reply_status(x, rc);
    }
    if (bits <= 0 || bits > MAX_BITS) {
        reply_error(x->reply, "ERR ACL GENPASS argument must be the number of bits for the output "
                              "password, a positive number up to 4096");
        return RUN_DONE;
    }
    const size_t digits = ((size_t)bits + 3) / 4;
    rng_system(random, (digits + 1) / 2);
    for (size_t i = 0; i < digits; i++)
        text[i] = "0123456789abcdef"[random[i / 2] >> (i % 2 * 4) & 15];
    reply_bulk(x->reply, bytes_of(text, digits));
    return RUN_DONE;
}

static bool acl_arity_fits(const struct command_info *c, uint32_t n)
{
    return c->arity >= 0 ? n == (uint32_t)c->arity : n >= (uint32_t)-c->arity;
}

static enum outcome acl_dryrun(struct exec *x, const struct args *a)
{
    const struct acl *acl = acl_of(x);
    const struct acl_user *u = acl ? acl_find(acl, a->v[2]) : NULL;
    const struct args call = {a->v + 3, a->n - 3};
    if (!u) {
        reply_error(x->reply, "ERR User '%.*s' not found", (int)a->v[2].size, a->v[2].data);
        return RUN_DONE;
    }
    const struct command_info *c =
        command_index_resolve(dispatcher_engine(x->dispatcher)->fixed.commands, &call);
    if (!c || (c->subcommand_count > 0 && call.n > 1)) {
        reply_error(x->reply, "ERR Command '%.*s' not found", (int)call.v[0].size, call.v[0].data);
        return RUN_DONE;
    }
    if (!acl_arity_fits(c, call.n)) {
        reply_error(x->reply, "ERR wrong number of arguments for '%s' command", c->full_name);
        return RUN_DONE;
    }
    uint32_t at;
    const enum acl_denial denial = acl_check_call(u, c, &call, &at);
    if (denial == ACL_ALLOWED) {
        reply_ok(x->reply);
        return RUN_DONE;
    }
    struct buf text = {0};
    acl_append_denial(&text, denial, u, c, call.v[at], true);
    reply_bulk(x->reply, buf_bytes(&text));
    buf_release(&text);
    return RUN_DONE;
}

static enum outcome acl_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "CAT [<category>]",
        "    The categories of commands, or the commands of one.",
        "DELUSER <username> [<username> ...]",
        "    Deletes users, and closes their connections.",
        "DRYRUN <username> <command> [<arg> ...]",
        "    Whether the user may run that command, without running it.",
        "GENPASS [<bits>]",
        "    A random password, of 256 bits if not told otherwise.",
        "GETUSER <username>",
        "    What a user is and may do.",
        "LIST",
        "    All users, as lines of a file.",
        "LOAD",
        "    Reads the ACL file again.",
        "LOG [<count>|RESET]",
        "    What was refused lately, 10 of it if not told otherwise; or forgets it.",
        "SAVE",
        "    Writes the ACL file.",
        "SETUSER <username> [<rule> ...]",
        "    Makes a user, or changes it by rules.",
        "USERS",
        "    The names of all users.",
        "WHOAMI",
        "    The user of this connection.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}

#define OWN   .flags = CMD_NOSCRIPT | CMD_LOADING | CMD_STALE
#define ADMIN .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE
#define ALONE .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_EXCLUSIVE

static const struct command acl_subcommands[] = {
    {"cat", .arity = -2, .run = acl_cat, OWN},
    {"deluser", .arity = -3, .run = acl_deluser, ALONE},
    {"dryrun", .arity = -4, .run = acl_dryrun, ADMIN},
    {"genpass", .arity = -2, .run = acl_genpass, OWN},
    {"getuser", .arity = 3, .run = acl_getuser, ADMIN},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .run = acl_help},
    {"list", .arity = 2, .run = acl_list, ADMIN},
    {"load", .arity = 2, .run = acl_load, ALONE},
    {"log", .arity = -2, .run = acl_log_command, ADMIN},
    {"save", .arity = 2, .run = acl_save, ADMIN},
    {"setuser", .arity = -3, .run = acl_setuser, ALONE},
    {"users", .arity = 2, .run = acl_users, ADMIN},
    {"whoami", .arity = 2, .run = acl_whoami, OWN},
    {0},
};

const struct command acl_commands[] = {
    {"acl", .arity = -2, .subcommands = acl_subcommands},
    {0},
};
