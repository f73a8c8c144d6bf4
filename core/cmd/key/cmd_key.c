/*
 * cmd_key.c — DEL, UNLINK, EXISTS, TOUCH, TYPE: keys of any type.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"

/* imm: the nodes are freed in the background whatever the configuration says. */
static enum outcome delete_keys(struct exec *x, const struct args *a)
{
    const bool lazy = x->cmd->imm || exec_limits(x)->lazy_user_del;
    int64_t n = 0;
    for (uint32_t i = 1; i < a->n; i++) {
        if (!exec_delete(x, a->v[i], lazy))
            continue;
        exec_event(x, EVENT_GENERIC, "del", a->v[i]);
        n++;
    }
    reply_int(x->reply, n);
    return RUN_DONE;
}

/* A key that is named twice counts twice.  imm: TOUCH, which is a use whatever the client says. */
static enum outcome count_keys(struct exec *x, const struct args *a)
{
    int64_t n = 0;
    for (uint32_t i = 1; i < a->n; i++)
        n += x->cmd->imm ? exec_touch(x, a->v[i]) : exec_exists(x, a->v[i]);
    reply_int(x->reply, n);
    return RUN_DONE;
}

static enum outcome type_of_key(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find_untouched(x, a->v[1], TYPE_ANY, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_simple(x->reply, value_exists(&v) ? type_ops_get(v.type)->name : "none");
    return RUN_DONE;
}

const struct command key_commands[] = {
    {"del", .arity = -2, .flags = CMD_WRITE, .categories = CAT_KEYSPACE, .imm = 0,
     .keys = KEY_RANGE(1, -1, 1, KEY_RM | KEY_DELETE), .run = delete_keys},
    {"exists", .arity = -2, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_KEYSPACE, .imm = 0,
     .keys = KEY_RANGE(1, -1, 1, KEY_RO), .run = count_keys},
    {"touch", .arity = -2, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_KEYSPACE, .imm = 1,
     .keys = KEY_RANGE(1, -1, 1, KEY_RO), .run = count_keys},
    {"type", .arity = 2, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_KEYSPACE,
     .keys = KEY_AT(1, KEY_RO), .run = type_of_key},
    {"unlink", .arity = -2, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_KEYSPACE, .imm = 1,
     .keys = KEY_RANGE(1, -1, 1, KEY_RM | KEY_DELETE), .run = delete_keys},
    {0},
};
