/*
 * lua_redis.c — the table "redis", also known as "server".
 */
#include "core/base/trace.h"
#include "core/cmd/command/version.h"
#include "core/cmd/script/script_priv.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>

static int redis_sha1hex(lua_State *lua)
{
    if (lua_gettop(lua) != 1)
        return lua_raise(lua, "wrong number of arguments");
    size_t size;
    char sha[SCRIPT_NAME + 1];
    const char *text = lua_tolstring(lua, 1, &size);
    script_sha(bytes_of(text, text ? size : 0), sha);
    lua_pushlstring(lua, sha, SCRIPT_NAME);
    return 1;
}

static int redis_single_field(lua_State *lua)
{
    lua_push_error(lua, bytes_cstr("wrong number or type of arguments"));
    return 1;
}

static int redis_error_reply(lua_State *lua)
{
    if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING)
        return redis_single_field(lua);
    if (*lua_tostring(lua, 1) != '-') {
        lua_pushliteral(lua, "-");
        lua_insert(lua, 1);
        lua_concat(lua, 2);
    }
    size_t size;
    const char *text = lua_tolstring(lua, 1, &size);
    lua_push_error(lua, bytes_of(text, size));
    return 1;
}

static int redis_status_reply(lua_State *lua)
{
    if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING)
        return redis_single_field(lua);
    lua_createtable(lua, 0, 1);
    lua_pushvalue(lua, 1);
    lua_setfield(lua, -2, "ok");
    return 1;
}

static int redis_log(lua_State *lua)
{
    const int n = lua_gettop(lua);
    if (n < 2)
        return lua_raise(lua, "redis.log() requires two arguments or more.");
    if (!lua_isnumber(lua, 1))
        return lua_raise(lua, "First argument must be a number (log level).");
    const lua_Integer level = lua_tointeger(lua, 1);
    if (level < TRACE_DEBUG || level > TRACE_WARNING)
        return lua_raise(lua, "Invalid debug level.");
    struct buf line = {0};
    for (int i = 2; i <= n; i++) {
        size_t size;
        const char *text = lua_tolstring(lua, i, &size);
        if (!text)
            continue;
        if (i > 2)
            buf_append_char(&line, ' ');
        buf_append(&line, text, size);
    }
    trace_line((enum trace_level)level, "%.*s", (int)line.size, line.size ? line.data : "");
    buf_release(&line);
    return 0;
}

static int redis_setresp(lua_State *lua)
{
    if (lua_gettop(lua) != 1)
        return lua_raise(lua, "redis.setresp() requires one argument.");
    const lua_Integer resp = lua_tointeger(lua, 1);
    if (resp != 2 && resp != 3)
        return lua_raise(lua, "RESP version must be 2 or 3.");
    vm_from(lua)->run.resp = (int)resp;
    return 0;
}

static int redis_set_repl(lua_State *lua)
{
    if (lua_gettop(lua) != 1)
        return lua_raise(lua, "redis.set_repl() requires one argument.");
    const lua_Integer to = lua_tointeger(lua, 1);
    if (to & ~(lua_Integer)TO_ALL)
        return lua_raise(lua, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or "
                              "REPL_NONE.");
    vm_from(lua)->run.to = (unsigned)to;
    return 0;
}

/* Effects are what is replicated, always. */
static int redis_replicate_commands(lua_State *lua)
{
    lua_pushboolean(lua, 1);
    return 1;
}

/* There is no debugger. */
static int redis_breakpoint(lua_State *lua)
{
    lua_pushboolean(lua, 0);
    return 1;
}

static int redis_debug(lua_State *lua)
{
    (void)lua;
    return 0;
}

static lua_Integer redis_version_number(void)
{
    int major = 0, minor = 0, patch = 0;
    sscanf(REDIS_VERSION, "%d.%d.%d", &major, &minor, &patch);
    return major << 16 | minor << 8 | patch;
}

static const luaL_Reg redis_functions[] = {
    {"call", lua_redis_call},
    {"pcall", lua_redis_pcall},
    {"log", redis_log},
    {"sha1hex", redis_sha1hex},
    {"error_reply", redis_error_reply},
    {"status_reply", redis_status_reply},
    {"setresp", redis_setresp},
    {"set_repl", redis_set_repl},
    {"replicate_commands", redis_replicate_commands},
    {"breakpoint", redis_breakpoint},
    {"debug", redis_debug},
    {"acl_check_cmd", lua_redis_acl_check_cmd},
    {NULL, NULL},
};

static const struct {
    const char *name;
    lua_Integer value;
} redis_numbers[] = {
    {"LOG_DEBUG", TRACE_DEBUG},
    {"LOG_VERBOSE", TRACE_VERBOSE},
    {"LOG_NOTICE", TRACE_NOTICE},
    {"LOG_WARNING", TRACE_WARNING},
    {"REPL_NONE", 0},
    {"REPL_AOF", TO_LOG},
    {"REPL_SLAVE", TO_REPLICAS},
    {"REPL_REPLICA", TO_REPLICAS},
    {"REPL_ALL", TO_ALL},
};

void lua_redis_push(lua_State *lua)
{
    lua_newtable(lua);
    luaL_register(lua, NULL, redis_functions);
    for (size_t i = 0; i < sizeof redis_numbers / sizeof *redis_numbers; i++) {
        lua_pushinteger(lua, redis_numbers[i].value);
        lua_setfield(lua, -2, redis_numbers[i].name);
    }
    lua_pushinteger(lua, redis_version_number());
    lua_setfield(lua, -2, "REDIS_VERSION_NUM");
    lua_pushliteral(lua, REDIS_VERSION);
    lua_setfield(lua, -2, "REDIS_VERSION");
}
