/*
 * link_socket.h — an outgoing connection of a thread that waits for it alone.
 *
 * The thread sleeps in poll for the socket or for a wake, in slices, so that it can be told to stop
 * at any time and keeps its own appointments.  Nothing is sent or received by blocking.
 *
 * Units    *_ms is Unix time in ms
 * Threads  one owner; link_waker_wake from any thread
 */
#ifndef LK_IO_REPL_LINK_SOCKET_H
#define LK_IO_REPL_LINK_SOCKET_H

#include "core/base/buf.h"
#include "io/net/tls_channel.h"

LK_BEGIN

/* An eventfd that ends sleeps. */
struct link_waker {
    int fd;
};
int link_waker_init(struct link_waker *w); /* -1 and errno */
void link_waker_release(struct link_waker *w);
void link_waker_wake(struct link_waker *w);
/* Until it is woken, for timeout_ms at most. */
void link_waker_sleep(struct link_waker *w, int timeout_ms);

struct link_socket {
    int fd; /* -1: none */
    struct link_waker *waker;
    struct buf in;           /* what has come … */
    size_t used;             /* … and how much of it is done with */
    struct buf out;          /* what has not been sent yet */
    struct tls_channel *tls; /* NULL: plain bytes */
    struct buf sealed;       /* with TLS: what of out is on its way */
};

struct link_target {
    const char *host, *source; /* source: the local address; NULL or empty: any */
    uint16_t port;
    uint32_t mark;
};

/*
 * Begins to connect.  0: it is under way, link_socket_connected says when it is done.  Else -1, and
 * error is a text for the log.  A name may take the resolver's time.
 */
int link_socket_open(struct link_socket *s, const struct link_target *target, struct buf *error);
/*
 * Speaks TLS from here on, as the client; takes the channel.  Once it is connected.  False: the
 * channel cannot begin.
 */
bool link_socket_secure(struct link_socket *s, struct tls_channel *tls);
void link_socket_close(struct link_socket *s); /* forgets what has come, too */

/* After a wait said so: 0, or the errno with which it failed. */
int link_socket_error(const struct link_socket *s);

enum link_event { LINK_NOTHING, LINK_READABLE = 1, LINK_WRITABLE = 2 };
/* Sleeps until something can be done, the waker is woken, or the time is over. */
unsigned link_socket_wait(struct link_socket *s, unsigned for_what, int timeout_ms);

/*
 * Receives up to max bytes behind what is there; drops what is done with.  > 0: so many; 0: none is
 * there now; -1: the peer has closed, errno 0, or it failed.
 */
int64_t link_socket_receive(struct link_socket *s, size_t max);
static inline struct bytes link_socket_bytes(const struct link_socket *s)
{
    return bytes_of(s->in.data + s->used, s->in.size - s->used);
}

/* Does something wait to be sent? */
static inline bool link_socket_owes(const struct link_socket *s)
{
    return s->out.size > 0 || s->sealed.size > 0;
}
/* Sends what is in out, as far as it goes now.  -1: it failed. */
int link_socket_flush(struct link_socket *s);

LK_END

#endif
