/*
 * lua_vm.c — a worker's interpreter: its memory, its errors, how it is called.
 *
 * PUC Lua 5.1 as the system has it.  It allocates through mem.h, so its bytes are counted with the
 * server's; a script that wants more than half of the machine's memory gets an error.
 */
#include "core/base/atomic.h"
#include "core/base/rng.h"
#include "core/base/trace.h"
#include "core/cmd/script/script_priv.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <unistd.h>

enum { SCRATCH_MAX = 64 * 1024 };

/* --- memory ---------------------------------------------------------------------------------- */

static void vm_count(struct vm *vm, uint64_t bytes)
{
    store_relaxed(&vm->bytes, bytes); /* the worker alone stores */
}

static void *vm_allocate(void *ctx, void *p, size_t old_size, size_t new_size)
{
    struct vm *vm = ctx;
    if (new_size == 0) {
        mem_free(p, old_size);
        vm_count(vm, vm->bytes - old_size);
        return NULL;
    }
    if (new_size > old_size && vm->limited && vm->bytes - old_size + new_size > vm->bytes_max)
        return NULL;
    void *q = p ? mem_try_realloc(p, old_size, new_size) : mem_try_alloc(new_size);
    if (LK_UNLIKELY(!q))
        return NULL;
    vm_count(vm, vm->bytes - (p ? old_size : 0) + new_size);
    vm->taken += new_size;
    if (LK_UNLIKELY(vm->taken >= VM_LOOK_BYTES)) { /* few steps may take long */
        vm->taken = 0;
        if (vm->look_soon)
            vm->look_soon(vm);
    }
    return q;
}

static int vm_panic(lua_State *lua)
{
    trace_line(TRACE_WARNING, "The Lua interpreter has no way on: %s", lua_tostring(lua, -1));
    abort();
}

struct vm *vm_from(lua_State *lua)
{
    void *vm;
    lua_getallocf(lua, &vm);
    return vm;
}

struct buf *vm_scratch(lua_State *lua)
{
    struct buf *b = &vm_from(lua)->scratch;
    if (b->capacity > SCRATCH_MAX)
        buf_release(b);
    b->size = 0;
    buf_reserve(b, 1);
    return b;
}

/* --- errors ---------------------------------------------------------------------------------- */

/* Makes any error a table {err, source, line}: where it was raised is known only here. */
static int vm_handle_error(lua_State *lua)
{
    if (vm_from(lua)->run.strayed)
        return 1;
    lua_settop(lua, 1);
    if (lua_type(lua, 1) != LUA_TTABLE) {
        lua_newtable(lua);
        if (lua_isstring(lua, 1)) {
            lua_pushliteral(lua, "ERR ");
            lua_pushvalue(lua, 1);
            lua_concat(lua, 2);
        } else {
            lua_pushfstring(lua, "ERR %s", luaL_typename(lua, 1));
        }
        lua_setfield(lua, 2, "err");
        lua_replace(lua, 1);
    }
    lua_Debug at;
    int level = 1;
    bool known = lua_getstack(lua, level, &at) && lua_getinfo(lua, "Sl", &at);
    if (known && *at.what == 'C')
        known = lua_getstack(lua, ++level, &at) && lua_getinfo(lua, "Sl", &at);
    if (known) {
        lua_pushliteral(lua, "source");
        lua_pushstring(lua, at.source);
        lua_rawset(lua, 1);
        lua_pushliteral(lua, "line");
        lua_pushinteger(lua, at.currentline);
        lua_rawset(lua, 1);
    }
    return 1;
}

void vm_go_on_unwinding(lua_State *lua)
{
    const struct script_run *run = &vm_from(lua)->run;
    if (LK_LIKELY(!run->strayed && !run->ended))
        return;
    if (run->strayed)
        lua_pushnil(lua);
    else
        lua_pushliteral(lua, "Script killed by user with SCRIPT KILL...");
    lua_error(lua);
}

int vm_call(struct vm *vm, int n)
{
    lua_State *lua = vm->lua;
    const int base = lua_gettop(lua) - n;
    LK_ASSERT(base > 0);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, VM_HANDLER);
    lua_insert(lua, base);
    vm->limited = true;
    const int status = lua_pcall(lua, n, 1, base);
    vm->limited = false;
    lua_remove(lua, base);
    return status;
}

/* --- sources --------------------------------------------------------------------------------- */

struct vm_text {
    struct bytes rest;
    bool begun;
};

/* A blank comes first: a text that begins as compiled code does is read as text nevertheless. */
static const char *vm_read_text(lua_State *lua, void *ctx, size_t *size)
{
    struct vm_text *t = ctx;
    (void)lua;
    if (!t->begun) {
        t->begun = true;
        *size = 1;
        return " ";
    }
    const char *data = t->rest.data;
    *size = t->rest.size;
    t->rest.size = 0;
    return *size ? data : NULL;
}

int vm_load(lua_State *lua, struct bytes text, const char *name)
{
    struct vm_text t = {text, false};
    return lua_load(lua, vm_read_text, &t, name);
}

/* --- begin and end --------------------------------------------------------------------------- */

static uint64_t vm_bytes_max(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 2 : UINT64_MAX;
}

struct vm *vm_begin(struct script_hub *hub)
{
    struct vm *vm = mem_new(struct vm);
    vm->hub = hub;
    vm->bytes_max = vm_bytes_max();
    vm->collect_at = VM_SPARE_BYTES;
    vm->lua = lua_newstate(vm_allocate, vm);
    LK_ASSERT(vm->lua);
    lua_atpanic(vm->lua, vm_panic);
    rng_system(&vm->random, sizeof vm->random);
    for (int i = VM_GLOBALS; i < VM_REFS; i++) { /* the numbers are taken from now on */
        lua_pushboolean(vm->lua, 1);
        lua_rawseti(vm->lua, LUA_REGISTRYINDEX, i);
    }
    lua_newtable(vm->lua);
    lua_rawseti(vm->lua, LUA_REGISTRYINDEX, VM_PROTECTED);
    lua_pushcfunction(vm->lua, vm_handle_error);
    lua_rawseti(vm->lua, LUA_REGISTRYINDEX, VM_HANDLER);
    return vm;
}

void vm_end(struct vm *vm)
{
    LK_ASSERT(!vm->run.x);
    lua_close(vm->lua);
    LK_ASSERT(vm->bytes == 0);
    buf_release(&vm->words);
    buf_release(&vm->joined);
    buf_release(&vm->scratch);
    mem_free(vm->argv, vm->argv_room * sizeof *vm->argv);
    mem_delete(vm);
}
