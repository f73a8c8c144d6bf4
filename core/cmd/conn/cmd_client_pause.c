/*
 * cmd_client_pause.c — CLIENT PAUSE and UNPAUSE.
 *
 * Dispatch tests the pause before each command and gives the session back to its worker while it
 * lasts.  It is set alone in the gate, so that no command is half done when the reply leaves: what
 * a replica has then is all there is.
 */
#include "core/cmd/client/registry.h"
#include "core/cmd/conn/cmd_client.h"
#include "core/cmd/engine/dispatch.h"

enum outcome client_pause(struct exec *x, const struct args *a)
{
    struct engine *engine = dispatcher_engine(x->dispatcher);
    int64_t ms, until_ms = 0;
    const char *error = NULL;
    bool all = true;
    if (a->n > 4)
        return reply_subcommand(x, a);
    if (a->n == 4) {
        all = args_is(a, 3, "all");
        if (!all && !args_is(a, 3, "write"))
            error = "ERR CLIENT PAUSE mode must be WRITE or ALL";
    }
    if (!error && args_int64(a, 2, &ms) != LK_OK)
        error = "ERR timeout is not an integer or out of range";
    if (!error && ms < 0)
        error = "ERR timeout is negative";
    if (!error && __builtin_add_overflow(ms, x->now_ms, &until_ms))
        error = "ERR timeout is out of range";
    if (error) {
        reply_error_bytes(x->reply, bytes_cstr(error));
        return RUN_DONE;
    }
    /* A pause that is on only gets longer and wider. */
    const int64_t before_ms = engine->pause[PAUSE_BY_CLIENT].until_ms;
    if (!clock_passed(before_ms, x->now_ms)) {
        all |= engine->pause[PAUSE_BY_CLIENT].what == PAUSE_ALL;
        until_ms = until_ms > before_ms ? until_ms : before_ms;
    }
    engine_pause(engine, PAUSE_BY_CLIENT, all ? PAUSE_ALL : PAUSE_WRITES, until_ms);
    reply_ok(x->reply);
    return RUN_DONE;
}

enum outcome client_unpause(struct exec *x, const struct args *a)
{
    (void)a;
    struct engine *engine = dispatcher_engine(x->dispatcher);
    engine_pause_end(engine, PAUSE_BY_CLIENT);
    registry_wake_all(engine->fixed.registry);
    reply_ok(x->reply);
    return RUN_DONE;
}
