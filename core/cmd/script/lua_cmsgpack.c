/*
 * lua_cmsgpack.c — the library "cmsgpack": values as MessagePack.
 *
 * A table whose keys are 1 … n is an array, any other one a map.  Numbers take the fewest bytes
 * that hold them.  Tables inside more than 15 others are nil. Source   the MessagePack
 * specification
 */
#include "core/cmd/script/lua_cmsgpack.h"

#include <lauxlib.h>
#include <lua.h>
#include <math.h>

enum { PACK_LEVELS = 16 };

static void pack_value(lua_State *lua, struct buf *out, int level);

/* A first byte, and v in n bytes, the highest first. */
static void pack_number(struct buf *out, int first, uint64_t v, int n)
{
    char *to = buf_reserve(out, 9);
    *to++ = (char)first;
    for (int i = n; i-- > 0;)
        *to++ = (char)(v >> (8 * i));
    out->size += 1 + (size_t)n;
}

static void pack_byte(struct buf *out, int byte)
{
    buf_append_char(out, (char)byte);
}

static void pack_text(struct buf *out, struct bytes s)
{
    if (s.size < 32)
        pack_byte(out, 0xa0 | (int)s.size);
    else if (s.size <= UINT8_MAX)
        pack_number(out, 0xd9, s.size, 1);
    else if (s.size <= UINT16_MAX)
        pack_number(out, 0xda, s.size, 2);
    else
        pack_number(out, 0xdb, s.size, 4);
    buf_append_bytes(out, s);
}

static void pack_int(struct buf *out, int64_t v)
{
    if (v >= -32 && v <= 127)
        pack_byte(out, (int)v & 0xff);
    else if (v >= 0 && v <= UINT8_MAX)
        pack_number(out, 0xcc, (uint64_t)v, 1);
    else if (v >= 0 && v <= UINT16_MAX)
        pack_number(out, 0xcd, (uint64_t)v, 2);
    else if (v >= 0 && v <= UINT32_MAX)
        pack_number(out, 0xce, (uint64_t)v, 4);
    else if (v >= 0)
        pack_number(out, 0xcf, (uint64_t)v, 8);
    else if (v >= INT8_MIN)
        pack_number(out, 0xd0, (uint64_t)v, 1);
    else if (v >= INT16_MIN)
        pack_number(out, 0xd1, (uint64_t)v, 2);
    else if (v >= INT32_MIN)
        pack_number(out, 0xd2, (uint64_t)v, 4);
    else
        pack_number(out, 0xd3, (uint64_t)v, 8);
}

static void pack_real(struct buf *out, double d)
{
    const float f = (float)d;
    uint64_t bits = 0;
    uint32_t half;
    if (d == (double)f) {
        memcpy(&half, &f, sizeof half);
        pack_number(out, 0xca, half, 4);
        return;
    }
    memcpy(&bits, &d, sizeof bits);
    pack_number(out, 0xcb, bits, 8);
}

static bool pack_is_whole(double d)
{
    return d >= -9223372036854775808.0 && d < 9223372036854775808.0 && d == trunc(d);
}

static void pack_count(struct buf *out, size_t n, int few, int some, int many)
{
    if (n < 16)
        pack_byte(out, few | (int)n);
    else if (n <= UINT16_MAX)
        pack_number(out, some, n, 2);
    else
        pack_number(out, many, n, 4);
}

/* Are the keys of the table on the top 1 … n?  Text that is a number passes for one here. */
static bool pack_is_array(lua_State *lua)
{
    uint64_t count = 0;
    double highest = 0;
    for (lua_pushnil(lua); lua_next(lua, -2); count++) {
        lua_pop(lua, 1);
        const double n = lua_isnumber(lua, -1) ? lua_tonumber(lua, -1) : 0;
        if (lua_type(lua, -1) != LUA_TNUMBER || n <= 0 || !pack_is_whole(n)) {
            lua_pop(lua, 1);
            return false;
        }
        highest = n > highest ? n : highest;
    }
    return highest == (double)count;
}

static void pack_array(lua_State *lua, struct buf *out, int level)
{
    const size_t n = lua_objlen(lua, -1);
    pack_count(out, n, 0x90, 0xdc, 0xdd);
    luaL_checkstack(lua, 1, "in function pack_array");
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(lua, -1, (int)i);
        pack_value(lua, out, level + 1);
    }
}

static void pack_map(lua_State *lua, struct buf *out, int level)
{
    size_t n = 0;
    luaL_checkstack(lua, 3, "in function pack_map");
    for (lua_pushnil(lua); lua_next(lua, -2); n++)
        lua_pop(lua, 1);
    pack_count(out, n, 0x80, 0xde, 0xdf);
    for (lua_pushnil(lua); lua_next(lua, -2);) {
        lua_pushvalue(lua, -2);
        pack_value(lua, out, level + 1);
        pack_value(lua, out, level + 1);
    }
}

/* Packs what is on the top, and removes it. */
static void pack_value(lua_State *lua, struct buf *out, int level)
{
    const int type = lua_type(lua, -1);
    size_t size;
    const char *text;
    switch (type) {
    case LUA_TSTRING:
        text = lua_tolstring(lua, -1, &size);
        pack_text(out, bytes_of(text, size));
        break;
    case LUA_TBOOLEAN:
        pack_byte(out, lua_toboolean(lua, -1) ? 0xc3 : 0xc2);
        break;
    case LUA_TNUMBER: {
        const double d = lua_tonumber(lua, -1);
        if (pack_is_whole(d))
            pack_int(out, (int64_t)d);
        else
            pack_real(out, d);
        break;
    }
    case LUA_TTABLE:
        if (level == PACK_LEVELS)
            pack_byte(out, 0xc0);
        else if (pack_is_array(lua))
            pack_array(lua, out, level);
        else
            pack_map(lua, out, level);
        break;
    default:
        pack_byte(out, 0xc0);
    }
    lua_pop(lua, 1);
}

static int cmsgpack_pack(lua_State *lua)
{
    const int n = lua_gettop(lua);
    struct buf *out = vm_scratch(lua);
    if (n == 0)
        return luaL_argerror(lua, 0, "MessagePack pack needs input.");
    luaL_checkstack(lua, n, "Too many arguments for MessagePack pack.");
    for (int i = 1; i <= n; i++) {
        lua_pushvalue(lua, i);
        pack_value(lua, out, 0);
    }
    lua_pushlstring(lua, out->data, out->size);
    return 1;
}

void lua_cmsgpack_push(lua_State *lua)
{
    static const luaL_Reg functions[] = {{"pack", cmsgpack_pack},
                                         {"unpack", cmsgpack_unpack},
                                         {"unpack_one", cmsgpack_unpack_one},
                                         {"unpack_limit", cmsgpack_unpack_limit},
                                         {NULL, NULL}};
    static const char *const texts[][2] = {
        {"_NAME", "cmsgpack"},
        {"_VERSION", "lua-cmsgpack 0.4.0"},
        {"_DESCRIPTION", "MessagePack C implementation for Lua"}};
    lua_newtable(lua);
    luaL_register(lua, NULL, functions);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        lua_pushstring(lua, texts[i][1]);
        lua_setfield(lua, -2, texts[i][0]);
    }
}
