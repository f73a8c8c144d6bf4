/*
 * lua_cjson.c — the library "cjson": its functions and settings.
 *
 * Source   the manual of lua-cjson 2.1; JSON is RFC 8259
 */
#include "core/cmd/script/lua_cjson.h"

#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <stdio.h>

static const char *const off_on_null[] = {"off", "on", "null", NULL};

/* --- settings -------------------------------------------------------------------------------- */

/*
 * Each function has as upvalue the settings of an instance that "new" has made, or none: those of
 * all scripts.
 */
static struct cjson_settings *cjson_own(lua_State *lua)
{
    return lua_touserdata(lua, lua_upvalueindex(1));
}

static const struct cjson_settings *cjson_settings(lua_State *lua)
{
    struct cjson_settings *own = cjson_own(lua);
    return own ? own : cjson_shared(vm_from(lua));
}

/* The settings to be changed, with the arguments made n in number. */
static struct cjson_settings cjson_begin(lua_State *lua, int n)
{
    luaL_argcheck(lua, lua_gettop(lua) <= n, n + 1, "found too many arguments");
    lua_settop(lua, n);
    return *cjson_settings(lua);
}

static void cjson_end(lua_State *lua, const struct cjson_settings *c)
{
    struct cjson_settings *own = cjson_own(lua);
    if (own)
        *own = *c;
    else
        cjson_share(vm_from(lua), c);
}

static void cjson_integer(lua_State *lua, int index, int *setting, int least, int most)
{
    if (!lua_isnil(lua, index)) {
        const lua_Integer v = luaL_checkinteger(lua, index);
        char text[64];
        snprintf(text, sizeof text, "expected integer between %d and %d", least, most);
        luaL_argcheck(lua, v >= least && v <= most, 1, text);
        *setting = (int)v;
    }
    lua_pushinteger(lua, *setting);
}

/* off, on, and, where there are three, null. */
static void cjson_choice(lua_State *lua, int index, int *setting, bool three)
{
    static const char *const off_on[] = {"off", "on", NULL};
    if (lua_isboolean(lua, index))
        *setting = lua_toboolean(lua, index);
    else if (!lua_isnil(lua, index))
        *setting = luaL_checkoption(lua, index, NULL, three ? off_on_null : off_on);
    if (*setting <= 1)
        lua_pushboolean(lua, *setting);
    else
        lua_pushstring(lua, off_on_null[*setting]);
}

static int cjson_sparse_array(lua_State *lua)
{
    struct cjson_settings c = cjson_begin(lua, 3);
    /* Those before a bad one are in force. */
    cjson_choice(lua, 1, &c.sparse_convert, false);
    cjson_end(lua, &c);
    cjson_integer(lua, 2, &c.sparse_ratio, 0, INT_MAX);
    cjson_end(lua, &c);
    cjson_integer(lua, 3, &c.sparse_safe, 0, INT_MAX);
    cjson_end(lua, &c);
    return 3;
}

static int cjson_encode_depth(lua_State *lua)
{
    struct cjson_settings c = cjson_begin(lua, 1);
    cjson_integer(lua, 1, &c.encode_depth, 1, INT_MAX);
    cjson_end(lua, &c);
    return 1;
}

static int cjson_decode_depth(lua_State *lua)
{
    struct cjson_settings c = cjson_begin(lua, 1);
    cjson_integer(lua, 1, &c.decode_depth, 1, INT_MAX);
    cjson_end(lua, &c);
    return 1;
}

static int cjson_precision(lua_State *lua)
{
    struct cjson_settings c = cjson_begin(lua, 1);
    cjson_integer(lua, 1, &c.precision, 1, 14);
    cjson_end(lua, &c);
    return 1;
}

static int cjson_keep_buffer(lua_State *lua)
{
    struct cjson_settings c = cjson_begin(lua, 1);
    cjson_choice(lua, 1, &c.keep_buffer, false);
    cjson_end(lua, &c);
    return 1;
}

static int cjson_encode_invalid(lua_State *lua)
{
    struct cjson_settings c = cjson_begin(lua, 1);
    cjson_choice(lua, 1, &c.encode_invalid, true);
    cjson_end(lua, &c);
    return 1;
}

static int cjson_decode_invalid(lua_State *lua)
{
    struct cjson_settings c = cjson_begin(lua, 1);
    cjson_choice(lua, 1, &c.decode_invalid, false);
    cjson_end(lua, &c);
    return 1;
}

/* --- the library ----------------------------------------------------------------------------- */

static int cjson_encode(lua_State *lua)
{
    luaL_argcheck(lua, lua_gettop(lua) == 1, 1, "expected 1 argument");
    const struct cjson_settings c = *cjson_settings(lua);
    struct buf *out = vm_scratch(lua);
    cjson_write(lua, out, &c);
    lua_pushlstring(lua, out->data, out->size);
    return 1;
}

static int cjson_decode(lua_State *lua)
{
    luaL_argcheck(lua, lua_gettop(lua) == 1, 1, "expected 1 argument");
    size_t size;
    const char *text = luaL_checklstring(lua, 1, &size);
    const struct cjson_settings c = *cjson_settings(lua);
    if (size >= 2 && (!text[0] || !text[1]))
        return luaL_error(lua, "JSON parser does not support UTF-16 or UTF-32");
    cjson_read(lua, bytes_of(text, size), &c);
    return 1;
}

static int cjson_new(lua_State *lua);

static const luaL_Reg cjson_functions[] = {
    {"encode", cjson_encode},
    {"decode", cjson_decode},
    {"encode_sparse_array", cjson_sparse_array},
    {"encode_max_depth", cjson_encode_depth},
    {"decode_max_depth", cjson_decode_depth},
    {"encode_number_precision", cjson_precision},
    {"encode_keep_buffer", cjson_keep_buffer},
    {"encode_invalid_numbers", cjson_encode_invalid},
    {"decode_invalid_numbers", cjson_decode_invalid},
    {"new", cjson_new},
};

/* A table of the functions; the value below it is what they have as upvalue. */
static void cjson_push_functions(lua_State *lua)
{
    lua_newtable(lua);
    for (size_t i = 0; i < sizeof cjson_functions / sizeof *cjson_functions; i++) {
        lua_pushvalue(lua, -2);
        lua_pushcclosure(lua, cjson_functions[i].func, 1);
        lua_setfield(lua, -2, cjson_functions[i].name);
    }
    lua_pushlightuserdata(lua, NULL);
    lua_setfield(lua, -2, "null");
    lua_pushliteral(lua, "cjson");
    lua_setfield(lua, -2, "_NAME");
    lua_pushliteral(lua, "2.1.0");
    lua_setfield(lua, -2, "_VERSION");
    lua_remove(lua, -2);
}

static int cjson_new(lua_State *lua)
{
    struct cjson_settings *own = lua_newuserdata(lua, sizeof *own);
    *own = cjson_default;
    cjson_push_functions(lua);
    return 1;
}

void lua_cjson_push(lua_State *lua)
{
    lua_pushnil(lua);
    cjson_push_functions(lua);
}
