/*
 * lua_busy.c — a script that runs for long is looked at.
 *
 * The interpreter calls every so many of its instructions.  What then has to end the script unwinds
 * it past every pcall, as often as it takes.
 */
#include "core/base/clock.h"
#include "core/base/trace.h"
#include "core/cmd/script/script_busy.h"

#include <lua.h>

enum {
    LOOK_STEPS = 100000,
    PASS_EVERY_NS = 1000000,   /* others of the worker wait for so long */
    ENDING_PATIENCE_MS = 5000, /* of a server that ends, where no script is ever too long */
};

static void busy_give_up(struct script_run *run)
{
    trace_line(TRACE_WARNING, "The server ends amid a script%s: %s",
               run->wrote ? ", which has written, so nothing is saved" : "", run->busy->name);
    if (run->wrote)
        exec_script_break(run->x);
    run->ended = true;
}

static bool busy_is_long(const struct script_run *run, bool must_end)
{
    int64_t patience_ms = exec_script_patience_ms(run->x);
    if (patience_ms == 0 && !must_end)
        return false;
    if (patience_ms == 0)
        patience_ms = ENDING_PATIENCE_MS;
    return exec_script_age_ms(run->x) >= patience_ms;
}

/* Not before it is due again. */
static void busy_pass(struct script_run *run)
{
    const uint64_t now = exec_script_age_ticks(run->x);
    if (clock_ticks_to_ns(now - run->passed) < PASS_EVERY_NS)
        return;
    exec_script_pass(run->x);
    run->passed = exec_script_age_ticks(run->x);
}

void vm_look(struct vm *vm)
{
    struct script_run *run = &vm->run;
    if (!run->x || run->ended || exec_script_is_loaded(run->x))
        return;
    const bool must_end = exec_script_must_end(run->x);
    if (!run->busy && busy_is_long(run, must_end))
        busy_script_begin(vm);
    if (!must_end)
        busy_pass(run);
    if (!run->busy)
        return;
    if (exec_script_must_end(run->x)) {
        busy_give_up(run);
    } else if (busy_script_is_killed(run->busy)) {
        trace_line(TRACE_NOTICE, "Lua script killed by user with SCRIPT KILL.");
        run->ended = true;
    }
}

static void busy_look(lua_State *lua, lua_Debug *at)
{
    (void)at;
    if (LK_UNLIKELY(lua_gethookcount(lua) != LOOK_STEPS))
        vm_watch(lua);
    vm_look(vm_from(lua));
    vm_go_on_unwinding(lua);
}

/* Steps that take memory are long: it is looked at before the next one, which is always allowed. */
static void busy_look_soon(struct vm *vm)
{
    if (vm->run.x && lua_gethook(vm->lua) == busy_look)
        lua_sethook(vm->lua, busy_look, LUA_MASKCOUNT, 1);
}

void vm_watch(lua_State *lua)
{
    vm_from(lua)->look_soon = busy_look_soon;
    lua_sethook(lua, busy_look, LUA_MASKCOUNT, LOOK_STEPS);
}

void vm_note_write(struct vm *vm)
{
    struct script_run *run = &vm->run;
    if (LK_UNLIKELY(run->busy != NULL) && !busy_script_write(run->busy)) {
        trace_line(TRACE_NOTICE, "Lua script killed by user with SCRIPT KILL.");
        run->ended = true;
        return;
    }
    run->wrote = true;
}
