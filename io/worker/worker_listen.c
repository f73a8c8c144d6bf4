/*
 * worker_listen.c — opens, changes and closes what worker 0 listens on.
 */
#include "io/worker/worker_listen.h"

#include "core/base/atomic.h"
#include "core/base/trace.h"
#include "io/net/listen.h"
#include "io/worker/worker_priv.h"

#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN_PATIENCE_MS = 2000, LISTEN_SET_PATIENCE_MS = 100 };

static void listener_add(struct worker_group *g, int fd, enum listener_kind kind)
{
    for (uint32_t i = 0; i < LISTENERS; i++) {
        struct listener *l = &g->listeners[i];
        if (load_acquire(&l->state) != LISTENER_FREE)
            continue;
        l->fd = fd;
        l->kind = kind;
        store_release(&l->state, LISTENER_NEW);
        return;
    }
    LK_ASSERT(!"more sockets than places to listen");
}

static void listener_condemn_all(struct worker_group *g, enum listener_kind kind)
{
    for (uint32_t i = 0; i < LISTENERS; i++) {
        struct listener *l = &g->listeners[i];
        const uint32_t state = load_acquire(&l->state);
        if (l->kind != kind || (state != LISTENER_NEW && state != LISTENER_OPEN))
            continue;
        /* First the word: what the shut socket then says of itself is no error. */
        store_release(&l->state, LISTENER_CONDEMNED);
        (void)shutdown(l->fd, SHUT_RDWR);
    }
}

/* Sockets for port on all addresses: none if it is 0. */
static bool listen_on_port(struct worker_group *g, const struct config *c, enum listener_kind kind,
                           int patience_ms)
{
    const bool tls = kind == LISTENER_TLS;
    const struct listen_tcp_config tcp = {.addresses = c->bind.v,
                                          .address_count = c->bind.n,
                                          .port = (uint16_t)(tls ? c->tls_port : c->port),
                                          .backlog = (int)c->tcp_backlog,
                                          .mark = (uint32_t)c->socket_mark_id,
                                          .kind = tls ? "tls" : "tcp",
                                          .patience_ms = patience_ms};
    struct listen_set set = {0};
    if (tcp.port != 0 && listen_tcp(&set, &tcp) != 0)
        return false; /* it has said why */
    for (uint32_t i = 0; i < set.count; i++)
        listener_add(g, set.fd[i], kind);
    return true;
}

static bool listen_on_path(struct worker_group *g, const struct config *c)
{
    const struct listen_unix_config local = {.path = c->unixsocket,
                                             .group = c->unixsocketgroup,
                                             .mode = (mode_t)c->unixsocketperm,
                                             .backlog = (int)c->tcp_backlog};
    struct listen_set set = {0};
    if (listen_unix(&set, &local) != 0)
        return false;
    listener_add(g, set.fd[0], LISTENER_UNIX);
    return true;
}

bool worker_listen_open(struct worker_group *g, const struct config *c)
{
    listen_check_backlog((int)c->tcp_backlog);
    if (!listen_on_port(g, c, LISTENER_TCP, LISTEN_PATIENCE_MS) ||
        !listen_on_port(g, c, LISTENER_TLS, LISTEN_PATIENCE_MS))
        return false;
    if (c->unixsocket && !listen_on_path(g, c))
        return false;
    for (uint32_t i = 0; i < LISTENERS; i++)
        if (g->listeners[i].state != LISTENER_FREE)
            return true;
    trace_line(TRACE_WARNING, "Configured to not listen anywhere, exiting.");
    return false;
}

/* --- worker 0 -------------------------------------------------------------------------------- */

void worker_listen_look(struct worker *w)
{
    LK_ASSERT(w->index == 0);
    struct worker_group *g = w->group;
    for (uint32_t i = 0; i < LISTENERS; i++) {
        struct listener *l = &g->listeners[i];
        uint32_t state = load_acquire(&l->state);
        if (state == LISTENER_NEW) {
            const int rc = net_listen(w->net, l->fd, i);
            if (rc != 0)
                trace_line(TRACE_WARNING, "Listening: %s", strerror(-rc));
            if (__atomic_compare_exchange_n(&l->state, &state, LISTENER_OPEN, false,
                                            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
                continue;
        }
        if (state != LISTENER_CONDEMNED)
            continue;
        net_unlisten(w->net, l->fd);
        close(l->fd);
        store_release(&l->state, LISTENER_FREE);
    }
}

void worker_listen_end(struct worker *w)
{
    for (enum listener_kind kind = 0; kind < LISTENER_KINDS; kind++)
        listener_condemn_all(w->group, kind);
    worker_listen_look(w);
}

/* --- CONFIG SET ------------------------------------------------------------------------------ */

static bool same_addresses(const struct config_strings *a, const struct config_strings *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->v[i], b->v[i]) != 0)
            return false;
    return true;
}

static void listen_tell_worker(struct worker_group *g)
{
    store_release(&g->relisten, 1);
    worker_wake(g->workers[0]);
}

/* One kind from before to after; if that cannot be, back. */
static bool listen_change(struct worker_group *g, enum listener_kind kind,
                          const struct config *before, const struct config *after)
{
    listener_condemn_all(g, kind);
    if (listen_on_port(g, after, kind, LISTEN_SET_PATIENCE_MS))
        return true;
    if (!listen_on_port(g, before, kind, LISTEN_SET_PATIENCE_MS))
        trace_line(TRACE_WARNING, "The former addresses cannot be listened on again, either.");
    return false;
}

static const char *listen_prepare(void *ctx, const struct config *before,
                                  const struct config *after)
{
    struct worker_group *g = ctx;
    const bool bind = !same_addresses(&before->bind, &after->bind);
    const bool tcp = bind || before->port != after->port;
    const bool tls = bind || before->tls_port != after->tls_port;
    const char *why = tls_config_prepare(g->setup.tls, before, after);
    if (why)
        return why;
    bool well = !tcp || listen_change(g, LISTENER_TCP, before, after);
    if (well && tls && !listen_change(g, LISTENER_TLS, before, after)) {
        well = false;
        if (tcp)
            (void)listen_change(g, LISTENER_TCP, after, before);
    }
    listen_tell_worker(g);
    if (well)
        return NULL;
    tls_config_undo(g->setup.tls);
    return bind ? "Failed to bind to specified addresses."
                : "Unable to listen on this port. Check server logs.";
}

static void listen_applied(void *ctx, const struct config *before, const struct config *after)
{
    struct worker_group *g = ctx;
    (void)before;
    (void)after;
    tls_config_applied(g->setup.tls);
}

struct config_hook worker_listen_hook(struct worker_group *g)
{
    return (struct config_hook){listen_prepare, listen_applied, g};
}
