/*
 * cmd_fcall.c — FCALL, FCALL_RO.
 */
#include "core/cmd/script/library.h"
#include "core/cmd/script/script_rows.h"

#include <lua.h>

static bool fcall_count_keys(struct exec *x, const struct args *a, uint32_t *keys)
{
    int64_t n;
    if (args_int64(a, 2, &n) != LK_OK)
        reply_error(x->reply, "ERR Bad number of keys provided");
    else if (n > (int64_t)a->n - 3)
        reply_error(x->reply, "ERR Number of keys can't be greater than number of args");
    else if (n < 0)
        reply_error(x->reply, "ERR Number of keys can't be negative");
    else {
        *keys = (uint32_t)n;
        return true;
    }
    return false;
}

static enum outcome fcall_run(struct exec *x, const struct args *a)
{
    struct script_hub *hub = exec_script_hub(x);
    const struct library_function *f = library_find_function(hub, a->v[1]);
    struct buf error = {0};
    uint32_t keys;
    exec_effect_none(x);
    if (!f) {
        reply_error(x->reply, "ERR Function not found");
        return RUN_DONE;
    }
    if (!fcall_count_keys(x, a, &keys))
        return RUN_DONE;
    const bool shared = f->library->keeps_state;
    if (shared && !exec_script_may_wait(x))
        return RUN_STRAYED; /* its interpreter belongs to whoever has the token */
    if (shared)
        exec_script_stay(x);
    struct vm *vm = shared ? vm_of_all(hub) : vm_of(x->dispatcher, hub);
    if (!vm_push_function(vm, f, &error)) {
        reply_error_bytes(x->reply, buf_bytes(&error));
        buf_release(&error);
        return RUN_DONE;
    }
    const enum outcome outcome = script_run_function(x, vm, a, keys, f->flags, f->name, true);
    script_note_seen(x, (uint32_t *)(uintptr_t)&f->seen);
    return outcome;
}

enum script_reach fcall_reach(const struct script_hub *h, const struct args *a)
{
    const struct library_function *f = library_find_function(h, a->v[1]);
    if (!f)
        return REACH_DECLARED;
    return f->library->keeps_state ? REACH_ANY : script_seen_reach(&f->seen);
}

uint32_t fcall_flags(const struct script_hub *h, const struct args *a)
{
    const struct library_function *f = library_find_function(h, a->v[1]);
    return f ? f->flags : 0;
}

static const char fcall_note[] =
    "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE";
static const char fcall_ro_note[] =
    "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS";

const struct command fcall_commands[] = {
    {"fcall", .imm = SCRIPT_BY_FUNCTION, .run = fcall_run, SCRIPT_WRITES(fcall_note)},
    {"fcall_ro", .imm = SCRIPT_BY_FUNCTION, .run = fcall_run, SCRIPT_READS(fcall_ro_note)},
    {0},
};
