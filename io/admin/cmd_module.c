/*
 * cmd_module.c — MODULE: there are none, and the server takes none.
 */
#include "io/admin/admin_priv.h"

static enum outcome module_list(struct exec *x, const struct args *a)
{
    (void)a;
    reply_array(x->reply, 0);
    return RUN_DONE;
}

static bool module_allowed(const struct exec *x)
{
    const int access = config_current(x->admin->parts.config)->enable_module_command;

    return access == CONFIG_ACCESS_YES ||
           (access == CONFIG_ACCESS_LOCAL && admin_is_local(x->session));
}

/* LOAD, LOADEX and UNLOAD. */
static enum outcome module_change(struct exec *x, const struct args *a)
{
    if (!module_allowed(x))
        reply_error(x->reply,
                    "ERR MODULE command not allowed. If the enable-module-command option is set to "
                    "\"local\", you can run it from a local connection, otherwise you need to set "
                    "this option in the configuration file, and then restart the server.");
    else if (args_is(a, 1, "unload"))
        reply_error(x->reply, "ERR Error unloading module: no such module with that name");
    else
        reply_error(x->reply, "ERR Error loading the extension. This server does not support "
                              "modules.");
    return RUN_DONE;
}

static enum outcome module_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "LIST",
        "    The modules that are loaded: none.",
        "LOAD <path> [<arg> ...]",
        "    Refused: this server does not support modules.",
        "LOADEX <path> [CONFIG <name> <value> ...] [ARGS <arg> ...]",
        "    Refused.",
        "UNLOAD <name>",
        "    Refused.",
        NULL,
    };

    (void)a;
    return reply_help(x, lines);
}

#define CHANGES                                                                                    \
    .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_NO_ASYNC_LOADING,                                      \
    .categories = CAT_ADMIN | CAT_DANGEROUS, .run = module_change

static const struct command module_subcommands[] = {
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .run = module_help},
    {"list", .arity = 2, .flags = CMD_ADMIN | CMD_NOSCRIPT, .categories = CAT_ADMIN | CAT_DANGEROUS,
     .run = module_list},
    {"load", .arity = -3, CHANGES},
    {"loadex", .arity = -3, CHANGES},
    {"unload", .arity = 3, CHANGES},
    {0},
};

const struct command admin_module_commands[] = {
    {"module", .arity = -2, .subcommands = module_subcommands},
    {0},
};
