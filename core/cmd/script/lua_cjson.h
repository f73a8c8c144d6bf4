/*
 * lua_cjson.h — the parts of the library "cjson".
 *
 * The library's settings last from script to script, as clients know them, on whatever worker the
 * next one runs: the hub has them, and each interpreter a copy (lua_cjson.c).
 */
#ifndef LK_CMD_LUA_CJSON_H
#define LK_CMD_LUA_CJSON_H

#include "core/cmd/script/script_priv.h"

LK_BEGIN

/* Write the value on the top as JSON; what is none is a Lua error. */
void cjson_write(struct lua_State *lua, struct buf *out, const struct cjson_settings *c);
/* Push the value of a text; what is no JSON is a Lua error. */
void cjson_read(struct lua_State *lua, struct bytes text, const struct cjson_settings *c);

LK_END

#endif
