/*
 * exec_slice.c — commands that go on in slices.
 */
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_priv.h"

enum { TURN_NS = 500000 };

bool exec_slice_over(void *x)
{
    const struct exec *e = x;
    const struct dispatcher *d = e->dispatcher;
    if (d->held.all_locked || d->held.exclusive ||
        session_has(e->session, SESSION_IN_EXEC | SESSION_LOADING))
        return false;
    return clock_ticks_to_ns(clock_ticks() - d->batch.mark_ticks) > TURN_NS;
}

void exec_slice_keep(struct exec *x, void *state, void (*end)(void *state))
{
    struct session *s = x->session;
    LK_ASSERT(!s->slice.state);
    s->slice.state = state;
    s->slice.end = end;
}

void session_end_slices(struct session *s)
{
    if (s->slice.state)
        s->slice.end(s->slice.state);
    s->slice.state = NULL;
    s->slice.count = 0;
}
