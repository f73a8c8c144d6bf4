/*
 * conn.c — connections come and go.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/trace.h"
#include "core/cmd/client/acl_user.h"
#include "core/cmd/client/registry.h"
#include "core/cmd/engine/session_end.h"
#include "core/cmd/engine/session_user.h"
#include "io/net/socket.h"
#include "io/net/tls.h"
#include "io/worker/worker_priv.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const struct config *config_of(const struct worker *w)
{
    return config_current(w->group->setup.config);
}

/* error is NULL where the peer could not read it. */
static void conn_refuse(struct worker *w, int fd, const char *error)
{
    char line[512];
    /* The socket is new: its buffer has room, and nobody waits for this. */
    const int size = error ? snprintf(line, sizeof line, "-%s\r\n", error) : 0;
    LK_ASSERT(size >= 0 && (size_t)size < sizeof line);
    const ssize_t n = size > 0 ? write(fd, line, (size_t)size) : 0;
    (void)n;
    close(fd);
    fetch_sub_relaxed(&w->group->connections, 1);
    fetch_sub_relaxed(&w->connections, 1);
    stats_add(&w->stats->rejected_connections, 1);
}

static const char protected_text[] =
    "DENIED Latchkey runs in protected mode: no password is set and this connection does not "
    "come over the loopback interface. To let other machines in, set a password with "
    "requirepass, or, where the network itself is trusted, set protected-mode to no.";

static struct session *new_session(struct worker *w, struct conn *c, int fd,
                                   enum listener_kind kind)
{
    struct engine *engine = w->group->setup.engine;
    struct session *s = &c->session;
    session_init(s, add_fetch_relaxed(&engine->next_session_id, 1));
    char name[SOCKET_NAME_CHARS];
    socket_peer_name(fd, name, sizeof name);
    s->registry.peer = mem_strdup(name);
    s->ipv6 = kind != LISTENER_UNIX && name[0] == '[';
    socket_own_name(fd, name, sizeof name);
    s->registry.local = mem_strdup(name);
    session_set_worker(s, w->index);
    s->shown.fd = fd;
    session_set(s, SESSION_UNIX, kind == LISTENER_UNIX);
    session_set(s, SESSION_TLS, kind == LISTENER_TLS);
    return s;
}

/* What speaks TLS on a new connection; false: the server has no certificate any more. */
static bool conn_secure(struct worker *w, enum listener_kind kind, struct tls_session **tls)
{
    *tls = NULL;
    if (kind != LISTENER_TLS)
        return true;
    const enum tls_auth auth = (enum tls_auth)config_of(w)->tls_auth_clients;
    *tls = tls_session_new(tls_config_holder(w->group->setup.tls), TLS_SERVER, auth);
    return *tls != NULL;
}

/* A stranger who speaks TLS is told behind his handshake; nothing that he says is heard. */
static void conn_refuse_within(struct worker *w, struct conn *c)
{
    stats_add(&w->stats->rejected_connections, 1);
    reply_error(&c->session.reply, "%s", protected_text);
    conn_close_behind_output(w, c);
}

void conn_accept(struct worker *w, int fd, enum listener_kind kind)
{
    const struct config *config = config_of(w);
    const bool tls = kind == LISTENER_TLS, is_unix = kind == LISTENER_UNIX;
    struct tls_session *secure = NULL;
    const struct acl *acl = w->group->setup.engine->fixed.acl;
    if (load_relaxed(&w->group->connections) > (uint64_t)config->maxclients) {
        conn_refuse(w, fd, tls ? NULL : "ERR max number of clients reached");
        return;
    }
    const bool stranger = config->protected_mode && !is_unix &&
                          (!acl || acl_user_is(acl->first, ACL_STATE_NOPASS)) &&
                          !socket_is_local(fd);
    if (stranger && !tls) {
        conn_refuse(w, fd, protected_text);
        return;
    }
    if (!conn_secure(w, kind, &secure)) {
        conn_refuse(w, fd, NULL);
        return;
    }
    if (!is_unix) {
        socket_set_nodelay(fd, true);
        if (config->tcp_keepalive_s > 0)
            socket_set_keepalive(fd, (int)config->tcp_keepalive_s);
    }
    struct conn *c = mem_new(struct conn);
    c->worker = w;
    struct session *s = new_session(w, c, fd, kind);
    c->next = w->conns;
    if (c->next)
        c->next->prev = c;
    w->conns = c;
    id_table_add(&w->ids, &c->by_id, s->id);
    stats_add(&w->stats->connections, 1);
    registry_add(w->group->setup.engine->fixed.registry, s);
    session_begin_user(w->group->setup.engine, s);
    c->unnamed = secure && config->tls_auth_clients_user != CONFIG_TLS_USER_OFF;
    if (secure)
        net_attach_tls(w->net, &c->net, fd, secure);
    else
        net_attach(w->net, &c->net, fd);
    if (stranger)
        conn_refuse_within(w, c);
}

void conn_close(struct worker *w, struct conn *c)
{
    if (conn_is_pinned(w, c)) {
        w->pass->close = true;
        return;
    }
    if (c->closing)
        return;
    c->closing = true;
    conn_count_memory(w, c);
    registry_remove(w->group->setup.engine->fixed.registry, &c->session);
    if (c->session.waiter)
        conn_wait_ended(w, c);
    if (LK_UNLIKELY(c->postponed))
        conn_postpone(w, c, false);
    if (LK_UNLIKELY(c->feed != NULL))
        conn_feed_leave(w, c);
    dispatch_forget(w->dispatcher, &c->session);
    conn_unpark(w, c);
    net_detach(w->net, &c->net);
}

void conn_close_behind_output(struct worker *w, struct conn *c)
{
    session_set(&c->session, SESSION_CLOSE_AFTER, true);
    conn_dirty(w, c);
}

void conn_protocol_error(struct worker *w, struct conn *c, const char *error)
{
    stats_add(&w->stats->protocol_errors, 1);
    trace_line(TRACE_VERBOSE, "Protocol error (%s) from client: id=%llu addr=%s", error,
               (unsigned long long)c->session.id, c->session.registry.peer);
    reply_error(&c->session.reply, "%s", error);
    stats_error(w->stats, bytes_cstr(error), false);
    c->cur_pos = c->frame_pos = c->cur.size;
    conn_close_behind_output(w, c);
}

void conn_free(struct worker *w, struct conn *c)
{
    id_table_remove(&w->ids, &c->by_id);
    if (c->prev)
        c->prev->next = c->next;
    else
        w->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    conn_leave_queues(w, c);
    if (c->sending)
        outgoing_release(w, c->sending);
    if (c->held)
        outgoing_release(w, c->held);
    buf_release(&c->in);
    session_release(&c->session);
    conn_has_left(w, c);
    mem_delete(c);
    fetch_sub_relaxed(&w->group->connections, 1);
    fetch_sub_relaxed(&w->connections, 1);
}
