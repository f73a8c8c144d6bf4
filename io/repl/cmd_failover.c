/*
 * cmd_failover.c — FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds].
 */
#include "io/repl/failover.h"
#include "io/repl/repl_priv.h"

static enum outcome failover_stop(struct exec *x)
{
    struct repl *r = repl_of(x);
    if (failover_state(r) == FAILOVER_NONE) {
        reply_error(x->reply, "ERR No failover in progress.");
    } else {
        failover_abort(r, "Failover manually aborted");
        reply_ok(x->reply);
    }
    return RUN_DONE;
}

/* Takes the words from *i on; false: the error line is written. */
static bool failover_parse_word(struct exec *x, const struct args *a, uint32_t *i,
                                struct failover_wish *w)
{
    const uint32_t left = a->n - *i - 1;
    int rc = LK_ESYNTAX;
    if (args_is(a, *i, "timeout") && left >= 1 && w->timeout_ms == 0) {
        rc = args_int64(a, *i + 1, &w->timeout_ms);
        if (rc == LK_OK && w->timeout_ms <= 0) {
            reply_error(x->reply, "ERR FAILOVER timeout must be greater than 0");
            return false;
        }
        *i += 2;
    } else if (args_is(a, *i, "to") && left >= 2 && !w->host.data) {
        w->host = a->v[*i + 1];
        rc = args_int64(a, *i + 2, &w->port);
        *i += 3;
    } else if (args_is(a, *i, "force") && !w->force) {
        w->force = true;
        rc = LK_OK;
        *i += 1;
    }
    if (rc != LK_OK)
        reply_status(x, rc);
    return rc == LK_OK;
}

enum outcome failover_command(struct exec *x, const struct args *a)
{
    struct failover_wish w = {0};
    uint32_t i = 1;
    if (exec_in_cluster(x)) {
        reply_error(x->reply, "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER "
                              "command instead.");
        return RUN_DONE;
    }
    if (a->n == 2 && args_is(a, 1, "abort"))
        return failover_stop(x);
    while (i < a->n)
        if (!failover_parse_word(x, a, &i, &w))
            return RUN_DONE;
    const char *error = failover_begin(repl_of(x), &w);
    if (error)
        reply_error_bytes(x->reply, bytes_cstr(error));
    else
        reply_ok(x->reply);
    return RUN_DONE;
}
