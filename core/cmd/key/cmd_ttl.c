/*
 * cmd_ttl.c — TTL, PTTL, EXPIRETIME, PEXPIRETIME: how long a key has to live.
 *
 * The row's imm is the form of the answer, as in EXPIRE.  -1 is a key without a deadline, -2 none.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/deadline.h"
#include "core/cmd/engine/exec.h"

static enum outcome ttl_lifetime(struct exec *x, const struct args *a)
{
    const unsigned form = (unsigned)x->cmd->imm;
    struct value v;
    const int rc = exec_find_untouched(x, a->v[1], TYPE_ANY, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    int64_t ms = value_exists(&v) ? exec_deadline(x, a->v[1]) : -2;
    if (ms >= 0 && !(form & DEADLINE_ABSOLUTE))
        ms = ms > x->now_ms ? ms - x->now_ms : 0;
    if (ms >= 0 && (form & DEADLINE_SECONDS))
        ms = (ms + 500) / 1000; /* to the nearest second */
    reply_int(x->reply, ms);
    return RUN_DONE;
}

#define LIFETIME                                                                                   \
    .arity = 2, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_KEYSPACE,                      \
    .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = ttl_lifetime

const struct command ttl_commands[] = {
    {"expiretime", .imm = DEADLINE_SECONDS | DEADLINE_ABSOLUTE, LIFETIME},
    {"pexpiretime", .imm = DEADLINE_ABSOLUTE, LIFETIME},
    {"pttl", .imm = 0, LIFETIME},
    {"ttl", .imm = DEADLINE_SECONDS, LIFETIME},
    {0},
};
