/*
 * net_uring_accept.c — the ring back end's listeners: one multishot accept each.
 *
 *   ARMED --(no more, a peer's error)--> armed again at once
 *     |-----(no more, EMFILE ...)------> RESTING, armed again by the first wait after 100 ms
 *     `-----(net_unlisten)-------------> stopped: cancelled, freed after the last completion
 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "io/net/net_uring_priv.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct uring_listener {
    struct uring_listener *next;
    int fd;
    uint32_t tag;
    uint32_t pending; /* operations in the kernel that name this listener */
    bool stopped;
    int64_t rest_until_ns; /* 0: not resting */
};

static void accept_arm(struct net_uring *u, struct uring_listener *l)
{
    struct io_uring_sqe *sqe = uring_next(&u->u);
    io_uring_prep_multishot_accept(sqe, l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    io_uring_sqe_set_data64(sqe, op_data(l, OP_ACCEPT));
    l->pending++;
    l->rest_until_ns = 0;
}

int uring_listen(struct net *n, int listen_fd, uint32_t tag)
{
    struct net_uring *u = (struct net_uring *)n;
    struct uring_listener *l = mem_new(struct uring_listener);
    l->fd = listen_fd;
    l->tag = tag;
    l->next = u->listeners;
    u->listeners = l;
    accept_arm(u, l);
    return 0;
}

static void free_if_idle(struct net_uring *u, struct uring_listener *l)
{
    if (!l->stopped || l->pending > 0)
        return;
    struct uring_listener **at = &u->listeners;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    mem_delete(l);
}

void uring_unlisten(struct net *n, int listen_fd)
{
    struct net_uring *u = (struct net_uring *)n;
    struct uring_listener *l = u->listeners;
    while (l && (l->fd != listen_fd || l->stopped))
        l = l->next;
    if (!l)
        return;
    l->stopped = true;
    if (l->pending > 0) {
        uring_cancel(&u->u, op_data(l, OP_ACCEPT), op_data(l, OP_ACCEPT_CANCEL));
        l->pending++;
        /* At once: the caller may close the descriptor, and a queued accept would name another. */
        uring_flush(&u->u);
    }
    free_if_idle(u, l);
}

int64_t uring_listeners_wake(struct net_uring *u, int64_t timeout_ns)
{
    int64_t now = 0;
    for (struct uring_listener *l = u->listeners; l; l = l->next) {
        if (l->rest_until_ns == 0 || l->stopped)
            continue;
        if (now == 0)
            now = clock_mono_ns();
        if (now >= l->rest_until_ns)
            accept_arm(u, l);
        else if (timeout_ns < 0 || timeout_ns > l->rest_until_ns - now)
            timeout_ns = l->rest_until_ns - now;
    }
    return timeout_ns;
}

int uring_on_accept(struct net_uring *u, const struct io_uring_cqe *cqe, struct net_event *event)
{
    struct uring_listener *l = op_target(cqe);
    const bool more = cqe->flags & IORING_CQE_F_MORE;
    const bool passes = net_accept_error_passes(cqe->res);

    if (!more)
        l->pending--;
    if (l->stopped) {
        if (cqe->res >= 0)
            close(cqe->res);
        free_if_idle(u, l);
        return 0;
    }
    if (!more && (cqe->res >= 0 || passes))
        accept_arm(u, l);
    else if (!more)
        l->rest_until_ns = clock_mono_ns() + NET_ACCEPT_REST_MS * INT64_C(1000000);
    if (passes)
        return 0;
    *event = (struct net_event){
        .kind = NET_ACCEPT,
        .fd = cqe->res >= 0 ? cqe->res : -1,
        .error = cqe->res >= 0 ? 0 : cqe->res,
        .tag = l->tag,
    };
    return 1;
}

void uring_on_accept_cancel(struct net_uring *u, const struct io_uring_cqe *cqe)
{
    struct uring_listener *l = op_target(cqe);
    l->pending--;
    free_if_idle(u, l);
}

void uring_listeners_stop(struct net_uring *u)
{
    for (struct uring_listener *l = u->listeners; l; l = l->next)
        l->stopped = true;
}

void uring_listeners_free(struct net_uring *u)
{
    while (u->listeners) {
        struct uring_listener *l = u->listeners;
        u->listeners = l->next;
        mem_delete(l);
    }
}
