#include "io/repl/link_socket.h"

#include "core/base/trace.h"
#include "io/net/socket.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

int link_waker_init(struct link_waker *w)
{
    w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return w->fd < 0 ? -1 : 0;
}

void link_waker_release(struct link_waker *w)
{
    close(w->fd);
}

void link_waker_wake(struct link_waker *w)
{
    const uint64_t one = 1;
    const ssize_t rc = write(w->fd, &one, sizeof one); /* full: it is awake */
    (void)rc;
}

static void link_waker_drain(struct link_waker *w)
{
    uint64_t count;
    const ssize_t rc = read(w->fd, &count, sizeof count);
    (void)rc;
}

void link_waker_sleep(struct link_waker *w, int timeout_ms)
{
    struct pollfd p = {.fd = w->fd, .events = POLLIN};
    if (poll(&p, 1, timeout_ms) > 0)
        link_waker_drain(w);
}

/* --- connecting ------------------------------------------------------------------------------ */

static int link_socket_resolve(const char *host, uint16_t port, struct addrinfo **out)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    return getaddrinfo(host, service, &hints, out);
}

static bool link_socket_bind(int fd, const struct link_target *target, int family)
{
    struct addrinfo *own = NULL;
    bool well = false;
    if (!target->source || !*target->source)
        return true;
    if (link_socket_resolve(target->source, 0, &own) != 0)
        return false;
    for (const struct addrinfo *a = own; a && !well; a = a->ai_next)
        well = a->ai_family == family && bind(fd, a->ai_addr, a->ai_addrlen) == 0;
    freeaddrinfo(own);
    return well;
}

static int link_socket_try(const struct addrinfo *a, const struct link_target *target)
{
    const int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (socket_set_mark(fd, target->mark) == 0 && link_socket_bind(fd, target, a->ai_family) &&
        (connect(fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS)) {
        socket_set_nodelay(fd, true);
        return fd;
    }
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int link_socket_open(struct link_socket *s, const struct link_target *target, struct buf *error)
{
    struct addrinfo *found = NULL;
    const int rc = link_socket_resolve(target->host, target->port, &found);
    LK_ASSERT(s->fd < 0);
    error->size = 0;
    if (rc != 0) {
        buf_append_cstr(error, gai_strerror(rc));
        return -1;
    }
    errno = EADDRNOTAVAIL;
    for (const struct addrinfo *a = found; a && s->fd < 0; a = a->ai_next)
        s->fd = link_socket_try(a, target);
    if (s->fd < 0)
        buf_append_cstr(error, strerror(errno));
    freeaddrinfo(found);
    return s->fd < 0 ? -1 : 0;
}

bool link_socket_secure(struct link_socket *s, struct tls_channel *tls)
{
    LK_ASSERT(s->fd >= 0 && !s->tls);
    s->tls = tls;
    return tls_channel_begin(tls, &s->sealed) == 0;
}

void link_socket_close(struct link_socket *s)
{
    tls_channel_free(s->tls);
    s->tls = NULL;
    buf_release(&s->sealed);
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    s->used = 0;
    buf_release(&s->in);
    buf_release(&s->out);
}

int link_socket_error(const struct link_socket *s)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    return error;
}

/* --- waiting, receiving, sending ------------------------------------------------------------- */

unsigned link_socket_wait(struct link_socket *s, unsigned for_what, int timeout_ms)
{
    struct pollfd p[2] = {{.fd = s->waker->fd, .events = POLLIN},
                          {.fd = s->fd,
                           .events = (short)((for_what & LINK_READABLE ? POLLIN : 0) |
                                             (for_what & LINK_WRITABLE ? POLLOUT : 0))}};
    unsigned events = LINK_NOTHING;
    if (poll(p, 2, timeout_ms) <= 0)
        return events;
    if (p[0].revents)
        link_waker_drain(s->waker);
    if (p[1].revents & (POLLIN | POLLHUP | POLLERR))
        events |= LINK_READABLE & for_what;
    if (p[1].revents & (POLLOUT | POLLHUP | POLLERR))
        events |= LINK_WRITABLE & for_what;
    return events;
}

enum { KEEP_CAPACITY = 4 << 20 };

static void log_tls_failure(const struct link_socket *s)
{
    char why[256];
    tls_channel_reason(s->tls, why, sizeof why);
    trace_line(TRACE_WARNING, "Error condition on TLS with the MASTER: %s", why);
    errno = EPROTO;
}

/* A record's worth at a time: nothing whole is left in the channel, so the socket says it all. */
static int64_t receive_sealed(struct link_socket *s)
{
    char sealed[16 * 1024];
    const size_t before = s->in.size;
    const ssize_t n = recv(s->fd, sealed, sizeof sealed, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        errno = n == 0 ? 0 : errno;
        return -1;
    }
    const int rc = tls_channel_receive(s->tls, bytes_of(sealed, (size_t)n), &s->in, &s->sealed);
    if (rc < 0)
        log_tls_failure(s);
    else if (rc == 1)
        errno = 0;
    return rc == 0 || (rc == 1 && s->in.size > before) ? (int64_t)(s->in.size - before) : -1;
}

int64_t link_socket_receive(struct link_socket *s, size_t max)
{
    if (s->used > 0 && s->used == s->in.size) {
        s->in.size = s->used = 0;
        if (s->in.capacity > KEEP_CAPACITY)
            buf_release(&s->in); /* one large value does not keep its room for ever */
    } else if (s->used > s->in.size / 2) {
        buf_consume(&s->in, s->used); /* no more is moved than was used up */
        s->used = 0;
    }
    if (s->tls)
        return receive_sealed(s);
    const ssize_t n = recv(s->fd, buf_reserve(&s->in, max), max, 0);
    if (n > 0) {
        s->in.size += (size_t)n;
        return n;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n == 0)
        errno = 0;
    return -1;
}

int link_socket_flush(struct link_socket *s)
{
    struct buf *out = s->tls ? &s->sealed : &s->out;
    if (s->tls && s->out.size > 0) {
        if (tls_channel_send(s->tls, buf_bytes(&s->out), &s->sealed) != 0) {
            log_tls_failure(s);
            return -1;
        }
        s->out.size = 0;
    }
    while (out->size > 0) {
        const ssize_t n = send(s->fd, out->data, out->size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        buf_consume(out, (size_t)n);
    }
    return 0;
}
