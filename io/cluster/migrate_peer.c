#include "io/cluster/migrate_peer.h"

#include "core/base/clock.h"
#include "io/net/socket.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_AT_ONCE = 16384, LONGEST_LINE = 65536 };

static bool peer_wait(int fd, short events, int64_t timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    const int64_t until = clock_mono_ns() / 1000000 + timeout_ms;
    for (;;) {
        const int64_t left = until - clock_mono_ns() / 1000000;
        const int n = poll(&p, 1, left > 0 ? (int)(left < 3600000 ? left : 3600000) : 0);
        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR)
            return false;
    }
}

static bool peer_connect(int fd, const struct addrinfo *at, int64_t timeout_ms)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (connect(fd, at->ai_addr, at->ai_addrlen) == 0)
        return true;
    return errno == EINPROGRESS && peer_wait(fd, POLLOUT, timeout_ms) &&
           getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

bool migrate_peer_open(struct migrate_peer *p, struct bytes host, struct bytes port,
                       int64_t timeout_ms)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    p->fd = -1;
    if (host.size >= sizeof p->host || port.size >= sizeof p->port)
        return false;
    memcpy(p->host, host.data, host.size);
    p->host[host.size] = '\0';
    memcpy(p->port, port.data, port.size);
    p->port[port.size] = '\0';
    if (getaddrinfo(p->host, p->port, &wanted, &found) != 0)
        return false;
    for (const struct addrinfo *at = found; at && p->fd < 0; at = at->ai_next) {
        const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd >= 0 && peer_connect(fd, at, timeout_ms)) {
            p->fd = fd;
            socket_set_nodelay(fd, true);
        } else if (fd >= 0) {
            close(fd);
        }
    }
    freeaddrinfo(found);
    p->db[0] = '\0';
    p->in.size = p->read = 0;
    return p->fd >= 0;
}

void migrate_peer_close(struct migrate_peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    buf_release(&p->in);
    p->read = 0;
}

bool migrate_peer_send(struct migrate_peer *p, struct bytes data, int64_t timeout_ms)
{
    for (size_t sent = 0; sent < data.size;) {
        const ssize_t n = send(p->fd, data.data + sent, data.size - sent, MSG_NOSIGNAL);
        if (n > 0)
            sent += (size_t)n;
        else if (n < 0 && errno == EAGAIN) {
            if (!peer_wait(p->fd, POLLOUT, timeout_ms))
                return false;
        } else if (!(n < 0 && errno == EINTR)) {
            return false;
        }
    }
    return true;
}

bool migrate_peer_read(struct migrate_peer *p, int64_t timeout_ms, struct bytes *line)
{
    for (;;) {
        const char *begin = p->in.data + p->read;
        const size_t have = p->in.size - p->read;
        const char *end = have ? memchr(begin, '\n', have) : NULL;
        if (end) {
            *line = bytes_of(begin, (size_t)(end - begin) - (end > begin && end[-1] == '\r'));
            p->read += (size_t)(end - begin) + 1;
            return true;
        }
        buf_consume(&p->in, p->read);
        p->read = 0;
        if (p->in.size > LONGEST_LINE)
            return false;
        char *to = buf_reserve(&p->in, READ_AT_ONCE);
        const ssize_t n = recv(p->fd, to, READ_AT_ONCE, 0);
        if (n > 0)
            p->in.size += (size_t)n;
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return false;
        else if (errno == EAGAIN && !peer_wait(p->fd, POLLIN, timeout_ms))
            return false;
    }
}
