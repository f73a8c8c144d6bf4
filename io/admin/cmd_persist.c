/*
 * cmd_persist.c — BGSAVE, SAVE, BGREWRITEAOF.
 */
#include "io/admin/admin_priv.h"

/* A transaction is told that it begins later, as the reference does. */
static enum save_answer persist_told(const struct exec *x, enum save_answer answer)
{
    const bool inside = session_has(x->session, SESSION_IN_EXEC);
    return answer == SAVE_STARTED && inside ? SAVE_SCHEDULED : answer;
}

static enum outcome persist_bgsave(struct exec *x, const struct args *a)
{
    const struct admin_parts *parts = &x->admin->parts;
    const bool schedule = a->n == 2 && args_is(a, 1, "schedule");

    if (a->n > 2 || (a->n == 2 && !schedule))
        return reply_syntax(x);
    const bool later = schedule || session_has(x->session, SESSION_IN_EXEC);
    switch (persist_told(x, parts->bgsave(parts->ctx, later))) {
    case SAVE_STARTED:
        reply_simple(x->reply, "Background saving started");
        break;
    case SAVE_SCHEDULED:
        reply_simple(x->reply, "Background saving scheduled");
        break;
    case SAVE_BUSY_SAVING:
        reply_error(x->reply, "ERR Background save already in progress");
        break;
    case SAVE_BUSY_REWRITING:
        reply_error(x->reply, "ERR Another child process is active (AOF?): can't BGSAVE right now. "
                              "Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever "
                              "possible.");
        break;
    }
    return RUN_DONE;
}

static enum outcome persist_bgrewriteaof(struct exec *x, const struct args *a)
{
    const struct admin_parts *parts = &x->admin->parts;

    (void)a;
    switch (persist_told(x, parts->bgrewrite(parts->ctx))) {
    case SAVE_STARTED:
        reply_simple(x->reply, "Background append only file rewriting started");
        break;
    case SAVE_SCHEDULED:
    case SAVE_BUSY_SAVING:
        reply_simple(x->reply, "Background append only file rewriting scheduled");
        break;
    case SAVE_BUSY_REWRITING:
        reply_error(x->reply, "ERR Background append only file rewriting already in progress");
        break;
    }
    return RUN_DONE;
}

/* Its client waits for the end; the others need not. */
static enum outcome persist_save(struct exec *x, const struct args *a)
{
    const struct admin_parts *parts = &x->admin->parts;
    const struct wait_spec until_answered = {.count = 0};

    if (parts->save(parts->ctx, x->session->worker, x->session->id) != SAVE_STARTED) {
        reply_error(x->reply, "ERR Background save already in progress");
        return RUN_DONE;
    }
    return exec_wait(x, a, &until_answered);
}

#define SAVING                                                                                     \
    .categories = CAT_ADMIN | CAT_DANGEROUS,                                                       \
    .flags = CMD_ADMIN | CMD_NOSCRIPT | CMD_NO_ASYNC_LOADING

const struct command admin_persist_commands[] = {
    {"bgrewriteaof", .arity = 1, SAVING, .run = persist_bgrewriteaof},
    {"bgsave", .arity = -1, SAVING, .run = persist_bgsave},
    {"save", .arity = 1, SAVING | CMD_NO_MULTI, .run = persist_save},
    {0},
};
