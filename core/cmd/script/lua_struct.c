/*
 * lua_struct.c — the library "struct": numbers and strings in the layout of C.
 *
 *   > <   order of bytes       ! [n]  alignment        (blank) nothing      x  a byte of padding
 *   b B   char   h H  short    l L    long    T size_t       i[n] I[n]  of n bytes, or an int
 *   f d   float, double        s      string that ends in a zero byte       c[n]  n bytes
 *
 * Capitals are unsigned.  c0 is a string as long as the value before it says, or as it is.
 * Source   the library's documentation (Ierusalimschy, "struct")
 */
#include "core/cmd/script/script_priv.h"

#include <ctype.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>

enum { STRUCT_INT_MAX = 32, STRUCT_ALIGN_MAX = 8 };

struct layout {
    bool little;
    size_t align;
};

static const struct layout layout_native = {.little = true, .align = 1};

static bool struct_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number at *format, or the one that is meant without. */
static size_t struct_number(lua_State *lua, const char **format, size_t otherwise)
{
    if (!struct_is_digit(**format))
        return otherwise;
    size_t n = 0;
    do {
        const size_t digit = (size_t)(*(*format)++ - '0');
        if (n > INT_MAX / 10 || n * 10 > INT_MAX - digit)
            luaL_error(lua, "integral size overflow");
        n = n * 10 + digit;
    } while (struct_is_digit(**format));
    return n;
}

static size_t struct_option_size(lua_State *lua, char option, const char **format)
{
    size_t n;
    switch (option) {
    case 'b':
    case 'B':
    case 'x':
        return 1;
    case 'h':
    case 'H':
        return sizeof(short);
    case 'l':
    case 'L':
        return sizeof(long);
    case 'T':
        return sizeof(size_t);
    case 'f':
        return sizeof(float);
    case 'd':
        return sizeof(double);
    case 'c':
        return struct_number(lua, format, 1);
    case 'i':
    case 'I':
        n = struct_number(lua, format, sizeof(int));
        if (n > STRUCT_INT_MAX)
            luaL_error(lua, "integral size %d is larger than limit of %d", (int)n, STRUCT_INT_MAX);
        return n;
    default:
        return 0;
    }
}

/* Bytes up to where a value of that size may lie. */
static size_t struct_padding(const struct layout *l, size_t at, char option, size_t size)
{
    if (size == 0 || option == 'c')
        return 0;
    if (size > l->align)
        size = l->align;
    return (size - (at & (size - 1))) & (size - 1);
}

static void struct_control(lua_State *lua, char option, const char **format, struct layout *l)
{
    size_t n;
    switch (option) {
    case ' ':
        return;
    case '>':
        l->little = false;
        return;
    case '<':
        l->little = true;
        return;
    case '!':
        n = struct_number(lua, format, STRUCT_ALIGN_MAX);
        if (n == 0 || (n & (n - 1)) != 0)
            luaL_error(lua, "alignment %d is not a power of 2", (int)n);
        l->align = n;
        return;
    default:
        luaL_argerror(lua, 1, lua_pushfstring(lua, "invalid format option '%c'", option));
    }
}

static void struct_swap(const struct layout *l, char *data, size_t size)
{
    if (l->little)
        return;
    for (size_t i = 0; i < size / 2; i++) {
        const char c = data[i];
        data[i] = data[size - 1 - i];
        data[size - 1 - i] = c;
    }
}

/* --- pack ------------------------------------------------------------------------------------ */

static void struct_put_int(lua_State *lua, luaL_Buffer *out, const struct layout *l, int index,
                           size_t size)
{
    const lua_Number n = luaL_checknumber(lua, index);
    uint64_t v = n < 0 ? (uint64_t)(int64_t)n : (uint64_t)n;
    char data[STRUCT_INT_MAX];
    for (size_t i = 0; i < size; i++, v >>= 8)
        data[i] = (char)v;
    struct_swap(l, data, size);
    luaL_addlstring(out, data, size);
}

static void struct_put_real(lua_State *lua, luaL_Buffer *out, const struct layout *l, int index,
                            size_t size)
{
    const double d = luaL_checknumber(lua, index);
    const float f = (float)d;
    char data[sizeof d];
    memcpy(data, size == sizeof f ? (const void *)&f : (const void *)&d, size);
    struct_swap(l, data, size);
    luaL_addlstring(out, data, size);
}

/* How many bytes it took. */
static size_t struct_put_text(lua_State *lua, luaL_Buffer *out, char option, int index, size_t size)
{
    size_t have;
    const char *text = luaL_checklstring(lua, index, &have);
    if (size == 0)
        size = have;
    luaL_argcheck(lua, have >= size, index + 1, "string too short");
    luaL_addlstring(out, text, size);
    if (option == 's') {
        luaL_addchar(out, '\0');
        size++;
    }
    return size;
}

static int struct_pack(lua_State *lua)
{
    const char *format = luaL_checkstring(lua, 1);
    struct layout l = layout_native;
    int index = 2;
    size_t at = 0;
    luaL_Buffer out;
    lua_pushnil(lua); /* between the arguments and what is put together */
    luaL_buffinit(lua, &out);
    while (*format) {
        const char option = *format++;
        size_t size = struct_option_size(lua, option, &format);
        for (size_t n = struct_padding(&l, at, option, size); n > 0; n--, at++)
            luaL_addchar(&out, '\0');
        if (strchr("bBhHlLTiI", option))
            struct_put_int(lua, &out, &l, index++, size);
        else if (option == 'f' || option == 'd')
            struct_put_real(lua, &out, &l, index++, size);
        else if (option == 'c' || option == 's')
            size = struct_put_text(lua, &out, option, index++, size);
        else if (option == 'x')
            luaL_addchar(&out, '\0');
        else
            struct_control(lua, option, &format, &l);
        at += size;
    }
    luaL_pushresult(&out);
    return 1;
}

/* --- unpack ---------------------------------------------------------------------------------- */

static lua_Number struct_get_int(const struct layout *l, const char *data, size_t size,
                                 bool is_signed)
{
    uint64_t v = 0;
    for (size_t i = 0; i < size; i++) {
        const size_t at = l->little ? size - 1 - i : i;
        v = v << 8 | (uint8_t)data[at];
    }
    if (!is_signed)
        return (lua_Number)v;
    if (size > 0 && size < sizeof v && v >> (size * 8 - 1) & 1)
        v |= UINT64_MAX << (size * 8 - 1);
    return (lua_Number)(int64_t)v;
}

static lua_Number struct_get_real(const struct layout *l, const char *data, size_t size)
{
    char copy[sizeof(double)];
    float f;
    double d;
    memcpy(copy, data, size);
    struct_swap(l, copy, size);
    if (size == sizeof f) {
        memcpy(&f, copy, sizeof f);
        return f;
    }
    memcpy(&d, copy, sizeof d);
    return d;
}

static void struct_check_room(lua_State *lua, size_t have, size_t at, size_t size)
{
    luaL_argcheck(lua, size <= have && at <= have - size, 2, "data string too short");
}

/* The length that the value before has given, which is taken back. */
static size_t struct_length_before(lua_State *lua, int *n)
{
    if (*n == 0 || !lua_isnumber(lua, -1))
        luaL_error(lua, "format 'c0' needs a previous size");
    const size_t size = (size_t)lua_tonumber(lua, -1);
    lua_pop(lua, 1);
    (*n)--;
    return size;
}

static int struct_unpack(lua_State *lua)
{
    const char *format = luaL_checkstring(lua, 1);
    size_t have;
    const char *data = luaL_checklstring(lua, 2, &have);
    const lua_Integer first = luaL_optinteger(lua, 3, 1);
    struct layout l = layout_native;
    int n = 0;
    luaL_argcheck(lua, first != 0, 3, "offset must be 1 or greater");
    size_t at = (size_t)first - 1;
    lua_settop(lua, 2);
    while (*format) {
        const char option = *format++;
        size_t size = struct_option_size(lua, option, &format);
        at += struct_padding(&l, at, option, size);
        struct_check_room(lua, have, at, size);
        luaL_checkstack(lua, 2, "too many results");
        if (strchr("bBhHlLTiI", option)) {
            lua_pushnumber(lua, struct_get_int(&l, data + at, size, islower((uint8_t)option)));
            n++;
        } else if (option == 'f' || option == 'd') {
            lua_pushnumber(lua, struct_get_real(&l, data + at, size));
            n++;
        } else if (option == 'c') {
            if (size == 0)
                size = struct_length_before(lua, &n);
            struct_check_room(lua, have, at, size);
            lua_pushlstring(lua, data + at, size);
            n++;
        } else if (option == 's') {
            const char *end = memchr(data + at, '\0', have - at);
            if (!end)
                luaL_error(lua, "unfinished string in data");
            size = (size_t)(end - (data + at)) + 1;
            lua_pushlstring(lua, data + at, size - 1);
            n++;
        } else if (option != 'x') {
            struct_control(lua, option, &format, &l);
        }
        at += size;
    }
    lua_pushinteger(lua, (lua_Integer)at + 1);
    return n + 1;
}

/* --- size ------------------------------------------------------------------------------------ */

static int struct_size(lua_State *lua)
{
    const char *format = luaL_checkstring(lua, 1);
    struct layout l = layout_native;
    size_t at = 0;
    while (*format) {
        const char option = *format++;
        const size_t size = struct_option_size(lua, option, &format);
        at += struct_padding(&l, at, option, size);
        if (option == 's')
            luaL_argerror(lua, 1, "option 's' has no fixed size");
        if (option == 'c' && size == 0)
            luaL_argerror(lua, 1, "option 'c0' has no fixed size");
        if (!isalnum((uint8_t)option))
            struct_control(lua, option, &format, &l);
        at += size;
    }
    lua_pushinteger(lua, (lua_Integer)at);
    return 1;
}

static const luaL_Reg struct_functions[] = {
    {"pack", struct_pack}, {"unpack", struct_unpack}, {"size", struct_size}, {NULL, NULL}};

void lua_struct_push(lua_State *lua)
{
    lua_newtable(lua);
    luaL_register(lua, NULL, struct_functions);
}
