/*
 * cmd_script.c — SCRIPT LOAD, EXISTS, FLUSH, SHOW, KILL, DEBUG, HELP.
 */
#include "core/cmd/script/script_busy.h"
#include "core/cmd/script/script_priv.h"

struct script *script_make(struct vm *vm, struct bytes source, bool keep, struct buf *error)
{
    struct shebang head;
    if (shebang_parse(source, &head, error) != LK_OK)
        return NULL;
    /* It must be whole before anybody else can find it. */
    if (!vm_can_compile(vm, bytes_of(source.data + head.body_at, source.size - head.body_at),
                        error))
        return NULL;
    return script_hub_add(vm->hub, source, head.flags, head.body_at, keep);
}

static enum outcome script_load(struct exec *x, const struct args *a)
{
    struct vm *vm = vm_of(x->dispatcher, exec_script_hub(x));
    struct buf error = {0};
    struct script *s = script_make(vm, a->v[2], true, &error);
    if (s) {
        reply_bulk(x->reply, bytes_of(s->sha, SCRIPT_NAME));
        script_drop(s);
    } else {
        reply_error_bytes(x->reply, buf_bytes(&error));
    }
    buf_release(&error);
    return RUN_DONE;
}

static enum outcome script_exists(struct exec *x, const struct args *a)
{
    reply_array(x->reply, a->n - 2);
    for (uint32_t i = 2; i < a->n; i++) {
        struct script *s = script_hub_find(exec_script_hub(x), a->v[i]);
        reply_int(x->reply, s != NULL);
        if (s)
            script_drop(s);
    }
    return RUN_DONE;
}

static enum outcome script_show(struct exec *x, const struct args *a)
{
    struct script *s = script_hub_find(exec_script_hub(x), a->v[2]);
    if (!s) {
        reply_error(x->reply, "NOSCRIPT No matching script. Please use EVAL.");
        return RUN_DONE;
    }
    reply_bulk(x->reply, bytes_of(s->source, s->size));
    script_drop(s);
    return RUN_DONE;
}

/* Sources are small: both words do the same. */
static enum outcome script_flush(struct exec *x, const struct args *a)
{
    if (a->n > 3 || (a->n == 3 && !args_is(a, 2, "sync") && !args_is(a, 2, "async"))) {
        reply_error(x->reply, "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
        return RUN_DONE;
    }
    script_hub_flush(exec_script_hub(x));
    reply_ok(x->reply);
    return RUN_DONE;
}

/* There is no debugger: it would stop the server, or need a second process. */
static enum outcome script_debug(struct exec *x, const struct args *a)
{
    if (args_is(a, 2, "no"))
        reply_ok(x->reply);
    else if (args_is(a, 2, "yes") || args_is(a, 2, "sync"))
        reply_error(x->reply, "ERR SCRIPT DEBUG is not supported by this server");
    else
        reply_error(x->reply, "ERR Use SCRIPT DEBUG YES/SYNC/NO");
    return RUN_DONE;
}

static enum outcome script_kill(struct exec *x, const struct args *a)
{
    (void)a;
    return busy_script_kill(exec_script_hub(x), x, false);
}

static enum outcome script_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "DEBUG (YES|SYNC|NO)",
        "    Set the debug mode for subsequent scripts executed.",
        "EXISTS <sha1> [<sha1> ...]",
        "    Return information about the existence of the scripts in the script cache.",
        "FLUSH [ASYNC|SYNC]",
        "    Flush the Lua scripts cache. Very dangerous on replicas.",
        "    When called without the optional mode argument, the behavior is determined by the",
        "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
        "    * ASYNC: Asynchronously flush the scripts cache.",
        "    * SYNC: Synchronously flush the scripts cache.",
        "KILL",
        "    Kill the currently executing Lua script.",
        "LOAD <script>",
        "    Load a script into the scripts cache without executing it.",
        "SHOW <sha1>",
        "    Show a script from the scripts cache.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}

#define SCRIPT_ROW(more) .flags = CMD_NOSCRIPT | (more), .categories = CAT_SCRIPTING

static const struct command script_subcommands[] = {
    {"debug", .arity = 3, SCRIPT_ROW(0), .run = script_debug},
    {"exists", .arity = -3, SCRIPT_ROW(0), .run = script_exists},
    {"flush", .arity = -2, SCRIPT_ROW(0), .run = script_flush},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .categories = CAT_SCRIPTING,
     .run = script_help},
    {"kill", .arity = 2, SCRIPT_ROW(CMD_ALLOW_BUSY), .run = script_kill},
    {"load", .arity = 3, SCRIPT_ROW(CMD_STALE), .run = script_load},
    {"show", .arity = 3, SCRIPT_ROW(0), .run = script_show},
    {0},
};

const struct command script_commands[] = {
    {"script", .arity = -2, .subcommands = script_subcommands},
    {0},
};
