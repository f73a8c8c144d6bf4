/*
 * lua_base.c — what of the language scripts get, and what is another in it.
 *
 * No files, no processes, no modules, no compiled code.  pcall and its like let through what
 * unwinds a script for good.  math.random after math.randomseed gives the same numbers everywhere.
 */
#include "core/cmd/script/script_hub.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <time.h>

/* --- catching errors ------------------------------------------------------------------------- */

/* An error {err = text} is caught as its text. */
static int base_pcall(lua_State *lua)
{
    luaL_checkany(lua, 1);
    const int status = lua_pcall(lua, lua_gettop(lua) - 1, LUA_MULTRET, 0);
    vm_go_on_unwinding(lua);
    if (status != 0 && lua_istable(lua, -1)) {
        lua_pushliteral(lua, "err");
        lua_rawget(lua, -2);
        lua_remove(lua, lua_isstring(lua, -1) ? -2 : -1);
    }
    lua_pushboolean(lua, status == 0);
    lua_insert(lua, 1);
    return lua_gettop(lua);
}

static int base_xpcall(lua_State *lua)
{
    luaL_checkany(lua, 2);
    lua_settop(lua, 2);
    lua_insert(lua, 1); /* the handler below the function */
    const int status = lua_pcall(lua, 0, LUA_MULTRET, 1);
    vm_go_on_unwinding(lua);
    lua_pushboolean(lua, status == 0);
    lua_replace(lua, 1);
    return lua_gettop(lua);
}

static int base_resume(lua_State *lua)
{
    const int n = lua_tocfunction(lua, lua_upvalueindex(1))(lua);
    vm_go_on_unwinding(lua);
    return n;
}

/* --- compiling ------------------------------------------------------------------------------- */

static int base_load_result(lua_State *lua, int status)
{
    vm_go_on_unwinding(lua);
    if (status == 0)
        return 1;
    lua_pushnil(lua);
    lua_insert(lua, -2);
    return 2;
}

static int base_loadstring(lua_State *lua)
{
    size_t size;
    const char *text = luaL_checklstring(lua, 1, &size);
    const char *name = luaL_optstring(lua, 2, text);
    return base_load_result(lua, vm_load(lua, bytes_of(text, size), name));
}

/* The function is at 1, what it gave last at 3.  A blank comes first: see vm_load. */
static const char *base_read_piece(lua_State *lua, void *ctx, size_t *size)
{
    bool *begun = ctx;
    if (!*begun) {
        *begun = true;
        *size = 1;
        return " ";
    }
    luaL_checkstack(lua, 2, "too many nested functions");
    lua_pushvalue(lua, 1);
    lua_call(lua, 0, 1);
    *size = 0;
    if (lua_isnil(lua, -1))
        return NULL;
    if (!lua_isstring(lua, -1))
        luaL_error(lua, "reader function must return a string");
    lua_replace(lua, 3);
    return lua_tolstring(lua, 3, size);
}

static int base_load(lua_State *lua)
{
    const char *name = luaL_optstring(lua, 2, "=(load)");
    bool begun = false;
    luaL_checktype(lua, 1, LUA_TFUNCTION);
    lua_settop(lua, 3);
    return base_load_result(lua, lua_load(lua, base_read_piece, &begun, name));
}

/* --- the machine ----------------------------------------------------------------------------- */

/* What would last beyond the script is left alone. */
static int base_collectgarbage(lua_State *lua)
{
    static const char *const names[] = {"collect", "count",    "step",       "stop",
                                        "restart", "setpause", "setstepmul", NULL};
    if (luaL_checkoption(lua, 1, "collect", names) > 2) {
        lua_pushinteger(lua, 0);
        return 1;
    }
    return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

static int base_clock(lua_State *lua)
{
    lua_pushnumber(lua, (lua_Number)clock() / (lua_Number)CLOCKS_PER_SEC);
    return 1;
}

/* --- numbers by chance ----------------------------------------------------------------------- */

/* The generator of drand48, POSIX; its upper 31 bits. */
static uint32_t base_draw(struct vm *vm)
{
    vm->random = (vm->random * UINT64_C(0x5DEECE66D) + 0xB) & ((UINT64_C(1) << 48) - 1);
    return (uint32_t)(vm->random >> 17);
}

void vm_seed_random(struct vm *vm, int32_t seed)
{
    vm->random = (uint64_t)(uint32_t)seed << 16 | 0x330E;
}

static int base_random(lua_State *lua)
{
    const lua_Number r = (lua_Number)(base_draw(vm_from(lua)) % INT32_MAX) / (lua_Number)INT32_MAX;
    lua_Integer low = 1, high;
    switch (lua_gettop(lua)) {
    case 0:
        lua_pushnumber(lua, r);
        return 1;
    case 1:
        high = luaL_checkinteger(lua, 1);
        break;
    case 2:
        low = luaL_checkinteger(lua, 1);
        high = luaL_checkinteger(lua, 2);
        break;
    default:
        return luaL_error(lua, "wrong number of arguments");
    }
    luaL_argcheck(lua, low <= high, lua_gettop(lua), "interval is empty");
    lua_pushnumber(lua, floor(r * (lua_Number)(high - low + 1)) + (lua_Number)low);
    return 1;
}

static int base_randomseed(lua_State *lua)
{
    vm_seed_random(vm_from(lua), luaL_checkint(lua, 1));
    return 0;
}

/* --- globals --------------------------------------------------------------------------------- */

static int base_missing_global(lua_State *lua)
{
    const char *name = luaL_checkstring(lua, 2);
    return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'", name);
}

static void base_wrap(lua_State *lua, const char *name, lua_CFunction with)
{
    lua_getfield(lua, -1, name);
    lua_pushcclosure(lua, with, 1);
    lua_setfield(lua, -2, name);
}

static void base_open_library(lua_State *lua, lua_CFunction open, const char *name)
{
    lua_pushcfunction(lua, open);
    lua_pushstring(lua, name);
    lua_call(lua, 1, 0);
}

static void base_open_language(lua_State *lua)
{
    static const char *const absent[] = {"dofile", "loadfile", "print"};
    static const char *const deprecated[] = {"newproxy", "getfenv", "setfenv"};
    base_open_library(lua, luaopen_base, "");
    base_open_library(lua, luaopen_table, LUA_TABLIBNAME);
    base_open_library(lua, luaopen_string, LUA_STRLIBNAME);
    base_open_library(lua, luaopen_math, LUA_MATHLIBNAME);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        lua_pushnil(lua);
        lua_setglobal(lua, absent[i]);
    }
    if (vm_from(lua)->hub->deprecated)
        return;
    for (size_t i = 0; i < sizeof deprecated / sizeof *deprecated; i++) {
        lua_pushnil(lua);
        lua_setglobal(lua, deprecated[i]);
    }
}

/* What is global for all scripts stays so. */
static int base_setfenv(lua_State *lua)
{
    if (lua_isnumber(lua, 1) && lua_tointeger(lua, 1) == 0)
        return luaL_error(lua, "'setfenv' cannot change environment of given object");
    return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

/* The table of globals is on the top. */
static void base_change_language(lua_State *lua)
{
    static const luaL_Reg functions[] = {{"pcall", base_pcall},
                                         {"xpcall", base_xpcall},
                                         {"load", base_load},
                                         {"loadstring", base_loadstring},
                                         {NULL, NULL}};
    luaL_register(lua, NULL, functions);
    base_wrap(lua, "collectgarbage", base_collectgarbage);
    if (vm_from(lua)->hub->deprecated)
        base_wrap(lua, "setfenv", base_setfenv);
    lua_getfield(lua, -1, "coroutine");
    base_wrap(lua, "resume", base_resume);
    lua_pop(lua, 1);
    lua_getfield(lua, -1, "math");
    lua_pushcfunction(lua, base_random);
    lua_setfield(lua, -2, "random");
    lua_pushcfunction(lua, base_randomseed);
    lua_setfield(lua, -2, "randomseed");
    lua_pop(lua, 1);
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, base_clock);
    lua_setfield(lua, -2, "clock");
    lua_setfield(lua, -2, "os");
    lua_rawgeti(lua, LUA_REGISTRYINDEX, VM_HANDLER);
    lua_setfield(lua, -2, "__redis__err__handler");
    protect_add_functions(lua);
}

/* ("").x still reads the library itself, but getmetatable("") gives nothing that can be written. */
static void base_protect_strings(lua_State *lua)
{
    lua_pushliteral(lua, "");
    lua_getmetatable(lua, -1);
    lua_newtable(lua);
    lua_getfield(lua, -4, "string");
    lua_setfield(lua, -2, "__index");
    protect_table(lua);
    lua_setfield(lua, -2, "__metatable");
    lua_pop(lua, 2);
}

static void base_protect_libraries(lua_State *lua)
{
    static const char *const names[] = {"string", "table",    "math",   "os", "coroutine",
                                        "cjson",  "cmsgpack", "struct", "bit"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lua_getfield(lua, -1, names[i]);
        if (lua_istable(lua, -1)) {
            protect_table(lua);
            lua_setfield(lua, -2, names[i]);
        } else {
            lua_pop(lua, 1);
        }
    }
}

void lua_base_open(lua_State *lua)
{
    base_open_language(lua);
    lua_pushvalue(lua, LUA_GLOBALSINDEX);
    base_change_language(lua);
}

void lua_base_close(lua_State *lua)
{
    LK_ASSERT(lua_gettop(lua) == 2); /* globals redis */
    protect_table(lua);
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -3, "redis");
    lua_setfield(lua, -2, "server");
    base_protect_libraries(lua);
    base_protect_strings(lua);
    lua_pushvalue(lua, -1);
    lua_rawseti(lua, LUA_REGISTRYINDEX, VM_GLOBALS);
    lua_pushvalue(lua, -1);
    protect_table(lua); /* globals proxy */
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -3, "_G");
    lua_replace(lua, LUA_GLOBALSINDEX);
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, base_missing_global);
    lua_setfield(lua, -2, "__index");
    lua_setmetatable(lua, -2);
    lua_pop(lua, 1);
}
