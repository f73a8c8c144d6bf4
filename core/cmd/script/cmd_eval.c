/*
 * cmd_eval.c — EVAL, EVALSHA, EVAL_RO, EVALSHA_RO.
 *
 * imm tells whether the first argument is a name.
 */
#include "core/cmd/engine/engine.h"
#include "core/cmd/script/script_priv.h"
#include "core/cmd/script/script_rows.h"

#include <lauxlib.h>
#include <lua.h>

static bool eval_lower_name(struct bytes word, char lower[SCRIPT_NAME])
{
    if (word.size != SCRIPT_NAME)
        return false;
    for (int i = 0; i < SCRIPT_NAME; i++)
        lower[i] =
            word.data[i] >= 'A' && word.data[i] <= 'Z' ? (char)(word.data[i] | 32) : word.data[i];
    return true;
}

/* What the worker has compiled, if it still stands; compiles nothing. */
static struct vm_script *eval_known(struct vm *vm, struct bytes word, bool by_name)
{
    if (!by_name)
        return vm_find_source(vm, word);
    if (LK_LIKELY(vm->latest && bytes_equal(vm->latest->by_name.name, word)))
        return vm_find_name(vm, word);
    char lower[SCRIPT_NAME];
    return eval_lower_name(word, lower) ? vm_find_name(vm, bytes_of(lower, SCRIPT_NAME)) : NULL;
}

/* NULL: the error line is written. */
static struct vm_script *eval_find(struct exec *x, struct vm *vm, struct bytes word, bool by_name)
{
    struct vm_script *c = eval_known(vm, word, by_name);
    if (LK_LIKELY(c))
        return c;
    struct buf error = {0};
    struct script *s = NULL;
    if (by_name) {
        s = script_hub_find(vm->hub, word);
        if (!s)
            buf_append_cstr(&error, "NOSCRIPT No matching script. Please use EVAL.");
    } else {
        s = script_make(vm, word, false, &error);
    }
    if (s && !(c = vm_find_name(vm, bytes_of(s->sha, SCRIPT_NAME))))
        c = vm_compile(vm, s, &error);
    else if (s)
        script_drop(s);
    if (!c)
        reply_error_bytes(x->reply, buf_bytes(&error));
    buf_release(&error);
    return c;
}

static bool eval_count_keys(struct exec *x, const struct args *a, uint32_t *keys)
{
    int64_t n;
    const int rc = args_int64(a, 2, &n);
    if (rc != LK_OK)
        reply_status(x, rc);
    else if (n > (int64_t)a->n - 3)
        reply_error(x->reply, "ERR Number of keys can't be greater than number of args");
    else if (n < 0)
        reply_error(x->reply, "ERR Number of keys can't be negative");
    else {
        *keys = (uint32_t)n;
        return true;
    }
    return false;
}

static enum outcome eval_run(struct exec *x, const struct args *a)
{
    struct vm *vm = vm_of(x->dispatcher, exec_script_hub(x));
    uint32_t keys;
    exec_effect_none(x);
    if (!eval_count_keys(x, a, &keys))
        return RUN_DONE;
    struct vm_script *c = eval_find(x, vm, a->v[1], x->cmd->imm == SCRIPT_BY_NAME);
    if (!c)
        return RUN_DONE;
    struct script *s = c->script;
    script_hub_use(vm->hub, s);
    lua_rawgeti(vm->lua, LUA_REGISTRYINDEX, c->ref);
    const enum outcome outcome = script_run_function(x, vm, a, keys, s->flags, s->sha, false);
    script_note_seen(x, &s->seen);
    return outcome;
}

enum script_reach eval_reach(struct vm *vm, const struct command_info *c, const struct args *a)
{
    const struct vm_script *known = eval_known(vm, a->v[1], c->row->imm == SCRIPT_BY_NAME);
    return known ? script_seen_reach(&known->script->seen) : REACH_ANY;
}

static uint32_t eval_flags_of_name(const struct vm *vm, struct script_hub *h, struct bytes word)
{
    char lower[SCRIPT_NAME];
    if (!eval_lower_name(word, lower))
        return 0;
    const struct bytes name = bytes_of(lower, SCRIPT_NAME);
    const struct script *known = vm ? vm_peek_name(vm, name) : NULL;
    if (LK_LIKELY(known))
        return known->flags;
    struct script *s = script_hub_find(h, name);
    const uint32_t flags = s ? s->flags : 0;
    if (s)
        script_drop(s);
    return flags;
}

uint32_t eval_flags(const struct vm *vm, struct script_hub *h, const struct command_info *c,
                    const struct args *a)
{
    if (c->row->imm == SCRIPT_BY_NAME)
        return eval_flags_of_name(vm, h, a->v[1]);
    struct shebang first = {0};
    struct buf error = {0};
    if (shebang_parse(a->v[1], &first, &error) != LK_OK)
        first.flags = 0; /* it will be told when it runs */
    buf_release(&error);
    return first.flags;
}

static const char eval_note[] =
    "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE";
static const char eval_ro_note[] =
    "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS";

const struct command eval_commands[] = {
    {"eval", .imm = SCRIPT_BY_SOURCE, .run = eval_run, SCRIPT_WRITES(eval_note)},
    {"evalsha", .imm = SCRIPT_BY_NAME, .run = eval_run, SCRIPT_WRITES(NULL)},
    {"eval_ro", .imm = SCRIPT_BY_SOURCE, .run = eval_run, SCRIPT_READS(eval_ro_note)},
    {"evalsha_ro", .imm = SCRIPT_BY_NAME, .run = eval_run, SCRIPT_READS(NULL)},
    {0},
};
