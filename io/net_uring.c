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
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "io/net_priv.h"
#include "io/uring_buffers.h"
#include "io/uring_compat.h"

#include <errno.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* The low three bits of an operation's user data; the rest is the address it concerns. */
enum { OP_RECV = 1, OP_SEND, OP_CANCEL, OP_ACCEPT, OP_ACCEPT_CANCEL, OP_WAKE, OP_MASK = 7 };

enum {
    RECV_ARMED = 1 << 0,
    RECV_CANCELLING = 1 << 1,
    RECV_PAUSED = 1 << 2,
    RECV_ENDED = 1 << 3, /* EOF was reported */
    RECV_STARVED = 1 << 4,
    SENDING = 1 << 5,
    DETACHED = 1 << 6,
};

enum {
    CQ_MIN = 512,
    CQ_MAX = 16 * 1024,
    SQ_SHARE = 2, /* completions per submission entry */
    SEND_MAX = 1 << 30,
    SEND_WAIT_NS = 50 * 1000,
};

struct listener {
    struct listener *next;
    int fd;
    uint32_t tag;
    uint32_t pending;
    bool stopped;
    int64_t rest_until_ns; /* 0: not resting */
};

struct net_uring {
    struct net base;
    struct io_uring ring;
    struct uring_entry entry;
    struct uring_buffers buffers;
    struct msghdr *headers;  /* one per submission entry; the kernel copies it at submission */
    struct net_conn live;    /* list heads */
    struct net_conn starved; /* waiting for buffers, oldest first */
    struct net_conn closed;  /* CLOSED is still to be reported */
    struct listener *listeners;
    uint64_t wake_count;   /* the eventfd is read into it */
    uint32_t sends_queued; /* since the last submission */
    bool flags_tell;       /* the ring says when completions wait for an entry */
    bool grow;             /* the kernel ran out of buffers in the last batch */
};

static struct net_uring *uring_of(struct net *n)
{
    return (struct net_uring *)n;
}

static uint64_t user_data(const void *p, unsigned op)
{
    LK_DEBUG_ASSERT(((uintptr_t)p & OP_MASK) == 0);
    return (uint64_t)(uintptr_t)p | op;
}

/* Submits without waiting; room in the submission ring is certain afterwards. */
static void flush(struct net_uring *u)
{
    enum { ATTEMPTS = 1000 };
    for (int i = 0; i < ATTEMPTS; i++) {
        const int rc = uring_enter(&u->ring, &u->entry, 0, NULL);
        if (rc >= 0 && io_uring_sq_space_left(&u->ring) > 0) {
            u->sends_queued = 0;
            return;
        }
        LK_ASSERT(rc >= 0 || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY);
    }
    LK_ASSERT(!"io_uring takes no more entries");
}

static struct io_uring_sqe *next_entry(struct net_uring *u)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
    if (LK_UNLIKELY(!sqe)) {
        flush(u);
        sqe = io_uring_get_sqe(&u->ring);
        LK_ASSERT(sqe);
    }
    return sqe;
}

static void cancel(struct net_uring *u, uint64_t target, uint64_t mine)
{
    struct io_uring_sqe *sqe = next_entry(u);
    io_uring_prep_cancel64(sqe, target, 0);
    io_uring_sqe_set_data64(sqe, mine);
}

/* --- receiving --- */

static void recv_arm(struct net_uring *u, struct net_conn *c)
{
    if (c->state & (RECV_ARMED | RECV_PAUSED | RECV_ENDED | RECV_STARVED | DETACHED))
        return;
    struct io_uring_sqe *sqe = next_entry(u);
    io_uring_prep_recv_multishot(sqe, c->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = URING_BUFFER_GROUP;
    io_uring_sqe_set_data64(sqe, user_data(c, OP_RECV));
    c->state |= RECV_ARMED;
    c->pending++;
}

static void recv_cancel(struct net_uring *u, struct net_conn *c)
{
    if ((c->state & (RECV_ARMED | RECV_CANCELLING)) != RECV_ARMED)
        return;
    cancel(u, user_data(c, OP_RECV), user_data(c, OP_CANCEL));
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

/* The batch's buffers are the kernel's again; those who found none come first, in their order. */
static void buffers_return(struct net_uring *u)
{
    if (LK_UNLIKELY(u->grow))
        (void)uring_buffers_grow(&u->buffers);
    u->grow = false;
    uring_buffers_publish(&u->buffers);
    while (LK_UNLIKELY(!conn_list_empty(&u->starved))) {
        struct net_conn *c = u->starved.next;
        recv_unstarve(u, c);
        recv_arm(u, c);
    }
}

static void uring_attach(struct net *n, struct net_conn *c)
{
    conn_list_push(&uring_of(n)->live, c);
    recv_arm(uring_of(n), c);
}

static void uring_pause(struct net *n, struct net_conn *c)
{
    c->state |= RECV_PAUSED;
    recv_unstarve(uring_of(n), c);
    recv_cancel(uring_of(n), c);
}

static void uring_resume(struct net *n, struct net_conn *c)
{
    c->state &= ~(uint32_t)RECV_PAUSED;
    recv_arm(uring_of(n), c);
}

/* --- sending --- */

static void send_queue(struct net_uring *u, struct net_conn *c)
{
    struct io_uring_sqe *sqe = next_entry(u);
    const struct iovec *iov = c->iov;
    const int flags = MSG_NOSIGNAL | MSG_WAITALL;

    if (c->iov_count == 0) {
        io_uring_prep_send(sqe, c->fd, NULL, 0, flags);
    } else if (c->iov_count == 1 || c->sent > 0 || iov->iov_len > SEND_MAX) {
        const size_t left = iov->iov_len - c->sent;
        io_uring_prep_send(sqe, c->fd, (const char *)iov->iov_base + c->sent,
                           left < SEND_MAX ? left : SEND_MAX, flags);
    } else {
        struct msghdr *header = &u->headers[sqe - u->ring.sq.sqes];
        *header = (struct msghdr){
            .msg_iov = (struct iovec *)(uintptr_t)iov,
            .msg_iovlen = c->iov_count < IOV_MAX ? c->iov_count : IOV_MAX,
        };
        io_uring_prep_sendmsg(sqe, c->fd, header, (unsigned)flags);
    }
    io_uring_sqe_set_data64(sqe, user_data(c, OP_SEND));
    c->state |= SENDING;
    c->pending++;
    u->sends_queued++;
}

static void uring_send(struct net *n, struct net_conn *c)
{
    LK_ASSERT(!(c->state & (SENDING | DETACHED)));
    (void)net_send_advance(c, 0);
    send_queue(uring_of(n), c);
}

/* --- listening --- */

static void accept_arm(struct net_uring *u, struct listener *l)
{
    struct io_uring_sqe *sqe = next_entry(u);
    io_uring_prep_multishot_accept(sqe, l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    io_uring_sqe_set_data64(sqe, user_data(l, OP_ACCEPT));
    l->pending++;
    l->rest_until_ns = 0;
}

static int uring_listen(struct net *n, int listen_fd, uint32_t tag)
{
    struct net_uring *u = uring_of(n);
    struct listener *l = mem_new(struct listener);
    l->fd = listen_fd;
    l->tag = tag;
    l->next = u->listeners;
    u->listeners = l;
    accept_arm(u, l);
    return 0;
}

static void listener_free_if_idle(struct net_uring *u, struct listener *l)
{
    if (!l->stopped || l->pending > 0)
        return;
    struct listener **at = &u->listeners;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    mem_delete(l);
}

static void uring_unlisten(struct net *n, int listen_fd)
{
    struct net_uring *u = uring_of(n);
    struct listener *l = u->listeners;
    while (l && (l->fd != listen_fd || l->stopped))
        l = l->next;
    if (!l)
        return;
    l->stopped = true;
    if (l->pending > 0) {
        cancel(u, user_data(l, OP_ACCEPT), user_data(l, OP_ACCEPT_CANCEL));
        l->pending++;
        /* At once: the caller may close the descriptor, and a queued accept would name another. */
        flush(u);
    }
    listener_free_if_idle(u, l);
}

/* Lets rested listeners accept again; shortens the timeout for those that still rest. */
static int64_t listeners_wake(struct net_uring *u, int64_t timeout_ns)
{
    int64_t now = 0;
    for (struct listener *l = u->listeners; l; l = l->next) {
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

/* --- detaching --- */

static void conn_close(struct net_uring *u, struct net_conn *c)
{
    close(c->fd);
    c->fd = -1;
    conn_list_move(&u->closed, c);
}

static void uring_detach(struct net *n, struct net_conn *c)
{
    struct net_uring *u = uring_of(n);
    LK_ASSERT(!(c->state & DETACHED));
    recv_unstarve(u, c);
    c->state |= DETACHED;
    /* Ends most operations by itself, and tells the peer now rather than after the next wait. */
    (void)shutdown(c->fd, SHUT_RDWR);
    recv_cancel(u, c);
    if (c->state & SENDING) {
        cancel(u, user_data(c, OP_SEND), user_data(c, OP_CANCEL));
        c->pending++;
    }
    if (c->pending == 0)
        conn_close(u, c);
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

static int on_accept(struct net_uring *u, struct listener *l, const struct io_uring_cqe *cqe,
                     struct net_event *event)
{
    const bool more = cqe->flags & IORING_CQE_F_MORE;
    if (!more)
        l->pending--;
    if (l->stopped) {
        if (cqe->res >= 0)
            close(cqe->res);
        listener_free_if_idle(u, l);
        return 0;
    }
    if (!more && (cqe->res >= 0 || net_accept_error_passes(cqe->res)))
        accept_arm(u, l);
    else if (!more)
        l->rest_until_ns = clock_mono_ns() + NET_ACCEPT_REST_MS * INT64_C(1000000);
    if (cqe->res < 0 && net_accept_error_passes(cqe->res))
        return 0;
    *event = (struct net_event){.kind = NET_ACCEPT,
                                .fd = cqe->res >= 0 ? cqe->res : -1,
                                .error = cqe->res >= 0 ? 0 : cqe->res,
                                .tag = l->tag};
    return 1;
}

static void wake_arm(struct net_uring *u)
{
    struct io_uring_sqe *sqe = next_entry(u);
    io_uring_prep_read(sqe, u->base.wake_fd, &u->wake_count, sizeof u->wake_count, 0);
    io_uring_sqe_set_data64(sqe, OP_WAKE);
}

static int on_completion(struct net_uring *u, const struct io_uring_cqe *cqe,
                         struct net_event *event)
{
    const unsigned op = cqe->user_data & OP_MASK;
    void *const target = (void *)(uintptr_t)(cqe->user_data & ~(uint64_t)OP_MASK);
    struct net_conn *const c = target;
    int n = 0;

    switch (op) {
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
        return on_accept(u, target, cqe, event);
    case OP_ACCEPT_CANCEL:
        ((struct listener *)target)->pending--;
        listener_free_if_idle(u, target);
        return 0;
    case OP_WAKE:
        /* The word in the base says whether there is anything to report. */
        wake_arm(u);
        return 0;
    default:
        LK_ASSERT(!"unknown completion");
    }
    if (LK_UNLIKELY((c->state & DETACHED) && c->pending == 0))
        conn_close(u, c);
    return n;
}

static int harvest(struct net_uring *u, struct net_event *events, int max)
{
    const struct io_uring_cqe *cqe;
    unsigned head, seen = 0;
    int n = 0;

    io_uring_for_each_cqe(&u->ring, head, cqe)
    {
        if (n == max)
            break;
        seen++;
        n += on_completion(u, cqe, &events[n]);
    }
    io_uring_cq_advance(&u->ring, seen);
    return n;
}

/* --- waiting --- */

static bool must_enter(const struct net_uring *u)
{
    return io_uring_sq_ready(&u->ring) > 0 || !u->flags_tell ||
           (IO_URING_READ_ONCE(*u->ring.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW));
}

static void enter(struct net_uring *u, unsigned min_complete, int64_t timeout_ns)
{
    struct __kernel_timespec ts = {.tv_sec = timeout_ns / 1000000000,
                                   .tv_nsec = timeout_ns % 1000000000};
    u->sends_queued = 0;
    const int rc = uring_enter(&u->ring, &u->entry, min_complete,
                               min_complete > 0 && timeout_ns >= 0 ? &ts : NULL);
    LK_ASSERT(rc >= 0 || rc == -ETIME || rc == -EINTR || rc == -EAGAIN || rc == -EBUSY);
}

static int uring_wait(struct net *n, struct net_event *events, int max, int64_t timeout_ns)
{
    struct net_uring *u = uring_of(n);

    buffers_return(u);
    timeout_ns = listeners_wake(u, timeout_ns);
    int count = report_closed(u, events, max);

    if (timeout_ns != 0 && count == 0 && io_uring_cq_ready(&u->ring) == 0 && net_fall_asleep(n))
        enter(u, 1, timeout_ns);
    else if (must_enter(u))
        enter(u, 0, 0);

    if (net_rise(n) && count < max)
        events[count++] = (struct net_event){.kind = NET_WAKE};
    if (count < max)
        count += harvest(u, events + count, max - count);
    if (count < max)
        count += report_closed(u, events + count, max - count);
    return count;
}

/* --- making and freeing --- */

static uint32_t round_up_clamped(uint32_t n, uint32_t low, uint32_t high)
{
    uint32_t size = low;
    while (size < n && size < high)
        size *= 2;
    return size;
}

/* The best ring that this kernel gives: 0 or a negative errno. */
static int ring_init(struct net_uring *u, uint32_t cq_entries)
{
    static const unsigned tiers[] = {
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        0,
    };
    int rc = -EINVAL;
    for (size_t i = 0; i < sizeof tiers / sizeof tiers[0] && rc == -EINVAL; i++) {
        struct io_uring_params p = {
            .flags = tiers[i] | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
            .cq_entries = cq_entries,
        };
        rc = io_uring_queue_init_params(cq_entries / SQ_SHARE, &u->ring, &p);
        u->flags_tell = tiers[i] & IORING_SETUP_TASKRUN_FLAG;
    }
    return rc;
}

/* Everything asked of the kernel ends here, so that no socket outlives the net. */
static void cancel_everything(struct net_uring *u)
{
    struct io_uring_sync_cancel_reg all = {
        .fd = -1,
        .flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
        .timeout = {.tv_sec = -1, .tv_nsec = -1},
    };
    flush(u);
    (void)io_uring_register_sync_cancel(&u->ring, &all);
    /* Accepted sockets that nobody was told of. */
    struct net_event event;
    for (struct listener *l = u->listeners; l; l = l->next)
        l->stopped = true;
    do {
        uring_buffers_publish(&u->buffers);
        enter(u, 0, 0);
        while (io_uring_cq_ready(&u->ring) > 0) {
            struct io_uring_cqe *cqe = NULL;
            (void)io_uring_peek_cqe(&u->ring, &cqe);
            if ((cqe->user_data & OP_MASK) == OP_ACCEPT)
                (void)on_completion(u, cqe, &event);
            io_uring_cqe_seen(&u->ring, cqe);
        }
    } while (io_uring_cq_has_overflow(&u->ring));
}

static void uring_free(struct net *n)
{
    struct net_uring *u = uring_of(n);
    const uint32_t entries = u->ring.sq.ring_entries;

    cancel_everything(u);
    conn_list_close_all(&u->live);
    conn_list_close_all(&u->starved);
    io_uring_queue_exit(&u->ring);
    uring_buffers_release(&u->buffers);
    while (u->listeners) {
        struct listener *l = u->listeners;
        u->listeners = l->next;
        mem_delete(l);
    }
    mem_free(u->headers, entries * sizeof *u->headers);
    close(n->wake_fd);
    mem_delete(u);
}

static const struct net_ops uring_ops = {
    .name = "uring",
    .free = uring_free,
    .listen = uring_listen,
    .unlisten = uring_unlisten,
    .attach = uring_attach,
    .pause = uring_pause,
    .resume = uring_resume,
    .send = uring_send,
    .detach = uring_detach,
    .wait = uring_wait,
};

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
    rc = ring_init(u, round_up_clamped(2 * hint, CQ_MIN, CQ_MAX));
    if (rc != 0)
        goto no_ring;
    if (!(u->ring.features & IORING_FEAT_NODROP) || !(u->ring.features & IORING_FEAT_EXT_ARG)) {
        rc = -ENOSYS;
        goto no_buffers;
    }
    rc = uring_buffers_init(&u->buffers, &u->ring,
                            round_up_clamped(hint, URING_BUFFERS_MIN, URING_BUFFERS_MAX));
    if (rc != 0)
        goto no_buffers;
    uring_map_identity(&u->ring);
    u->entry = uring_entry_of(&u->ring);
    u->headers = mem_calloc(u->ring.sq.ring_entries * sizeof *u->headers);
    wake_arm(u);
    return &u->base;

no_buffers:
    io_uring_queue_exit(&u->ring);
no_ring:
    close(u->base.wake_fd);
no_eventfd:
    mem_delete(u);
    errno = -rc;
    return NULL;
}
