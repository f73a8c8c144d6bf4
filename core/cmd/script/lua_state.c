/*
 * lua_state.c — can a function keep something from one call to the next?
 *
 * What it has beside its arguments are the locals of the code around it.  It can keep something in
 * one that is a table, or one that any function assigns.  The code is looked at in the form in
 * which Lua 5.1 writes it; the answer may be yes too often, never too seldom.
 */
#include "core/cmd/script/library.h"

#include <lauxlib.h>
#include <lua.h>

enum { OP_SETUPVAL = 8, OP_MASK = 63, DUMP_HEADER = 12, STATE_DEPTH = 32 };

static int state_append(lua_State *lua, const void *data, size_t size, void *out)
{
    (void)lua;
    buf_append(out, data, size);
    return 0;
}

struct dump {
    const char *at, *end;
};

/* Skips n bytes; false: there are not so many. */
static bool dump_skip(struct dump *d, size_t n)
{
    if ((size_t)(d->end - d->at) < n)
        return false;
    d->at += n;
    return true;
}

static bool dump_read(struct dump *d, void *out, size_t n)
{
    const char *from = d->at;
    if (!dump_skip(d, n))
        return false;
    memcpy(out, from, n);
    return true;
}

static bool dump_skip_string(struct dump *d)
{
    size_t n;
    return dump_read(d, &n, sizeof n) && dump_skip(d, n);
}

static bool dump_skip_constants(struct dump *d)
{
    int n;
    if (!dump_read(d, &n, sizeof n))
        return false;
    for (int i = 0; i < n; i++) {
        char type;
        if (!dump_read(d, &type, 1))
            return false;
        const bool ok = type == LUA_TSTRING    ? dump_skip_string(d)
                        : type == LUA_TNUMBER  ? dump_skip(d, sizeof(lua_Number))
                        : type == LUA_TBOOLEAN ? dump_skip(d, 1)
                                               : true;
        if (!ok)
            return false;
    }
    return true;
}

static bool dump_skip_debug(struct dump *d)
{
    int n;
    if (!dump_read(d, &n, sizeof n) || !dump_skip(d, (size_t)n * sizeof(int)) ||
        !dump_read(d, &n, sizeof n))
        return false;
    for (int i = 0; i < n; i++)
        if (!dump_skip_string(d) || !dump_skip(d, 2 * sizeof(int)))
            return false;
    if (!dump_read(d, &n, sizeof n))
        return false;
    for (int i = 0; i < n; i++)
        if (!dump_skip_string(d))
            return false;
    return true;
}

/* Does it, or a function inside it, assign a local of the code around it?  Unreadable: yes. */
static bool dump_assigns(struct dump *d, int depth)
{
    int n;
    if (depth == 0 || !dump_skip_string(d) || !dump_skip(d, 2 * sizeof(int) + 4) ||
        !dump_read(d, &n, sizeof n))
        return true;
    for (int i = 0; i < n; i++) {
        uint32_t instruction;
        if (!dump_read(d, &instruction, sizeof instruction) ||
            (instruction & OP_MASK) == OP_SETUPVAL)
            return true;
    }
    if (!dump_skip_constants(d) || !dump_read(d, &n, sizeof n))
        return true;
    for (int i = 0; i < n; i++)
        if (dump_assigns(d, depth - 1))
            return true;
    return !dump_skip_debug(d);
}

static bool state_assigns(lua_State *lua)
{
    struct buf code = {0};
    bool yes = true;
    if (lua_dump(lua, state_append, &code) == 0 && code.size > DUMP_HEADER) {
        struct dump d = {code.data + DUMP_HEADER, code.data + code.size};
        yes = dump_assigns(&d, STATE_DEPTH);
    }
    buf_release(&code);
    return yes;
}

static bool state_of_function(lua_State *lua, int depth);

/* What a function has from around it is on the top. */
static bool state_of_local(lua_State *lua, int depth)
{
    switch (lua_type(lua, -1)) {
    case LUA_TFUNCTION:
        return !lua_iscfunction(lua, -1) && state_of_function(lua, depth - 1);
    case LUA_TTABLE:
        if (!protect_push_real(lua, -1))
            return true;
        lua_pop(lua, 1);
        return false;
    case LUA_TUSERDATA:
    case LUA_TTHREAD:
        return true;
    default:
        return false;
    }
}

static bool state_of_function(lua_State *lua, int depth)
{
    if (depth == 0 || !lua_checkstack(lua, 8) || state_assigns(lua))
        return true;
    bool yes = false;
    for (int i = 1; !yes && lua_getupvalue(lua, -1, i); i++) {
        yes = state_of_local(lua, depth);
        lua_pop(lua, 1);
    }
    return yes;
}

bool lua_keeps_state(lua_State *lua)
{
    return !lua_iscfunction(lua, -1) && state_of_function(lua, STATE_DEPTH);
}
