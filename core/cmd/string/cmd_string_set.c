/*
 * cmd_string_set.c — SET, SETNX, SETEX, PSETEX, GETSET: a key gets a new string.
 *
 * What is logged never depends on the clock or on what was there: SET key value, with PXAT or
 * KEEPTTL if need be.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/deadline.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/reply_value.h"
#include "core/cmd/string/string_options.h"

static int string_set_put(struct exec *x, struct bytes key, struct bytes word, unsigned flags)
{
    struct value v;
    str_from_bytes(word, &v);
    const int rc = exec_put(x, key, &v, flags);
    if (LK_LIKELY(rc == LK_OK))
        exec_event(x, EVENT_STRING, "set", key);
    return rc;
}

static void string_set_tell(struct exec *x, struct bytes key)
{
    exec_event(x, EVENT_STRING, "set", key);
    exec_event(x, EVENT_GENERIC, "expire", key);
}

/* A deadline that has passed takes the key away at once: it lived too short to be seen. */
static void put_expired(struct exec *x, struct bytes key)
{
    if (exec_delete(x, key, false))
        exec_effect_format(x, "sb", "DEL", key);
    else
        exec_event(x, EVENT_NEW, "new", key);
    string_set_tell(x, key);
    exec_event(x, EVENT_EXPIRED, "expired", key);
}

static int put_until(struct exec *x, struct bytes key, struct bytes word, int64_t deadline_ms)
{
    struct value v;
    if (exec_passed(x, deadline_ms)) {
        put_expired(x, key);
        return LK_OK;
    }
    str_from_bytes(word, &v);
    const int rc = exec_put_until(x, key, &v, deadline_ms);
    if (rc != LK_OK)
        return rc;
    exec_effect_format(x, "sbbsi", "SET", key, word, "PXAT", deadline_ms);
    string_set_tell(x, key);
    return LK_OK;
}

static int put_with_options(struct exec *x, struct bytes key, struct bytes word, unsigned given,
                            int64_t deadline_ms)
{
    if (given & OPTIONS_EXPIRE)
        return put_until(x, key, word, deadline_ms);
    const bool keep = given & OPTION_KEEPTTL;
    const int rc = string_set_put(x, key, word, keep ? PUT_KEEP_DEADLINE : 0);
    if (rc == LK_OK && (given & ~(unsigned)OPTION_KEEPTTL))
        exec_effect_format(x, keep ? "sbbs" : "sbb", "SET", key, word, "KEEPTTL");
    return rc;
}

static bool string_set_allowed(const struct string_options *o, const struct value *old)
{
    if (o->given & OPTION_NX)
        return !value_exists(old);
    if (o->given & OPTION_XX)
        return value_exists(old);
    if (o->given & OPTION_IFEQ)
        return value_exists(old) && str_equal(old, o->expect);
    return true;
}

/* The type matters only to who must read the old value. */
static int string_set_read_old(struct exec *x, struct bytes key, unsigned given, struct value *old)
{
    old->type = TYPE_NONE;
    if (given & OPTION_GET)
        return exec_find(x, key, TYPE_STRING, old);
    if (given & (OPTION_NX | OPTION_XX | OPTION_IFEQ))
        return exec_find_silently(x, key, given & OPTION_IFEQ ? TYPE_STRING : TYPE_ANY, old);
    return LK_OK;
}

static LK_COLD enum outcome set_with_options(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct string_options o;
    struct value old;
    int64_t deadline_ms = ENTRY_NO_DEADLINE;

    int rc = string_options_parse(a, 3, OPTIONS_OF_SET, &o);
    if (rc == LK_OK && (o.given & OPTIONS_EXPIRE))
        rc = deadline_from_word(o.when, o.form, x->now_ms, &deadline_ms);
    if (rc == LK_OK)
        rc = string_set_read_old(x, key, o.given, &old);
    if (rc != LK_OK)
        return reply_status(x, rc);

    const bool may = string_set_allowed(&o, &old);
    const struct reply_place mark = reply_mark(x->reply);
    if (o.given & OPTION_GET)
        reply_string(x->reply, &old);
    else if (may)
        reply_ok(x->reply);
    else
        reply_null(x->reply);
    if (may)
        rc = put_with_options(x, key, a->v[2], o.given, deadline_ms);
    if (rc != LK_OK) {
        reply_rewind(x->reply, mark);
        return reply_status(x, rc);
    }
    return RUN_DONE;
}

static enum outcome string_set_command(struct exec *x, const struct args *a)
{
    if (LK_UNLIKELY(a->n > 3))
        return set_with_options(x, a);
    const int rc = string_set_put(x, a->v[1], a->v[2], 0);
    if (LK_UNLIKELY(rc != LK_OK))
        return reply_status(x, rc);
    reply_ok(x->reply);
    return RUN_DONE;
}

/* imm is the form of the deadline. */
static enum outcome set_until(struct exec *x, const struct args *a)
{
    int64_t deadline_ms = ENTRY_NO_DEADLINE;
    int rc = deadline_from_word(a->v[2], (unsigned)x->cmd->imm, x->now_ms, &deadline_ms);
    if (rc == LK_OK)
        rc = put_until(x, a->v[1], a->v[3], deadline_ms);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_ok(x->reply);
    return RUN_DONE;
}

static enum outcome string_set_if_missing(struct exec *x, const struct args *a)
{
    struct value old;
    int rc = exec_find_silently(x, a->v[1], TYPE_ANY, &old);
    if (rc == LK_OK && !value_exists(&old))
        rc = string_set_put(x, a->v[1], a->v[2], 0);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, !value_exists(&old));
    return RUN_DONE;
}

static enum outcome get_and_set(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1], word = a->v[2];
    struct value old;
    int rc = exec_find(x, key, TYPE_STRING, &old);
    if (rc != LK_OK)
        return reply_status(x, rc);
    const struct reply_place mark = reply_mark(x->reply);
    reply_string(x->reply, &old);
    rc = string_set_put(x, key, word, 0);
    if (rc != LK_OK) {
        reply_rewind(x->reply, mark);
        return reply_status(x, rc);
    }
    exec_effect_format(x, "sbb", "SET", key, word);
    return RUN_DONE;
}

const struct command string_set_commands[] = {
    {"getset", .arity = 3, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE), .run = get_and_set},
    {"psetex", .arity = 4, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_STRING, .imm = 0,
     .keys = KEY_AT(1, KEY_OW | KEY_UPDATE), .run = set_until},
    {"set", .arity = -3, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE | KEY_VARIABLE), .run = string_set_command},
    {"setex", .arity = 4, .flags = CMD_WRITE | CMD_DENYOOM, .categories = CAT_STRING,
     .imm = DEADLINE_SECONDS, .keys = KEY_AT(1, KEY_OW | KEY_UPDATE), .run = set_until},
    {"setnx", .arity = 3, .flags = CMD_WRITE | CMD_DENYOOM | CMD_FAST, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_OW | KEY_INSERT), .run = string_set_if_missing},
    {0},
};
