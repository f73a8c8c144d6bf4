/*
 * script_calls.c — what dispatch asks of this folder.
 */
#include "core/cmd/command/command_index.h"
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/script/script_priv.h"
#include "core/cmd/script/script_rows.h"

static enum script_reach script_reach_of(struct dispatcher *d, const struct command_info *c,
                                         const struct args *a)
{
    struct vm *vm = *exec_script_vm(d);
    if (c->row->imm == SCRIPT_BY_FUNCTION)
        return fcall_reach(dispatcher_engine(d)->fixed.scripts, a);
    return vm ? eval_reach(vm, c, a) : REACH_ANY;
}

static uint32_t script_flags_of(struct dispatcher *d, const struct command_info *c,
                                const struct args *a)
{
    struct script_hub *hub = dispatcher_engine(d)->fixed.scripts;
    if (c->row->imm == SCRIPT_BY_FUNCTION)
        return fcall_flags(hub, a);
    return eval_flags(*exec_script_vm(d), hub, c, a);
}

/* One without a shebang is asked as it goes, command by command. */
static uint32_t script_checks(struct dispatcher *d, const struct command_info *c,
                              const struct args *a)
{
    const uint32_t flags = script_flags_of(d, c, a);
    uint32_t checks = c->checks & ~(uint32_t)CHECKS_OF_SCRIPTS;
    if (!(flags & SCRIPT_SHEBANG))
        return checks | (c->flags & CMD_MAY_REPLICATE ? CHECK_PAUSE_WRITES : 0u);
    if (!(flags & SCRIPT_NO_WRITES))
        checks |= CHECK_FAULT | CHECK_REPLICAS | CHECK_READONLY | CHECK_PAUSE_WRITES;
    if (!(flags & (SCRIPT_NO_WRITES | SCRIPT_ALLOW_OOM)))
        checks |= CHECK_MEMORY;
    if (!(flags & SCRIPT_ALLOW_STALE))
        checks |= CHECK_STALE;
    return checks;
}

static bool script_look(void *who)
{
    struct vm *vm = who;
    vm_look(vm);
    return !vm->run.ended;
}

const struct script_calls script_engine_calls = {
    .reach = script_reach_of, .checks = script_checks, .look = script_look, .free_vm = vm_free};
