/*
 * session_end.c — what a session leaves behind when it ends or is reset.
 */
#include "core/cmd/engine/session_end.h"

#include "core/base/atomic.h"
#include "core/cmd/client/acl_user.h"
#include "core/cmd/engine/exec_priv.h"
#include "core/cmd/engine/transaction.h"

void session_release(struct session *s)
{
    LK_ASSERT(!s->token.queued && !s->waiter && !s->watch && !s->tracking);
    multi_discard(s);
    session_end_slices(s);
    if (LK_UNLIKELY(s->peer != NULL))
        s->peer->end(s->peer);
    session_drop_names(s);
    mem_strfree(s->registry.peer);
    mem_strfree(s->registry.local);
    reply_release(&s->reply);
    client_cell_drop(s->client);
    acl_user_drop(s->user);
}

void session_reset(struct dispatcher *d, struct session *s)
{
    session_unwatch(d, s);
    multi_discard(s);
    session_set(s,
                SESSION_AUTHENTICATED | SESSION_MONITOR | SESSION_NO_EVICT | SESSION_NO_TOUCH |
                    SESSION_REPLY_OFF | SESSION_REPLY_SKIP | SESSION_REPLY_SKIP_NEXT,
                false);
    store_relaxed(&s->db, 0);
    session_set_version(s, 2);
}
