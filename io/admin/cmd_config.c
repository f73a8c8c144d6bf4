/*
 * cmd_config.c — CONFIG: reading, changing and saving the configuration.
 *
 * io/config knows what the directives are; here are its words.
 * RESETSTAT runs alone, as only a counter's owner may write it.
 */
#include "io/admin/admin_priv.h"
#include "io/repl/repl.h"

#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/cmd/script/script.h"
#include "core/store/lazy_free.h"

/* --- GET ------------------------------------------------------------------------------------- */

struct got {
    struct buf replies;
    uint64_t n;
};

static void got_one(void *ctx, struct bytes name, struct bytes value)
{
    struct got *g = ctx;

    reply_buf_bulk(&g->replies, name);
    reply_buf_bulk(&g->replies, value);
    g->n++;
}

static enum outcome config_get_command(struct exec *x, const struct args *a)
{
    struct got g = {{0}, 0};

    config_get(x->admin->parts.config, a->v + 2, a->n - 2, got_one, &g);
    reply_map(x->reply, g.n);
    reply_raw(x->reply, buf_bytes(&g.replies));
    buf_release(&g.replies);
    return RUN_DONE;
}

/* --- SET ------------------------------------------------------------------------------------- */

static int set_pairs(struct admin *a, const struct args *args, bool local, struct buf *error)
{
    const uint32_t count = (args->n - 2) / 2;
    struct config_pair *pairs = mem_alloc(count * sizeof *pairs);

    for (uint32_t i = 0; i < count; i++)
        pairs[i] = (struct config_pair){args->v[2 + 2 * i], args->v[3 + 2 * i]};
    const int rc = config_set(a->parts.config, pairs, count, local, error);
    mem_free(pairs, count * sizeof *pairs);
    return rc;
}

static void reply_text_error(struct exec *x, const struct buf *text)
{
    struct buf line = {0};

    buf_append_cstr(&line, "ERR ");
    buf_append_bytes(&line, buf_bytes(text));
    reply_error_bytes(x->reply, buf_bytes(&line));
    buf_release(&line);
}

/* What a load is using. */
static bool names_what_loads(const struct args *a)
{
    for (uint32_t i = 2; i < a->n; i += 2)
        if (args_is(a, i, "dir") || args_is(a, i, "appendonly") ||
            args_is(a, i, "repl-diskless-load"))
            return true;
    return false;
}

static enum outcome config_set_command(struct exec *x, const struct args *a)
{
    struct buf error = {0};

    if (a->n % 2 != 0)
        return reply_syntax(x);
    if (engine_is_loading(x->admin->parts.engine) && names_what_loads(a)) {
        reply_error(x->reply, "LOADING Redis is loading the dataset in memory");
        return RUN_DONE;
    }
    if (set_pairs(x->admin, a, admin_is_local(x->session), &error) == LK_OK)
        reply_ok(x->reply);
    else
        reply_text_error(x, &error);
    buf_release(&error);
    return RUN_DONE;
}

/* --- the others ------------------------------------------------------------------------------ */

static enum outcome config_rewrite_command(struct exec *x, const struct args *a)
{
    struct buf error = {0}, text = {0}, lines = {0};

    (void)a;
    admin_append_user_lines(x->admin, &text, &lines);
    const struct config_owned_lines users = {.directive = "user",
                                             .lines =
                                                 (const struct bytes *)(const void *)lines.data,
                                             .count = lines.size / sizeof(struct bytes)};
    const int rc = config_rewrite(x->admin->parts.config, &users, 1, &error);
    if (rc == LK_OK) {
        trace_line(TRACE_NOTICE, "CONFIG REWRITE executed with success.");
        reply_ok(x->reply);
    } else {
        trace_line(TRACE_WARNING, "CONFIG REWRITE failed: %.*s", (int)error.size, error.data);
        reply_text_error(x, &error);
    }
    buf_release(&error);
    buf_release(&text);
    buf_release(&lines);
    return RUN_DONE;
}

static enum outcome config_resetstat(struct exec *x, const struct args *a)
{
    const struct engine *engine = x->admin->parts.engine;

    (void)a;
    for (uint32_t w = 0; w < engine->fixed.stats_count; w++)
        stats_reset(engine->fixed.all_stats[w]);
    if (engine->fixed.repl)
        repl_reset_stats(engine->fixed.repl);
    if (engine->fixed.scripts)
        script_hub_reset_stats(engine->fixed.scripts);
    lazy_free_reset(engine->fixed.keyspace->lazy);
    reply_ok(x->reply);
    return RUN_DONE;
}

static enum outcome config_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "GET <pattern> [<pattern> ...]",
        "    The directives whose names match, with their values.",
        "SET <directive> <value> [<directive> <value> ...]",
        "    Changes all of them, or none if one cannot be changed.",
        "RESETSTAT",
        "    Sets the counters of INFO back to zero.",
        "REWRITE",
        "    Saves the configuration in its file.",
        NULL,
    };

    (void)a;
    return reply_help(x, lines);
}

#define STEERS                                                                                     \
    .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE,                                   \
    .categories = CAT_ADMIN | CAT_DANGEROUS

static const struct command config_subcommands[] = {
    {"get", .arity = -3, STEERS, .run = config_get_command},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .run = config_help},
    {"resetstat", .arity = 2,
     .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_LOADING | CMD_STALE | CMD_EXCLUSIVE,
     .categories = CAT_ADMIN | CAT_DANGEROUS, .run = config_resetstat},
    {"rewrite", .arity = 2, STEERS, .run = config_rewrite_command},
    {"set", .arity = -4, STEERS, .run = config_set_command},
    {0},
};

const struct command admin_config_commands[] = {
    {"config", .arity = -2, .subcommands = config_subcommands},
    {0},
};
