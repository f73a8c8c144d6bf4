#include "core/cmd/script/script_busy.h"

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/rank.h"
#include "core/base/trace.h"
#include "core/cmd/engine/engine.h"
#include "core/cmd/script/script_hub.h"
#include "core/store/keyspace.h"

#define BUSY_LINE(kill)                                                                            \
    "BUSY Redis is busy running a script. You can only call " kill " or SHUTDOWN NOSAVE."

static const char *const busy_lines[] = {BUSY_LINE("SCRIPT KILL"), BUSY_LINE("FUNCTION KILL")};

/* In the lock: others are answered by the one that has become long last. */
static void busy_tell(struct engine *e, const struct script_hub *h)
{
    engine_set_busy(e, h->busy ? busy_lines[h->busy->function] : NULL);
}

static void busy_copy_words(struct buf *out, const struct args *a)
{
    reply_buf_header(out, '*', a->n);
    for (uint32_t i = 0; i < a->n; i++)
        reply_buf_bulk(out, a->v[i]);
}

void busy_script_begin(struct vm *vm)
{
    struct script_run *run = &vm->run;
    struct engine *e = exec_script_engine(run->x);
    struct script_hub *h = vm->hub;
    struct busy_script *b = mem_new(struct busy_script);
    const int64_t age_ms = exec_script_age_ms(run->x);
    LK_ASSERT(!run->busy);
    b->state = run->wrote ? BUSY_WROTE : BUSY_RUNS;
    b->function = run->function;
    b->from_master = !exec_script_is_clients(run->x);
    b->name = mem_strdup(run->name);
    b->begun_ns = clock_mono_ns() - age_ms * 1000000;
    busy_copy_words(&b->words, run->words);
    run->busy = b;
    exec_script_set_long(run->x, true);
    trace_line(TRACE_WARNING,
               "Slow script detected: still in execution after %lld milliseconds. You can try "
               "killing the script using the %s command. Script name is: %s.",
               (long long)age_ms, b->function ? "FUNCTION KILL" : "SCRIPT KILL", b->name);
    gate_busy_begin(&e->fixed.keyspace->gate);
    pthread_mutex_lock(&h->lock);
    b->next = h->busy;
    h->busy = b;
    busy_tell(e, h);
    pthread_mutex_unlock(&h->lock);
    engine_look_again(e);
}

void busy_script_end(struct vm *vm)
{
    struct busy_script *b = vm->run.busy;
    struct engine *e = exec_script_engine(vm->run.x);
    struct script_hub *h = vm->hub;
    pthread_mutex_lock(&h->lock);
    struct busy_script **at = &h->busy;
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    if (!load_acquire(&e->busy.broken))
        busy_tell(e, h); /* else what is in memory is half a script, and nobody may go on with it */
    pthread_mutex_unlock(&h->lock);
    gate_busy_end(&e->fixed.keyspace->gate);
    vm->run.busy = NULL;
    exec_script_set_long(vm->run.x, false);
    buf_release(&b->words);
    mem_strfree(b->name);
    mem_delete(b);
}

/* --- killed, or not -------------------------------------------------------------------------- */

/* False: it is in another state. */
static bool busy_become(struct busy_script *b, enum busy_state state)
{
    uint32_t runs = BUSY_RUNS;
    return __atomic_compare_exchange_n(&b->state, &runs, (uint32_t)state, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

bool busy_script_is_killed(const struct busy_script *b)
{
    return load_seq_cst(&b->state) == BUSY_KILLED;
}

bool busy_script_write(struct busy_script *b)
{
    return busy_become(b, BUSY_WROTE) || !busy_script_is_killed(b);
}

enum busy_kill { KILL_DONE, KILL_NONE, KILL_WROTE, KILL_MASTERS, KILL_OTHER };

static enum busy_kill busy_kill_one(struct busy_script *b, bool functions)
{
    if (b->from_master)
        return KILL_MASTERS;
    if (load_seq_cst(&b->state) == BUSY_WROTE)
        return KILL_WROTE;
    if (b->function != functions)
        return KILL_OTHER;
    return busy_become(b, BUSY_KILLED) || busy_script_is_killed(b) ? KILL_DONE : KILL_WROTE;
}

enum outcome busy_script_kill(struct script_hub *h, struct exec *x, bool functions)
{
    static const char wrote[] =
        "UNKILLABLE Sorry the script already executed write commands against the dataset. You can "
        "either wait the script termination or kill the server in a hard way using the SHUTDOWN "
        "NOSAVE command.";
    static const char masters[] =
        "UNKILLABLE The busy script was sent by a master instance in the context of replication "
        "and cannot be killed.";
    enum busy_kill all = KILL_NONE;
    pthread_mutex_lock(&h->lock);
    for (struct busy_script *b = h->busy; b; b = b->next) {
        const enum busy_kill one = busy_kill_one(b, functions);
        if (all != KILL_DONE && (one == KILL_DONE || all == KILL_NONE))
            all = one;
    }
    pthread_mutex_unlock(&h->lock);
    if (all == KILL_DONE)
        reply_ok(x->reply);
    else
        reply_error(x->reply, "%s",
                    all == KILL_NONE      ? "NOTBUSY No scripts in execution right now."
                    : all == KILL_WROTE   ? wrote
                    : all == KILL_MASTERS ? masters
                                          : busy_lines[!functions]);
    return RUN_DONE;
}

bool busy_script_show(struct script_hub *h, struct exec *x)
{
    const struct busy_script *oldest = NULL;
    struct buf name = {0}, words = {0};
    int64_t begun_ns = 0;
    bool script;
    pthread_mutex_lock(&h->lock);
    for (const struct busy_script *b = h->busy; b; b = b->next)
        if (!oldest || b->begun_ns < oldest->begun_ns)
            oldest = b;
    script = oldest && !oldest->function;
    if (oldest && !script) {
        buf_append_cstr(&name, oldest->name);
        buf_append_bytes(&words, buf_bytes(&oldest->words));
        begun_ns = oldest->begun_ns;
    }
    pthread_mutex_unlock(&h->lock);
    if (script) {
        reply_error(x->reply, "%s", busy_lines[false]);
        return false;
    }
    reply_map(x->reply, 2);
    reply_bulk_cstr(x->reply, "running_script");
    if (name.size == 0) {
        reply_null(x->reply);
        return true;
    }
    reply_map(x->reply, 3);
    reply_bulk_cstr(x->reply, "name");
    reply_bulk(x->reply, buf_bytes(&name));
    reply_bulk_cstr(x->reply, "command");
    buf_append_bytes(&x->reply->out, buf_bytes(&words));
    reply_bulk_cstr(x->reply, "duration_ms");
    reply_int(x->reply, (clock_mono_ns() - begun_ns) / 1000000);
    buf_release(&name);
    buf_release(&words);
    return true;
}
