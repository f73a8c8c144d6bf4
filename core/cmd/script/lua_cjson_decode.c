/*
 * lua_cjson_decode.c — JSON to values.
 *
 * An error names what was expected, what is there, and the character.  The text is a C string to
 * its reader: it ends at its first zero byte, at the latest at the one that Lua keeps behind it.
 */
#include "core/cmd/script/lua_cjson.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <strings.h>

enum token_kind {
    TOKEN_OBJ_BEGIN,
    TOKEN_OBJ_END,
    TOKEN_ARR_BEGIN,
    TOKEN_ARR_END,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_BOOLEAN,
    TOKEN_NULL,
    TOKEN_COLON,
    TOKEN_COMMA,
    TOKEN_END,
    TOKEN_ERROR,
};

static const char *const token_names[] = {
    "T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END", "T_STRING", "T_NUMBER",
    "T_BOOLEAN",   "T_NULL",    "T_COLON",     "T_COMMA",   "T_END",    "T_ERROR",
};

struct decode {
    lua_State *lua;
    const struct cjson_settings *settings;
    const char *text, *at;
    struct buf *out; /* of a string with escapes */
    int depth;
    struct {
        enum token_kind kind;
        size_t index;
        struct bytes string;
        double number;
        bool boolean;
        const char *error;
    } token;
};

static void decode_value(struct decode *d);

/* --- tokens ---------------------------------------------------------------------------------- */

static void decode_error(struct decode *d, const char *what)
{
    d->token.kind = TOKEN_ERROR;
    d->token.index = (size_t)(d->at - d->text);
    d->token.error = what;
}

/* Four hex digits, or -1. */
static int32_t decode_hex4(const char *p)
{
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        const char c = p[i];
        if (c >= '0' && c <= '9')
            v = v << 4 | (c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            v = v << 4 | ((c | 32) - 'a' + 10);
        else
            return -1;
    }
    return v;
}

static void decode_put_utf8(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_append_char(out, (char)c);
        return;
    }
    if (c < 0x800) {
        buf_append_char(out, (char)(0xc0 | c >> 6));
    } else if (c < 0x10000) {
        buf_append_char(out, (char)(0xe0 | c >> 12));
        buf_append_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
    } else {
        buf_append_char(out, (char)(0xf0 | c >> 18));
        buf_append_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
        buf_append_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
    }
    buf_append_char(out, (char)(0x80 | (c & 0x3f)));
}

/* At the backslash of \uXXXX, of two of them for what lies beyond 16 bits. */
static bool decode_unicode(struct decode *d)
{
    int32_t c = decode_hex4(d->at + 2);
    if (c < 0)
        return false;
    d->at += 6;
    if ((c & 0xf800) == 0xd800) {
        const int32_t low =
            c & 0x400 || d->at[0] != '\\' || d->at[1] != 'u' ? -1 : decode_hex4(d->at + 2);
        if (low < 0 || (low & 0xfc00) != 0xdc00) {
            d->at -= 6;
            return false;
        }
        d->at += 6;
        c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ff);
    }
    decode_put_utf8(d->out, (uint32_t)c);
    return true;
}

/* False: the token is an error. */
static bool decode_escape(struct decode *d)
{
    static const char letters[] = "btnfr\"\\/", chars[] = "\b\t\n\f\r\"\\/";
    const char c = d->at[1];
    if (c == 'u') {
        if (decode_unicode(d))
            return true;
        decode_error(d, "invalid unicode escape code");
        return false;
    }
    const char *at = c ? memchr(letters, c, sizeof letters - 1) : NULL;
    if (!at) {
        decode_error(d, "invalid escape code");
        return false;
    }
    buf_append_char(d->out, chars[at - letters]);
    d->at += 2;
    return true;
}

static void decode_string(struct decode *d)
{
    const char *start = ++d->at;
    while (*d->at && *d->at != '"' && *d->at != '\\')
        d->at++;
    d->out->size = 0;
    bool plain = true;
    while (*d->at != '"') {
        if (plain) {
            buf_append(d->out, start, (size_t)(d->at - start));
            plain = false;
        }
        if (!*d->at) {
            decode_error(d, "unexpected end of string");
            return;
        }
        if (*d->at != '\\')
            buf_append_char(d->out, *d->at++);
        else if (!decode_escape(d))
            return;
    }
    d->token.kind = TOKEN_STRING;
    d->token.string =
        plain ? bytes_of(start, (size_t)(d->at - start)) : bytes_of(d->out->data, d->out->size);
    d->at++;
}

/* Is it a number to strtod, and none to JSON: hex, inf, nan, a sign or zeros before it? */
static bool decode_is_odd_number(const char *p)
{
    if (*p == '+')
        return true;
    if (*p == '-')
        p++;
    if (*p == '0')
        return (p[1] | 32) == 'x' || (p[1] >= '0' && p[1] <= '9');
    if (*p <= '9')
        return false;
    return strncasecmp(p, "inf", 3) == 0 || strncasecmp(p, "nan", 3) == 0;
}

static void decode_number(struct decode *d)
{
    char *end;
    d->token.kind = TOKEN_NUMBER;
    d->token.number = strtod(d->at, &end);
    if (end == d->at)
        decode_error(d, "invalid number");
    else
        d->at = end;
}

static bool decode_word(struct decode *d, const char *word, enum token_kind kind, bool value)
{
    const size_t n = strlen(word);
    if (strncmp(d->at, word, n) != 0)
        return false;
    d->token.kind = kind;
    d->token.boolean = value;
    d->at += n;
    return true;
}

static void decode_next(struct decode *d)
{
    static const char marks[] = "{}[]:,";
    static const enum token_kind kinds[] = {TOKEN_OBJ_BEGIN, TOKEN_OBJ_END, TOKEN_ARR_BEGIN,
                                            TOKEN_ARR_END,   TOKEN_COLON,   TOKEN_COMMA};
    while (*d->at == ' ' || *d->at == '\t' || *d->at == '\n' || *d->at == '\r')
        d->at++;
    d->token.index = (size_t)(d->at - d->text);
    const char c = *d->at;
    const char *mark = c ? strchr(marks, c) : NULL;
    const bool odd = d->settings->decode_invalid;
    if (!c) {
        d->token.kind = TOKEN_END;
    } else if (mark) {
        d->token.kind = kinds[mark - marks];
        d->at++;
    } else if (c == '"') {
        decode_string(d);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        if (!odd && decode_is_odd_number(d->at))
            decode_error(d, "invalid number");
        else
            decode_number(d);
    } else if (decode_word(d, "true", TOKEN_BOOLEAN, true) ||
               decode_word(d, "false", TOKEN_BOOLEAN, false) ||
               decode_word(d, "null", TOKEN_NULL, false)) {
        return;
    } else if (odd && strchr("+iInN", c) && decode_is_odd_number(d->at)) {
        decode_number(d);
    } else {
        decode_error(d, "invalid token");
    }
}

/* --- values ---------------------------------------------------------------------------------- */

static LK_NORETURN void decode_fail(struct decode *d, const char *expected)
{
    const char *found = d->token.kind == TOKEN_ERROR ? d->token.error : token_names[d->token.kind];
    luaL_error(d->lua, "Expected %s but found %s at character %d", expected, found,
               (int)d->token.index + 1);
    __builtin_unreachable();
}

static void decode_descend(struct decode *d, int slots)
{
    if (++d->depth > d->settings->decode_depth || !lua_checkstack(d->lua, slots))
        luaL_error(d->lua, "Found too many nested data structures (%d) at character %d", d->depth,
                   (int)(d->at - d->text));
}

static void decode_object(struct decode *d)
{
    decode_descend(d, 3);
    lua_newtable(d->lua);
    decode_next(d);
    if (d->token.kind == TOKEN_OBJ_END) {
        d->depth--;
        return;
    }
    for (;; decode_next(d)) {
        if (d->token.kind != TOKEN_STRING)
            decode_fail(d, "object key string");
        lua_pushlstring(d->lua, d->token.string.data, d->token.string.size);
        decode_next(d);
        if (d->token.kind != TOKEN_COLON)
            decode_fail(d, "colon");
        decode_next(d);
        decode_value(d);
        lua_rawset(d->lua, -3);
        decode_next(d);
        if (d->token.kind == TOKEN_OBJ_END)
            break;
        if (d->token.kind != TOKEN_COMMA)
            decode_fail(d, "comma or object end");
    }
    d->depth--;
}

static void decode_array(struct decode *d)
{
    decode_descend(d, 2);
    lua_newtable(d->lua);
    decode_next(d);
    if (d->token.kind == TOKEN_ARR_END) {
        d->depth--;
        return;
    }
    for (int i = 1;; i++, decode_next(d)) {
        decode_value(d);
        lua_rawseti(d->lua, -2, i);
        decode_next(d);
        if (d->token.kind == TOKEN_ARR_END)
            break;
        if (d->token.kind != TOKEN_COMMA)
            decode_fail(d, "comma or array end");
    }
    d->depth--;
}

static void decode_value(struct decode *d)
{
    switch (d->token.kind) {
    case TOKEN_STRING:
        lua_pushlstring(d->lua, d->token.string.data, d->token.string.size);
        break;
    case TOKEN_NUMBER:
        lua_pushnumber(d->lua, d->token.number);
        break;
    case TOKEN_BOOLEAN:
        lua_pushboolean(d->lua, d->token.boolean);
        break;
    case TOKEN_OBJ_BEGIN:
        decode_object(d);
        break;
    case TOKEN_ARR_BEGIN:
        decode_array(d);
        break;
    case TOKEN_NULL:
        lua_pushlightuserdata(d->lua, NULL);
        break;
    default:
        decode_fail(d, "value");
    }
}

void cjson_read(lua_State *lua, struct bytes text, const struct cjson_settings *c)
{
    struct decode d = {
        .lua = lua, .settings = c, .text = text.data, .at = text.data, .out = vm_scratch(lua)};
    decode_next(&d);
    decode_value(&d);
    decode_next(&d);
    if (d.token.kind != TOKEN_END)
        decode_fail(&d, "the end");
}
