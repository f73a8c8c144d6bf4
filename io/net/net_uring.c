/*
 * net_uring.c — the network through one io_uring ring a worker.
 *
 * A conn keeps one multishot receive in the kernel, which hands over a filled buffer whenever bytes
 * arrive, and at most one send.  What a loop asks for (sends, new receives) is only queued; the
 * next net_wait submits all of it and waits, in one system call.
 *
 *   net_attach ---> ARMED ---(res > 0, more)----> DATA, stays ARMED
 *                     |------(no more, res > 0)-> DATA, armed again unless PAUSED
 *                     |------(ENOBUFS)----------> STARVED: armed again at the next net_wait, when
 *                     |                           the buffers of this batch are back
 *                     `------(0 or an error)----> EOF
 *   net_pause  ---> CANCELLING: the receive ends with ECANCELED, or with what it got first
 *
 * A completion names its conn by address, so a conn may be freed only when no operation is left
 * that could name it.  pending counts exactly these: receive, send, and cancels themselves.  It
 * falls to zero once after DETACHED, and there the socket is closed and CLOSED reported.
 *
 * Nothing is lost when completions outnumber the completion ring: the kernel keeps the surplus
 * (IORING_FEAT_NODROP) and hands it over at the next entry that finds room.
 */
#include "core/base/mem.h"
#include "io/net/net_uring_priv.h"

#include <errno.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RECV_ARMED = 1 << 0,
    RECV_CANCELLING = 1 << 1,
    RECV_PAUSED = 1 << 2,
    RECV_ENDED = 1 << 3, /* EOF was reported */
    RECV_STARVED = 1 << 4,
    SENDING = 1 << 5,
    DETACHED = 1 << 6,
};

enum { CQ_MIN = 512, CQ_MAX = 16 * 1024, SEND_MAX = 1 << 30 };

static struct net_uring *uring_of(struct net *n)
{
    return (struct net_uring *)n;
}

/* --- receiving --- */

static void recv_arm(struct net_uring *u, struct net_conn *c)
{
    if (c->state & (RECV_ARMED | RECV_PAUSED | RECV_ENDED | RECV_STARVED | DETACHED))
        return;
    struct io_uring_sqe *sqe = uring_next(&u->u);
    io_uring_prep_recv_multishot(sqe, c->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = URING_BUFFER_GROUP;
    io_uring_sqe_set_data64(sqe, op_data(c, OP_RECV));
    c->state |= RECV_ARMED;
    c->pending++;
}

static void recv_cancel(struct net_uring *u, struct net_conn *c)
{
    if ((c->state & (RECV_ARMED | RECV_CANCELLING)) != RECV_ARMED)
        return;
    uring_cancel(&u->u, op_data(c, OP_RECV), op_data(c, OP_CANCEL));
    c->state |= RECV_CANCELLING;
    c->pending++;
}

static void recv_starve(struct net_uring *u, struct net_conn *c)
{
    u->grow = true;
    c->state |= RECV_STARVED;
    conn_list_move(&u->starved, c);
}

static void recv_unstarve(struct net_uring *u, struct net_conn *c)
{
    if (!(c->state & RECV_STARVED))
        return;
    c->state &= ~(uint32_t)RECV_STARVED;
    conn_list_move(&u->live, c);
}

/*
 * The batch's buffers are the kernel's again; those who found none come first, in their order.  No
 * more of them than there are buffers, or they would mostly hear ENOBUFS once more; but some in any
 * case, for buffers may be left that no completion has named.  The kernel looks for a buffer before
 * it looks for bytes, so idle conns starve, too; see the wait, which does not sleep over them.
 */
static void buffers_return(struct net_uring *u)
{
    enum { REARM_MIN = 16 };
    if (LK_UNLIKELY(u->grow))
        (void)uring_buffers_grow(&u->buffers);
    u->grow = false;
    const uint32_t most = u->buffers.unpublished + REARM_MIN;
    uring_buffers_publish(&u->buffers);
    for (uint32_t i = 0; i < most && LK_UNLIKELY(!conn_list_empty(&u->starved)); i++) {
        struct net_conn *c = u->starved.next;
        recv_unstarve(u, c);
        recv_arm(u, c);
    }
}

static void ring_attach(struct net *n, struct net_conn *c)
{
    conn_list_push(&uring_of(n)->live, c);
    recv_arm(uring_of(n), c);
}

static void ring_pause(struct net *n, struct net_conn *c)
{
    c->state |= RECV_PAUSED;
    recv_unstarve(uring_of(n), c);
    recv_cancel(uring_of(n), c);
}

static void ring_resume(struct net *n, struct net_conn *c)
{
    c->state &= ~(uint32_t)RECV_PAUSED;
    recv_arm(uring_of(n), c);
}

/* --- sending --- */

static void send_queue(struct net_uring *u, struct net_conn *c)
{
    struct io_uring_sqe *sqe = uring_next(&u->u);
    const struct iovec *iov = c->iov;
    const int flags = MSG_NOSIGNAL | MSG_WAITALL;

    if (c->iov_count == 0) {
        io_uring_prep_send(sqe, c->fd, NULL, 0, flags);
    } else if (c->iov_count == 1 || c->sent > 0 || iov->iov_len > SEND_MAX) {
        const size_t left = iov->iov_len - c->sent;
        io_uring_prep_send(sqe, c->fd, (const char *)iov->iov_base + c->sent,
                           left < SEND_MAX ? left : SEND_MAX, flags);
    } else {
        struct msghdr *header = &u->headers[uring_index(&u->u, sqe)];
        *header = (struct msghdr){
            .msg_iov = (struct iovec *)(uintptr_t)iov,
            .msg_iovlen = c->iov_count < IOV_MAX ? c->iov_count : IOV_MAX,
        };
        io_uring_prep_sendmsg(sqe, c->fd, header, (unsigned)flags);
    }
    io_uring_sqe_set_data64(sqe, op_data(c, OP_SEND));
    c->state |= SENDING;
    c->pending++;
}

static void ring_send(struct net *n, struct net_conn *c)
{
    LK_ASSERT(!(c->state & (SENDING | DETACHED)));
    (void)net_send_advance(c, 0);
    send_queue(uring_of(n), c);
}

/* --- detaching --- */

static void ring_close(struct net_uring *u, struct net_conn *c)
{
    close(c->fd);
    c->fd = -1;
    conn_list_move(&u->closed, c);
}

static void ring_detach(struct net *n, struct net_conn *c)
{
    struct net_uring *u = uring_of(n);
    LK_ASSERT(!(c->state & DETACHED));
    recv_unstarve(u, c);
    c->state |= DETACHED;
    /* Ends most operations by itself, and tells the peer now rather than after the next wait. */
    (void)shutdown(c->fd, SHUT_RDWR);
    recv_cancel(u, c);
    if (c->state & SENDING) {
        uring_cancel(&u->u, op_data(c, OP_SEND), op_data(c, OP_CANCEL));
        c->pending++;
    }
    if (c->pending == 0)
        ring_close(u, c);
}

static int report_closed(struct net_uring *u, struct net_event *events, int max)
{
    int n = 0;
    while (n < max && !conn_list_empty(&u->closed)) {
        struct net_conn *c = u->closed.next;
        conn_list_remove(c);
        events[n++] = (struct net_event){.kind = NET_CLOSED, .conn = c};
    }
    return n;
}

/* --- completions: each writes at most one event and says how many --- */

static int on_recv(struct net_uring *u, struct net_conn *c, const struct io_uring_cqe *cqe,
                   struct net_event *event)
{
    const char *data = NULL;

    if (!(cqe->flags & IORING_CQE_F_MORE)) {
        c->state &= ~(uint32_t)(RECV_ARMED | RECV_CANCELLING);
        c->pending--;
    }
    if (cqe->flags & IORING_CQE_F_BUFFER) {
        const uint32_t id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
        data = uring_buffers_data(&u->buffers, id);
        uring_buffers_give_back(&u->buffers, id);
    }
    if (c->state & DETACHED)
        return 0;
    if (cqe->res > 0) {
        LK_ASSERT(data);
        recv_arm(u, c);
        *event = (struct net_event){
            .kind = NET_DATA, .conn = c, .data = bytes_of(data, (size_t)cqe->res)};
        return 1;
    }
    if (cqe->res == -ENOBUFS) {
        if (!(c->state & RECV_PAUSED))
            recv_starve(u, c);
        return 0;
    }
    if (cqe->res == -ECANCELED || cqe->res == -EINTR || cqe->res == -EAGAIN) {
        recv_arm(u, c);
        return 0;
    }
    c->state |= RECV_ENDED;
    *event = (struct net_event){.kind = NET_EOF, .conn = c, .error = cqe->res};
    return 1;
}

static int on_sent(struct net_uring *u, struct net_conn *c, int res, struct net_event *event)
{
    int error = 0;

    c->state &= ~(uint32_t)SENDING;
    c->pending--;
    if (c->state & DETACHED)
        return 0;
    if (res == -EINTR || res == -EAGAIN || (res >= 0 && !net_send_advance(c, (size_t)res))) {
        if (res != 0) {
            send_queue(u, c);
            return 0;
        }
        error = -EPIPE; /* a socket that takes nothing would be tried for ever */
    } else if (res < 0) {
        error = res;
    }
    *event = (struct net_event){.kind = NET_SENT, .conn = c, .error = error};
    return 1;
}

static void wake_arm(struct net_uring *u)
{
    struct io_uring_sqe *sqe = uring_next(&u->u);
    io_uring_prep_read(sqe, u->base.wake_fd, &u->wake_count, sizeof u->wake_count, 0);
    io_uring_sqe_set_data64(sqe, OP_WAKE);
}

static int on_completion(struct net_uring *u, const struct io_uring_cqe *cqe,
                         struct net_event *event)
{
    struct net_conn *c = op_target(cqe);
    int n = 0;

    switch (cqe->user_data & OP_MASK) {
    case OP_RECV:
        n = on_recv(u, c, cqe, event);
        break;
    case OP_SEND:
        n = on_sent(u, c, cqe->res, event);
        break;
    case OP_CANCEL:
        c->pending--;
        break;
    case OP_ACCEPT:
        return uring_on_accept(u, cqe, event);
    case OP_ACCEPT_CANCEL:
        uring_on_accept_cancel(u, cqe);
        return 0;
    case OP_WAKE:
        /* The word in the base says whether there is anything to report. */
        wake_arm(u);
        return 0;
    default:
        LK_ASSERT(!"unknown completion");
    }
    if (LK_UNLIKELY((c->state & DETACHED) && c->pending == 0))
        ring_close(u, c);
    return n;
}

static int net_uring_harvest(struct net_uring *u, struct net_event *events, int max)
{
    const struct io_uring_cqe *cqe;
    unsigned head, seen = 0;
    int n = 0;

    io_uring_for_each_cqe(&u->u.ring, head, cqe)
    {
        if (n == max)
            break;
        seen++;
        n += on_completion(u, cqe, &events[n]);
    }
    io_uring_cq_advance(&u->u.ring, seen);
    return n;
}

static int ring_wait(struct net *n, struct net_event *events, int max, int64_t timeout_ns)
{
    struct net_uring *u = uring_of(n);
    const int limit = max > 1 ? max - 1 : max; /* a place for WAKE, however busy the sockets */

    buffers_return(u);
    timeout_ns = uring_listeners_wake(u, timeout_ns);
    int count = report_closed(u, events, limit);

    /* Starved conns may have been armed without a word, so no completion is certain to come. */
    const bool idle =
        count == 0 && io_uring_cq_ready(&u->u.ring) == 0 && conn_list_empty(&u->starved);
    if (timeout_ns != 0 && idle && net_fall_asleep(n))
        uring_wait(&u->u, timeout_ns);
    else
        uring_poll(&u->u);

    if (count < limit)
        count += net_uring_harvest(u, events + count, limit - count);
    if (count < limit)
        count += report_closed(u, events + count, limit - count);
    /* Without room it is left for the next wait, which then does not sleep. */
    if (count < max && net_rise(n))
        events[count++] = (struct net_event){.kind = NET_WAKE};
    return count;
}

/* --- making and freeing --- */

/* Ends everything asked of the kernel, so that no socket outlives the net. */
static void cancel_everything(struct net_uring *u)
{
    struct io_uring_sync_cancel_reg all = {
        .fd = -1,
        .flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
        .timeout = {.tv_sec = -1, .tv_nsec = -1},
    };
    struct net_event event;
    const struct io_uring_cqe *cqe;
    unsigned head;

    uring_listeners_stop(u);
    uring_flush(&u->u);
    (void)io_uring_register_sync_cancel(&u->u.ring, &all);
    do {
        unsigned seen = 0;
        uring_flush(&u->u);
        /* Sockets that were accepted and that nobody was told of. */
        io_uring_for_each_cqe(&u->u.ring, head, cqe)
        {
            seen++;
            if ((cqe->user_data & OP_MASK) == OP_ACCEPT)
                (void)uring_on_accept(u, cqe, &event);
        }
        io_uring_cq_advance(&u->u.ring, seen);
    } while (io_uring_cq_has_overflow(&u->u.ring));
}

static void ring_free(struct net *n)
{
    struct net_uring *u = uring_of(n);
    const size_t headers = u->u.ring.sq.ring_entries;

    cancel_everything(u);
    conn_list_close_all(&u->live);
    conn_list_close_all(&u->starved);
    uring_release(&u->u);
    uring_buffers_release(&u->buffers);
    uring_listeners_free(u);
    mem_free(u->headers, headers * sizeof *u->headers);
    close(n->wake_fd);
    mem_delete(u);
}

static const struct net_ops uring_ops = {
    .name = "uring",
    .free = ring_free,
    .listen = uring_listen,
    .unlisten = uring_unlisten,
    .attach = ring_attach,
    .pause = ring_pause,
    .resume = ring_resume,
    .send = ring_send,
    .detach = ring_detach,
    .wait = ring_wait,
};

/* low, doubled until it reaches n or high. */
static uint32_t net_uring_doubled(uint32_t low, uint32_t n, uint32_t high)
{
    while (low < n && low < high)
        low *= 2;
    return low;
}

struct net *net_uring_new(uint32_t conns_hint)
{
    struct net_uring *u = mem_new(struct net_uring);
    const uint32_t hint = conns_hint < CQ_MAX ? conns_hint : CQ_MAX;
    int rc = 0;

    u->base.ops = &uring_ops;
    conn_list_init(&u->live);
    conn_list_init(&u->starved);
    conn_list_init(&u->closed);
    u->base.wake_fd = eventfd(0, EFD_CLOEXEC);
    if (u->base.wake_fd < 0) {
        rc = -errno;
        goto no_eventfd;
    }
    rc = uring_init(&u->u, net_uring_doubled(CQ_MIN, 2 * hint, CQ_MAX));
    if (rc != 0)
        goto no_ring;
    rc = uring_buffers_init(&u->buffers, &u->u.ring,
                            net_uring_doubled(URING_BUFFERS_MIN, hint, URING_BUFFERS_MAX));
    if (rc != 0)
        goto no_buffers;
    u->headers = mem_calloc(u->u.ring.sq.ring_entries * sizeof *u->headers);
    wake_arm(u);
    return &u->base;

no_buffers:
    uring_release(&u->u);
no_ring:
    close(u->base.wake_fd);
no_eventfd:
    mem_delete(u);
    errno = -rc;
    return NULL;
}
