/*
 * cmd_object.c — OBJECT: how a value is kept.
 *
 * An entry has exactly one owner, so the count of references is 1 whatever the value.
 */
#include "core/cmd/command/tables.h"
#include "core/cmd/engine/exec.h"

/* Writes null for a key that is not there, and then returns false. */
static bool object_find(struct exec *x, struct bytes key, struct value *v)
{
    if (exec_find_unheard(x, key, TYPE_ANY, v) == LK_OK && value_exists(v))
        return true;
    reply_null(x->reply);
    return false;
}

static enum outcome object_encoding(struct exec *x, const struct args *a)
{
    struct value v;
    if (object_find(x, a->v[2], &v))
        reply_bulk_cstr(x->reply, type_ops_get(v.type)->encoding_name(&v));
    return RUN_DONE;
}

static enum outcome object_freq(struct exec *x, const struct args *a)
{
    struct value v;
    if (!object_find(x, a->v[2], &v))
        return RUN_DONE;
    if (exec_limits(x)->lfu)
        reply_int(x->reply, exec_lfu_counter(x, a->v[2]));
    else
        reply_error(x->reply,
                    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. "
                    "Please note that when switching between policies at runtime LRU and LFU data "
                    "will take some time to adjust.");
    return RUN_DONE;
}

static enum outcome object_idletime(struct exec *x, const struct args *a)
{
    struct value v;
    if (!object_find(x, a->v[2], &v))
        return RUN_DONE;
    if (!exec_limits(x)->lfu)
        reply_int(x->reply, exec_idle_seconds(x, a->v[2]));
    else
        reply_error(x->reply,
                    "ERR An LFU maxmemory policy is selected, idle time not tracked. "
                    "Please note that when switching between policies at runtime LRU and LFU data "
                    "will take some time to adjust.");
    return RUN_DONE;
}

static enum outcome object_refcount(struct exec *x, const struct args *a)
{
    struct value v;
    if (object_find(x, a->v[2], &v))
        reply_int(x->reply, 1);
    return RUN_DONE;
}

static enum outcome object_help(struct exec *x, const struct args *a)
{
    static const char *const lines[] = {
        "ENCODING <key>",
        "    How the value is laid out in memory.",
        "FREQ <key>",
        "    How often it is used, on LFU's logarithmic scale.",
        "IDLETIME <key>",
        "    Seconds since it was last used.",
        "REFCOUNT <key>",
        "    How many owners the value has: always one.",
        NULL,
    };
    (void)a;
    return reply_help(x, lines);
}

#define OF_KEY                                                                                     \
    .arity = 3, .flags = CMD_READONLY, .categories = CAT_KEYSPACE, .keys = KEY_AT(2, KEY_RO)

static const struct command object_subcommands[] = {
    {"encoding", .run = object_encoding, OF_KEY},
    {"freq", .run = object_freq, OF_KEY},
    {"help", .arity = 2, .flags = CMD_LOADING | CMD_STALE, .categories = CAT_KEYSPACE,
     .run = object_help},
    {"idletime", .run = object_idletime, OF_KEY},
    {"refcount", .run = object_refcount, OF_KEY},
    {0},
};

const struct command object_commands[] = {
    {"object", .arity = -2, .subcommands = object_subcommands},
    {0},
};
