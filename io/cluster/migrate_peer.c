#include "io/cluster/migrate_peer.h"

#include "core/base/clock.h"
#include "io/net/socket.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_AT_ONCE = 16384, SEAL_AT_ONCE = 65536, LONGEST_LINE = 65536 };

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

/* --- bytes ----------------------------------------------------------------------------------- */

static bool peer_write(const struct migrate_peer *p, struct bytes data, int64_t timeout_ms)
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

static bool peer_write_sealed(struct migrate_peer *p, int64_t timeout_ms)
{
    const bool written = peer_write(p, buf_bytes(&p->sealed), timeout_ms);
    p->sealed.size = 0;
    return written;
}

/* What has come goes through the channel; what that answers to the other side goes there. */
static bool peer_unseal(struct migrate_peer *p, struct bytes bytes, int64_t timeout_ms)
{
    return tls_channel_receive(p->tls, bytes, &p->in, &p->sealed) >= 0 &&
           peer_write_sealed(p, timeout_ms);
}

/* Waits until something has come; of TLS it may be nothing that is plain yet. */
static bool peer_read_some(struct migrate_peer *p, int64_t timeout_ms)
{
    char sealed[READ_AT_ONCE];
    char *to = p->tls ? sealed : buf_reserve(&p->in, READ_AT_ONCE);
    for (;;) {
        const ssize_t n = recv(p->fd, to, READ_AT_ONCE, 0);
        if (n > 0 && p->tls)
            return peer_unseal(p, bytes_of(sealed, (size_t)n), timeout_ms);
        if (n > 0) {
            p->in.size += (size_t)n;
            return true;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return false;
        if (errno == EAGAIN && !peer_wait(p->fd, POLLIN, timeout_ms))
            return false;
    }
}

/* --- begin and end --------------------------------------------------------------------------- */

static bool peer_shake(struct migrate_peer *p, struct tls_holder *tls, int64_t timeout_ms)
{
    const int64_t until = clock_mono_ns() / 1000000 + timeout_ms;
    p->tls = tls_channel_new(tls, TLS_CLIENT, TLS_AUTH_NO);
    bool well =
        p->tls && tls_channel_begin(p->tls, &p->sealed) == 0 && peer_write_sealed(p, timeout_ms);
    while (well && !tls_channel_is_up(p->tls)) {
        const int64_t left = until - clock_mono_ns() / 1000000;
        well = left > 0 && peer_read_some(p, left);
    }
    return well;
}

static int peer_dial(const char *host, const char *port, int64_t timeout_ms)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int fd = -1;
    if (getaddrinfo(host, port, &wanted, &found) != 0)
        return -1;
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd >= 0 && !peer_connect(fd, at, timeout_ms)) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

bool migrate_peer_open(struct migrate_peer *p, struct bytes host, struct bytes port,
                       struct tls_holder *tls, int64_t timeout_ms)
{
    p->fd = -1;
    if (host.size >= sizeof p->host || port.size >= sizeof p->port)
        return false;
    memcpy(p->host, host.data, host.size);
    p->host[host.size] = '\0';
    memcpy(p->port, port.data, port.size);
    p->port[port.size] = '\0';
    p->db[0] = '\0';
    p->in.size = p->read = p->sealed.size = 0;
    p->tls = NULL;
    p->fd = peer_dial(p->host, p->port, timeout_ms);
    if (p->fd < 0)
        return false;
    socket_set_nodelay(p->fd, true);
    if (tls && !peer_shake(p, tls, timeout_ms))
        migrate_peer_close(p);
    return p->fd >= 0;
}

void migrate_peer_close(struct migrate_peer *p)
{
    if (p->tls && tls_channel_is_up(p->tls)) {
        tls_channel_end(p->tls, &p->sealed);
        peer_write_sealed(p, 0);
    }
    tls_channel_free(p->tls);
    p->tls = NULL;
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    buf_release(&p->in);
    buf_release(&p->sealed);
    p->read = 0;
}

/* --- requests and answers -------------------------------------------------------------------- */

bool migrate_peer_send(struct migrate_peer *p, struct bytes data, int64_t timeout_ms)
{
    if (!p->tls)
        return peer_write(p, data, timeout_ms);
    for (size_t sent = 0; sent < data.size;) {
        const size_t left = data.size - sent, n = left < SEAL_AT_ONCE ? left : SEAL_AT_ONCE;
        if (tls_channel_send(p->tls, bytes_of(data.data + sent, n), &p->sealed) != 0 ||
            !peer_write_sealed(p, timeout_ms))
            return false;
        sent += n;
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
        if (p->in.size > LONGEST_LINE || !peer_read_some(p, timeout_ms))
            return false;
    }
}
