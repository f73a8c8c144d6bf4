/*
 * script_calls.c — what dispatch asks of this folder.
 */
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

static bool script_only_reads(struct dispatcher *d, const struct command_info *c,
                              const struct args *a)
{
    struct script_hub *hub = dispatcher_engine(d)->fixed.scripts;
    return c->row->imm == SCRIPT_BY_FUNCTION ? fcall_only_reads(hub, a)
                                             : eval_only_reads(hub, c, a);
}

static bool script_look(void *who)
{
    struct vm *vm = who;
    vm_look(vm);
    return !vm->run.ended;
}

const struct script_calls script_engine_calls = {.reach = script_reach_of,
                                                 .only_reads = script_only_reads,
                                                 .look = script_look,
                                                 .free_vm = vm_free};
