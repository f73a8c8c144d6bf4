/*
 * lua_library.c — an interpreter runs the code of libraries, and has their functions.
 *
 * Functions have globals of their own: those of scripts without KEYS and ARGV.  While a library's
 * code runs, only "redis" is there, with register_function and what writes to the log.
 *
 *   function's globals: proxy {} --__index--> while it loads: {redis}
 *                                  `--------> else:           {redis, string, math …}
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/cmd/script/library.h"

#include <lauxlib.h>
#include <lua.h>

enum { LOAD_HOOK_STEPS = 1000, LOAD_MAX_MS = 500 };

/* What a run of a library's code has registered so far. */
struct library_run {
    struct library *library;
    uint32_t count; /* of refs */
    uint32_t capacity;
    int *refs;
    bool fresh; /* the library learns its functions from it */
    uint64_t begun;
};

static struct library_run *library_running(lua_State *lua)
{
    struct library_run *run = vm_from(lua)->loading;
    if (!run)
        lua_raise(lua, "redis.register_function can only be called on FUNCTION LOAD command");
    return run;
}

/* --- register_function ----------------------------------------------------------------------- */

struct registration {
    struct bytes name, description;
    int callback; /* its place on the stack; 0: none */
    uint32_t flags;
};

static uint32_t library_read_flags(lua_State *lua, int index)
{
    uint32_t flags = 0;
    if (!lua_istable(lua, index))
        lua_raise(lua, "flags argument to redis.register_function must be a table representing "
                       "function flags");
    for (int i = 1;; i++) {
        lua_rawgeti(lua, index, i);
        if (lua_isnil(lua, -1))
            break;
        size_t size = 0;
        const char *text = lua_type(lua, -1) == LUA_TSTRING ? lua_tolstring(lua, -1, &size) : NULL;
        const uint32_t flag = text ? script_flag_find(bytes_of(text, size)) : 0;
        if (flag == 0)
            lua_raise(lua, "unknown flag given");
        flags |= flag;
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
    return flags;
}

static struct bytes library_text(lua_State *lua, int index, const char *otherwise)
{
    struct bytes b;
    if (!lua_isstring(lua, index))
        lua_raise(lua, otherwise);
    b.data = lua_tolstring(lua, index, &b.size);
    return b;
}

/* One field of the table: its key is text at -2, its value on the top.  True: that stays. */
static bool library_read_field(lua_State *lua, struct registration *r)
{
    const char *key = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "";
    const int value = lua_gettop(lua);
    if (strcmp(key, "function_name") == 0) {
        r->name = library_text(lua, value,
                               "function_name argument given to "
                               "redis.register_function must be a string");
        return true;
    }
    if (strcmp(key, "description") == 0) {
        r->description = library_text(lua, value,
                                      "description argument given to "
                                      "redis.register_function must be a string");
        return true;
    }
    if (strcmp(key, "callback") == 0) {
        if (!lua_isfunction(lua, value))
            lua_raise(lua, "callback argument given to redis.register_function must be a function");
        r->callback = value;
        return true;
    }
    if (strcmp(key, "flags") != 0)
        lua_raise(lua, "unknown argument given to redis.register_function");
    r->flags = library_read_flags(lua, value);
    return false;
}

static void library_read_table(lua_State *lua, struct registration *r)
{
    luaL_checkstack(lua, 10, "in register_function");
    if (!lua_istable(lua, 1))
        lua_raise(lua, "calling redis.register_function with a single argument is only applicable "
                       "to Lua table (representing named arguments).");
    /* What is kept lies below the key of the walk. */
    for (lua_pushnil(lua); lua_next(lua, 1);)
        if (library_read_field(lua, r)) {
            lua_insert(lua, -2);
            if (r->callback == lua_gettop(lua))
                r->callback--;
        } else {
            lua_pop(lua, 1);
        }
    if (!r->name.data)
        lua_raise(lua, "redis.register_function must get a function name argument");
    if (r->callback == 0)
        lua_raise(lua, "redis.register_function must get a callback argument");
}

static void library_keep(lua_State *lua, struct library_run *run, const struct registration *r)
{
    struct library *l = run->library;
    if (!library_is_name(r->name))
        lua_raise(lua, "Library names can only contain letters, numbers, or underscores(_) and "
                       "must be at least one character long");
    lua_pushvalue(lua, r->callback);
    if (run->fresh) {
        if (!library_add_function(l, r->name, r->flags | SCRIPT_SHEBANG, r->description))
            lua_raise(lua, "Function already exists in the library");
    } else if (run->count >= l->count ||
               !bytes_equal(l->functions[run->count].node.name, r->name)) {
        lua_raise(lua, "the library registers other functions than before");
    }
    if (run->count == run->capacity) {
        const uint32_t more = run->capacity ? 2 * run->capacity : 8;
        run->refs = mem_realloc(run->refs, run->capacity * sizeof(int), more * sizeof(int));
        run->capacity = more;
    }
    run->refs[run->count++] = luaL_ref(lua, LUA_REGISTRYINDEX);
}

static int library_register(lua_State *lua)
{
    struct library_run *run = library_running(lua);
    struct registration r = {0};
    const int n = lua_gettop(lua);
    if (n < 1 || n > 2)
        return lua_raise(lua, "wrong number of arguments to redis.register_function");
    if (n == 1) {
        library_read_table(lua, &r);
    } else {
        r.name = library_text(lua, 1, "first argument to redis.register_function must be a string");
        if (!lua_isfunction(lua, 2))
            return lua_raise(lua, "second argument to redis.register_function must be a function");
        r.callback = 2;
    }
    library_keep(lua, run, &r);
    return 0;
}

/* --- globals --------------------------------------------------------------------------------- */

static int library_missing(lua_State *lua)
{
    return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'",
                      luaL_checkstring(lua, 2));
}

/* Reading from the table on the top what is not there becomes an error. */
static void library_refuse_missing(lua_State *lua)
{
    lua_createtable(lua, 0, 1);
    lua_pushcfunction(lua, library_missing);
    lua_setfield(lua, -2, "__index");
    lua_setmetatable(lua, -2);
}

/* A copy of the fields of the table at index. */
static void library_copy_table(lua_State *lua, int index)
{
    lua_newtable(lua);
    for (lua_pushnil(lua); lua_next(lua, index);) {
        lua_pushvalue(lua, -2);
        lua_insert(lua, -2);
        lua_rawset(lua, -4);
    }
}

/* The functions of "redis" that functions do not have. */
static void library_push_redis(lua_State *lua)
{
    static const char *const absent[] = {"breakpoint", "debug", "replicate_commands"};
    lua_redis_push(lua);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++) {
        lua_pushnil(lua);
        lua_setfield(lua, -2, absent[i]);
    }
    protect_table(lua);
}

/* What "redis" is while a library's code runs. */
static void library_push_loading_redis(lua_State *lua)
{
    static const char *const kept[] = {
        "log",         "LOG_DEBUG",     "LOG_VERBOSE",      "LOG_NOTICE",
        "LOG_WARNING", "REDIS_VERSION", "REDIS_VERSION_NUM"};
    lua_newtable(lua);
    lua_redis_push(lua);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        lua_getfield(lua, -1, kept[i]);
        lua_setfield(lua, -3, kept[i]);
    }
    lua_pop(lua, 1);
    lua_pushcfunction(lua, library_register);
    lua_setfield(lua, -2, "register_function");
    library_refuse_missing(lua);
    protect_table(lua);
}

void lua_library_open(lua_State *lua)
{
    lua_rawgeti(lua, LUA_REGISTRYINDEX, VM_GLOBALS);
    library_copy_table(lua, lua_gettop(lua)); /* globals real */
    lua_remove(lua, -2);
    library_push_redis(lua);
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -3, "redis");
    lua_setfield(lua, -2, "server");
    library_refuse_missing(lua);
    lua_pushvalue(lua, -1);
    lua_rawseti(lua, LUA_REGISTRYINDEX, VM_FUNCTION_REAL);
    lua_pushvalue(lua, -1);
    protect_table(lua); /* real proxy */
    lua_pushvalue(lua, -1);
    lua_rawseti(lua, LUA_REGISTRYINDEX, VM_FUNCTION_GLOBALS);
    lua_setfield(lua, -2, "_G");
    lua_pop(lua, 1);

    lua_newtable(lua);
    library_push_loading_redis(lua);
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -3, "redis");
    lua_setfield(lua, -2, "server");
    library_refuse_missing(lua);
    lua_rawseti(lua, LUA_REGISTRYINDEX, VM_LOADING_REAL);
}

static void library_switch_globals(lua_State *lua, int real)
{
    lua_rawgeti(lua, LUA_REGISTRYINDEX, VM_FUNCTION_GLOBALS);
    LK_ASSERT(lua_getmetatable(lua, -1));
    lua_rawgeti(lua, LUA_REGISTRYINDEX, real);
    lua_setfield(lua, -2, "__index");
    lua_pop(lua, 2);
}

/* --- running the code ------------------------------------------------------------------------ */

static void library_hook(lua_State *lua, lua_Debug *at)
{
    (void)at;
    const struct library_run *run = vm_from(lua)->loading;
    if (clock_ticks_to_ns(clock_ticks() - run->begun) / 1000000 > LOAD_MAX_MS)
        luaL_error(lua, "FUNCTION LOAD timeout");
}

/* Runs the chunk on the top. */
static int library_run_chunk(struct vm *vm, struct library_run *run)
{
    lua_State *lua = vm->lua;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, VM_FUNCTION_GLOBALS);
    lua_setfenv(lua, -2);
    vm->loading = run;
    run->begun = clock_ticks();
    library_switch_globals(lua, VM_LOADING_REAL);
    lua_sethook(lua, library_hook, LUA_MASKCOUNT, LOAD_HOOK_STEPS);
    const int status = vm_call(vm, 0);
    vm_watch(lua);
    library_switch_globals(lua, VM_FUNCTION_REAL);
    vm->loading = NULL;
    return status;
}

static void library_tell_error(lua_State *lua, struct buf *error)
{
    buf_append_cstr(error, "ERR Error registering functions: ");
    if (lua_istable(lua, -1)) {
        lua_getfield(lua, -1, "err");
        buf_append_cstr(error, lua_isstring(lua, -1) ? lua_tostring(lua, -1) : "unknown error");
        lua_pop(lua, 1);
    } else {
        buf_append_cstr(error, lua_isstring(lua, -1) ? lua_tostring(lua, -1) : "unknown error");
    }
}

/* Asked when the code has run: until then it may still fill what its functions see. */
static void library_find_state(struct vm *vm, const struct library_run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        lua_rawgeti(vm->lua, LUA_REGISTRYINDEX, run->refs[i]);
        run->library->keeps_state |= lua_keeps_state(vm->lua);
        lua_pop(vm->lua, 1);
    }
}

/* Its functions stay in the vm. */
static void library_adopt(struct vm *vm, const struct library_run *run)
{
    struct library *l = run->library;
    struct vm_library *own = mem_alloc(sizeof *own + run->count * sizeof(int));
    LK_ASSERT(run->count == l->count);
    own->library = l;
    fetch_add_relaxed(&l->refs, 1);
    own->node = (struct name_node){.name = l->node.name, .hash = l->node.hash};
    memcpy(own->refs, run->refs, run->count * sizeof(int));
    name_map_add(&vm->libraries, &own->node);
}

static void library_forget(struct vm *vm, struct vm_library *own)
{
    struct library *l = own->library;
    name_map_remove(&vm->libraries, &own->node);
    for (uint32_t i = 0; i < l->count; i++)
        luaL_unref(vm->lua, LUA_REGISTRYINDEX, own->refs[i]);
    mem_free(own, sizeof *own + l->count * sizeof(int));
    library_drop(l);
}

static struct vm_library *library_own(struct vm *vm, const struct library *l)
{
    return (struct vm_library *)name_map_find(&vm->libraries, l->node.name, l->node.hash);
}

int vm_load_library(struct vm *vm, struct library *l, struct buf *error)
{
    lua_State *lua = vm->lua;
    struct library_run run = {.library = l, .fresh = l->count == 0};
    const struct bytes body = bytes_of(l->source + l->body_at, l->size - l->body_at);
    int rc = LK_EFORMAT;
    if (vm_load(lua, body, "@user_function") != 0) {
        buf_printf(error, "ERR Error compiling function: %s", lua_tostring(lua, -1));
    } else if (library_run_chunk(vm, &run) != 0) {
        library_tell_error(lua, error);
    } else if (run.count == 0 || run.count != l->count) {
        buf_append_cstr(error, "ERR No functions registered");
    } else {
        struct vm_library *before = library_own(vm, l);
        if (before)
            library_forget(vm, before);
        if (run.fresh)
            library_find_state(vm, &run);
        library_adopt(vm, &run);
        rc = LK_OK;
    }
    for (uint32_t i = 0; rc != LK_OK && i < run.count; i++)
        luaL_unref(lua, LUA_REGISTRYINDEX, run.refs[i]);
    mem_free(run.refs, run.capacity * sizeof(int));
    lua_pop(lua, 1);
    return rc;
}

bool vm_push_function(struct vm *vm, const struct library_function *f, struct buf *error)
{
    struct library *l = f->library;
    struct vm_library *own = library_own(vm, l);
    if (!own || LK_UNLIKELY(own->library != l)) {
        if (vm_load_library(vm, l, error) != LK_OK)
            return false;
        own = library_own(vm, l);
    }
    lua_rawgeti(vm->lua, LUA_REGISTRYINDEX, own->refs[f - l->functions]);
    return true;
}

void vm_forget_libraries(struct vm *vm)
{
    struct name_cursor at;
    for (struct name_node *n = name_map_first(&vm->libraries, &at); n; n = name_map_next(&at))
        library_forget(vm, (struct vm_library *)n);
    name_map_release(&vm->libraries);
}
