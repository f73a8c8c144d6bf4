/*
 * cmd_string.c — GET, STRLEN, GETDEL, GETEX: a string as a whole, read.
 *
 * GETDEL and GETEX answer first, because the change ends the life of what they answer with; if the
 * change cannot be had, the answer is taken back.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/deadline.h"
#include "core/cmd/engine/exec.h"
#include "core/cmd/engine/reply_value.h"
#include "core/cmd/string/string_options.h"

static enum outcome string_get(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_STRING, &v);
    if (LK_UNLIKELY(rc != LK_OK))
        return reply_status(x, rc);
    reply_string(x->reply, &v);
    return RUN_DONE;
}

static enum outcome string_length_command(struct exec *x, const struct args *a)
{
    struct value v;
    const int rc = exec_find(x, a->v[1], TYPE_STRING, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_int(x->reply, value_exists(&v) ? (int64_t)str_size(&v) : 0);
    return RUN_DONE;
}

static void delete_key(struct exec *x, struct bytes key)
{
    exec_delete(x, key, false);
    exec_effect_format(x, "sb", "DEL", key);
    exec_event(x, EVENT_GENERIC, "del", key);
}

static enum outcome get_and_delete(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct value v;
    const int rc = exec_find(x, key, TYPE_STRING, &v);
    if (rc != LK_OK)
        return reply_status(x, rc);
    reply_string(x->reply, &v);
    if (value_exists(&v))
        delete_key(x, key);
    return RUN_DONE;
}

/* deadline_ms counts with OPTIONS_EXPIRE. */
static int change_lifetime(struct exec *x, struct bytes key, unsigned given, int64_t deadline_ms)
{
    if ((given & OPTIONS_EXPIRE) && exec_is_past(x, deadline_ms)) {
        delete_key(x, key);
        return LK_OK;
    }
    if (given & OPTIONS_EXPIRE) {
        const int rc = exec_set_deadline(x, key, deadline_ms);
        if (rc != LK_OK)
            return rc;
        exec_effect_format(x, "sbi", "PEXPIREAT", key, deadline_ms);
        exec_event(x, EVENT_GENERIC, "expire", key);
        return LK_OK;
    }
    if (!(given & OPTION_PERSIST) || exec_deadline(x, key) == ENTRY_NO_DEADLINE)
        return LK_OK;
    const int rc = exec_set_deadline(x, key, ENTRY_NO_DEADLINE);
    if (rc != LK_OK)
        return rc;
    exec_effect_format(x, "sb", "PERSIST", key);
    exec_event(x, EVENT_GENERIC, "persist", key);
    return LK_OK;
}

/* A key that does not exist answers nil before the number is looked at. */
static enum outcome get_and_expire(struct exec *x, const struct args *a)
{
    const struct bytes key = a->v[1];
    struct string_options o;
    struct value v = {.type = TYPE_NONE};
    int64_t deadline_ms = ENTRY_NO_DEADLINE;

    int rc = string_options_parse(a, 2, OPTIONS_OF_GETEX, &o);
    if (rc == LK_OK)
        rc = exec_find(x, key, TYPE_STRING, &v);
    if (rc == LK_OK && value_exists(&v) && (o.given & OPTIONS_EXPIRE))
        rc = deadline_from_word(o.when, o.form, x->now_ms, &deadline_ms);
    if (rc != LK_OK)
        return reply_status(x, rc);

    const struct reply_place mark = reply_mark(x->reply);
    reply_string(x->reply, &v);
    if (value_exists(&v))
        rc = change_lifetime(x, key, o.given, deadline_ms);
    if (rc != LK_OK) {
        reply_rewind(x->reply, mark);
        return reply_status(x, rc);
    }
    return RUN_DONE;
}

const struct command string_commands[] = {
    {"get", .arity = 2, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_RO | KEY_ACCESS), .run = string_get},
    {"getdel", .arity = 2, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_DELETE), .run = get_and_delete},
    {"getex", .arity = -2, .flags = CMD_WRITE | CMD_FAST, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_RW | KEY_ACCESS | KEY_UPDATE), .run = get_and_expire},
    {"strlen", .arity = 2, .flags = CMD_READONLY | CMD_FAST, .categories = CAT_STRING,
     .keys = KEY_AT(1, KEY_RO), .run = string_length_command},
    {0},
};
