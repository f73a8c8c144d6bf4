/*
 * lua_cmsgpack.h — the two halves of the library "cmsgpack".
 */
#ifndef LK_CMD_LUA_CMSGPACK_H
#define LK_CMD_LUA_CMSGPACK_H

#include "core/cmd/script/script_priv.h"

LK_BEGIN

/* unpack(s), unpack_one(s, offset), unpack_limit(s, n, offset): functions of Lua. */
int cmsgpack_unpack(struct lua_State *lua);
int cmsgpack_unpack_one(struct lua_State *lua);
int cmsgpack_unpack_limit(struct lua_State *lua);

LK_END

#endif
