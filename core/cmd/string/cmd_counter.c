/*
 * cmd_counter.c — INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.
 *
 * One rule serves the first four: new = old + imm * step.  The row holds imm; the step is 1 unless
 * the client sends it.  The float is logged as what came out, so that no replica adds differently.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"
#include "core/types/str.h"

#include <math.h>

/* The checks run in the order that clients can observe. */
static enum outcome counter_add(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v = {.type = TYPE_NONE};
    int64_t old = 0, step = 1, sum = 0;

    int rc = a->n > 2 ? args_int64(a, 2, &step) : LK_OK;
    if (rc == LK_OK && __builtin_mul_overflow(step, x->cmd->imm, &step))
        rc = LK_ENEGATE; /* DECRBY INT64_MIN */
    if (rc == LK_OK)
        rc = exec_find_silently(x, key, TYPE_STRING, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = str_to_int64(&v, &old);
    if (rc == LK_OK && __builtin_add_overflow(old, step, &sum))
        rc = LK_EOVERFLOW;
    if (rc == LK_OK) {
        str_from_int64(sum, &v);
        rc = exec_put(x, key, &v, PUT_KEEP_DEADLINE);
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    exec_event(x, EVENT_STRING, "incrby", key);
    reply_int(x->reply, sum);
    return RUN_DONE;
}

static enum outcome counter_add_float(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v = {.type = TYPE_NONE};
    long double old = 0, step = 0;
    char digits[LONG_DOUBLE_CHARS];
    struct bytes sum = {0};

    int rc = exec_find_silently(x, key, TYPE_STRING, &v);
    if (rc == LK_OK && value_exists(&v))
        rc = str_to_long_double(&v, &old);
    if (rc == LK_OK && !bytes_to_long_double(a->v[2], &step))
        rc = LK_ENOTFLOAT;
    if (rc == LK_OK && !isfinite(old + step))
        rc = LK_ENANINF;
    if (rc == LK_OK) {
        sum = bytes_of(digits, long_double_to_chars(old + step, digits));
        str_text_from_bytes(sum, &v);
        rc = exec_put(x, key, &v, PUT_KEEP_DEADLINE);
    }
    if (rc != LK_OK)
        return reply_status(x, rc);
    exec_effect_format(x, "sbbs", "SET", key, sum, "KEEPTTL");
    exec_event(x, EVENT_STRING, "incrbyfloat", key);
    reply_bulk(x->reply, sum);
    return RUN_DONE;
}

#define COUNTER                                                                                    \
    .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_STRING,                         \
    .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE)

const struct command counter_commands[] = {
    {"decr", .arity = 2, .imm = -1, .run = counter_add, COUNTER},
    {"decrby", .arity = 3, .imm = -1, .run = counter_add, COUNTER},
    {"incr", .arity = 2, .imm = +1, .run = counter_add, COUNTER},
    {"incrby", .arity = 3, .imm = +1, .run = counter_add, COUNTER},
    {"incrbyfloat", .arity = 3, .run = counter_add_float, COUNTER},
    {0},
};
