/*
 * lua_cjson_encode.c — values as JSON.
 *
 * A table with positive integers alone as keys is an array, unless it would be mostly empty.
 */
#include "core/cmd/script/lua_cjson.h"

#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <stdio.h>

static void encode_value(lua_State *lua, struct buf *out, const struct cjson_settings *c,
                         int depth);

static LK_NORETURN void encode_fail(lua_State *lua, int index, const char *why)
{
    luaL_error(lua, "Cannot serialise %s: %s", lua_typename(lua, lua_type(lua, index)), why);
    __builtin_unreachable();
}

static void encode_text(lua_State *lua, struct buf *out, int index)
{
    static const char named[] = "\b\t\n\f\r\"\\/", letters[] = "btnfr\"\\/";
    size_t size;
    const char *text = lua_tolstring(lua, index, &size);
    char *to = buf_reserve(out, size * 6 + 2); /* all of it as \u0000 */
    *to++ = '"';
    for (size_t i = 0; i < size; i++) {
        const uint8_t ch = (uint8_t)text[i];
        if (LK_LIKELY(ch > '/' && ch != '\\' && ch != 127)) {
            *to++ = (char)ch;
            continue;
        }
        const char *at = ch ? memchr(named, ch, sizeof named - 1) : NULL;
        if (at) {
            *to++ = '\\';
            *to++ = letters[at - named];
        } else if (ch < ' ' || ch == 127) {
            memcpy(to, "\\u00", 4);
            to[4] = "0123456789abcdef"[ch >> 4];
            to[5] = "0123456789abcdef"[ch & 15];
            to += 6;
        } else {
            *to++ = (char)ch;
        }
    }
    *to++ = '"';
    out->size = (size_t)(to - out->data);
}

static void encode_number(lua_State *lua, struct buf *out, const struct cjson_settings *c,
                          int index)
{
    const double d = lua_tonumber(lua, index);
    if (!isfinite(d)) {
        if (c->encode_invalid == 0)
            encode_fail(lua, index, "must not be NaN or Inf");
        if (c->encode_invalid == 2) {
            buf_append_cstr(out, "null");
            return;
        }
        if (isnan(d)) {
            buf_append_cstr(out, "nan"); /* never with a sign */
            return;
        }
    }
    char *to = buf_reserve(out, 32);
    if (d == (double)(int32_t)d && c->precision >= 10 && !(d == 0 && signbit(d))) {
        out->size += int64_to_chars((int64_t)d, to);
        return;
    }
    out->size += (size_t)snprintf(to, 32, "%.*g", c->precision, d);
}

/*
 * As many elements as an array of the table on the top has; else it is an object.  Redis keeps the
 * largest key in 32 bits, and what has no place there counts as the smallest number: a table with
 * such a key, as ids of users may be, is an object and not too sparse an array.
 */
static int64_t encode_array_size(lua_State *lua, const struct cjson_settings *c)
{
    int32_t most = 0;
    int64_t items = 0;
    for (lua_pushnil(lua); lua_next(lua, -2); items++) {
        lua_pop(lua, 1);
        const double k = lua_type(lua, -1) == LUA_TNUMBER ? lua_tonumber(lua, -1) : 0;
        if (k < 1 || floor(k) != k) {
            lua_pop(lua, 1);
            return -1;
        }
        if (k > most)
            most = k <= INT32_MAX ? (int32_t)k : INT32_MIN;
    }
    if (c->sparse_ratio > 0 && most > (double)items * c->sparse_ratio && most > c->sparse_safe) {
        if (!c->sparse_convert)
            encode_fail(lua, -1, "excessively sparse array");
        return -1;
    }
    return most;
}

static void encode_array(lua_State *lua, struct buf *out, const struct cjson_settings *c, int depth,
                         int64_t n)
{
    buf_append_char(out, '[');
    for (int64_t i = 1; i <= n; i++) {
        if (i > 1)
            buf_append_char(out, ',');
        lua_rawgeti(lua, -1, (int)i);
        encode_value(lua, out, c, depth);
        lua_pop(lua, 1);
    }
    buf_append_char(out, ']');
}

static void encode_object(lua_State *lua, struct buf *out, const struct cjson_settings *c,
                          int depth)
{
    bool more = false;
    buf_append_char(out, '{');
    for (lua_pushnil(lua); lua_next(lua, -2); more = true) {
        if (more)
            buf_append_char(out, ',');
        switch (lua_type(lua, -2)) {
        case LUA_TNUMBER:
            buf_append_char(out, '"');
            encode_number(lua, out, c, -2);
            buf_append_cstr(out, "\":");
            break;
        case LUA_TSTRING:
            encode_text(lua, out, -2);
            buf_append_char(out, ':');
            break;
        default:
            encode_fail(lua, -2, "table key must be a number or string");
        }
        encode_value(lua, out, c, depth);
        lua_pop(lua, 1);
    }
    buf_append_char(out, '}');
}

static void encode_table(lua_State *lua, struct buf *out, const struct cjson_settings *c, int depth)
{
    if (depth > c->encode_depth || !lua_checkstack(lua, 3))
        luaL_error(lua, "Cannot serialise, excessive nesting (%d)", depth);
    const int64_t n = encode_array_size(lua, c);
    if (n > 0)
        encode_array(lua, out, c, depth, n);
    else
        encode_object(lua, out, c, depth);
}

/* What is on the top, which stays. */
static void encode_value(lua_State *lua, struct buf *out, const struct cjson_settings *c, int depth)
{
    switch (lua_type(lua, -1)) {
    case LUA_TSTRING:
        encode_text(lua, out, -1);
        break;
    case LUA_TNUMBER:
        encode_number(lua, out, c, -1);
        break;
    case LUA_TBOOLEAN:
        buf_append_cstr(out, lua_toboolean(lua, -1) ? "true" : "false");
        break;
    case LUA_TTABLE:
        encode_table(lua, out, c, depth + 1);
        break;
    case LUA_TNIL:
        buf_append_cstr(out, "null");
        break;
    default:
        if (!lua_islightuserdata(lua, -1) || lua_touserdata(lua, -1) != NULL)
            encode_fail(lua, -1, "type not supported");
        buf_append_cstr(out, "null");
    }
}

void cjson_write(lua_State *lua, struct buf *out, const struct cjson_settings *c)
{
    encode_value(lua, out, c, 0);
}
