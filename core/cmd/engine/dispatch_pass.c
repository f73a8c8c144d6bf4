/*
 * dispatch_pass.c — a long script makes room for others of its worker.
 *
 *   script ─ between two of its commands ─> state put aside ─> the worker's other connections
 *                                                          <─ state back ─┘
 *
 * What the script has begun, its unit, its locks and its clock, is put aside for as long, and the
 * dispatcher runs other commands as if it were free.  The gate is not left: the script is inside.
 *
 * Before the script is long, commands of one key run, each a unit of its own: as they would on any
 * other worker beside the script, whose shards they cannot have.  All others are parked till its
 * end (CHECK_AMID).  Once it is long nearly all are refused (CHECK_BUSY).
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_priv.h"
#include "core/cmd/engine/exec_script.h"
#include "core/cmd/engine/unit.h"

struct pass_aside {
    struct batch batch;
    struct held held;
    struct call call;
    struct unit unit;
    struct aside aside;
};

static void pass_put_aside(struct dispatcher *d, struct pass_aside *p, bool is_long)
{
    LK_ASSERT(d->script.running && !d->call.edit.open && !d->batch.kept);
    *p = (struct pass_aside){d->batch, d->held, d->call, d->unit, d->aside};
    if (!d->script.amid_set)
        d->script.amid_set = lock_set_new(d->ks);
    d->held = (struct held){.set = d->script.amid_set, .exclusive = p->held.exclusive};
    d->call = (struct call){0};
    d->unit = (struct unit){0};
    d->aside = (struct aside){0};
    d->batch.cut = false;
    if (!is_long)
        d->batch.checks |= CHECK_AMID;
    d->batch.mark_ticks = clock_ticks();
    dispatch_read_clock(d, d->batch.mark_ticks);
}

static void pass_put_back(struct dispatcher *d, const struct pass_aside *p)
{
    LK_ASSERT(d->unit.work == 0 && !d->aside.taken && !d->batch.kept && !d->held.set_locked);
    unit_release(&d->unit, d->engine->fixed.log);
    d->batch = p->batch;
    d->held = p->held;
    d->call = p->call;
    d->unit = p->unit;
    d->aside = p->aside;
    d->batch.cut = true;
}

void exec_script_pass(struct exec *x)
{
    struct dispatcher *d = x->dispatcher;
    const struct engine *e = d->engine;
    struct pass_aside p;
    const bool is_long = d->script.is_long;
    if (d->worker >= SHARD_WORKERS || !e->hooks.pass || (d->held.exclusive && !is_long))
        return;
    pass_put_aside(d, &p, is_long);
    e->hooks.pass(e->hooks.pass_ctx, d->worker, d->script.pending);
    pass_put_back(d, &p);
}

uint64_t exec_script_age_ticks(const struct exec *x)
{
    return clock_ticks() - x->dispatcher->script.begun_ticks;
}

int64_t exec_script_age_ms(const struct exec *x)
{
    return (int64_t)(clock_ticks_to_ns(exec_script_age_ticks(x)) / 1000000);
}

int64_t exec_script_patience_ms(const struct exec *x)
{
    return x->dispatcher->batch.config->busy_ms;
}

bool exec_script_is_clients(const struct exec *x)
{
    return !session_has(x->session, SESSION_LOADING | SESSION_MASTER | SESSION_SERVICE);
}

bool exec_script_is_loaded(const struct exec *x)
{
    return session_has(x->session, SESSION_LOADING);
}

bool exec_script_must_end(const struct exec *x)
{
    return load_acquire(&x->dispatcher->engine->busy.ending) != 0;
}

void exec_script_break(struct exec *x)
{
    unit_abandon(x->dispatcher);
    store_release(&x->dispatcher->engine->busy.broken, 1);
}

struct engine *exec_script_engine(const struct exec *x)
{
    return x->dispatcher->engine;
}
