/*
 * cmd_rename.c — RENAME, RENAMENX: an entry goes to another key, deadline and all.
 *
 * imm is 1 for the form that never overwrites, and answers with a number.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"

static int rename_key(struct exec *x, struct bytes from, struct bytes to)
{
    const int rc = exec_rename(x, from, to);
    if (rc != LK_OK)
        return rc;
    exec_counts_as(x, 0); /* two keys, one change */
    exec_event(x, EVENT_GENERIC, "rename_from", from);
    exec_event(x, EVENT_GENERIC, "rename_to", to);
    return LK_OK;
}

static enum outcome rename_run(struct exec *x, const struct args *a)
{
    const struct bytes from = a->v[1], to = a->v[2];
    const bool only_new = x->cmd->imm, same = bytes_equal(from, to);
    struct value v, there;

    int rc = exec_find_silently(x, from, TYPE_ANY, &v);
    if (rc == LK_OK && !value_exists(&v))
        rc = LK_ENOKEY;
    if (rc == LK_OK)
        rc = exec_find_silently(x, to, TYPE_ANY, &there);
    const bool taken = rc == LK_OK && only_new && value_exists(&there);
    if (rc == LK_OK && !taken && !same)
        rc = rename_key(x, from, to);
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (only_new)
        reply_int(x->reply, !taken);
    else
        reply_ok(x->reply);
    return RUN_DONE;
}

const struct command rename_commands[] = {
    {"rename", .arity = 3, .flags = CMD_WRITE, .categories = CAT_KEYSPACE, .imm = 0,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE,
               .begin = KEY_BEGIN_INDEX,
               .index = 1,
               .step = 1},
              {.flags = KEY_OW | KEY_UPDATE, .begin = KEY_BEGIN_INDEX, .index = 2, .step = 1}},
     .run = rename_run},
    {"renamenx", .arity = 3, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_KEYSPACE, .imm = 1,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE,
               .begin = KEY_BEGIN_INDEX,
               .index = 1,
               .step = 1},
              {.flags = KEY_OW | KEY_INSERT, .begin = KEY_BEGIN_INDEX, .index = 2, .step = 1}},
     .run = rename_run},
    {0},
};
