/*
 * script_calls.c — what dispatch asks of this folder.
 */
#include "core/cmd/engine/dispatch.h"
#include "core/cmd/script/script_priv.h"

struct script_hub *exec_script_hub(const struct exec *x)
{
    return dispatcher_engine(x->dispatcher)->fixed.scripts;
}

static bool script_wanders(struct dispatcher *d, const struct command_info *c, const struct args *a)
{
    (void)d, (void)c, (void)a;
    return true;
}

const struct script_calls script_engine_calls = {.wanders = script_wanders, .free_vm = vm_free};
