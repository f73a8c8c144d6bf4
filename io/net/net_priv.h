/*
 * net_priv.h — what the back ends share: the table of calls, the wake word, a list of conns.
 *
 * The wake word.  One atomic holds AWAKE, SLEEPING or SIGNALLED, and every change of it is a
 * read-modify-write, so all changes lie in one order.
 *
 *   owner, before it blocks     AWAKE -> SLEEPING, unless it is SIGNALLED: then it does not block
 *   any thread, net_wake        exchange to SIGNALLED; if it was SLEEPING, write to the eventfd
 *   owner, after each wait      exchange to AWAKE; if it was SIGNALLED, report WAKE
 *
 * No wake is lost: take a net_wake, and the owner's first change of the word after it in that
 * order.  If that is the one after a wait, it reads SIGNALLED and reports.  If it is the one before
 * blocking, it reads SIGNALLED and the owner does not block, so the former follows at once.  And if
 * the owner was blocked already, the word was SLEEPING when the first of the wakers exchanged it,
 * and that one writes to the eventfd.  The read is armed for the net's whole life, so the write
 * ends the wait.  Acquire and release on the exchanges (read-modify-writes continue a release
 * sequence) make what wakers wrote before net_wake visible after WAKE.  A plain load that skips the
 * exchange would break this: it may pass the caller's own store to a mailbox.
 */
#ifndef LK_IO_NET_PRIV_H
#define LK_IO_NET_PRIV_H

#include "core/base/atomic.h"
#include "io/net/net.h"

LK_BEGIN

struct tls_net;

struct net_ops {
    const char *name;
    void (*free)(struct net *n);
    int (*listen)(struct net *n, int listen_fd, uint32_t tag);
    void (*unlisten)(struct net *n, int listen_fd);
    void (*attach)(struct net *n, struct net_conn *c);
    void (*pause)(struct net *n, struct net_conn *c);
    void (*resume)(struct net *n, struct net_conn *c);
    void (*send)(struct net *n, struct net_conn *c);
    void (*detach)(struct net *n, struct net_conn *c);
    int (*wait)(struct net *n, struct net_event *events, int max, int64_t timeout_ns);
};

enum { WAKE_AWAKE, WAKE_SLEEPING, WAKE_SIGNALLED };

/* The head of each back end's own structure. */
struct net {
    const struct net_ops *ops;
    int wake_fd;         /* eventfd, close-on-exec */
    uint32_t wake;       /* __atomic: see above */
    struct tls_net *tls; /* NULL: none of its conns speaks TLS, or has */
};

/* The back ends' constructors: NULL and errno. */
struct net *net_uring_new(uint32_t conns_hint);
struct net *net_epoll_new(uint32_t conns_hint);

/* How long a listener rests after an error that trying again would only repeat. */
enum { NET_ACCEPT_REST_MS = 100 };

/* --- net_conn.c --- */

/* Does this accept error concern one peer alone, so that the next accept may well succeed? */
bool net_accept_error_passes(int error);

/* Declares that the owner is about to block.  False: it was signalled and must not. */
static inline bool net_fall_asleep(struct net *n)
{
    uint32_t awake = WAKE_AWAKE;
    return __atomic_compare_exchange_n(&n->wake, &awake, WAKE_SLEEPING, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/* Ends the sleep, if any.  True: there was a net_wake to report. */
static inline bool net_rise(struct net *n)
{
    /* Relaxed: a signal that this load misses is found by the next wait, which cannot block. */
    if (load_relaxed(&n->wake) == WAKE_AWAKE)
        return false;
    return exchange_acq_rel(&n->wake, WAKE_AWAKE) == WAKE_SIGNALLED;
}

/* A ring of conns through a head that is none itself; a conn is in one list at any time. */
static inline void conn_list_init(struct net_conn *head)
{
    head->next = head->prev = head;
}

static inline bool conn_list_empty(const struct net_conn *head)
{
    return head->next == head;
}

static inline void conn_list_push(struct net_conn *head, struct net_conn *c)
{
    c->next = head;
    c->prev = head->prev;
    head->prev->next = c;
    head->prev = c;
}

static inline void conn_list_remove(struct net_conn *c)
{
    c->next->prev = c->prev;
    c->prev->next = c->next;
    c->next = c->prev = NULL;
}

static inline void conn_list_move(struct net_conn *head, struct net_conn *c)
{
    conn_list_remove(c);
    conn_list_push(head, c);
}

/* Shuts and closes the sockets of all conns in a list, when the net itself goes. */
void conn_list_close_all(struct net_conn *head);

/* Drops n sent bytes, and empty vectors, from the front; true if nothing is left. */
bool net_send_advance(struct net_conn *c, size_t n);

LK_END

#endif
