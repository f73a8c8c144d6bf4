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

static struct dispatch_pause *pause_of(struct exec *x)
{
    return &dispatcher_engine(x->dispatcher)->pause;
}

static void pause_store(struct dispatch_pause *p, int64_t until_ms, bool all)
{
    __atomic_store_n(&p->all, all, __ATOMIC_RELAXED);
    __atomic_store_n(&p->until_ms, until_ms, __ATOMIC_RELEASE);
}

enum outcome client_pause(struct exec *x, const struct args *a)
{
    struct dispatch_pause *p = pause_of(x);
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
    if (!clock_passed(p->until_ms, x->now_ms)) {
        all |= p->all != 0;
        until_ms = until_ms > p->until_ms ? until_ms : p->until_ms;
    }
    pause_store(p, until_ms, all);
    reply_ok(x->reply);
    return RUN_DONE;
}

enum outcome client_unpause(struct exec *x, const struct args *a)
{
    (void)a;
    pause_store(pause_of(x), 0, false);
    registry_wake_all(dispatcher_engine(x->dispatcher)->fixed.registry);
    reply_ok(x->reply);
    return RUN_DONE;
}
