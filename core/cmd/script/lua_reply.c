/*
 * lua_reply.c — replies as Lua values, and Lua values as replies.
 *
 *   RESP                  Lua                          RESP
 *   :1                    1                            :1, cut to an integer
 *   $a                    "a"                          $a
 *   +OK, -ERR x           {ok = "OK"}, {err = "ERR x"} the same
 *   *n                    {…}                          *n, up to the first nil
 *   $-1, *-1              false                        $-1; true is :1
 *   RESP3, after redis.setresp(3):
 *   _  #t  ,1.5           nil  true  {double = 1.5}    the same
 *   (123  =txt:a          {big_number = "123"}  {verbatim_string = {format = "txt", string = "a"}}
 *   %n  ~n                {map = {…}}  {set = {a = true, …}}
 *   |n                    nothing: the value that it stands before
 *
 * What a client's version does not have is written in the form that reply.h gives it.
 */
#include "core/cmd/script/script_priv.h"
#include "core/proto/resp_segment.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>

/* --- from replies ---------------------------------------------------------------------------- */

static const char *lua_push_value(lua_State *lua, const char *p);

/* The line behind the kind; *end is where the next value begins. */
static struct bytes reply_line(const char *p, const char **end)
{
    const char *cr = strchr(p + 1, '\r');
    LK_ASSERT(cr && cr[1] == '\n');
    *end = cr + 2;
    return bytes_of(p + 1, (size_t)(cr - p - 1));
}

static int64_t reply_number(const char *p, const char **end)
{
    int64_t n = 0;
    const struct bytes line = reply_line(p, end);
    bytes_to_int64(line, &n);
    return n;
}

static void lua_push_bytes(lua_State *lua, struct bytes b)
{
    lua_pushlstring(lua, b.data, b.size);
}

static void lua_set_bytes(lua_State *lua, const char *field, struct bytes b)
{
    lua_push_bytes(lua, b);
    lua_setfield(lua, -2, field);
}

static const char *lua_push_array(lua_State *lua, const char *p, int64_t n)
{
    lua_createtable(lua, (int)n, 0);
    for (int64_t i = 1; i <= n; i++) {
        p = lua_push_value(lua, p);
        lua_rawseti(lua, -2, (int)i);
    }
    return p;
}

static const char *lua_push_map(lua_State *lua, const char *p, int64_t n)
{
    lua_createtable(lua, 0, 1);
    lua_createtable(lua, 0, (int)n);
    for (int64_t i = 0; i < n; i++) {
        p = lua_push_value(lua, p);
        p = lua_push_value(lua, p);
        lua_rawset(lua, -3);
    }
    lua_setfield(lua, -2, "map");
    return p;
}

static const char *lua_push_set(lua_State *lua, const char *p, int64_t n)
{
    lua_createtable(lua, 0, 1);
    lua_createtable(lua, 0, (int)n);
    for (int64_t i = 0; i < n; i++) {
        p = lua_push_value(lua, p);
        lua_pushboolean(lua, 1);
        lua_rawset(lua, -3);
    }
    lua_setfield(lua, -2, "set");
    return p;
}

static void lua_push_verbatim(lua_State *lua, struct bytes b)
{
    LK_ASSERT(b.size >= 4);
    lua_createtable(lua, 0, 1);
    lua_createtable(lua, 0, 2);
    lua_set_bytes(lua, "string", bytes_of(b.data + 4, b.size - 4));
    lua_set_bytes(lua, "format", bytes_of(b.data, 3));
    lua_setfield(lua, -2, "verbatim_string");
}

/* Errors of commands are counted where they were made. */
static void lua_push_command_error(lua_State *lua, const char *p, const char **end)
{
    struct bytes line = reply_line(p, end);
    lua_push_error(lua, bytes_of(line.data - 1, line.size + 1));
    lua_pushboolean(lua, 1);
    lua_setfield(lua, -2, "ignore_error_stats_update");
}

static const char *lua_push_aggregate(lua_State *lua, const char *p)
{
    const char kind = *p;
    const int64_t n = reply_number(p, &p);
    if (n < 0)
        lua_pushboolean(lua, 0);
    else if (kind == '%')
        p = lua_push_map(lua, p, n);
    else if (kind == '~')
        p = lua_push_set(lua, p, n);
    else
        p = lua_push_array(lua, p, n);
    return p;
}

static const char *lua_push_bulk(lua_State *lua, const char *p)
{
    const char kind = *p;
    const int64_t n = reply_number(p, &p);
    if (n < 0) {
        lua_pushboolean(lua, 0);
        return p;
    }
    if (kind == '=')
        lua_push_verbatim(lua, bytes_of(p, (size_t)n));
    else
        lua_pushlstring(lua, p, (size_t)n);
    return p + n + 2;
}

static const char *lua_push_line(lua_State *lua, const char *p)
{
    const char kind = *p;
    const struct bytes line = reply_line(p, &p);
    switch (kind) {
    case '_':
        lua_pushnil(lua);
        return p;
    case '#':
        lua_pushboolean(lua, line.data[0] == 't');
        return p;
    case ',':
        lua_createtable(lua, 0, 1);
        lua_pushnumber(lua, strtod(line.data, NULL));
        lua_setfield(lua, -2, "double");
        return p;
    default:
        lua_createtable(lua, 0, 1);
        lua_set_bytes(lua, kind == '(' ? "big_number" : "ok", line);
        return p;
    }
}

/* What is told of the value behind it, which scripts are not shown. */
static const char *lua_skip_attribute(lua_State *lua, const char *p)
{
    for (int64_t n = 2 * reply_number(p, &p); n > 0; n--) {
        p = lua_push_value(lua, p);
        lua_pop(lua, 1);
    }
    return p;
}

static const char *lua_push_value(lua_State *lua, const char *p)
{
    luaL_checkstack(lua, 4, "reached lua stack limit");
    while (LK_UNLIKELY(*p == '|'))
        p = lua_skip_attribute(lua, p);
    switch (*p) {
    case ':':
        lua_pushnumber(lua, (lua_Number)reply_number(p, &p));
        return p;
    case '$':
    case '=':
        return lua_push_bulk(lua, p);
    case '*':
    case '%':
    case '~':
    case '>':
        return lua_push_aggregate(lua, p);
    case '-':
        lua_push_command_error(lua, p, &p);
        return p;
    default:
        return lua_push_line(lua, p);
    }
}

void lua_push_reply(lua_State *lua, struct reply *r, struct buf *joined)
{
    buf_append_char(&r->out, '\0'); /* lines are searched as C strings */
    r->out.size--;
    if (LK_LIKELY(r->ref.n == 0)) {
        lua_push_value(lua, r->out.data);
        return;
    }
    joined->size = 0;
    struct bytes run;
    while (reply_segments(r, &run, 1) == 1) {
        buf_append_bytes(joined, run);
        reply_sent(r, run.size);
    }
    buf_append_char(joined, '\0');
    lua_push_value(lua, joined->data);
}

/* --- errors ---------------------------------------------------------------------------------- */

void lua_push_error(lua_State *lua, struct bytes text)
{
    lua_createtable(lua, 0, 2);
    while (text.size > 0 && strchr("\r\n", text.data[text.size - 1]))
        text.size--;
    const bool coded = text.size > 0 && *text.data == '-' && memchr(text.data, ' ', text.size);
    if (text.size > 0 && *text.data == '-')
        text = bytes_of(text.data + 1, text.size - 1);
    if (!coded)
        lua_pushliteral(lua, "ERR ");
    lua_push_bytes(lua, text);
    if (!coded)
        lua_concat(lua, 2);
    lua_setfield(lua, -2, "err");
}

int lua_raise(lua_State *lua, const char *text)
{
    lua_push_error(lua, bytes_cstr(text));
    return lua_error(lua);
}

/* --- to replies ------------------------------------------------------------------------------ */

/* Pushes the field of the table on the top if it is of that type. */
static bool lua_push_field(lua_State *lua, const char *name, int type)
{
    lua_pushstring(lua, name);
    lua_rawget(lua, -2);
    const int is = lua_type(lua, -1);
    if (is == type || (type == LUA_TSTRING && is == LUA_TNUMBER))
        return true;
    lua_pop(lua, 1);
    return false;
}

static struct bytes lua_top_bytes(lua_State *lua)
{
    size_t size;
    const char *data = lua_tolstring(lua, -1, &size);
    return bytes_of(data, size);
}

static void lua_write_error(lua_State *lua, struct reply *r)
{
    const struct bytes text = lua_top_bytes(lua);
    struct buf line = {0};
    buf_append_char(&line, '-'); /* the text is as it is: no code is added */
    buf_append_bytes(&line, text);
    reply_error_bytes(r, buf_bytes(&line));
    buf_release(&line);
    lua_pop(lua, 1);
    if (lua_push_field(lua, "ignore_error_stats_update", LUA_TBOOLEAN)) {
        if (lua_toboolean(lua, -1)) {
            r->errors--;
            exec_script_note_failed(vm_from(lua)->run.x, vm_from(lua)->run.words);
        }
        lua_pop(lua, 1);
    }
}

static void lua_write_pairs(lua_State *lua, struct reply *r, int resp, bool set)
{
    const size_t head = reply_begin_deferred(r);
    uint64_t n = 0;
    for (lua_pushnil(lua); lua_next(lua, -2); n++) {
        lua_pushvalue(lua, -2); /* a copy: writing may turn a number into text */
        lua_write_reply(lua, r, resp);
        if (set)
            lua_pop(lua, 1);
        else
            lua_write_reply(lua, r, resp);
    }
    reply_end_deferred(r, head, set ? REPLY_SET : REPLY_MAP, n);
}

/* False: the value of "verbatim_string", which is on the top, is not one. */
static bool lua_write_verbatim(lua_State *lua, struct reply *r)
{
    lua_pushliteral(lua, "format");
    lua_rawget(lua, -2);
    lua_pushliteral(lua, "string");
    lua_rawget(lua, -3);
    const bool is = lua_isstring(lua, -1) && lua_isstring(lua, -2);
    if (is) {
        char format[4] = "txt";
        strncpy(format, lua_tostring(lua, -2), 3);
        reply_verbatim(r, format, lua_top_bytes(lua));
    }
    lua_pop(lua, 3);
    return is;
}

static void lua_write_array(lua_State *lua, struct reply *r, int resp)
{
    const size_t head = reply_begin_deferred(r);
    uint64_t n = 0;
    for (;; n++) {
        lua_rawgeti(lua, -1, (int)(n + 1));
        if (lua_isnil(lua, -1))
            break;
        lua_write_reply(lua, r, resp);
    }
    lua_pop(lua, 1);
    reply_end_deferred(r, head, REPLY_ARRAY, n);
}

/* It is a line: ends of lines in it are blanks. */
static void lua_write_big_number(lua_State *lua, struct reply *r)
{
    struct buf *line = vm_scratch(lua);
    buf_append_bytes(line, lua_top_bytes(lua));
    for (size_t i = 0; i < line->size; i++)
        if (line->data[i] == '\r' || line->data[i] == '\n')
            line->data[i] = ' ';
    reply_big_number(r, buf_bytes(line));
    lua_pop(lua, 1);
}

/* A table that stands for something else; the field's value is on the top then. */
static void lua_write_table(lua_State *lua, struct reply *r, int resp)
{
    if (lua_push_field(lua, "err", LUA_TSTRING)) {
        lua_write_error(lua, r);
    } else if (lua_push_field(lua, "ok", LUA_TSTRING)) {
        reply_simple_bytes(r, lua_top_bytes(lua));
        lua_pop(lua, 1);
    } else if (lua_push_field(lua, "double", LUA_TNUMBER)) {
        reply_double(r, lua_tonumber(lua, -1));
        lua_pop(lua, 1);
    } else if (lua_push_field(lua, "map", LUA_TTABLE)) {
        lua_write_pairs(lua, r, resp, false);
        lua_pop(lua, 1);
    } else if (lua_push_field(lua, "set", LUA_TTABLE)) {
        lua_write_pairs(lua, r, resp, true);
        lua_pop(lua, 1);
    } else if (lua_push_field(lua, "big_number", LUA_TSTRING)) {
        lua_write_big_number(lua, r);
    } else if (!lua_push_field(lua, "verbatim_string", LUA_TTABLE) || !lua_write_verbatim(lua, r)) {
        lua_write_array(lua, r, resp);
    }
}

void lua_write_reply(lua_State *lua, struct reply *r, int resp)
{
    if (!lua_checkstack(lua, 6)) {
        reply_error(r, "ERR reached lua stack limit");
        lua_pop(lua, 1);
        return;
    }
    switch (lua_type(lua, -1)) {
    case LUA_TSTRING:
        reply_bulk(r, lua_top_bytes(lua));
        break;
    case LUA_TNUMBER: {
        const lua_Number n = lua_tonumber(lua, -1);
        /* What no integer holds is the lowest one, as on most machines. */
        reply_int(r, n >= -9223372036854775808.0 && n < 9223372036854775808.0 ? (int64_t)n
                                                                              : INT64_MIN);
        break;
    }
    case LUA_TBOOLEAN:
        if (resp >= 3)
            reply_bool(r, lua_toboolean(lua, -1));
        else if (lua_toboolean(lua, -1))
            reply_int(r, 1);
        else
            reply_null(r);
        break;
    case LUA_TTABLE:
        lua_write_table(lua, r, resp);
        break;
    default:
        reply_null(r);
    }
    lua_pop(lua, 1);
}
