/*
 * role_history.c — what a change of role, or of data, means for this server's own stream.
 *
 *   follow    the stream goes on with the master's bytes; replicas of ours ask again
 *   promote   it goes on under a new id behind the last unit that was applied
 *   break     a full sync touches the first key: the id, the offset and the backlog are void
 *   adopt     its data are there: the stream goes on at the master's id and offset
 *   continue  the master's id is another one, at the same bytes
 *
 * A master that becomes a replica asks for its own history: its end is what the log thread finds at
 * the marker, so the link waits for that, and nobody in the gate does (H17).
 */
#include "core/base/atomic.h"
#include "io/repl/history.h"
#include "io/repl/role_priv.h"

static struct repl *role_repl(const struct role *r)
{
    return r->parts.engine->fixed.repl;
}

bool role_has_stream(const struct role *r)
{
    const uint32_t to = load_acquire(&r->parts.engine->saving.log_active);
    return role_repl(r) && to & LOG_TO_REPL;
}

static uint64_t role_history_step(struct role *r, enum history_step step, const char *id,
                                  int64_t end, uint32_t db)
{
    struct history_change c = {.step = step, .end = end, .db = db};
    if (id)
        memcpy(c.id, id, sizeof c.id);
    return history_change(role_repl(r), &c);
}

static uint32_t role_stream_db(const struct role *r)
{
    return r->upstream.known && r->upstream.has_db ? r->upstream.db : LOG_NO_DB;
}

void role_history_follow(struct role *r, bool was)
{
    r->own_ticket = 0;
    if (!role_has_stream(r))
        return;
    const uint64_t ticket = role_history_step(r, HISTORY_FOLLOW, NULL, 0, role_stream_db(r));
    if (!was)
        r->own_ticket = ticket;
}

void role_history_promote(struct role *r)
{
    r->own_ticket = 0;
    if (role_has_stream(r))
        role_history_step(r, HISTORY_PROMOTE, NULL, 0, LOG_NO_DB);
}

void role_history_break(struct role *r)
{
    r->own_ticket = 0;
    if (role_has_stream(r))
        role_history_step(r, HISTORY_FORGET, NULL, 0, LOG_NO_DB);
}

void role_history_adopt(struct role *r)
{
    if (role_repl(r) && r->upstream.known)
        role_history_step(r, HISTORY_ADOPT, r->upstream.id, r->upstream.offset, role_stream_db(r));
}

void role_history_continue(struct role *r, const char *id)
{
    if (role_repl(r) && r->upstream.known)
        role_history_step(r, HISTORY_CONTINUE, id, 0, role_stream_db(r));
}

void role_history_take(struct role *r, struct dispatcher *d)
{
    struct history h;
    dispatch_enter(d);
    const uint64_t ticket = r->own_ticket;
    dispatch_leave(d);
    if (ticket == 0)
        return;
    history_wait(role_repl(r), ticket);
    dispatch_enter(d);
    if (r->own_ticket == ticket) {
        const int64_t end = history_now(role_repl(r), &h);
        pthread_mutex_lock(&r->lock);
        r->own_ticket = 0;
        memcpy(r->upstream.id, h.id, sizeof r->upstream.id);
        r->upstream.offset = end;
        r->upstream.known = true;
        pthread_mutex_unlock(&r->lock);
        store_relaxed(&r->link.figures.offset, end);
    }
    dispatch_leave(d);
}
