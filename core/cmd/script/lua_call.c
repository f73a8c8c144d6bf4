/*
 * lua_call.c — redis.call and redis.pcall.
 *
 *   Lua arguments --> words --> row --> may it run here? --> exec_script_call --> Lua value
 */
#include "core/base/atomic.h"
#include "core/cmd/engine/engine.h"
#include "core/cmd/script/script_priv.h"

#include <lauxlib.h>
#include <lua.h>
#include <math.h>

enum { NUMBER_ROOM = DOUBLE_CHARS, LOOK_EVERY = 16 };

/* An integer in its digits, any other number in the fewest that read back as it. */
static size_t call_number_text(lua_Number n, char *out)
{
    const lua_Number whole = 4611686018427387904.0; /* 2^62 */
    if (n >= -whole && n <= whole && n == (lua_Number)(int64_t)n)
        return int64_to_chars((int64_t)n, out);
    if (isnan(n) && signbit(n)) {
        memcpy(out, "-nan", 4);
        return 4;
    }
    return double_to_chars(n, out);
}

static void call_reserve(struct vm *vm, uint32_t n)
{
    if (n > vm->argv_room) {
        vm->argv = mem_realloc(vm->argv, vm->argv_room * sizeof *vm->argv, n * sizeof *vm->argv);
        vm->argv_room = n;
    }
    vm->words.size = 0;
    buf_reserve(&vm->words, (size_t)n * NUMBER_ROOM);
}

/* The call's words, borrowed from the interpreter's stack; NULL, or why they are none. */
static const char *call_words(lua_State *lua, struct vm *vm, struct args *a)
{
    const int n = lua_gettop(lua);
    if (n == 0)
        return "Please specify at least one argument for this redis lib call";
    call_reserve(vm, (uint32_t)n);
    for (int i = 0; i < n; i++) {
        struct bytes *word = &vm->argv[i];
        const int type = lua_type(lua, i + 1);
        if (LK_LIKELY(type == LUA_TSTRING)) {
            word->data = lua_tolstring(lua, i + 1, &word->size);
        } else if (type == LUA_TNUMBER) {
            char *to = vm->words.data + vm->words.size;
            *word = bytes_of(to, call_number_text(lua_tonumber(lua, i + 1), to));
            vm->words.size += word->size;
        } else {
            return "Lua redis lib command arguments must be strings or integers";
        }
    }
    *a = (struct args){vm->argv, (uint32_t)n};
    return NULL;
}

/* DEBUG SET-DISABLE-DENY-SCRIPTS, for tests: of what scripts may not call, what does no harm. */
static LK_COLD bool call_is_tolerated(const struct vm *vm, const struct command_info *c,
                                      const struct args *a)
{
    static const char *const debug[] = {"protocol", "sleep", NULL};
    static const char *const client[] = {"list", "info", "id", "getname", NULL};
    if (a->n < 2 || !load_relaxed(&exec_script_engine(vm->run.x)->scripts_may_debug))
        return false;
    const char *const *word = args_is(a, 0, "debug")    ? debug
                              : args_is(a, 0, "client") ? client
                                                        : NULL;
    while (word && *word && !args_is(a, 1, *word))
        word++;
    return word && *word && !(c->flags & CMD_CONTROL);
}

static const char *call_find(const struct vm *vm, const struct args *a,
                             const struct command_info **out)
{
    const struct command_info *c = exec_find_command(vm->run.x, a);
    if (!c || (c->subcommand_count > 0 && a->n > 1))
        return "Unknown Redis command called from script";
    *out = c;
    if (a->n - c->args_min > c->args_span)
        return "Wrong number of args calling Redis command from script";
    if (LK_UNLIKELY(c->flags & (CMD_NOSCRIPT | CMD_EXCLUSIVE | CMD_CONTROL)) &&
        !call_is_tolerated(vm, c, a))
        return "This Redis command is not allowed from script";
    if (!(c->flags & CMD_STALE) && LK_UNLIKELY(exec_script_is_stale(vm->run.x)))
        return "Can not execute the command on a stale replica";
    return NULL;
}

/* Of one that has written half of what it means to, nothing but its own errors keeps the rest. */
static const char *call_check_write(struct vm *vm, const struct command_info *c)
{
    struct script_run *run = &vm->run;
    if (c->flags & (CMD_WRITE | CMD_MAY_REPLICATE) && run->read_only)
        return "Write commands are not allowed from read-only scripts.";
    if (run->wrote)
        return NULL;
    const bool asked = c->flags & CMD_WRITE && !(run->flags & SCRIPT_SHEBANG);
    const char *fault = asked ? exec_script_write_fault(run->x) : NULL;
    if (fault)
        return fault;
    if (c->flags & CMD_DENYOOM && !run->may_use_oom && exec_script_is_over_limit(run->x))
        return "-OOM command not allowed when used memory > 'maxmemory'.";
    return NULL;
}

/* Pushes the error, which is counted with the command that was not run. */
static void lua_call_push_refusal(lua_State *lua, struct vm *vm, const struct command_info *c,
                                  struct bytes text)
{
    lua_push_error(lua, text);
    lua_getfield(lua, -1, "err");
    size_t size;
    const char *line = lua_tolstring(lua, -1, &size);
    exec_script_note_refused(vm->run.x, c, bytes_of(line, size));
    lua_pop(lua, 1);
    lua_pushboolean(lua, 1);
    lua_setfield(lua, -2, "ignore_error_stats_update");
}

/* A line that has a code of its own is pushed as it is. */
static void lua_call_refuse(lua_State *lua, struct vm *vm, const struct command_info *c,
                            const char *why)
{
    const bool coded = strncmp(why, "MISCONF ", 8) == 0 || strncmp(why, "READONLY ", 9) == 0 ||
                       strncmp(why, "NOREPLICAS ", 11) == 0;
    lua_pushfstring(lua, "%s%s", coded ? "-" : "", why);
    size_t size;
    const char *text = lua_tolstring(lua, -1, &size);
    lua_call_push_refusal(lua, vm, c, bytes_of(text, size));
    lua_remove(lua, -2);
}

/* Runs the command, and pushes what it says: false, an error of the script's own. */
static bool lua_call_run(lua_State *lua, struct vm *vm)
{
    struct args a;
    const struct command_info *c = NULL;
    if (!vm->run.x) {
        lua_push_error(lua, bytes_cstr("redis.call/pcall can only be called inside a script "
                                       "invocation"));
        return false;
    }
    const char *why = call_words(lua, vm, &a);
    if (LK_UNLIKELY(why)) { /* it is no call yet */
        lua_push_error(lua, bytes_cstr(why));
        return false;
    }
    why = call_find(vm, &a, &c);
    if (!why)
        why = call_check_write(vm, c);
    if (!why)
        why = exec_script_slot_fault(vm->run.x, c, &a,
                                     (vm->run.flags & (SCRIPT_SHEBANG | SCRIPT_CROSS_SLOT)) ==
                                         SCRIPT_SHEBANG);
    if (LK_UNLIKELY(why)) {
        lua_call_refuse(lua, vm, c, why);
        return false;
    }
    vm->joined.size = 0;
    if (LK_UNLIKELY(exec_script_denied(vm->run.x, c, &a, &vm->joined))) {
        lua_call_push_refusal(lua, vm, c, buf_bytes(&vm->joined));
        vm->joined.size = 0;
        return false;
    }
    if (c->flags & CMD_WRITE && !vm->run.wrote) {
        vm_note_write(vm);
        vm_go_on_unwinding(lua);
    }
    session_set_version(vm->run.stand_in, (uint32_t)vm->run.resp);
    if (LK_UNLIKELY(!exec_script_call(vm->run.x, c, &a, vm->run.to))) {
        vm->run.strayed = !vm->run.ended;
        vm_go_on_unwinding(lua);
    }
    if (LK_UNLIKELY(++vm->run.calls % LOOK_EVERY == 0)) {
        vm_look(vm); /* steps are few where commands are long */
        vm_go_on_unwinding(lua);
    }
    lua_settop(lua, 0); /* room for what the reply holds */
    const bool failed = *vm->run.stand_in->reply.out.data == '-';
    lua_push_reply(lua, &vm->run.stand_in->reply, &vm->joined);
    return !failed;
}

int lua_redis_call(lua_State *lua)
{
    struct vm *vm = vm_from(lua);
    if (LK_LIKELY(lua_call_run(lua, vm)))
        return 1;
    return lua_error(lua);
}

int lua_redis_pcall(lua_State *lua)
{
    lua_call_run(lua, vm_from(lua));
    return 1;
}

int lua_redis_acl_check_cmd(lua_State *lua)
{
    struct vm *vm = vm_from(lua);
    struct args a;
    if (!vm->run.x)
        return lua_raise(lua, "redis.acl_check_cmd can only be called inside a script invocation");
    const char *why = call_words(lua, vm, &a);
    if (why)
        return lua_raise(lua, why);
    const struct command_info *c = exec_find_command(vm->run.x, &a);
    if (!c || (c->subcommand_count > 0 && a.n > 1))
        return lua_raise(lua, "Invalid command passed to redis.acl_check_cmd()");
    lua_pushboolean(lua, !exec_script_denied(vm->run.x, c, &a, NULL));
    return 1;
}
