/*
 * lua_bit.c — the library "bit": operations on 32 bits.
 *
 * A number is taken modulo 2^32, rounded to the nearest integer, and a result is signed, as in
 * Lua BitOp, whose documentation is the source.
 */
#include "core/cmd/script/script_priv.h"

#include <lauxlib.h>
#include <lua.h>

/* Adding 1.5 * 2^52 leaves the integer in the low bits of the double. */
static uint32_t bit_argument(lua_State *lua, int index)
{
    const lua_Number n = luaL_checknumber(lua, index) + 6755399441055744.0;
    uint64_t bits;
    memcpy(&bits, &n, sizeof bits);
    return (uint32_t)bits;
}

static int bit_result(lua_State *lua, uint32_t v)
{
    lua_pushnumber(lua, (lua_Number)(int32_t)v);
    return 1;
}

static int bit_tobit(lua_State *lua)
{
    return bit_result(lua, bit_argument(lua, 1));
}

static int bit_bnot(lua_State *lua)
{
    return bit_result(lua, ~bit_argument(lua, 1));
}

static int bit_band(lua_State *lua)
{
    uint32_t v = bit_argument(lua, 1);
    for (int i = lua_gettop(lua); i > 1; i--)
        v &= bit_argument(lua, i);
    return bit_result(lua, v);
}

static int bit_bor(lua_State *lua)
{
    uint32_t v = bit_argument(lua, 1);
    for (int i = lua_gettop(lua); i > 1; i--)
        v |= bit_argument(lua, i);
    return bit_result(lua, v);
}

static int bit_bxor(lua_State *lua)
{
    uint32_t v = bit_argument(lua, 1);
    for (int i = lua_gettop(lua); i > 1; i--)
        v ^= bit_argument(lua, i);
    return bit_result(lua, v);
}

static int bit_lshift(lua_State *lua)
{
    const uint32_t v = bit_argument(lua, 1), n = bit_argument(lua, 2) & 31;
    return bit_result(lua, v << n);
}

static int bit_rshift(lua_State *lua)
{
    const uint32_t v = bit_argument(lua, 1), n = bit_argument(lua, 2) & 31;
    return bit_result(lua, v >> n);
}

static int bit_arshift(lua_State *lua)
{
    const uint32_t v = bit_argument(lua, 1), n = bit_argument(lua, 2) & 31;
    return bit_result(lua, (uint32_t)((int32_t)v >> n));
}

static int bit_rol(lua_State *lua)
{
    const uint32_t v = bit_argument(lua, 1), n = bit_argument(lua, 2) & 31;
    return bit_result(lua, v << n | v >> ((32 - n) & 31));
}

static int bit_ror(lua_State *lua)
{
    const uint32_t v = bit_argument(lua, 1), n = bit_argument(lua, 2) & 31;
    return bit_result(lua, v >> n | v << ((32 - n) & 31));
}

static int bit_bswap(lua_State *lua)
{
    return bit_result(lua, __builtin_bswap32(bit_argument(lua, 1)));
}

/* Of the lowest digits; as many as the second argument says, in capitals if it is negative. */
static int bit_tohex(lua_State *lua)
{
    uint32_t v = bit_argument(lua, 1);
    int32_t n = lua_isnone(lua, 2) ? 8 : (int32_t)bit_argument(lua, 2);
    const char *digits = n < 0 ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[8];
    if (n < 0)
        n = n == INT32_MIN ? 8 : -n;
    if (n > 8)
        n = 8;
    for (int i = n; i-- > 0; v >>= 4)
        text[i] = digits[v & 15];
    lua_pushlstring(lua, text, (size_t)n);
    return 1;
}

static const luaL_Reg bit_functions[] = {
    {"tobit", bit_tobit}, {"bnot", bit_bnot},     {"band", bit_band},     {"bor", bit_bor},
    {"bxor", bit_bxor},   {"lshift", bit_lshift}, {"rshift", bit_rshift}, {"arshift", bit_arshift},
    {"rol", bit_rol},     {"ror", bit_ror},       {"bswap", bit_bswap},   {"tohex", bit_tohex},
    {NULL, NULL},
};

void lua_bit_push(lua_State *lua)
{
    lua_newtable(lua);
    luaL_register(lua, NULL, bit_functions);
}
