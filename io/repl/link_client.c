/*
 * link_client.c — the link to the master as a client: CLIENT LIST shows it, CLIENT KILL ends it.
 *
 * It is one from the moment the stream can run to the end of the link.  A stream that goes on after
 * a cut is the same client again; behind a full sync it is another.  Who kills it ends the
 * connection; what was applied counts, so the next one goes on from there.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/cmd/client/registry.h"
#include "core/store/shard.h"
#include "io/net/socket.h"
#include "io/repl/role_priv.h"

static struct registry *link_client_registry(const struct master_link *l)
{
    return l->role->parts.engine->fixed.registry;
}

static char *link_client_name(size_t (*ask)(int fd, char *out, size_t size), int fd)
{
    char name[SOCKET_NAME_CHARS];
    ask(fd, name, sizeof name);
    return mem_strdup(name);
}

/* A new number, and nothing counted yet. */
static void link_client_renew(struct master_link *l)
{
    struct session *s = &l->session;
    s->id = add_fetch_relaxed(&l->role->parts.engine->next_session_id, 1);
    client_cell_drop(s->client);
    s->client = client_cell_new(s->id);
    session_set_worker(s, SHARD_LINK);
    s->commands = s->bytes_in = s->bytes_out = 0;
    s->created_ms = clock_unix_ms();
    s->last_command = NULL;
}

void link_client_begin(struct master_link *l, bool anew)
{
    struct session *s = &l->session;
    LK_ASSERT(!l->listed && l->socket.fd >= 0);
    if (!link_client_registry(l))
        return;
    if (anew || s->id == 0)
        link_client_renew(l);
    s->last_used_ms = clock_unix_ms();
    s->shown.fd = l->socket.fd;
    s->registry.peer = link_client_name(socket_peer_name, l->socket.fd);
    s->registry.local = link_client_name(socket_own_name, l->socket.fd);
    link_client_show(l);
    registry_add(link_client_registry(l), s);
    l->listed = true;
}

void link_client_end(struct master_link *l)
{
    struct session *s = &l->session;
    if (!l->listed)
        return;
    registry_remove(link_client_registry(l), s);
    l->listed = false;
    mem_strfree(s->registry.peer);
    mem_strfree(s->registry.local);
    s->registry.peer = s->registry.local = NULL;
    s->shown.fd = -1;
    store_relaxed(&s->client->kill, 0); /* it was meant for this connection */
    store_relaxed(&s->kill, 0);
}

void link_client_show(struct master_link *l)
{
    struct session *s = &l->session;
    const struct buf *in = &l->socket.in;
    store_relaxed(&s->shown.query_size, in->size - l->socket.used);
    store_relaxed(&s->shown.query_free, in->capacity - in->size);
    store_relaxed(&s->shown.output_size, l->socket.out.size);
    store_relaxed(&s->shown.output_capacity, l->socket.out.capacity);
}
