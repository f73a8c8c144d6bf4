/*
 * cmd_string_multi.c — MGET, MSET, MSETNX: many strings at once.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/reply_value.h"

static void take_string(struct exec *x, const struct value *v)
{
    reply_string(x->reply, v);
}

/* A key of another type reads as nil. */
static enum outcome string_multi_get_many(struct exec *x, const struct args *a)
{
    reply_array(x->reply, a->n - 1);
    exec_find_each(x, a->v + 1, a->n - 1, TYPE_STRING, take_string);
    return RUN_DONE;
}

/* Some pairs are set and memory has run out: logs these alone. */
static LK_COLD void log_pairs(struct exec *x, const struct args *a, uint32_t end)
{
    exec_effect_none(x);
    for (uint32_t i = 1; i < end; i += 2)
        exec_effect_format(x, "sbb", "SET", a->v[i], a->v[i + 1]);
}

static int put_pairs(struct exec *x, const struct args *a)
{
    for (uint32_t i = 1; i < a->n; i += 2) {
        struct value v;
        str_from_bytes(a->v[i + 1], &v);
        const int rc = exec_put(x, a->v[i], &v, 0);
        if (LK_UNLIKELY(rc != LK_OK)) {
            log_pairs(x, a, i);
            return rc;
        }
        exec_event(x, EVENT_STRING, "set", a->v[i]);
    }
    return LK_OK;
}

static enum outcome set_many(struct exec *x, const struct args *a)
{
    if (a->n % 2 == 0)
        return reply_arity(x);
    const int rc = put_pairs(x, a);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_ok(x->reply);
    return RUN_DONE;
}

/* All or nothing: one key that exists keeps the rest from being set. */
static enum outcome set_many_if_missing(struct exec *x, const struct args *a)
{
    if (a->n % 2 == 0)
        return reply_arity(x);
    for (uint32_t i = 1; i < a->n; i += 2) {
        struct value v;
        const int rc = exec_find_silently(x, a->v[i], TYPE_ANY, &v);
        if (rc != LK_OK)
            return reply_status(x, rc);
        if (value_exists(&v)) {
            reply_int(x->reply, 0);
            return RUN_DONE;
        }
    }
    const int rc = put_pairs(x, a);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, 1);
    return RUN_DONE;
}

const struct command string_multi_commands[] = {
    {"mget", .arity = -2, .flags = CMD_READONLY | CMD_FAST | CMD_TOGETHER, .categories = CAT_STRING,
     .keys = KEY_RANGE(1, -1, 1, KEY_RO | KEY_ACCESS), .run = string_multi_get_many},
    {"mset", .arity = -3, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_STRING,
     .keys = KEY_RANGE(1, -1, 2, KEY_OW | KEY_UPDATE), .run = set_many},
    {"msetnx", .arity = -3, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_STRING,
     .keys = KEY_RANGE(1, -1, 2, KEY_OW | KEY_INSERT), .run = set_many_if_missing},
    {0},
};
