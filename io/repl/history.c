#include "io/repl/history.h"

#include "core/base/atomic.h"
#include "core/base/mem.h"
#include "core/store/log_ring.h"
#include "io/repl/repl_priv.h"

static const enum backlog_step history_steps[] = {
    [HISTORY_PROMOTE] = BACKLOG_PROMOTE, [HISTORY_CONTINUE] = BACKLOG_CONTINUE,
    [HISTORY_ADOPT] = BACKLOG_ADOPT,     [HISTORY_FOLLOW] = BACKLOG_FOLLOW,
    [HISTORY_FORGET] = BACKLOG_FORGET,
};

int64_t history_now(struct repl *r, struct history *out)
{
    struct backlog_state s;
    backlog_state_get(r->backlog, &s);
    *out = s.history;
    return s.end;
}

int64_t history_end(struct repl *r)
{
    return backlog_end(r->backlog);
}

static void history_let_all_go(struct repl *r)
{
    pthread_mutex_lock(&r->lock);
    for (struct replica *p = r->first; p; p = p->next)
        replica_let_go(p);
    pthread_mutex_unlock(&r->lock);
}

/* What INFO says from here on, though the log thread is yet to come to it. */
static void history_foretell(struct repl *r, const struct backlog_change *c)
{
    pthread_mutex_lock(&r->lock);
    r->foretold = c->step == BACKLOG_PROMOTE || c->step == BACKLOG_CONTINUE;
    memcpy(r->next_id, c->id, sizeof r->next_id);
    pthread_mutex_unlock(&r->lock);
}

static uint64_t history_put(struct repl *r, struct backlog_change *c, uint32_t db)
{
    history_foretell(r, c);
    struct log_ring *log = r->parts.engine->fixed.log;
    uint32_t *active = &r->parts.engine->saving.log_active;
    if (c->step == BACKLOG_FORGET)
        fetch_and_release(active, ~(uint32_t)LOG_TO_REPL);
    else
        fetch_or_release(active, LOG_TO_REPL);
    const uint64_t ticket = log_ring_put(log, LOG_HISTORY, c, sizeof *c, db, db);
    store_release(&r->history_ticket, ticket);
    log_ring_wake(log);
    return ticket;
}

uint64_t history_change(struct repl *r, const struct history_change *change)
{
    struct backlog_change *c = mem_new(struct backlog_change);
    c->step = history_steps[change->step];
    c->end = change->end;
    memcpy(c->id, change->id, sizeof c->id);
    if (change->step == HISTORY_PROMOTE)
        repl_state_new_id(c->id);
    const bool own = change->step == HISTORY_PROMOTE || change->step == HISTORY_FORGET;
    LK_ASSERT(!own || change->db == LOG_NO_DB);
    store_release(&r->follows, !own);
    const uint64_t ticket = history_put(r, c, change->db);
    history_let_all_go(r);
    return ticket;
}

void history_begin_stream(struct repl *r)
{
    if (load_relaxed(&r->parts.engine->saving.log_active) & LOG_TO_REPL)
        return;
    struct backlog_change *c = mem_new(struct backlog_change);
    c->step = BACKLOG_START;
    history_put(r, c, LOG_NO_DB);
}

static bool history_has_passed(struct repl *r, uint64_t ticket)
{
    const uint64_t marker = load_acquire(&r->history_ticket);
    const uint64_t passed = backlog_ticket(r->backlog);
    return passed >= marker && passed >= ticket;
}

bool history_is_told(struct repl *r, uint64_t *behind, uint32_t worker)
{
    struct log_ring *log = r->parts.engine->fixed.log;
    const uint32_t active = load_relaxed(&r->parts.engine->saving.log_active);
    if (!(active & LOG_TO_REPL))
        return history_has_passed(r, 0); /* nothing comes that would be waited for */
    const bool first = *behind == 0;
    if (first)
        *behind = log_ring_last_ticket(log);
    if (history_has_passed(r, *behind))
        return true;
    fetch_or_seq_cst(&r->history_askers, UINT64_C(1) << worker);
    if (first)
        log_ring_wake(log);
    return history_has_passed(r, *behind); /* it may have come to it between the two */
}

void history_wait(struct repl *r, uint64_t ticket)
{
    backlog_wait(r->backlog, ticket);
}
