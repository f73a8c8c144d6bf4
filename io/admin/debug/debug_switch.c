#include "io/admin/debug/debug_switch.h"

#include "core/base/atomic.h"
#include "core/cmd/engine/exec_push.h"

#include "core/cmd/engine/engine.h"
#include "io/admin/admin_priv.h"

static int64_t debug_number(struct bytes word)
{
    int64_t n;
    return bytes_to_int64(word, &n) ? n : 0;
}

static void debug_store(struct exec *x, uint32_t *at, bool on)
{
    store_relaxed(at, on);
    reply_ok(x->reply);
}

void debug_set_active_expire(struct exec *x, const struct args *a)
{
    debug_store(x, &x->admin->parts.engine->no_active_expire, debug_number(a->v[2]) == 0);
}

void debug_set_scripts_may(struct exec *x, const struct args *a)
{
    debug_store(x, &x->admin->parts.engine->scripts_may_debug, debug_number(a->v[2]) != 0);
}

void debug_set_skip_checksum(struct exec *x, const struct args *a)
{
    debug_store(x, &x->admin->parts.engine->skip_checksums, debug_number(a->v[2]) != 0);
}

void debug_pause_cron(struct exec *x, const struct args *a)
{
    store_relaxed(&x->admin->cron_paused, debug_number(a->v[2]) != 0);
    reply_ok(x->reply);
}

void debug_aof_flush_sleep(struct exec *x, const struct args *a)
{
    const struct admin_parts *parts = &x->admin->parts;

    if (parts->log_delay)
        parts->log_delay(parts->ctx, debug_number(a->v[2]));
    reply_ok(x->reply);
}

void debug_config_rewrite(struct exec *x, const struct args *a)
{
    struct buf why = {0}, line = {0};

    (void)a;
    if (config_rewrite_all(x->admin->parts.config, &why) == LK_OK) {
        reply_ok(x->reply);
    } else {
        buf_printf(&line, "ERR CONFIG-REWRITE-FORCE-ALL failed: %.*s", (int)why.size, why.data);
        reply_error_bytes(x->reply, buf_bytes(&line));
    }
    buf_release(&why);
    buf_release(&line);
}

void debug_accept(struct exec *x, const struct args *a)
{
    (void)a;
    reply_ok(x->reply);
}

void debug_packed_threshold(struct exec *x, const struct args *a)
{
    const uint64_t most = ((uint64_t)1 << 32) - (1 << 20);
    uint64_t size = 0;

    if (config_parse_memory(a->v[2], &size) && size <= most)
        reply_ok(x->reply);
    else
        reply_error(x->reply,
                    "ERR argument must be a memory value bigger than 1 and smaller than 4gb");
}

void debug_replybuffer(struct exec *x, const struct args *a)
{
    int64_t ms;

    if (args_is(a, 2, "resizing"))
        reply_ok(x->reply);
    else if (!args_is(a, 2, "peak-reset-time"))
        reply_subcommand(x, a);
    else if (args_is(a, 3, "never") || args_is(a, 3, "reset") || args_int64(a, 3, &ms) == LK_OK)
        reply_ok(x->reply);
    else
        reply_status(x, LK_ENOTINT);
}

void debug_replicate(struct exec *x, const struct args *a)
{
    exec_tell_replicas(x, a->v + 2, a->n - 2);
    reply_ok(x->reply);
}
