/*
 * script_run.c — one run of a script: its words go in, an answer comes out.
 */
#include "core/base/atomic.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/script/script_busy.h"
#include "core/cmd/script/script_hub.h"
#include "core/cmd/script/script_priv.h"

#include <lauxlib.h>
#include <lua.h>

enum { COLLECT_EVERY = 50 }; /* runs; then the interpreter cleans up to so many kilobytes */

struct script_hub *exec_script_hub(const struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->fixed.scripts;
}

static void run_push_words(lua_State *lua, const struct args *a, uint32_t first, uint32_t n)
{
    lua_createtable(lua, (int)n, 0);
    for (uint32_t i = 0; i < n; i++) {
        lua_pushlstring(lua, a->v[first + i].data, a->v[first + i].size);
        lua_rawseti(lua, -2, (int)(i + 1));
    }
}

/* KEYS and ARGV: globals of a script, arguments of a function, which are left on the stack. */
static int run_give_words(lua_State *lua, const struct args *a, uint32_t keys, bool function)
{
    if (!function)
        lua_rawgeti(lua, LUA_REGISTRYINDEX, VM_GLOBALS);
    run_push_words(lua, a, 3, keys);
    if (!function)
        lua_setfield(lua, -2, "KEYS");
    run_push_words(lua, a, 3 + keys, a->n - 3 - keys);
    if (function)
        return 2;
    lua_setfield(lua, -2, "ARGV");
    lua_pop(lua, 1);
    return 0;
}

static bool run_push_text(lua_State *lua, const char *name)
{
    lua_getfield(lua, -1, name);
    if (lua_isstring(lua, -1))
        return true;
    lua_pop(lua, 1);
    return false;
}

void script_reply_error(struct exec *x, lua_State *lua, const char *name)
{
    struct buf line = {0};
    const int top = lua_gettop(lua);
    bool counted = false;
    buf_append_char(&line, '-');
    if (lua_istable(lua, -1)) {
        buf_append_cstr(&line,
                        run_push_text(lua, "err") ? lua_tostring(lua, -1) : "ERR unknown error");
        lua_settop(lua, top);
        lua_getfield(lua, -1, "ignore_error_stats_update");
        counted = lua_toboolean(lua, -1);
        lua_settop(lua, top);
        if (run_push_text(lua, "source")) {
            lua_getfield(lua, top, "line");
            if (lua_isnumber(lua, -1))
                buf_printf(&line, " script: %s, on %s:%d.", name, lua_tostring(lua, -2),
                           (int)lua_tointeger(lua, -1));
        }
    } else {
        const char *text = lua_tostring(lua, -1);
        buf_printf(&line, "ERR %s", text ? text : "unknown error");
    }
    reply_error_bytes(x->reply, buf_bytes(&line));
    if (counted) { /* with the command that made it */
        x->reply->errors--;
        exec_script_note_failed(x, vm_from(lua)->run.words);
    }
    buf_release(&line);
    lua_settop(lua, top - 1);
}

/* A script says in its first line what it may do: then it is asked before it runs. */
static const char *run_refusal(struct exec *x, uint32_t flags, bool read_only)
{
    const bool stale = exec_script_is_stale(x);
    if (!(flags & SCRIPT_SHEBANG))
        return stale ? "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to "
                       "'no'."
                     : NULL;
    if (flags & SCRIPT_NO_CLUSTER && exec_script_in_cluster(x))
        return "ERR Can not run script on cluster, 'no-cluster' flag is set.";
    if (stale && !(flags & SCRIPT_ALLOW_STALE))
        return "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and "
               "'allow-stale' flag is not set on the script.";
    if (!(flags & SCRIPT_NO_WRITES)) {
        if (read_only)
            return "ERR Can not execute a script with write flag using *_ro command.";
        const char *fault = exec_script_write_fault(x);
        if (fault)
            return fault;
        if (!(flags & SCRIPT_ALLOW_OOM) && exec_script_is_over_limit(x))
            return "OOM allow-oom flag is not set on the script, can not run it when used memory "
                   "> 'maxmemory'";
    }
    return NULL;
}

void script_note_seen(const struct exec *x, uint32_t *seen)
{
    static const uint32_t of_reach[] = {
        [REACH_DECLARED] = 0, [REACH_EARLY] = SEEN_EARLY, [REACH_ANY] = SEEN_ANY};
    uint32_t now = load_relaxed(seen);
    const uint32_t more = of_reach[exec_script_reached(x)] & ~now;
    if (LK_UNLIKELY(more))
        fetch_or_relaxed(seen, more);
    else if (LK_UNLIKELY((now & SEEN_RUNS) < SEEN_ENOUGH_EARLY)) /* no harm if one is lost */
        __atomic_compare_exchange_n(seen, &now, now + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

enum script_reach script_seen_reach(const uint32_t *seen)
{
    const uint32_t now = load_relaxed(seen);
    const uint32_t enough = now & SEEN_EARLY ? SEEN_ENOUGH_EARLY : SEEN_ENOUGH;
    if (now & SEEN_ANY || (now & SEEN_RUNS) < enough)
        return REACH_ANY;
    return now & SEEN_EARLY ? REACH_EARLY : REACH_DECLARED;
}

/* What a run has done to its function by setfenv is not there for the next one. */
static LK_COLD void run_reset_globals(lua_State *lua, bool function)
{
    if (function)
        lua_rawgeti(lua, LUA_REGISTRYINDEX, VM_FUNCTION_GLOBALS);
    else
        lua_pushvalue(lua, LUA_GLOBALSINDEX);
    lua_setfenv(lua, -2);
}

struct collection {
    int what, amount; /* of lua_gc */
};

static int script_collect_main(lua_State *lua)
{
    const struct collection *c = lua_touserdata(lua, 1);
    lua_gc(lua, c->what, c->amount);
    return 0;
}

/* Cleans the interpreter; what a finalizer raises, where scripts may have any, is nobody's. */
static void script_collect(lua_State *lua, int what, int amount)
{
    struct collection c = {what, amount};
    if (LK_UNLIKELY(lua_cpcall(lua, script_collect_main, &c) != 0))
        lua_pop(lua, 1);
}

enum outcome script_run_function(struct exec *x, struct vm *vm, const struct args *a, uint32_t keys,
                                 uint32_t flags, const char *name, bool function)
{
    lua_State *lua = vm->lua;
    const bool read_only = x->cmd->flags & CMD_READONLY;
    const char *refusal = run_refusal(x, flags, read_only);
    LK_ASSERT(a->n >= 3 + keys && !vm->run.x);
    exec_effect_none(x); /* what its commands change is logged, and nothing else */
    if (refusal) {
        lua_pop(lua, 1);
        reply_error(x->reply, "%s", refusal);
        return RUN_DONE;
    }
    exec_script_show(x, a);
    if (LK_UNLIKELY(vm->hub->deprecated))
        run_reset_globals(lua, function);
    vm->run = (struct script_run){.x = x,
                                  .words = a,
                                  .name = name,
                                  .function = function,
                                  .stand_in = exec_script_begin(x, vm),
                                  .flags = flags,
                                  .read_only = read_only || flags & SCRIPT_NO_WRITES,
                                  .may_use_oom = flags & SCRIPT_ALLOW_OOM,
                                  .resp = 2,
                                  .to = TO_ALL};
    if (keys > 0)
        exec_script_name_slot(x, a->v[3]);
    const int status = vm_call(vm, run_give_words(lua, a, keys, function));
    enum outcome outcome = RUN_DONE;
    if (vm->run.strayed && exec_script_gave_way(x)) {
        lua_pop(lua, 1);
        reply_error(x->reply,
                    "ERR The script touched a key that it had not declared, which another "
                    "one has that waits for it; it was ended");
    } else if (vm->run.strayed) {
        lua_pop(lua, 1);
        outcome = RUN_STRAYED;
    } else if (status != 0) {
        script_reply_error(x, lua, name);
    } else {
        lua_write_reply(lua, x->reply, vm->run.resp);
    }
    if (LK_UNLIKELY(vm->run.busy != NULL))
        busy_script_end(vm);
    exec_script_end(x);
    vm->run = (struct script_run){0};
    if (LK_UNLIKELY(vm->bytes > vm->collect_at)) {
        script_collect(lua, LUA_GCCOLLECT, 0);
        vm->collect_at = 2 * vm->bytes + VM_SPARE_BYTES; /* rarely, however much is in use */
    } else if (++vm->runs % COLLECT_EVERY == 0) {
        script_collect(lua, LUA_GCSTEP, COLLECT_EVERY);
    }
    LK_ASSERT(lua_gettop(lua) == 0);
    return outcome;
}
