#include "core/cmd/client/session.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/cmd/client/acl_user.h"

void session_init(struct session *s, uint64_t id)
{
    memset(s, 0, sizeof *s);
    reply_init(&s->reply, 2);
    s->id = id;
    s->flags = SESSION_FREE;
    s->client = client_cell_new(id);
    s->shown.fd = -1;
    s->shown.version = 2;
    s->shown.redirect = -1;
    s->created_ms = s->last_used_ms = clock_unix_ms();
}

void session_drop_names(struct session *s)
{
    mem_strfree(s->registry.name);
    mem_strfree(s->registry.lib_name);
    mem_strfree(s->registry.lib_version);
    s->registry.name = s->registry.lib_name = s->registry.lib_version = NULL;
}

void session_settle(struct session *s)
{
    bool free, still;
    do {
        free = !s->user || acl_user_is(s->user, ACL_STATE_FREE);
        session_set(s, SESSION_FREE, free);
        still = !s->user || acl_user_is(s->user, ACL_STATE_FREE);
    } while (still != free);
}

void session_share_user(struct session *s, const struct session *from)
{
    LK_ASSERT(!s->user);
    s->user = acl_user_keep(from->user);
    session_settle(s);
}
