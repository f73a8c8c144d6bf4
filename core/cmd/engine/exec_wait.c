/*
 * exec_wait.c — what handlers of commands that may block ask.
 */
#include "core/cmd/engine/dispatch_wait.h"
#include "core/cmd/engine/exec_priv.h"

#include <math.h>

bool exec_may_take(const struct exec *x, struct bytes key)
{
    const struct dispatcher *d = x->dispatcher;
    return !d->unit.serving || bytes_equal(d->unit.ready_key, key);
}

bool exec_has_waited(const struct exec *x)
{
    return x->dispatcher->unit.serving;
}

void exec_wake(struct exec *x, struct bytes key)
{
    struct dispatcher *d = x->dispatcher;
    const uint64_t hash = exec_hash(x, key);
    dispatch_note_ready(d, keyspace_shard(d->ks, hash), d->call.db_in_use, hash, key);
}

bool exec_timeout(struct exec *x, const struct args *a, uint32_t i, int64_t *deadline_ms)
{
    long double seconds;
    const char *error = NULL;
    if (!bytes_to_long_double(a->v[i], &seconds))
        error = "ERR timeout is not a float or out of range";
    else if (seconds < 0)
        error = "ERR timeout is negative";
    else if (ceill(seconds * 1000) > (long double)(INT64_MAX - x->now_ms))
        error = "ERR timeout is out of range";
    if (error) {
        reply_error(x->reply, "%s", error);
        return false;
    }
    *deadline_ms = seconds > 0 ? x->now_ms + (int64_t)ceill(seconds * 1000) : 0;
    return true;
}
