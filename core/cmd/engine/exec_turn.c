/*
 * exec_turn.c — commands that go on in turns.
 */
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_priv.h"

enum { TURN_NS = 500000 };

bool exec_turn_over(void *x)
{
    const struct exec *e = x;
    const struct dispatcher *d = e->dispatcher;
    if (d->held.all_locked || d->held.exclusive ||
        session_has(e->session, SESSION_IN_EXEC | SESSION_LOADING))
        return false;
    return clock_ticks_to_ns(clock_ticks() - d->batch.mark_ticks) > TURN_NS;
}

void exec_turn_keep(struct exec *x, void *state, void (*end)(void *state))
{
    struct session *s = x->session;
    LK_ASSERT(!s->turns.state);
    s->turns.state = state;
    s->turns.end = end;
}

void session_end_turns(struct session *s)
{
    if (s->turns.state)
        s->turns.end(s->turns.state);
    s->turns.state = NULL;
    s->turns.count = 0;
}
