/*
 * cmd_expire.c — EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT, PERSIST: when a key goes.
 *
 * The row's imm is the form of the number.  However it was spelled, PEXPIREAT is logged, and a
 * time that has passed is a DEL.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/deadline.h"
#include "core/cmd/engine/exec.h"

/* Returns false when the error is written. */
static bool parse_conditions(struct exec *x, const struct args *a, unsigned *only)
{
    static const char *const words[] = {"nx", "xx", "gt", "lt"};
    *only = 0;
    for (uint32_t i = 3; i < a->n; i++) {
        unsigned w = 0;
        while (w < 4 && !args_is(a, i, words[w]))
            w++;
        if (w == 4) {
            reply_error(x->reply, "ERR Unsupported option %.*s", (int)a->v[i].size, a->v[i].data);
            return false;
        }
        *only |= 1U << w;
    }
    if ((*only & ONLY_NX) && (*only & ~(unsigned)ONLY_NX)) {
        reply_error(x->reply,
                    "ERR NX and XX, GT or LT options at the same time are not compatible");
        return false;
    }
    if ((*only & ONLY_GT) && (*only & ONLY_LT)) {
        reply_error(x->reply, "ERR GT and LT options at the same time are not compatible");
        return false;
    }
    return true;
}

static int expire_at(struct exec *x, struct bytes key, int64_t deadline_ms)
{
    if (exec_is_past(x, deadline_ms)) {
        exec_delete(x, key, false);
        exec_effect_format(x, "sb", "DEL", key);
        exec_event(x, EVENT_GENERIC, "del", key);
        return LK_OK;
    }
    const int rc = exec_set_deadline(x, key, deadline_ms);
    if (rc != LK_OK)
        return rc;
    exec_effect_format(x, "sbi", "PEXPIREAT", key, deadline_ms);
    exec_event(x, EVENT_GENERIC, "expire", key);
    return LK_OK;
}

static enum outcome expire_command(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v = {.type = TYPE_NONE};
    int64_t n = 0, deadline_ms = 0;
    unsigned only;

    if (!parse_conditions(x, a, &only))
        return RUN_DONE;
    int rc = args_int64(a, 2, &n);
    if (rc == LK_OK)
        rc = deadline_from_number(n, (unsigned)x->cmd->imm, x->now_ms, &deadline_ms);
    if (rc == LK_OK)
        rc = exec_find_silently(x, key, TYPE_ANY, &v);
    const bool may = rc == LK_OK && value_exists(&v) &&
                     deadline_may_be(deadline_ms, exec_deadline(x, key), only);
    if (may)
        rc = expire_at(x, key, deadline_ms);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, may);
    return RUN_DONE;
}

static enum outcome expire_persist(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    const bool had = exec_deadline(x, key) >= 0;
    if (had) {
        const int rc = exec_set_deadline(x, key, ENTRY_NO_DEADLINE);
        if (rc != LK_OK)
            return reply_status(x, rc);
        exec_event(x, EVENT_GENERIC, "persist", key);
    }
    reply_int(x->reply, had);
    return RUN_DONE;
}

#define EXPIRE                                                                                     \
    .flags = CMD_WRITE | CMD_FAST, .categories = CAT_KEYSPACE,                                     \
    .keys = KEY_AT(1, KEY_RW | KEY_UPDATE)

const struct command expire_commands[] = {
    {"expire", .arity = -3, .imm = DEADLINE_SECONDS, .run = expire_command, EXPIRE},
    {"expireat", .arity = -3, .imm = DEADLINE_SECONDS | DEADLINE_ABSOLUTE, .run = expire_command,
     EXPIRE},
    {"persist", .arity = 2, .run = expire_persist, EXPIRE},
    {"pexpire", .arity = -3, .imm = 0, .run = expire_command, EXPIRE},
    {"pexpireat", .arity = -3, .imm = DEADLINE_ABSOLUTE, .run = expire_command, EXPIRE},
    {0},
};
