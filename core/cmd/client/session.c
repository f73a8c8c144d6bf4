#include "core/cmd/client/session.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/cmd/engine/dispatch_priv.h"

void session_init(struct session *s, uint64_t id)
{
    memset(s, 0, sizeof *s);
    reply_init(&s->reply, 2);
    s->id = id;
    s->shown.fd = -1;
    s->shown.version = 2;
    s->created_ms = s->last_used_ms = clock_unix_ms();
}

static void drop_names(struct session *s)
{
    mem_strfree(s->registry.name);
    mem_strfree(s->registry.lib_name);
    mem_strfree(s->registry.lib_version);
    s->registry.name = s->registry.lib_name = s->registry.lib_version = NULL;
}

void session_release(struct session *s)
{
    LK_ASSERT(!s->token.queued && !s->waiter);
    session_unwatch(s);
    multi_discard(s);
    session_end_turns(s);
    drop_names(s);
    mem_strfree(s->registry.peer);
    mem_strfree(s->registry.local);
    reply_release(&s->reply);
}

void session_reset(struct session *s)
{
    session_unwatch(s);
    multi_discard(s);
    session_set(s,
                SESSION_AUTHENTICATED | SESSION_NO_EVICT | SESSION_NO_TOUCH | SESSION_REPLY_OFF |
                    SESSION_REPLY_SKIP | SESSION_REPLY_SKIP_NEXT,
                false);
    __atomic_store_n(&s->db, 0, __ATOMIC_RELAXED);
    session_set_version(s, 2);
}
