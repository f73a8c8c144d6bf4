/*
 * lua_open.c — the interpreter of a dispatcher, made when its first script comes.
 */
#include "core/cmd/script/library.h"
#include "core/cmd/script/script_hub.h"

#include <lua.h>

static const struct {
    const char *name;
    void (*push)(lua_State *lua);
} open_libraries[] = {
    {"cjson", lua_cjson_push},
    {"cmsgpack", lua_cmsgpack_push},
    {"struct", lua_struct_push},
    {"bit", lua_bit_push},
};

static struct vm *vm_new(struct script_hub *hub)
{
    struct vm *vm = vm_begin(hub);
    vm->cjson = cjson_default;
    lua_base_open(vm->lua);
    for (size_t i = 0; i < sizeof open_libraries / sizeof *open_libraries; i++) {
        open_libraries[i].push(vm->lua);
        lua_setfield(vm->lua, -2, open_libraries[i].name);
    }
    lua_redis_push(vm->lua);
    lua_base_close(vm->lua);
    lua_library_open(vm->lua);
    LK_ASSERT(lua_gettop(vm->lua) == 0);
    lua_gc(vm->lua, LUA_GCCOLLECT, 0);
    vm_watch(vm->lua);
    script_hub_join(hub, vm);
    return vm;
}

void vm_free(void *ctx)
{
    struct vm *vm = ctx;
    script_hub_part(vm->hub, vm);
    vm_forget_all(vm);
    vm_forget_libraries(vm);
    vm_end(vm);
}

struct vm *vm_of(struct dispatcher *d, struct script_hub *hub)
{
    void **word = exec_script_vm(d);
    if (LK_UNLIKELY(!*word))
        *word = vm_new(hub);
    return *word;
}

struct vm *vm_of_all(struct script_hub *hub)
{
    if (LK_UNLIKELY(!hub->of_all))
        hub->of_all = vm_new(hub);
    return hub->of_all;
}

void script_hub_free(struct script_hub *h)
{
    script_hub_flush(h);
    library_flush(h);
    if (h->of_all)
        vm_free(h->of_all);
    LK_ASSERT(h->vms == NULL);
    name_map_release(&h->scripts);
    name_map_release(&h->libraries);
    name_map_release(&h->functions);
    pthread_mutex_destroy(&h->lock);
    mem_delete(h);
}
