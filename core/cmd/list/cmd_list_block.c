/*
 * cmd_list_block.c — BLPOP, BRPOP, LMPOP, BLMPOP: from the first of several lists that has
 * something.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/list/list_take.h"

/* BLPOP key [key ...] timeout; imm is the end. */
static enum outcome pop_or_wait(struct exec *x, const struct args *a)
{
    struct wait_spec wait = {.first = 1, .count = a->n - 2, .type = TYPE_LIST, .null_array = true};
    if (!exec_timeout(x, a, a->n - 1, &wait.deadline_ms))
        return RUN_DONE;
    const int64_t taken = list_take_first(x, a->v + wait.first, wait.count,
                                          (enum list_end)x->cmd->imm, 1, TAKE_NAMED);
    if (taken < 0)
        return reply_status(x, (int)taken);
    return taken > 0 ? RUN_DONE : exec_wait(x, a, &wait);
}

/* numkeys key [key ...] LEFT|RIGHT [COUNT count] */
struct several {
    uint32_t first, keys;
    enum list_end end;
    uint64_t count;
};

/* Argument i, a number above 0; false: the error line is written. */
static bool list_block_parse_positive(struct exec *x, const struct args *a, uint32_t i,
                                      const char *name, int64_t *out)
{
    if (args_int64(a, i, out) == LK_OK && *out > 0)
        return true;
    reply_error(x->reply, "ERR %s should be greater than 0", name);
    return false;
}

/* From argument i on, in the order in which clients see mistakes; false: the error is written. */
static bool parse_several(struct exec *x, const struct args *a, uint32_t i, struct several *s)
{
    int64_t keys = 0, count = 0;
    if (!list_block_parse_positive(x, a, i, "numkeys", &keys))
        return false;
    *s = (struct several){.first = i + 1, .count = 1};
    int rc = keys < a->n - s->first ? LK_OK : LK_ESYNTAX;
    if (rc == LK_OK) {
        s->keys = (uint32_t)keys;
        i = s->first + s->keys;
        rc = list_end_parse(a, i, &s->end);
    }
    for (i++; rc == LK_OK && i < a->n; i += 2) {
        if (count > 0 || i + 1 == a->n || !args_is(a, i, "count"))
            rc = LK_ESYNTAX;
        else if (!list_block_parse_positive(x, a, i + 1, "count", &count))
            return false;
        else
            s->count = (uint64_t)count;
    }
    if (rc != LK_OK)
        reply_status(x, rc);
    return rc == LK_OK;
}

static int64_t take_several(struct exec *x, const struct args *a, const struct several *s)
{
    return list_take_first(x, a->v + s->first, s->keys, s->end, s->count, TAKE_NAMED | TAKE_ARRAY);
}

static enum outcome pop_several(struct exec *x, const struct args *a)
{
    struct several s;
    if (!parse_several(x, a, 1, &s))
        return RUN_DONE;
    const int64_t taken = take_several(x, a, &s);
    if (taken < 0)
        return reply_status(x, (int)taken);
    if (taken == 0)
        reply_null_array(x->reply);
    return RUN_DONE;
}

/* The timeout is looked at last, though it comes first. */
static enum outcome pop_several_or_wait(struct exec *x, const struct args *a)
{
    struct wait_spec wait = {.type = TYPE_LIST, .null_array = true};
    struct several s;
    if (!parse_several(x, a, 2, &s) || !exec_timeout(x, a, 1, &wait.deadline_ms))
        return RUN_DONE;
    const int64_t taken = take_several(x, a, &s);
    if (taken < 0)
        return reply_status(x, (int)taken);
    wait.first = s.first;
    wait.count = s.keys;
    return taken > 0 ? RUN_DONE : exec_wait(x, a, &wait);
}

enum { TAKES = KEY_RW | KEY_ACCESS | KEY_DELETE };

#define BLOCKS                                                                                     \
    .arity = -3, .flags = CMD_WRITE | CMD_BLOCKING, .categories = CAT_LIST | CAT_BLOCKING,         \
    .keys = KEY_RANGE(1, -2, 1, TAKES), .run = pop_or_wait
#define NUMBERED(at)                                                                               \
    {                                                                                              \
        {                                                                                          \
            .flags = TAKES, .begin = KEY_BEGIN_INDEX, .index = (at), .find = KEY_FIND_KEYNUM,      \
            .first_key = 1, .keynum_step = 1                                                       \
        }                                                                                          \
    }

const struct command list_block_commands[] = {
    {"blmpop", .arity = -5, .flags = CMD_WRITE | CMD_BLOCKING | CMD_MOVABLE_KEYS,
     .categories = CAT_LIST | CAT_BLOCKING, .keys = NUMBERED(2), .run = pop_several_or_wait},
    {"blpop", .imm = LIST_HEAD, BLOCKS},
    {"brpop", .imm = LIST_TAIL, BLOCKS},
    {"lmpop", .arity = -4, .flags = CMD_WRITE | CMD_MOVABLE_KEYS, .categories = CAT_LIST,
     .keys = NUMBERED(1), .run = pop_several},
    {0},
};
