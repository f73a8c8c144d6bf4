/*
 * net_conn.c — what both back ends do with a conn, a list of them, or an accept that failed.
 */
#include "io/net/net_priv.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

bool net_accept_error_passes(int error)
{
    return error == -ECONNABORTED || error == -EINTR || error == -EAGAIN || error == -EPROTO;
}

void conn_list_close_all(struct net_conn *head)
{
    while (!conn_list_empty(head)) {
        struct net_conn *c = head->next;
        conn_list_remove(c);
        (void)shutdown(c->fd, SHUT_RDWR);
        close(c->fd);
        c->fd = -1;
    }
}

bool net_send_advance(struct net_conn *c, size_t n)
{
    while (c->iov_count > 0 && c->iov->iov_len - c->sent <= n) {
        n -= c->iov->iov_len - c->sent;
        c->iov++;
        c->iov_count--;
        c->sent = 0;
    }
    c->sent += n;
    LK_DEBUG_ASSERT(c->iov_count > 0 || n == 0);
    return c->iov_count == 0;
}
