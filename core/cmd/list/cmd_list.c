/*
 * cmd_list.c — LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP, LLEN: the two ends of a list.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/list/list_take.h"

/* A row's imm: which end, and whether the list must be there. */
enum { ONLY_IF_THERE = 2 };

static enum list_end list_end_of(const struct exec *x)
{
    return x->cmd->imm & 1 ? LIST_TAIL : LIST_HEAD;
}

static enum outcome list_push_command(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    const enum list_end end = list_end_of(x);
    struct value_edit *e;
    struct value v;

    int rc = LK_OK;
    if (x->cmd->imm & ONLY_IF_THERE) {
        rc = exec_find_silently(x, key, TYPE_LIST, &v);
        if (rc == LK_OK && !value_exists(&v)) {
            reply_int(x->reply, 0);
            return RUN_DONE;
        }
    }
    if (rc == LK_OK)
        rc = exec_open(x, key, TYPE_LIST, &e);
    if (rc != LK_OK)
        return reply_status(x, rc);
    rc = list_push(e, end, a->v + 2, a->n - 2);
    const uint64_t length = list_length(&e->value);
    const int closed = exec_close_filled(x, e, rc == LK_OK);
    if (rc == LK_OK)
        rc = closed;
    if (rc != LK_OK)
        return reply_status(x, rc);
    exec_counts_as(x, a->n - 2);
    exec_event(x, EVENT_LIST, list_push_events[end], key);
    reply_int(x->reply, (int64_t)length);
    return RUN_DONE;
}

static int list_parse_count(const struct args *a, uint64_t *count)
{
    int64_t n;
    if (args_int64(a, 2, &n) != LK_OK || n < 0)
        return LK_ENOTPOS;
    *count = (uint64_t)n;
    return LK_OK;
}

/* With a count the answer is an array, and the null of no list is one of arrays. */
static enum outcome list_pop(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    const bool counted = a->n > 2;
    struct value v = {.type = TYPE_NONE};
    uint64_t count = 1;

    if (a->n > 3)
        return reply_arity(x);
    int rc = counted ? list_parse_count(a, &count) : LK_OK;
    if (rc == LK_OK)
        rc = exec_find_silently(x, key, TYPE_LIST, &v);
    if (rc == LK_OK && value_exists(&v) && count > 0) {
        const int64_t taken = list_take(x, key, list_end_of(x), count, counted ? TAKE_ARRAY : 0);
        if (taken > 0)
            return RUN_DONE;
        rc = (int)taken;
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    if (value_exists(&v))
        reply_array(x->reply, 0);
    else if (counted)
        reply_null_array(x->reply);
    else
        reply_null(x->reply);
    return RUN_DONE;
}

static enum outcome list_length_command(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_LIST, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, value_exists(&v) ? (int64_t)list_length(&v) : 0);
    return RUN_DONE;
}

#define PUSH                                                                                       \
    .arity = -3, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_LIST,              \
    .keys = KEY_AT(1, KEY_RW | KEY_INSERT), .run = list_push_command
#define POP                                                                                        \
    .arity = -2, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_LIST,                            \
    .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_DELETE), .run = list_pop

const struct command list_commands[] = {
    {"llen", .arity = 2, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_LIST,
     .keys = KEY_AT(1, KEY_RO), .run = list_length_command},
    {"lpop", .imm = LIST_HEAD, POP},
    {"lpush", .imm = LIST_HEAD, PUSH},
    {"lpushx", .imm = LIST_HEAD | ONLY_IF_THERE, PUSH},
    {"rpop", .imm = LIST_TAIL, POP},
    {"rpush", .imm = LIST_TAIL, PUSH},
    {"rpushx", .imm = LIST_TAIL | ONLY_IF_THERE, PUSH},
    {0},
};
