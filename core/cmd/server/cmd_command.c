/*
 * cmd_command.c — COMMAND: what there is to call.
 */
#include "core/cmd/server/cmd_command.h"
#include "core/cmd/command/tables_server.h"

/* rename-command with an empty name hides a command. */
static bool is_hidden(const struct command_info *c)
{
    return c->name[0] == '\0';
}

static uint32_t visible_count(const struct command_index *ix)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < command_index_top_count(ix); i++)
        n += !is_hidden(command_index_top(ix, i));
    return n;
}

static enum outcome command_all(struct exec *x, const struct args *a)
{
    (void)a;
    const struct command_index *ix = commands_of(x);
    reply_array(x->reply, visible_count(ix));
    for (uint32_t i = 0; i < command_index_top_count(ix); i++)
        if (!is_hidden(command_index_top(ix, i)))
            reply_command_info(x->reply, command_index_top(ix, i));
    return RUN_DONE;
}

static enum outcome command_count(struct exec *x, const struct args *a)
{
    (void)a;
    reply_int(x->reply, visible_count(commands_of(x)));
    return RUN_DONE;
}

static enum outcome command_info(struct exec *x, const struct args *a)
{
    if (a->n == 2)
        return command_all(x, a);
    reply_array(x->reply, a->n - 2);
    for (uint32_t i = 2; i < a->n; i++) {
        const struct command_info *c = command_index_lookup(commands_of(x), a->v[i]);
        if (c)
            reply_command_info(x->reply, c);
        else
            reply_null(x->reply);
    }
    return RUN_DONE;
}

struct filter {
    bool modules;         /* nothing passes: there are none */
    uint32_t category;    /* 0: any */
    struct bytes pattern; /* data NULL: any */
};

static bool command_passes(const struct filter *f, const struct command_info *c)
{
    return !f->modules && (f->category == 0 || c->categories & f->category) &&
           (!f->pattern.data || bytes_match_glob(f->pattern, bytes_cstr(c->full_name), true));
}

static uint64_t command_reply_name(struct exec *x, const struct filter *f,
                                   const struct command_info *c)
{
    if (f && !command_passes(f, c))
        return 0;
    reply_bulk_cstr(x->reply, c->full_name);
    return 1;
}

static enum outcome command_reply_names(struct exec *x, const struct filter *f)
{
    const struct command_index *ix = commands_of(x);
    const size_t head = reply_begin_deferred(x->reply);
    uint64_t n = 0;
    for (uint32_t i = 0; i < command_index_top_count(ix); i++) {
        const struct command_info *c = command_index_top(ix, i);
        if (is_hidden(c))
            continue;
        n += command_reply_name(x, f, c);
        for (uint32_t s = 0; s < c->subcommand_count; s++)
            n += command_reply_name(x, f, &c->subcommands[s]);
    }
    reply_end_deferred(x->reply, head, REPLY_ARRAY, n);
    return RUN_DONE;
}

static enum outcome command_list(struct exec *x, const struct args *a)
{
    struct filter f = {0};
    if (a->n == 2)
        return command_reply_names(x, NULL);
    if (a->n != 5 || !args_is(a, 2, "filterby"))
        return reply_syntax(x);
    if (args_is(a, 3, "module")) {
        f.modules = true;
    } else if (args_is(a, 3, "pattern")) {
        f.pattern = a->v[4];
    } else if (args_is(a, 3, "aclcat")) {
        for (int i = 0; i < COMMAND_CATEGORIES; i++)
            if (args_is(a, 4, command_category_names[i]))
                f.category = UINT32_C(1) << i;
        if (f.category == 0)
            f.modules = true;
    } else {
        return reply_syntax(x);
    }
    return command_reply_names(x, &f);
}

static enum outcome command_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "(no subcommand)",
        "    All commands: arity, flags, keys, categories.",
        "COUNT",
        "    How many commands there are.",
        "DOCS [<command-name> ...]",
        "    What these commands do and take, or all.",
        "GETKEYS <full-command>",
        "    The keys among a command's arguments.",
        "GETKEYSANDFLAGS <full-command>",
        "    The same, and how each key is used.",
        "INFO [<command-name> ...]",
        "    These commands as COMMAND shows them.",
        "LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
        "    Names of commands.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}

#define ABOUT .flags = CMD_LOADING | CMD_STALE, .categories = CAT_CONNECTION

static const struct command command_subcommands[] = {
    {"count", .arity = 2, .run = command_count, ABOUT},
    {"docs", .arity = -2, .run = command_docs, ABOUT},
    {"getkeys", .arity = -3, .run = command_getkeys, ABOUT},
    {"getkeysandflags", .arity = -3, .imm = 1, .run = command_getkeys, ABOUT},
    {"help", .arity = 2, .run = command_help, ABOUT},
    {"info", .arity = -2, .run = command_info, ABOUT},
    {"list", .arity = -2, .run = command_list, ABOUT},
    {0},
};

const struct command command_commands[] = {
    {"command", .arity = -1, .run = command_all, .subcommands = command_subcommands, ABOUT},
    {0},
};
