/*
 * net_epoll.c — the same network through epoll, for kernels and containers without io_uring.
 *
 * Level-triggered, and asked only for what is wanted: input unless paused or ended, output only
 * while a send is short.  A socket of which nothing is wanted leaves the set, because hang-ups
 * cannot be masked and would wake the worker for ever.
 *
 *   ready conn --one recv--> arena [ DATA | DATA | DATA ... ]  valid until the next wait
 *   net_send --one sendmsg at once--> whole or failed: SENT in the next net_wait, no system call
 *                                     short: the rest when the socket is writable
 *
 * A wait that has SENT or CLOSED to report returns without asking the kernel, but never twice
 * running: an owner that always has something to send still hears its clients.
 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "io/net/net_priv.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WANT_IN = EPOLLIN,
    WANT_OUT = EPOLLOUT,
    WANT_MASK = EPOLLIN | EPOLLOUT, /* what the kernel's set holds for the conn */
    PAUSED = 1 << 16,
    ENDED = 1 << 17, /* EOF was reported, or is about to be */
    SENDING = 1 << 18,
    DETACHED = 1 << 19,
    TELL_EOF = 1 << 20, /* in the list told: reported by the next wait */
    TELL_SENT = 1 << 21,
};

enum {
    READY_MAX = 128,
    RECV_MIN = 16 * 1024,
    RECV_MAX = 256 * 1024,
    /* Every ready conn can read RECV_MIN; the rest is for those with much to say. */
    ARENA_BYTES = READY_MAX * RECV_MIN + 4 * RECV_MAX,
};

/* The low bits of what the kernel's set remembers; the rest is the address. */
enum { SOURCE_CONN, SOURCE_LISTENER, SOURCE_WAKE, SOURCE_MASK = 7 };

struct listener {
    struct listener *next;
    int fd;
    uint32_t tag;
    int64_t rest_until_ns; /* 0: in the set */
};

struct net_epoll {
    struct net base;
    int epoll_fd;
    bool only_ms; /* no epoll_pwait2 here */
    bool skipped; /* the last wait did not ask the kernel */
    char *arena;
    size_t arena_used;
    struct net_conn live; /* list heads */
    struct net_conn told; /* an EOF or SENT is to be reported */
    struct net_conn closed;
    struct listener *listeners;
    struct epoll_event ready[READY_MAX];
};

static struct net_epoll *epoll_of(struct net *n)
{
    return (struct net_epoll *)n;
}

static int set_change(struct net_epoll *e, int op, int fd, uint32_t events, void *p,
                      unsigned source)
{
    struct epoll_event event = {.events = events, .data.u64 = (uint64_t)(uintptr_t)p | source};
    return epoll_ctl(e->epoll_fd, op, fd, &event) == 0 ? 0 : -errno;
}

static void net_epoll_tell(struct net_epoll *e, struct net_conn *c, uint32_t what)
{
    c->state |= what;
    conn_list_move(&e->told, c);
}

/* Makes the kernel's set hold what is wanted of the conn now. */
static void epoll_want(struct net_epoll *e, struct net_conn *c)
{
    const uint32_t had = c->state & WANT_MASK;
    uint32_t want = 0;

    if (!(c->state & (PAUSED | ENDED)))
        want |= WANT_IN;
    if ((c->state & SENDING) && !(c->state & TELL_SENT))
        want |= WANT_OUT;
    if (want == had)
        return;
    const int op = want == 0 ? EPOLL_CTL_DEL : had == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    const int rc = set_change(e, op, c->fd, want, c, SOURCE_CONN);
    c->state &= ~(uint32_t)WANT_MASK;
    if (rc == 0) {
        c->state |= want;
        return;
    }
    /* The set takes no more (max_user_watches): without it the conn is as good as gone. */
    c->error = rc;
    if (!(c->state & ENDED))
        net_epoll_tell(e, c, ENDED | TELL_EOF);
    if ((c->state & SENDING) && !(c->state & TELL_SENT))
        net_epoll_tell(e, c, TELL_SENT);
}

static void epoll_attach(struct net *n, struct net_conn *c)
{
    c->recv_size = RECV_MIN;
    conn_list_push(&epoll_of(n)->live, c);
    epoll_want(epoll_of(n), c);
}

static void epoll_pause(struct net *n, struct net_conn *c)
{
    c->state |= PAUSED;
    epoll_want(epoll_of(n), c);
}

static void epoll_resume(struct net *n, struct net_conn *c)
{
    c->state &= ~(uint32_t)PAUSED;
    epoll_want(epoll_of(n), c);
}

/* One attempt; a short one waits for room, for a second call would mostly find none. */
static void send_some(struct net_epoll *e, struct net_conn *c)
{
    ssize_t n = 0;

    if (c->iov_count == 1 || c->sent > 0) {
        n = send(c->fd, (const char *)c->iov->iov_base + c->sent, c->iov->iov_len - c->sent,
                 MSG_NOSIGNAL | MSG_DONTWAIT);
    } else if (c->iov_count > 1) {
        const struct msghdr header = {
            .msg_iov = (struct iovec *)(uintptr_t)c->iov,
            .msg_iovlen = c->iov_count < IOV_MAX ? c->iov_count : IOV_MAX,
        };
        n = sendmsg(c->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        c->error = -errno;
        net_epoll_tell(e, c, TELL_SENT);
    } else if (net_send_advance(c, n > 0 ? (size_t)n : 0)) {
        net_epoll_tell(e, c, TELL_SENT);
    }
    epoll_want(e, c);
}

static void epoll_send(struct net *n, struct net_conn *c)
{
    LK_ASSERT(!(c->state & (SENDING | DETACHED)));
    c->state |= SENDING;
    c->error = 0;
    (void)net_send_advance(c, 0);
    send_some(epoll_of(n), c);
}

static void epoll_detach(struct net *n, struct net_conn *c)
{
    struct net_epoll *e = epoll_of(n);
    LK_ASSERT(!(c->state & DETACHED));
    /* Closing alone would leave it in the set while a child that has not yet run exec holds it. */
    if (c->state & WANT_MASK)
        (void)set_change(e, EPOLL_CTL_DEL, c->fd, 0, NULL, SOURCE_CONN);
    c->state = DETACHED;
    (void)shutdown(c->fd, SHUT_RDWR);
    close(c->fd);
    c->fd = -1;
    conn_list_move(&e->closed, c);
}

/* --- listening --- */

static int listener_watch(struct net_epoll *e, struct listener *l)
{
    l->rest_until_ns = 0;
    return set_change(e, EPOLL_CTL_ADD, l->fd, EPOLLIN | EPOLLEXCLUSIVE, l, SOURCE_LISTENER);
}

static int epoll_listen(struct net *n, int listen_fd, uint32_t tag)
{
    struct net_epoll *e = epoll_of(n);
    struct listener *l = mem_new(struct listener);
    l->fd = listen_fd;
    l->tag = tag;
    const int rc = listener_watch(e, l);
    if (rc != 0) {
        mem_delete(l);
        return rc;
    }
    l->next = e->listeners;
    e->listeners = l;
    return 0;
}

static void epoll_unlisten(struct net *n, int listen_fd)
{
    struct net_epoll *e = epoll_of(n);
    struct listener **at = &e->listeners;
    while (*at && (*at)->fd != listen_fd)
        at = &(*at)->next;
    struct listener *l = *at;
    if (!l)
        return;
    if (l->rest_until_ns == 0)
        (void)set_change(e, EPOLL_CTL_DEL, listen_fd, 0, NULL, SOURCE_LISTENER);
    *at = l->next;
    mem_delete(l);
}

static void listener_rest(struct net_epoll *e, struct listener *l)
{
    (void)set_change(e, EPOLL_CTL_DEL, l->fd, 0, NULL, SOURCE_LISTENER);
    l->rest_until_ns = clock_mono_ns() + NET_ACCEPT_REST_MS * INT64_C(1000000);
}

/* Lets rested listeners accept again; shortens the timeout for those that still rest. */
static int64_t listeners_wake(struct net_epoll *e, int64_t timeout_ns)
{
    int64_t now = 0;
    for (struct listener *l = e->listeners; l; l = l->next) {
        if (l->rest_until_ns == 0)
            continue;
        if (now == 0)
            now = clock_mono_ns();
        if (now >= l->rest_until_ns && listener_watch(e, l) != 0)
            l->rest_until_ns = now + NET_ACCEPT_REST_MS * INT64_C(1000000);
        if (l->rest_until_ns != 0 && (timeout_ns < 0 || timeout_ns > l->rest_until_ns - now))
            timeout_ns = l->rest_until_ns - now;
    }
    return timeout_ns;
}

static int accept_some(struct net_epoll *e, struct listener *l, struct net_event *events, int max)
{
    int n = 0;
    while (n < max) {
        const int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        const int error = fd >= 0 ? 0 : -errno;
        if (error == -EAGAIN)
            break;
        if (fd < 0 && net_accept_error_passes(error))
            continue;
        events[n++] =
            (struct net_event){.kind = NET_ACCEPT, .fd = fd, .error = error, .tag = l->tag};
        if (fd < 0) {
            listener_rest(e, l);
            break;
        }
    }
    return n;
}

/* --- reading --- */

/* Reads once.  readers_left counts the ready conns that have yet to read in this batch. */
static int recv_some(struct net_epoll *e, struct net_conn *c, size_t readers_left,
                     struct net_event *event)
{
    const size_t spare = ARENA_BYTES - e->arena_used - readers_left * RECV_MIN;
    const size_t room = c->recv_size < spare ? c->recv_size : spare;
    char *data = e->arena + e->arena_used;

    const ssize_t n = recv(c->fd, data, room, MSG_DONTWAIT);
    if (n > 0) {
        if ((size_t)n == room && c->recv_size < RECV_MAX)
            c->recv_size *= 2;
        else if ((size_t)n < c->recv_size / 4 && c->recv_size > RECV_MIN)
            c->recv_size /= 2;
        e->arena_used += (size_t)n;
        *event = (struct net_event){.kind = NET_DATA, .conn = c, .data = bytes_of(data, (size_t)n)};
        return 1;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    *event = (struct net_event){.kind = NET_EOF, .conn = c, .error = n < 0 ? -errno : 0};
    c->state |= ENDED;
    epoll_want(e, c);
    return 1;
}

static int on_ready(struct net_epoll *e, const struct epoll_event *ready, size_t readers_left,
                    struct net_event *events, int max)
{
    void *const p = (void *)(uintptr_t)(ready->data.u64 & ~(uint64_t)SOURCE_MASK);
    const unsigned source = ready->data.u64 & SOURCE_MASK;
    struct net_conn *const c = p;

    if (source == SOURCE_WAKE)
        return 0;
    if (source == SOURCE_LISTENER)
        return accept_some(e, p, events, max);
    const bool broken = ready->events & (EPOLLERR | EPOLLHUP);
    const uint32_t wanted = c->state;
    if ((wanted & WANT_OUT) && (broken || (ready->events & EPOLLOUT)))
        send_some(e, c);
    if ((wanted & WANT_IN) && (broken || (ready->events & EPOLLIN)))
        return recv_some(e, c, readers_left, events);
    return 0;
}

/* --- waiting --- */

static int report_told(struct net_epoll *e, struct net_event *events, int max)
{
    int n = 0;
    while (n < max && !conn_list_empty(&e->told)) {
        struct net_conn *c = e->told.next;
        const bool sent = c->state & TELL_SENT;
        events[n++] =
            (struct net_event){.kind = sent ? NET_SENT : NET_EOF, .conn = c, .error = c->error};
        c->state &= ~(uint32_t)(sent ? TELL_SENT | SENDING : TELL_EOF);
        if (!(c->state & (TELL_EOF | TELL_SENT)))
            conn_list_move(&e->live, c);
    }
    while (n < max && !conn_list_empty(&e->closed)) {
        struct net_conn *c = e->closed.next;
        conn_list_remove(c);
        events[n++] = (struct net_event){.kind = NET_CLOSED, .conn = c};
    }
    return n;
}

/* How many became ready; 0 also for a signal. */
static int kernel_wait(struct net_epoll *e, int max, int64_t timeout_ns)
{
    const int room = max < READY_MAX ? max : READY_MAX;
    int n = -1;

    if (!e->only_ms) {
        const struct timespec ts = {.tv_sec = timeout_ns / 1000000000,
                                    .tv_nsec = timeout_ns % 1000000000};
        n = epoll_pwait2(e->epoll_fd, e->ready, room, timeout_ns < 0 ? NULL : &ts, NULL);
        /* EPERM is what old container profiles answer to calls that they do not know. */
        if (n < 0 && (errno == ENOSYS || errno == EPERM))
            e->only_ms = true;
    }
    if (e->only_ms) {
        const int64_t ms = timeout_ns < 0 ? -1 : (timeout_ns + 999999) / 1000000;
        n = epoll_wait(e->epoll_fd, e->ready, room, ms < INT_MAX ? (int)ms : INT_MAX);
    }
    LK_ASSERT(n >= 0 || errno == EINTR);
    return n < 0 ? 0 : n;
}

static int epoll_net_wait(struct net *n, struct net_event *events, int max, int64_t timeout_ns)
{
    struct net_epoll *e = epoll_of(n);
    const int limit = max > 1 ? max - 1 : max; /* a place for WAKE, however busy the sockets */

    e->arena_used = 0;
    timeout_ns = listeners_wake(e, timeout_ns);
    int count = report_told(e, events, limit);
    if (count == limit || (count > 0 && !e->skipped)) {
        e->skipped = true;
    } else {
        const bool sleeps = timeout_ns != 0 && count == 0 && net_fall_asleep(n);
        const int ready = kernel_wait(e, limit - count, sleeps ? timeout_ns : 0);
        e->skipped = false;
        for (int i = 0; i < ready; i++) {
            /* Each conn behind this one can still have its event. */
            const int left = ready - i - 1;
            count += on_ready(e, &e->ready[i], (size_t)left, events + count, limit - count - left);
        }
        if (count < limit)
            count += report_told(e, events + count, limit - count);
    }
    /* Without room it is left for the next wait, which then does not sleep. */
    if (count < max && net_rise(n))
        events[count++] = (struct net_event){.kind = NET_WAKE};
    return count;
}

/* --- making and freeing --- */

static void epoll_free(struct net *n)
{
    struct net_epoll *e = epoll_of(n);

    conn_list_close_all(&e->live);
    conn_list_close_all(&e->told);
    while (e->listeners) {
        struct listener *l = e->listeners;
        e->listeners = l->next;
        mem_delete(l);
    }
    if (e->arena)
        munmap(e->arena, ARENA_BYTES);
    if (e->epoll_fd >= 0)
        close(e->epoll_fd);
    if (n->wake_fd >= 0)
        close(n->wake_fd);
    mem_delete(e);
}

static const struct net_ops epoll_ops = {
    .name = "epoll",
    .free = epoll_free,
    .listen = epoll_listen,
    .unlisten = epoll_unlisten,
    .attach = epoll_attach,
    .pause = epoll_pause,
    .resume = epoll_resume,
    .send = epoll_send,
    .detach = epoll_detach,
    .wait = epoll_net_wait,
};

struct net *net_epoll_new(uint32_t conns_hint)
{
    (void)conns_hint; /* the arena is one size: its pages come when they are touched */
    struct net_epoll *e = mem_new(struct net_epoll);

    e->base.ops = &epoll_ops;
    conn_list_init(&e->live);
    conn_list_init(&e->told);
    conn_list_init(&e->closed);
    e->base.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    e->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    void *arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    e->arena = arena == MAP_FAILED ? NULL : arena;
    /* Edge-triggered: every write to the counter wakes anew, and nobody need read it. */
    if (e->base.wake_fd < 0 || e->epoll_fd < 0 || !e->arena ||
        set_change(e, EPOLL_CTL_ADD, e->base.wake_fd, EPOLLIN | EPOLLET, NULL, SOURCE_WAKE) != 0) {
        const int error = errno;
        epoll_free(&e->base);
        errno = error;
        return NULL;
    }
    return &e->base;
}
