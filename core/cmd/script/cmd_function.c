/*
 * cmd_function.c — FUNCTION LOAD, DELETE, FLUSH, LIST, STATS, KILL, HELP.
 *
 * Those that change libraries are rows with CMD_EXCLUSIVE: nobody else is in the gate.
 */
#include "core/cmd/script/function_commands.h"
#include "core/cmd/script/library.h"
#include "core/cmd/script/script_busy.h"
#include "core/cmd/script/script_hub.h"

enum outcome function_load(struct exec *x, const struct args *a)
{
    struct script_hub *hub = exec_script_hub(x);
    struct buf error = {0};
    uint32_t at = 2;
    bool replace = false;
    for (; at + 1 < a->n; at++) {
        if (!args_is(a, at, "replace")) {
            buf_append_cstr(&error, "ERR Unknown option given: ");
            buf_append_bytes(&error, a->v[at]);
            break;
        }
        replace = true;
    }
    struct library *l = error.size ? NULL : library_load(hub, a->v[at], replace, &error);
    if (l && library_publish(hub, l, replace, &error) == LK_OK) {
        x->changes++;
        reply_bulk(x->reply, l->node.name);
    } else {
        reply_error_bytes(x->reply, buf_bytes(&error));
    }
    if (l)
        library_drop(l);
    buf_release(&error);
    return RUN_DONE;
}

enum outcome function_delete(struct exec *x, const struct args *a)
{
    if (!library_delete(exec_script_hub(x), a->v[2])) {
        reply_error(x->reply, "ERR Library not found");
        return RUN_DONE;
    }
    x->changes++;
    reply_ok(x->reply);
    return RUN_DONE;
}

enum outcome function_flush(struct exec *x, const struct args *a)
{
    if (a->n > 3)
        return reply_subcommand(x, a);
    if (a->n == 3 && !args_is(a, 2, "sync") && !args_is(a, 2, "async")) {
        reply_error(x->reply, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
        return RUN_DONE;
    }
    library_flush(exec_script_hub(x));
    x->changes++;
    reply_ok(x->reply);
    return RUN_DONE;
}

/* --- LIST ------------------------------------------------------------------------------------ */

struct function_listing {
    struct reply *reply;
    struct bytes pattern; /* data NULL: all */
    bool with_code;
    uint64_t count;
};

static void function_list_flags(struct reply *r, uint32_t flags)
{
    flags &= ~(uint32_t)SCRIPT_SHEBANG;
    reply_set(r, (uint64_t)__builtin_popcount(flags));
    for (; flags; flags &= flags - 1)
        reply_simple(r, script_flag_name(flags & -flags));
}

static void function_list_one(void *ctx, const struct library *l)
{
    struct function_listing *list = ctx;
    struct reply *r = list->reply;
    if (list->pattern.data && !bytes_match_glob(list->pattern, l->node.name, true))
        return;
    list->count++;
    reply_map(r, list->with_code ? 4 : 3);
    reply_bulk_cstr(r, "library_name");
    reply_bulk(r, l->node.name);
    reply_bulk_cstr(r, "engine");
    reply_bulk_cstr(r, "LUA");
    reply_bulk_cstr(r, "functions");
    reply_array(r, l->count);
    for (uint32_t i = 0; i < l->count; i++) {
        const struct library_function *f = &l->functions[i];
        reply_map(r, 3);
        reply_bulk_cstr(r, "name");
        reply_bulk(r, f->node.name);
        reply_bulk_cstr(r, "description");
        if (f->description)
            reply_bulk_cstr(r, f->description);
        else
            reply_null(r);
        reply_bulk_cstr(r, "flags");
        function_list_flags(r, f->flags);
    }
    if (list->with_code) {
        reply_bulk_cstr(r, "library_code");
        reply_bulk(r, bytes_of(l->source, l->size));
    }
}

enum outcome function_list(struct exec *x, const struct args *a)
{
    struct function_listing list = {.reply = x->reply};
    for (uint32_t i = 2; i < a->n; i++) {
        if (args_is(a, i, "withcode") && !list.with_code) {
            list.with_code = true;
        } else if (args_is(a, i, "libraryname") && !list.pattern.data) {
            if (i + 1 == a->n) {
                reply_error(x->reply, "ERR library name argument was not given");
                return RUN_DONE;
            }
            list.pattern = a->v[++i];
        } else {
            struct buf line = {0};
            buf_append_cstr(&line, "ERR Unknown argument ");
            buf_append_bytes(&line, a->v[i]);
            reply_error_bytes(x->reply, buf_bytes(&line));
            buf_release(&line);
            return RUN_DONE;
        }
    }
    const size_t head = reply_begin_deferred(x->reply);
    library_each(exec_script_hub(x), function_list_one, &list);
    reply_end_deferred(x->reply, head, REPLY_ARRAY, list.count);
    return RUN_DONE;
}

/* --- STATS, KILL, HELP ----------------------------------------------------------------------- */

enum outcome function_stats(struct exec *x, const struct args *a)
{
    const struct script_hub *h = exec_script_hub(x);

    (void)a;
    if (!busy_script_show(exec_script_hub(x), x))
        return RUN_DONE;
    reply_bulk_cstr(x->reply, "engines");
    reply_map(x->reply, 1);
    reply_bulk_cstr(x->reply, "LUA");
    reply_map(x->reply, 2);
    reply_bulk_cstr(x->reply, "libraries_count");
    reply_int(x->reply, h->libraries.count);
    reply_bulk_cstr(x->reply, "functions_count");
    reply_int(x->reply, h->functions.count);
    return RUN_DONE;
}

enum outcome function_kill(struct exec *x, const struct args *a)
{
    (void)a;
    return busy_script_kill(exec_script_hub(x), x, true);
}

enum outcome function_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "LOAD [REPLACE] <FUNCTION CODE>",
        "    Makes a library of the code, whose first line names it.",
        "DELETE <LIBRARY NAME>",
        "    Takes a library away.",
        "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
        "    Shows the libraries: their names, engines and functions, and their code if asked.",
        "STATS",
        "    Shows the function that runs, and the engines with what they hold.",
        "KILL",
        "    Ends the function that runs.",
        "FLUSH [ASYNC|SYNC]",
        "    Takes all libraries away.",
        "DUMP",
        "    Gives all libraries as bytes, for FUNCTION RESTORE.",
        "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
        "    Makes the libraries that the bytes describe. FLUSH takes the others away first,",
        "    APPEND fails if there is one of the name, REPLACE takes its place.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}
