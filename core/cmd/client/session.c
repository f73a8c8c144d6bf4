#include "core/cmd/client/session.h"

#include "core/base/clock.h"
#include "core/base/mem.h"

void session_init(struct session *s, uint64_t id)
{
    memset(s, 0, sizeof *s);
    reply_init(&s->reply, 2);
    s->id = id;
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
