/*
 * startup_supervise.c — who started us, and how to tell it that we are ready.
 *
 * systemd names a datagram socket in NOTIFY_SOCKET: a path, or with '@' in front an abstract name.
 * upstart waits until the process stops itself.
 *
 * Source   sd_notify(3)
 */
#include "io/start/startup.h"

#include "core/base/trace.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool notify_address(struct sockaddr_un *to, socklen_t *size)
{
    const char *name = getenv("NOTIFY_SOCKET");
    const size_t n = name ? strlen(name) : 0;

    if (n < 2 || n >= sizeof to->sun_path || (name[0] != '/' && name[0] != '@'))
        return false;
    memset(to, 0, sizeof *to);
    to->sun_family = AF_UNIX;
    memcpy(to->sun_path, name, n);
    if (name[0] == '@')
        to->sun_path[0] = '\0';
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    return true;
}

bool startup_notify(const char *state)
{
    struct sockaddr_un to;
    socklen_t size;

    if (!notify_address(&to, &size))
        return false;
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    const bool sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
                             size) == (ssize_t)strlen(state);
    const int why = errno;
    close(fd);
    if (!sent)
        trace_line(TRACE_WARNING, "systemd supervision error: %s", strerror(why));
    return sent;
}

static int under_upstart(void)
{
    if (!getenv("UPSTART_JOB")) {
        trace_line(TRACE_WARNING, "upstart supervision requested, but UPSTART_JOB not found!");
        return CONFIG_SUPERVISED_NO;
    }
    trace_line(TRACE_NOTICE, "supervised by upstart, will stop to signal readiness.");
    raise(SIGSTOP);
    unsetenv("UPSTART_JOB");
    return CONFIG_SUPERVISED_UPSTART;
}

static int under_systemd(void)
{
    if (!startup_notify("STATUS=Latchkey is loading...\n")) {
        trace_line(
            TRACE_WARNING,
            "systemd supervision requested or auto-detected, but NOTIFY_SOCKET cannot be used");
        return CONFIG_SUPERVISED_NO;
    }
    trace_line(TRACE_NOTICE,
               "Supervised by systemd. Please make sure you set appropriate values for "
               "TimeoutStartSec and TimeoutStopSec in your service unit.");
    return CONFIG_SUPERVISED_SYSTEMD;
}

int startup_supervise(const struct config *c)
{
    int mode = c->supervised;

    if (mode == CONFIG_SUPERVISED_AUTO)
        mode = getenv("UPSTART_JOB")     ? CONFIG_SUPERVISED_UPSTART
               : getenv("NOTIFY_SOCKET") ? CONFIG_SUPERVISED_SYSTEMD
                                         : CONFIG_SUPERVISED_NO;
    switch (mode) {
    case CONFIG_SUPERVISED_UPSTART:
        return under_upstart();
    case CONFIG_SUPERVISED_SYSTEMD:
        return under_systemd();
    default:
        return CONFIG_SUPERVISED_NO;
    }
}

const char *startup_supervised_name(int mode)
{
    return mode == CONFIG_SUPERVISED_SYSTEMD   ? "systemd"
           : mode == CONFIG_SUPERVISED_UPSTART ? "upstart"
                                               : "no";
}
