/*
 * cmd_command_keys.c — COMMAND GETKEYS and GETKEYSANDFLAGS: where the keys of a call are.
 */
#include "core/base/mem.h"
#include "core/cmd/server/cmd_command.h"

static bool arity_fits(const struct command_info *c, uint32_t n)
{
    return c->arity >= 0 ? n == (uint32_t)c->arity : n >= (uint32_t)-c->arity;
}

/* The command of the inner call; writes the error line and returns NULL if that is no call. */
static const struct command_info *command_keys_resolve(struct exec *x, const struct args *call)
{
    const struct command_info *c = command_index_resolve(commands_of(x), call);
    const char *error = NULL;
    if (!c)
        error = "ERR Invalid command specified";
    else if (c->row->keys[0].begin == KEY_NONE && !c->row->find_keys)
        error = "ERR The command has no key arguments";
    else if (!arity_fits(c, call->n))
        error = "ERR Invalid number of arguments specified for command";
    if (!error)
        return c;
    reply_error_bytes(x->reply, bytes_cstr(error));
    return NULL;
}

enum outcome command_getkeys(struct exec *x, const struct args *a)
{
    const struct args call = {a->v + 2, a->n - 2};
    const struct command_info *c = command_keys_resolve(x, &call);
    if (!c)
        return RUN_DONE;
    const bool with_flags = x->cmd->imm != 0;
    struct key_ref *refs = mem_alloc(call.n * sizeof *refs); /* no call has more keys than words */
    const int n = command_keys(c, &call, refs, call.n);
    if (n < 0 && c->flags & CMD_NO_MANDATORY_KEYS) {
        reply_array(x->reply, 0);
    } else if (n < 0 || (uint32_t)n > call.n) {
        reply_error(x->reply, "ERR Invalid arguments specified for command");
    } else {
        reply_array(x->reply, (uint64_t)n);
        for (int i = 0; i < n; i++) {
            if (with_flags)
                reply_array(x->reply, 2);
            reply_bulk(x->reply, call.v[refs[i].index]);
            if (with_flags)
                reply_key_flags(x->reply, command_key_use(c, &call, refs[i].flags));
        }
    }
    mem_free(refs, call.n * sizeof *refs);
    return RUN_DONE;
}
