/*
 * lua_cmsgpack_unpack.c — MessagePack to values.
 */
#include "core/cmd/script/lua_cmsgpack.h"

#include <lauxlib.h>
#include <limits.h>
#include <lua.h>

struct unpack {
    const uint8_t *at;
    size_t left;
};

static void unpack_value(lua_State *lua, struct unpack *u);

static const uint8_t *unpack_take(lua_State *lua, struct unpack *u, uint64_t n)
{
    if (n > u->left)
        luaL_error(lua, "Missing bytes in input.");
    const uint8_t *p = u->at;
    u->at += n;
    u->left -= n;
    return p;
}

static uint64_t unpack_number(lua_State *lua, struct unpack *u, uint32_t bytes)
{
    const uint8_t *p = unpack_take(lua, u, bytes);
    uint64_t v = 0;
    for (uint32_t i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

static void unpack_signed(lua_State *lua, struct unpack *u, uint32_t bytes)
{
    const uint32_t shift = 64 - 8 * bytes;
    lua_pushnumber(lua, (lua_Number)((int64_t)(unpack_number(lua, u, bytes) << shift) >> shift));
}

static void unpack_float(lua_State *lua, struct unpack *u)
{
    const uint32_t bits = (uint32_t)unpack_number(lua, u, 4);
    float f;
    memcpy(&f, &bits, sizeof f);
    lua_pushnumber(lua, f);
}

static void unpack_double(lua_State *lua, struct unpack *u)
{
    const uint64_t bits = unpack_number(lua, u, 8);
    double d;
    memcpy(&d, &bits, sizeof d);
    lua_pushnumber(lua, d);
}

static void unpack_text(lua_State *lua, struct unpack *u, uint64_t n)
{
    const uint8_t *p = unpack_take(lua, u, n);
    lua_pushlstring(lua, (const char *)p, (size_t)n);
}

static void unpack_array(lua_State *lua, struct unpack *u, uint64_t n)
{
    LK_ASSERT(n <= UINT32_MAX);
    lua_newtable(lua);
    luaL_checkstack(lua, 1, "in function mp_decode_to_lua_array");
    for (uint64_t i = 1; i <= n; i++) {
        unpack_value(lua, u);
        lua_rawseti(lua, -2, (int)i);
    }
}

static void unpack_map(lua_State *lua, struct unpack *u, uint64_t n)
{
    LK_ASSERT(n <= UINT32_MAX);
    lua_newtable(lua);
    for (uint64_t i = 0; i < n; i++) {
        unpack_value(lua, u);
        unpack_value(lua, u);
        lua_settable(lua, -3); /* a key that is nil is an error */
    }
}

static void unpack_value(lua_State *lua, struct unpack *u)
{
    luaL_checkstack(lua, 4,
                    "too many return values at once; use unpack_one or unpack_limit instead.");
    const uint8_t first = *unpack_take(lua, u, 1);
    switch (first) {
    case 0xc0:
        lua_pushnil(lua);
        return;
    case 0xc2:
    case 0xc3:
        lua_pushboolean(lua, first & 1);
        return;
    case 0xca:
        unpack_float(lua, u);
        return;
    case 0xcb:
        unpack_double(lua, u);
        return;
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf: /* from 2^63 on it is below zero: the interpreter's integers have signs */
        lua_pushnumber(lua, (lua_Number)(int64_t)unpack_number(lua, u, 1u << (first - 0xcc)));
        return;
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        unpack_signed(lua, u, 1u << (first - 0xd0));
        return;
    case 0xd9:
    case 0xda:
    case 0xdb:
        unpack_text(lua, u, unpack_number(lua, u, 1u << (first - 0xd9)));
        return;
    case 0xdc:
    case 0xdd:
        unpack_array(lua, u, unpack_number(lua, u, 2u << (first - 0xdc)));
        return;
    case 0xde:
    case 0xdf:
        unpack_map(lua, u, unpack_number(lua, u, 2u << (first - 0xde)));
        return;
    default:
        break;
    }
    if (first <= 0x7f || first >= 0xe0)
        lua_pushnumber(lua, (int8_t)first);
    else if (first >= 0xa0 && first <= 0xbf)
        unpack_text(lua, u, first & 0x1f);
    else if (first >= 0x90 && first <= 0x9f)
        unpack_array(lua, u, first & 0xf);
    else if (first >= 0x80 && first <= 0x8f)
        unpack_map(lua, u, first & 0xf);
    else
        luaL_error(lua, "Bad data format in input.");
}

/* At most limit values from offset on, behind the offset that follows them if that is asked for. */
static int unpack_some(lua_State *lua, int limit, int offset, bool with_offset)
{
    size_t size;
    const char *s = luaL_checklstring(lua, 1, &size);
    if (offset < 0 || limit < 0)
        return luaL_error(lua, "Invalid request to unpack with offset of %d and limit of %d.",
                          offset, (int)size);
    if ((size_t)offset > size)
        return luaL_error(lua, "Start offset %d greater than input length %d.", offset, (int)size);
    struct unpack u = {(const uint8_t *)s + offset, size - (size_t)offset};
    int n = 0;
    for (lua_settop(lua, 1); u.left > 0 && n < limit; n++)
        unpack_value(lua, &u);
    if (with_offset) {
        luaL_checkstack(lua, 1, "in function mp_unpack_full");
        lua_pushinteger(lua, u.left == 0 ? -1 : (lua_Integer)(size - u.left));
        lua_insert(lua, 2);
        n++;
    }
    return n;
}

int cmsgpack_unpack(lua_State *lua)
{
    return unpack_some(lua, INT_MAX, 0, false);
}

int cmsgpack_unpack_one(lua_State *lua)
{
    return unpack_some(lua, 1, luaL_optint(lua, 2, 0), true);
}

int cmsgpack_unpack_limit(lua_State *lua)
{
    const int limit = luaL_checkint(lua, 2), offset = luaL_optint(lua, 3, 0);
    const bool all = limit == 0 && offset == 0;
    return unpack_some(lua, all ? INT_MAX : limit, offset, !all);
}
