/*
 * lua_protect.c — tables that scripts can read and not write.
 *
 * What one script leaves in a shared table the next would find.  The interpreter knows no tables
 * that are fixed, so a script sees an empty one in place of each, whose metatable reads from the
 * real one and refuses to write.
 *
 *   script --> proxy {} --__index--> real {call = …, log = …}
 *                       --__newindex--> "Attempt to modify a readonly table"
 *
 * Functions of the language that go past metatables (next, rawget, rawset, table.insert …) are
 * replaced by ones that look for a proxy first.
 */
#include "core/cmd/script/script_priv.h"

#include <lauxlib.h>
#include <lua.h>

static const char protect_text[] = "Attempt to modify a readonly table";

static int protect_refuse(lua_State *lua)
{
    return luaL_error(lua, protect_text);
}

void protect_table(lua_State *lua)
{
    LK_ASSERT(lua_istable(lua, -1));
    lua_newtable(lua); /* real proxy */
    lua_createtable(lua, 0, 2);
    lua_pushvalue(lua, -3);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, protect_refuse);
    lua_setfield(lua, -2, "__newindex");
    lua_setmetatable(lua, -2);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, VM_PROTECTED); /* real proxy all */
    lua_pushvalue(lua, -2);
    lua_pushvalue(lua, -4);
    lua_rawset(lua, -3);
    lua_pop(lua, 1);
    lua_remove(lua, -2);
}

bool protect_push_real(lua_State *lua, int index)
{
    if (lua_type(lua, index) != LUA_TTABLE || !lua_getmetatable(lua, index))
        return false;
    lua_pop(lua, 1);
    lua_pushvalue(lua, index);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, VM_PROTECTED);
    lua_insert(lua, -2);
    lua_rawget(lua, -2);
    lua_remove(lua, -2);
    if (lua_istable(lua, -1))
        return true;
    lua_pop(lua, 1);
    return false;
}

/* --- functions that know proxies ------------------------------------------------------------- */

static int protect_next(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_settop(lua, 2);
    if (protect_push_real(lua, 1))
        lua_replace(lua, 1);
    if (lua_next(lua, 1))
        return 2;
    lua_pushnil(lua);
    return 1;
}

static int protect_pairs(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_pushvalue(lua, 1);
    lua_pushnil(lua);
    return 3;
}

static int protect_rawget(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    luaL_checkany(lua, 2);
    lua_settop(lua, 2);
    if (protect_push_real(lua, 1))
        lua_replace(lua, 1);
    lua_rawget(lua, 1);
    return 1;
}

/* Calls what it replaces, unless its first argument is protected. */
static int protect_guarded(lua_State *lua)
{
    if (protect_push_real(lua, 1)) {
        lua_pushstring(lua, protect_text);
        return lua_error(lua);
    }
    return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

/* Gives the table on the top a metatable that refuses to write; it stands for nothing. */
static void protect_forget(lua_State *lua)
{
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, protect_refuse);
    lua_setfield(lua, -2, "__newindex");
    lua_setmetatable(lua, -2);
}

static int protect_getmetatable(lua_State *lua)
{
    if (protect_push_real(lua, 1)) {
        lua_newtable(lua); /* in place of the one that it has; it cannot be changed either */
        protect_forget(lua);
        return 1;
    }
    return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

/* The function of that name in the table on the top is replaced by one that has it as upvalue. */
static void protect_wrap(lua_State *lua, const char *name, lua_CFunction with)
{
    lua_getfield(lua, -1, name);
    LK_ASSERT(lua_iscfunction(lua, -1));
    lua_pushcclosure(lua, with, 1);
    lua_setfield(lua, -2, name);
}

void protect_add_functions(lua_State *lua)
{
    lua_pushcfunction(lua, protect_next);
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -3, "next");
    lua_pushcclosure(lua, protect_pairs, 1);
    lua_setfield(lua, -2, "pairs");
    lua_pushcfunction(lua, protect_rawget);
    lua_setfield(lua, -2, "rawget");
    protect_wrap(lua, "rawset", protect_guarded);
    protect_wrap(lua, "setmetatable", protect_guarded);
    protect_wrap(lua, "getmetatable", protect_getmetatable);
    lua_getfield(lua, -1, "table");
    protect_wrap(lua, "insert", protect_guarded);
    protect_wrap(lua, "remove", protect_guarded);
    protect_wrap(lua, "sort", protect_guarded);
    lua_pop(lua, 1);
}
