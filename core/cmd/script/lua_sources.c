/*
 * lua_sources.c — what a worker has compiled: by the source's name, and by its text.
 */
#include "core/base/atomic.h"
#include "core/base/hash.h"
#include "core/cmd/script/script_priv.h"

#include <lauxlib.h>
#include <lua.h>

enum { PRUNE_AT = 512 };

static struct vm_script *vm_script_of(struct name_node *n, size_t offset)
{
    return n ? (struct vm_script *)((char *)n - offset) : NULL;
}

static void vm_forget(struct vm *vm, struct vm_script *c)
{
    name_map_remove(&vm->by_name, &c->by_name);
    name_map_remove(&vm->by_source, &c->by_source);
    luaL_unref(vm->lua, LUA_REGISTRYINDEX, c->ref);
    if (vm->latest == c)
        vm->latest = NULL;
    script_drop(c->script);
    mem_delete(c);
}

/* If it still stands. */
static struct vm_script *vm_standing(struct vm *vm, struct vm_script *c)
{
    if (c && LK_UNLIKELY(load_acquire(&c->script->gone))) {
        vm_forget(vm, c);
        return NULL;
    }
    return c;
}

struct vm_script *vm_find_name(struct vm *vm, struct bytes name)
{
    if (LK_LIKELY(vm->latest && bytes_equal(vm->latest->by_name.name, name)))
        return vm_standing(vm, vm->latest);
    struct name_node *n = name_map_find(&vm->by_name, name, hash_bytes(name));
    vm->latest = vm_standing(vm, vm_script_of(n, offsetof(struct vm_script, by_name)));
    return vm->latest;
}

struct vm_script *vm_find_source(struct vm *vm, struct bytes source)
{
    struct name_node *n = name_map_find(&vm->by_source, source, hash_bytes(source));
    return vm_standing(vm, vm_script_of(n, offsetof(struct vm_script, by_source)));
}

const struct script *vm_peek_name(const struct vm *vm, struct bytes name)
{
    struct name_node *n = name_map_find(&vm->by_name, name, hash_bytes(name));
    const struct vm_script *c = vm_script_of(n, offsetof(struct vm_script, by_name));
    return c && !load_acquire(&c->script->gone) ? c->script : NULL;
}

static void vm_prune(struct vm *vm)
{
    struct name_cursor at;
    for (struct name_node *n = name_map_first(&vm->by_name, &at); n; n = name_map_next(&at))
        vm_standing(vm, vm_script_of(n, offsetof(struct vm_script, by_name)));
    vm->prune_at = 2 * vm->by_name.count;
}

static void vm_compile_failed(struct vm *vm, struct buf *error)
{
    buf_printf(error, "ERR Error compiling script (new function): %s", lua_tostring(vm->lua, -1));
    lua_pop(vm->lua, 1);
}

bool vm_can_compile(struct vm *vm, struct bytes body, struct buf *error)
{
    if (vm_load(vm->lua, body, "@user_script") != 0) {
        vm_compile_failed(vm, error);
        return false;
    }
    lua_pop(vm->lua, 1);
    return true;
}

struct vm_script *vm_compile(struct vm *vm, struct script *s, struct buf *error)
{
    if (vm->by_name.count >= PRUNE_AT && vm->by_name.count >= vm->prune_at)
        vm_prune(vm);
    const struct bytes source = bytes_of(s->source, s->size);
    const struct bytes body = bytes_of(s->source + s->body_at, s->size - s->body_at);
    if (vm_load(vm->lua, body, "@user_script") != 0) {
        vm_compile_failed(vm, error);
        script_drop(s);
        return NULL;
    }
    struct vm_script *c = mem_new(struct vm_script);
    c->script = s;
    c->ref = luaL_ref(vm->lua, LUA_REGISTRYINDEX);
    c->by_name.name = bytes_of(s->sha, SCRIPT_NAME);
    c->by_name.hash = hash_bytes(c->by_name.name);
    c->by_source.name = source;
    c->by_source.hash = hash_bytes(source);
    name_map_add(&vm->by_name, &c->by_name);
    name_map_add(&vm->by_source, &c->by_source);
    return c;
}

void vm_forget_all(struct vm *vm)
{
    struct name_cursor at;
    for (struct name_node *n = name_map_first(&vm->by_name, &at); n; n = name_map_next(&at))
        vm_forget(vm, vm_script_of(n, offsetof(struct vm_script, by_name)));
    name_map_release(&vm->by_name);
    name_map_release(&vm->by_source);
}
