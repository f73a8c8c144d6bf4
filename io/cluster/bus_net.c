/*
 * bus_net.c — the sockets of the bus.
 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "io/cluster/bus_priv.h"
#include "io/net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_AT_ONCE = 64 * 1024,
    SEALED_AT_ONCE = 16 * 1024, /* a record's worth: nothing whole is left in the channel */
    ACCEPT_AT_ONCE = 1000,
    KEPT_BYTES = 128 * 1024, /* of a link whose bytes have all been sent, or read */
    FIRST_FRAME = 1 << 20,   /* of somebody who has not said who he is: no more is kept of him */
};

/* --- sockets --------------------------------------------------------------------------------- */

static void bus_split_name(const char *name, char ip[NODE_IP_CHARS])
{
    const char *end = strrchr(name, ':');
    const char *begin = name[0] == '[' ? name + 1 : name;
    size_t n = end ? (size_t)(end - begin) : strlen(begin);
    if (n > 0 && begin[n - 1] == ']')
        n--;
    if (n >= NODE_IP_CHARS || begin[0] == '?')
        n = 0;
    memcpy(ip, begin, n);
    ip[n] = '\0';
}

static void bus_note_addresses(struct bus_socket *s)
{
    char name[SOCKET_NAME_CHARS];
    socket_peer_name(s->fd, name, sizeof name);
    bus_split_name(name, s->link->peer_ip);
    socket_own_name(s->fd, name, sizeof name);
    bus_split_name(name, s->link->own_ip);
}

static void bus_watch(struct cluster_bus *b, struct bus_socket *s, int how, bool writes)
{
    struct epoll_event ev = {.events = EPOLLIN | (writes ? (uint32_t)EPOLLOUT : 0u), .data.ptr = s};
    s->writes = writes;
    if (epoll_ctl(b->epoll, how, s->fd, &ev) != 0)
        s->link->drop = true;
}

static struct bus_socket *bus_attach(struct cluster_bus *b, struct cluster_link *link, int fd)
{
    struct bus_socket *s = mem_new(struct bus_socket);
    s->bus = b;
    s->link = link;
    s->fd = fd;
    link->bus = s;
    return s;
}

static void bus_detach(struct cluster_bus *b, struct cluster_link *link)
{
    struct bus_socket *s = link->bus;
    if (s) {
        tls_channel_free(s->tls);
        if (s->fd >= 0)
            close(s->fd);
        buf_release(&s->sealed);
        buf_release(&s->in);
        mem_delete(s);
    }
    cluster_link_free(b->cluster, link);
}

/* With tls-cluster.  False: there is no context, or it cannot begin. */
static bool bus_secure(struct cluster_bus *b, struct bus_socket *s, enum tls_side side)
{
    if (!b->cluster->options.tls)
        return true;
    s->tls = b->parts.tls ? tls_channel_new(b->parts.tls, side, TLS_AUTH_YES) : NULL;
    return s->tls && tls_channel_begin(s->tls, &s->sealed) == 0;
}

static void bus_log_tls(const struct bus_socket *s)
{
    char why[256];
    tls_channel_reason(s->tls, why, sizeof why);
    trace_line(TRACE_VERBOSE, "Error with a TLS connection of the cluster's bus: %s", why);
}

/* --- outgoing -------------------------------------------------------------------------------- */

static bool bus_address(const struct cluster_node *n, struct sockaddr_storage *out, socklen_t *size)
{
    struct sockaddr_in *v4 = (void *)out;
    struct sockaddr_in6 *v6 = (void *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, n->ip, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(n->bus_port);
        *size = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, n->ip, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(n->bus_port);
    *size = sizeof *v6;
    return true;
}

static int bus_dial(const struct cluster_node *n)
{
    struct sockaddr_storage to;
    socklen_t size;
    if (!bus_address(n, &to, &size))
        return -1;
    const int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, size) != 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    if (fd >= 0)
        socket_set_nodelay(fd, true);
    return fd;
}

void bus_connect(void *bus, struct cluster_link *link)
{
    struct cluster_bus *b = bus;
    struct cluster_node *n = link->node;
    struct bus_socket *s = bus_attach(b, link, bus_dial(n));
    if (s->fd >= 0) {
        s->connecting = true;
        bus_watch(b, s, EPOLL_CTL_ADD, true);
        return;
    }
    /* As if a question had been sent: it counts as silence. */
    if (!n->ping_sent_ms)
        n->ping_sent_ms = b->cluster->now_ms;
    link->drop = true;
}

static void bus_connected(struct cluster_bus *b, struct bus_socket *s)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    s->connecting = false;
    if (error) {
        struct cluster_node *n = s->link->node;
        if (n && !n->ping_sent_ms)
            n->ping_sent_ms = b->cluster->now_ms;
        s->link->drop = true;
        return;
    }
    bus_note_addresses(s);
    if (bus_secure(b, s, TLS_CLIENT))
        cluster_link_up(b->cluster, s->link);
    else
        s->link->drop = true;
}

/* --- incoming -------------------------------------------------------------------------------- */

bool bus_listen(struct cluster_bus *b)
{
    const struct config *c = config_current(b->parts.config);
    const int64_t port = bus_port(c);
    if (port > UINT16_MAX) {
        trace_line(TRACE_WARNING,
                   "Redis port number too high for cluster mode: the bus port would be "
                   "%lld. Choose a lower port, or set cluster-port.",
                   (long long)port);
        return false;
    }
    const struct listen_tcp_config tcp = {.addresses = c->bind.v,
                                          .address_count = c->bind.n,
                                          .port = (uint16_t)port,
                                          .backlog = (int)c->tcp_backlog,
                                          .mark = (uint32_t)c->socket_mark_id,
                                          .kind = "cluster",
                                          .patience_ms = 2000};
    if (listen_tcp(&b->listeners, &tcp) != 0)
        return false;
    for (uint32_t i = 0; i < b->listeners.count; i++) {
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &b->listeners.fd[i]};
        if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->listeners.fd[i], &ev) != 0)
            return false;
    }
    return true;
}

void bus_accept(struct cluster_bus *b, int listen_fd)
{
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        const int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        socket_set_nodelay(fd, true);
        socket_set_keepalive(fd, (int)(b->cluster->options.node_timeout_ms / 500) + 1);
        struct bus_socket *s = bus_attach(b, cluster_link_accept(b->cluster), fd);
        bus_note_addresses(s);
        bus_watch(b, s, EPOLL_CTL_ADD, false);
        if (!bus_secure(b, s, TLS_SERVER))
            cluster_drop(b->cluster, s->link);
    }
}

/* --- bytes ----------------------------------------------------------------------------------- */

/* Hands over the whole frames; the rest stays. */
static bool bus_frames(struct cluster_bus *b, struct bus_socket *s, int64_t now_ms)
{
    size_t at = 0;
    while (s->in.size - at >= FRAME_PREFIX && !s->link->drop) {
        const uint32_t length = frame_length(s->in.data + at);
        const bool stranger = !s->link->node && !s->link->from;
        if (length == 0 || (stranger && length > FIRST_FRAME))
            return false;
        if (s->in.size - at < length)
            break;
        if (!cluster_receive(b->cluster, s->link, bytes_of(s->in.data + at, length), now_ms))
            return false;
        at += length;
    }
    buf_consume(&s->in, at);
    if (s->in.size == 0 && s->in.capacity > KEPT_BYTES)
        buf_release(&s->in);
    return true;
}

/* What one read brings.  0: nothing more for now; below 0: the end. */
static ssize_t bus_receive(struct bus_socket *s)
{
    char sealed[SEALED_AT_ONCE];
    char *to = s->tls ? sealed : buf_reserve(&s->in, READ_AT_ONCE);
    ssize_t n;
    do
        n = recv(s->fd, to, s->tls ? sizeof sealed : (size_t)READ_AT_ONCE, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        return -1;
    if (!s->tls) {
        s->in.size += (size_t)n;
        return n;
    }
    if (tls_channel_receive(s->tls, bytes_of(sealed, (size_t)n), &s->in, &s->sealed) == 0)
        return n;
    bus_log_tls(s);
    return -1;
}

static void bus_read(struct cluster_bus *b, struct bus_socket *s, int64_t now_ms)
{
    ssize_t n;
    while ((n = bus_receive(s)) > 0)
        if (!bus_frames(b, s, now_ms))
            break;
    if (n != 0)
        cluster_drop(b->cluster, s->link);
}

void bus_socket_event(struct cluster_bus *b, struct bus_socket *s, uint32_t events, int64_t now_ms)
{
    if (s->link->drop)
        return;
    if (s->connecting && events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        bus_connected(b, s);
    if (!s->connecting && !s->link->drop && events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        bus_read(b, s, now_ms);
}

/* Seals what the link has written.  False: the channel is broken. */
static bool bus_seal(struct bus_socket *s)
{
    struct buf *out = &s->link->out;
    if (!s->tls || out->size == 0)
        return true;
    const bool sealed = tls_channel_send(s->tls, buf_bytes(out), &s->sealed) == 0;
    if (!sealed)
        bus_log_tls(s);
    out->size = 0;
    return sealed;
}

/* False: nobody takes bytes there any more. */
static bool bus_flush(struct bus_socket *s, struct buf *out)
{
    size_t sent = 0;
    while (sent < out->size) {
        const ssize_t n = send(s->fd, out->data + sent, out->size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0)
            return false;
        sent += (size_t)n;
    }
    buf_consume(out, sent);
    if (out->size == 0 && out->capacity > KEPT_BYTES)
        buf_release(out);
    return true;
}

static void bus_send(struct cluster_bus *b, struct bus_socket *s)
{
    struct buf *out = s->tls ? &s->sealed : &s->link->out;
    if (!bus_seal(s) || !bus_flush(s, out))
        cluster_drop(b->cluster, s->link);
    else if ((out->size > 0) != s->writes)
        bus_watch(b, s, EPOLL_CTL_MOD, out->size > 0);
}

void bus_send_all(struct cluster_bus *b)
{
    const uint64_t limit = b->sendbuf_limit;
    for (struct cluster_link *l = b->cluster->links, *next; l; l = next) {
        next = l->next;
        struct bus_socket *s = l->bus;
        if (!l->drop && l->up && l->out.size + s->sealed.size > 0)
            bus_send(b, s);
        const size_t waits = l->out.size + (s ? s->sealed.size : 0);
        if (!l->drop && limit > 0 && waits > limit) {
            trace_line(TRACE_WARNING,
                       "Freeing outbound cluster link to node %.40s after exceeding memory limit "
                       "(used mem: %zu, max: %llu)",
                       l->node ? l->node->id : "?", waits, (unsigned long long)limit);
            b->links_cut++;
            cluster_drop(b->cluster, l);
        }
        if (l->drop)
            bus_detach(b, l);
    }
}

void bus_close_all(struct cluster_bus *b)
{
    while (b->cluster->links)
        bus_detach(b, b->cluster->links);
}
