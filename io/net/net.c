/*
 * net.c — chooses a back end, and does what both need.
 *
 * The ring is only trusted after a trial: a kernel may know io_uring and lack multishot receives,
 * a container may refuse the system call, and an old library may be at odds with a new kernel.  So
 * a small ring really receives, sends, wakes and closes once, before any client depends on it.
 */
#include "core/base/atomic.h"
#include "io/net/net_priv.h"
#include "io/net/tls_priv.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_once_t trial_once = PTHREAD_ONCE_INIT;
static bool trial_passed;
static char trial_reason[128];

/* Waits for one event of a kind; other kinds and a second of silence fail the trial. */
static bool trial_expect(struct net *n, enum net_event_kind kind, struct net_event *event)
{
    enum { ATTEMPTS = 20 };
    for (int i = 0; i < ATTEMPTS; i++) {
        const int got = net_wait(n, event, 1, INT64_C(50) * 1000 * 1000);
        if (got > 0)
            return event->kind == kind;
    }
    return false;
}

/* Two receives by one multishot, a send, a wake, a close: what failed, or NULL. */
static const char *trial_round_trip(struct net *n, struct net_conn *c, int peer)
{
    struct net_event event;
    char byte = 0;
    const struct iovec pong[2] = {{"p", 1}, {"o", 1}};

    for (char sent = 'a'; sent <= 'b'; sent++) {
        if (send(peer, &sent, 1, MSG_NOSIGNAL) != 1)
            return "a socket pair cannot send";
        if (!trial_expect(n, NET_DATA, &event) || event.data.size != 1 ||
            event.data.data[0] != sent)
            return "multishot receive into provided buffers does not work";
    }
    net_send(n, c, pong, 2);
    if (!trial_expect(n, NET_SENT, &event) || event.error != 0)
        return "sending does not work";
    if (recv(peer, &byte, 1, MSG_DONTWAIT) != 1 || byte != 'p')
        return "sending loses bytes";
    net_wake(n);
    if (!trial_expect(n, NET_WAKE, &event))
        return "waking does not work";
    net_detach(n, c);
    if (!trial_expect(n, NET_CLOSED, &event))
        return "cancelling does not work";
    return NULL;
}

static void trial_run(void)
{
    struct net_conn conn = {0};
    int pair[2] = {-1, -1};
    const char *failed = NULL;

    struct net *n = net_uring_new(1);
    if (!n) {
        (void)snprintf(trial_reason, sizeof trial_reason, "io_uring: %m");
        return;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        (void)snprintf(trial_reason, sizeof trial_reason, "socketpair: %m");
        net_free(n);
        return;
    }
    net_attach(n, &conn, pair[0]);
    failed = trial_round_trip(n, &conn, pair[1]);
    net_free(n);
    close(pair[1]);
    if (failed)
        (void)snprintf(trial_reason, sizeof trial_reason, "io_uring: %s", failed);
    trial_passed = !failed;
}

bool net_uring_usable(const char **why_not)
{
    (void)pthread_once(&trial_once, trial_run);
    if (why_not)
        *why_not = trial_reason;
    return trial_passed;
}

struct net *net_new(enum net_backend backend, uint32_t conns_hint)
{
    if (backend == NET_AUTO)
        backend = net_uring_usable(NULL) ? NET_URING : NET_EPOLL;
    return backend == NET_URING ? net_uring_new(conns_hint) : net_epoll_new(conns_hint);
}

void net_free(struct net *n)
{
    if (!n)
        return;
    struct tls_net *tls = n->tls;
    n->ops->free(n);
    tls_net_free(tls);
}

const char *net_backend_name(const struct net *n)
{
    return n->ops->name;
}

int net_listen(struct net *n, int listen_fd, uint32_t tag)
{
    return n->ops->listen(n, listen_fd, tag);
}

void net_unlisten(struct net *n, int listen_fd)
{
    n->ops->unlisten(n, listen_fd);
}

void net_attach(struct net *n, struct net_conn *c, int fd)
{
    *c = (struct net_conn){.fd = fd};
    n->ops->attach(n, c);
}

void net_pause(struct net *n, struct net_conn *c)
{
    if (LK_UNLIKELY(c->tls != NULL))
        tls_pause(n, c);
    else
        n->ops->pause(n, c);
}

void net_resume(struct net *n, struct net_conn *c)
{
    if (LK_UNLIKELY(c->tls != NULL))
        tls_resume(n, c);
    else
        n->ops->resume(n, c);
}

void net_send(struct net *n, struct net_conn *c, const struct iovec *iov, uint32_t count)
{
    if (LK_UNLIKELY(c->tls != NULL)) {
        tls_send(n, c, iov, count);
        return;
    }
    c->iov = iov;
    c->iov_count = count;
    c->sent = 0;
    n->ops->send(n, c);
}

void net_detach(struct net *n, struct net_conn *c)
{
    if (LK_UNLIKELY(c->tls != NULL))
        tls_detach(n, c);
    else
        n->ops->detach(n, c);
}

int net_wait(struct net *n, struct net_event *events, int max, int64_t timeout_ns)
{
    LK_ASSERT(max > 0);
    if (LK_UNLIKELY(n->tls != NULL))
        return tls_wait(n, events, max, timeout_ns);
    return n->ops->wait(n, events, max, timeout_ns);
}

void net_wake(struct net *n)
{
    const uint64_t one = 1;
    const uint32_t was = exchange_acq_rel(&n->wake, WAKE_SIGNALLED);
    /* The counter cannot overflow: one write a sleep, and the owner is asleep for each. */
    if (was == WAKE_SLEEPING)
        while (write(n->wake_fd, &one, sizeof one) < 0)
            LK_ASSERT(errno == EINTR);
}
