#include "io/net/listen.h"
#include "core/base/trace.h"
#include "io/net/socket.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Which call failed, and how: "bind: Address already in use". */
struct failure {
    int error;
    char text[128];
};

static int listen_fail(struct failure *why, const char *call)
{
    why->error = -errno;
    (void)snprintf(why->text, sizeof why->text, "%s: %s", call, strerror(errno));
    return -1;
}

static int open_socket(int family, int type)
{
    return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int fail_and_close(struct failure *why, const char *call, int fd)
{
    (void)listen_fail(why, call);
    close(fd);
    return -1;
}

/* One candidate that the name stands for: its listening socket, or -1. */
static int listen_at(const struct addrinfo *at, const struct listen_tcp_config *config,
                     struct failure *why)
{
    const int on = 1;
    const int fd = open_socket(at->ai_family, at->ai_socktype);
    if (fd < 0)
        return listen_fail(why, "socket");
    if (at->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return fail_and_close(why, "setsockopt IPV6_V6ONLY", fd);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return fail_and_close(why, "setsockopt SO_REUSEADDR", fd);
    if (socket_set_mark(fd, config->mark) != 0)
        return fail_and_close(why, "setsockopt SO_MARK", fd);
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0)
        return fail_and_close(why, "bind", fd);
    if (listen(fd, config->backlog) != 0)
        return fail_and_close(why, "listen", fd);
    return fd;
}

static int listen_on_address(const char *address, const struct listen_tcp_config *config,
                             struct failure *why)
{
    const struct addrinfo hints = {
        .ai_family = strchr(address, ':') ? AF_INET6 : AF_INET,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE,
    };
    const bool everywhere = strcmp(address, "*") == 0 || strcmp(address, "::*") == 0;
    struct addrinfo *found = NULL;
    char port[8];
    int fd = -1;

    (void)snprintf(port, sizeof port, "%u", config->port);
    const int rc = getaddrinfo(everywhere ? NULL : address, port, &hints, &found);
    if (rc != 0) {
        why->error = rc == EAI_SYSTEM ? -errno : rc == EAI_NONAME ? -EADDRNOTAVAIL : -EINVAL;
        (void)snprintf(why->text, sizeof why->text, "%s", gai_strerror(rc));
        return -1;
    }
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
        fd = listen_at(at, config, why);
    freeaddrinfo(found);
    return fd;
}

enum { RETRY_MS = 5 };

/* The same, again and again while somebody else has the address; *patience_ms is what is left. */
static int listen_patiently(const char *address, const struct listen_tcp_config *config,
                            int *patience_ms, struct failure *why)
{
    int fd = listen_on_address(address, config, why);

    while (fd < 0 && why->error == -EADDRINUSE && *patience_ms > 0) {
        (void)usleep(RETRY_MS * 1000);
        *patience_ms -= RETRY_MS;
        fd = listen_on_address(address, config, why);
    }
    return fd;
}

/* May the server do without this address? */
static bool may_be_missing(int error, bool optional)
{
    switch (-error) {
    case EADDRNOTAVAIL:
        return optional;
    case ENOPROTOOPT:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
    case EPFNOSUPPORT:
    case EAFNOSUPPORT:
        return true;
    default:
        return false;
    }
}

int listen_tcp(struct listen_set *set, const struct listen_tcp_config *config)
{
    LK_ASSERT(set->count == 0);
    LK_ASSERT(config->address_count <= LISTEN_MAX);
    int patience_ms = config->patience_ms;
    if (config->port == 0)
        return 0;
    for (size_t i = 0; i < config->address_count; i++) {
        const bool optional = config->addresses[i][0] == '-';
        const char *address = config->addresses[i] + optional;
        struct failure why = {0};
        const int fd = listen_patiently(address, config, &patience_ms, &why);
        if (fd >= 0) {
            set->fd[set->count++] = fd;
            continue;
        }
        trace_line(TRACE_WARNING, "Warning: Could not create server TCP listening socket %s:%d: %s",
                   address, config->port, why.text);
        if (may_be_missing(why.error, optional))
            continue;
        trace_line(TRACE_WARNING, "Failed listening on port %u (%s), aborting.", config->port,
                   config->kind);
        listen_close(set);
        return why.error;
    }
    return 0;
}

/* A server that was killed leaves its socket behind; a file that is none is somebody's data. */
static void remove_stale(const char *path)
{
    struct stat found;
    if (lstat(path, &found) == 0 && S_ISSOCK(found.st_mode))
        (void)unlink(path);
}

static int give_to_group(const char *path, const char *group)
{
    errno = 0;
    const struct group *g = getgrnam(group);
    if (!g && errno == 0)
        errno = ENOENT;
    return g ? chown(path, (uid_t)-1, g->gr_gid) : -1;
}

static int listen_at_path(const struct listen_unix_config *config, struct failure *why)
{
    const char *path = config->path;
    const mode_t mode = config->mode;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path) {
        errno = ENAMETOOLONG;
        return listen_fail(why, "bind");
    }
    memcpy(a.sun_path, path, strlen(path) + 1);
    const int fd = open_socket(AF_UNIX, SOCK_STREAM);
    if (fd < 0)
        return listen_fail(why, "socket");
    /* The file gets the socket's rights less the umask; the second call adds what that took. */
    if (mode != 0 && fchmod(fd, mode) != 0)
        return fail_and_close(why, "chmod", fd);
    remove_stale(path);
    if (bind(fd, (const struct sockaddr *)&a, sizeof a) != 0)
        return fail_and_close(why, "bind", fd);
    if (config->group && give_to_group(path, config->group) != 0)
        return fail_and_close(why, "group", fd);
    if (mode != 0 && chmod(path, mode) != 0)
        return fail_and_close(why, "chmod", fd);
    if (listen(fd, config->backlog) != 0)
        return fail_and_close(why, "listen", fd);
    return fd;
}

int listen_unix(struct listen_set *set, const struct listen_unix_config *config)
{
    struct failure why = {0};
    LK_ASSERT(set->count < LISTEN_MAX);
    const int fd = listen_at_path(config, &why);
    if (fd < 0) {
        trace_line(TRACE_WARNING, "Failed opening Unix socket: %s", why.text);
        return why.error;
    }
    set->fd[set->count++] = fd;
    return 0;
}

void listen_close(struct listen_set *set)
{
    for (uint32_t i = 0; i < set->count; i++)
        close(set->fd[i]);
    *set = (struct listen_set){0};
}

void listen_check_backlog(int backlog)
{
    char line[32] = "";
    FILE *f = fopen("/proc/sys/net/core/somaxconn", "re");
    if (!f)
        return;
    if (fgets(line, sizeof line, f)) {
        const long most = strtol(line, NULL, 10);
        if (most > 0 && most < backlog)
            trace_line(TRACE_WARNING,
                       "WARNING: The TCP backlog setting of %d cannot be enforced because "
                       "/proc/sys/net/core/somaxconn is set to the lower value of %ld.",
                       backlog, most);
    }
    (void)fclose(f);
}
