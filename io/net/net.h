/*
 * net.h — the kernel's network, behind a few calls.
 *
 * Each worker owns one net.  It asks for events in batches, so that commands of many connections
 * can be prefetched together, and it answers each connection with one send a loop.  Two back ends
 * stand behind this header: an io_uring ring and epoll.  They give the same events.
 *
 *   net_wait() --> ACCEPT  a new socket; give it to a conn with net_attach, or close it
 *                  DATA    bytes that arrived; they stay valid until the next net_wait
 *                  EOF     the peer closed or the socket failed; no DATA follows
 *                  SENT    the send that was in flight has ended, whole or with an error
 *                  CLOSED  after net_detach: the kernel holds nothing of the conn; free it now
 *                  WAKE    another thread called net_wake
 *
 * Units    times in ns; sizes in bytes
 * Errors   negative errno in event.error and from calls that say so
 * Threads  all calls from the owner's thread, but net_wake, which any thread may call
 * Memory   a conn is the caller's; it stays where it is from net_attach to CLOSED
 */
#ifndef LK_IO_NET_H
#define LK_IO_NET_H

#include "core/base/bytes.h"

#include <sys/uio.h>

LK_BEGIN

struct net;
struct tls_session;

enum net_backend { NET_AUTO, NET_URING, NET_EPOLL };

enum net_event_kind { NET_ACCEPT, NET_DATA, NET_EOF, NET_SENT, NET_CLOSED, NET_WAKE };

/* Embedded in the owner's connection, zeroed before net_attach; the fields belong to the net. */
struct net_conn {
    int fd;
    uint32_t state;        /* back end's bits */
    uint32_t pending;      /* ring: kernel operations that still name this conn */
    uint32_t recv_size;    /* epoll: how much the next read asks for */
    struct net_conn *next; /* back end's lists */
    struct net_conn *prev;
    const struct iovec *iov; /* what is left of the send in flight */
    uint32_t iov_count;
    int32_t error;           /* what the next SENT or EOF will say */
    size_t sent;             /* how much of iov[0] has gone */
    struct tls_session *tls; /* NULL: plain bytes */
};

struct net_event {
    enum net_event_kind kind;
    int fd;                /* ACCEPT: the new socket (non-blocking, close-on-exec), or -1 */
    int error;             /* 0, or a negative errno: ACCEPT with fd -1, EOF and SENT */
    uint32_t tag;          /* ACCEPT: the listener's tag */
    struct net_conn *conn; /* DATA, EOF, SENT, CLOSED */
    struct bytes data;     /* DATA: at least one byte */
};

/*
 * Does this kernel, in this container, let us have a ring with all that the back end needs?  Tried
 * once for the process, with a real round trip; why_not (may be NULL) gets a reason to log.
 */
bool net_uring_usable(const char **why_not);

/*
 * A net of its own for the calling thread.  NET_AUTO takes the ring if it is usable.
 * conns_hint  how many connections the worker may see; sizes the receive buffers
 * Errors      NULL and errno
 */
struct net *net_new(enum net_backend backend, uint32_t conns_hint);
/* Closes the sockets of conns that are still attached; no event tells of it. */
void net_free(struct net *n);
const char *net_backend_name(const struct net *n); /* "uring" or "epoll" */

/*
 * Accepts on a listening socket (non-blocking) from now on.  Several nets may share one.  When no
 * socket is to be had (EMFILE and the like) an ACCEPT with fd -1 says so, and accepting rests for
 * 100 ms.  listen_fd stays the caller's; after net_unlisten it may be closed at once, and no
 * ACCEPT names it any more, but the ring may hold the port until the next net_wait.
 */
int net_listen(struct net *n, int listen_fd, uint32_t tag);
void net_unlisten(struct net *n, int listen_fd);

/* Starts to receive from fd, which the net now owns.  A TCP connect may still be under way. */
void net_attach(struct net *n, struct net_conn *c, int fd);

/*
 * Back-pressure: no DATA and perhaps no EOF while paused (what the kernel already delivered may
 * still come once).  Both calls may be made twice, and after EOF.
 */
void net_pause(struct net *n, struct net_conn *c);
void net_resume(struct net *n, struct net_conn *c);

/*
 * Sends the whole of iov[0..count-1] in order; one send in flight a conn.  iov and the bytes must
 * stay as they are until SENT or CLOSED.
 */
void net_send(struct net *n, struct net_conn *c, const struct iovec *iov, uint32_t count);

/*
 * Shuts the socket and forgets the conn; CLOSED comes once, in a later net_wait, and no other.
 * Events of the batch in hand may still name it.  A send without SENT may be lost in part or whole.
 */
void net_detach(struct net *n, struct net_conn *c);

/*
 * Submits what was asked for and waits for events: forever if timeout_ns < 0, not at all if 0.
 * Returns how many events it wrote: 0 at the timeout, and now and then before it (a signal, or news
 * that concerned the net alone).  Bytes of earlier DATA events die here.
 */
int net_wait(struct net *n, struct net_event *events, int max, int64_t timeout_ns);

/*
 * Makes the owner's net_wait return with a WAKE event.  Many wakes may become one; what was written
 * before the call is visible to the owner after the event.
 * Cost  an atomic exchange; a system call only if the owner sleeps
 */
void net_wake(struct net *n);

LK_END

#endif
