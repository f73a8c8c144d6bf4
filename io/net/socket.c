#include "io/net/socket.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un path;
    struct sockaddr_storage room;
};

static_assert(SOCKET_NAME_CHARS > sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof ":0",
              "the longest name is a path");

static int socket_result(int rc)
{
    return rc == 0 ? 0 : -errno;
}

static int socket_set_int(int fd, int level, int option, int value)
{
    return socket_result(setsockopt(fd, level, option, &value, sizeof value));
}

static bool is_tcp(int fd)
{
    int domain = 0;
    socklen_t size = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain != AF_UNIX;
}

int socket_set_nonblocking(int fd, bool on)
{
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        return -errno;
    return socket_result(fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

int socket_set_cloexec(int fd)
{
    return socket_result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int socket_set_nodelay(int fd, bool on)
{
    return is_tcp(fd) ? socket_set_int(fd, IPPROTO_TCP, TCP_NODELAY, on) : 0;
}

int socket_set_keepalive(int fd, int interval_s)
{
    enum { PROBES = 3 };
    if (!is_tcp(fd))
        return 0;
    int rc = socket_set_int(fd, SOL_SOCKET, SO_KEEPALIVE, interval_s > 0);
    if (rc != 0 || interval_s <= 0)
        return rc;
    const int step_s = interval_s / PROBES > 0 ? interval_s / PROBES : 1;
    rc = socket_set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, interval_s);
    if (rc == 0)
        rc = socket_set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, step_s);
    if (rc == 0)
        rc = socket_set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
    return rc;
}

int socket_set_mark(int fd, uint32_t mark)
{
    return mark == 0 ? 0 : socket_set_int(fd, SOL_SOCKET, SO_MARK, (int)mark);
}

/* Cuts what snprintf would have written to what fits. */
static size_t socket_written(int wanted, size_t size)
{
    if (wanted < 0 || size == 0)
        return 0;
    return (size_t)wanted < size ? (size_t)wanted : size - 1;
}

static size_t print_address(const union address *a, char *out, size_t size)
{
    char ip[INET6_ADDRSTRLEN] = "";
    int n = 0;

    if (a->any.sa_family == AF_INET && inet_ntop(AF_INET, &a->v4.sin_addr, ip, sizeof ip))
        n = snprintf(out, size, "%s:%u", ip, ntohs(a->v4.sin_port));
    else if (a->any.sa_family == AF_INET6 && inet_ntop(AF_INET6, &a->v6.sin6_addr, ip, sizeof ip))
        n = snprintf(out, size, "[%s]:%u", ip, ntohs(a->v6.sin6_port));
    else if (a->any.sa_family == AF_UNIX)
        n = snprintf(out, size, "%.*s:0", (int)sizeof a->path.sun_path, a->path.sun_path);
    else
        n = snprintf(out, size, "?:0");
    return socket_written(n, size);
}

static size_t socket_name(int fd, bool peer, char *out, size_t size)
{
    union address a;
    memset(&a, 0, sizeof a);
    socklen_t length = sizeof a;
    int rc = getsockname(fd, &a.any, &length);
    /* A Unix client has no name of its own: it goes by the listener's. */
    if (rc == 0 && peer && a.any.sa_family != AF_UNIX) {
        length = sizeof a;
        rc = getpeername(fd, &a.any, &length);
    }
    if (rc != 0)
        a.any.sa_family = AF_UNSPEC;
    return print_address(&a, out, size);
}

size_t socket_peer_name(int fd, char *out, size_t size)
{
    return socket_name(fd, true, out, size);
}

size_t socket_own_name(int fd, char *out, size_t size)
{
    return socket_name(fd, false, out, size);
}

bool socket_is_local(int fd)
{
    union address a;
    memset(&a, 0, sizeof a);
    socklen_t length = sizeof a;
    if (getpeername(fd, &a.any, &length) != 0)
        return false;
    switch (a.any.sa_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        return ntohl(a.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&a.v6.sin6_addr) && a.v6.sin6_addr.s6_addr[12] == 127);
    default:
        return false;
    }
}
