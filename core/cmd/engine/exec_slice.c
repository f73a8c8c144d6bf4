/*
 * exec_slice.c — commands that go on in slices, and replies that are cut short.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/cmd/engine/dispatch_check.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/proto/resp_segment.h"

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

bool exec_reply_is_over(struct exec *x)
{
    struct session *s = x->session;
    const uint64_t limit = x->dispatcher->batch.config->output_hard;
    if (x->reply != &s->reply || session_has(s, SESSION_LOADING))
        return false; /* of a script: it has no client */
    const bool bounded =
        limit != 0 && !session_has(s, SESSION_SUBSCRIBER | SESSION_MONITOR | SESSION_REPLICA);
    if (!load_acquire(&s->kill) && !(bounded && reply_size(x->reply) > limit))
        return false;
    session_set(s, SESSION_CLOSE_AFTER, true);
    return true;
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
