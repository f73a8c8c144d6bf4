/*
 * net_echo.c — what the network alone costs: answers every RESP command with +PONG.
 *
 * The line "*N" announces 2N further lines; a command is answered at the end of its last line.  So
 * arguments must not hold newlines, which the load generators' do not.  Compare the CPU time per
 * request with that of a server without any layers.
 *
 *   bench-net_echo PORT uring|epoll
 */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "io/net/net.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256 };

struct client {
    struct net_conn conn; /* first: events name it */
    uint32_t lines_left;
    bool sending;
    bool gone;
    uint32_t header; /* the N of a header line so far */
    struct buf out;
    struct buf in_flight;
    struct iovec iov;
};

static int listen_on(int port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in a = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1024) != 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

/* Takes one byte of a line's head; lines inside a command are skipped by memchr. */
static void feed(struct client *c, struct bytes in)
{
    const char *p = in.data, *const end = p + in.size;
    while (p < end) {
        if (c->lines_left == 0) {
            if (*p >= '0' && *p <= '9')
                c->header = c->header * 10 + (uint32_t)(*p - '0');
            if (*p++ == '\n') {
                c->lines_left = 2 * c->header;
                c->header = 0;
            }
            continue;
        }
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        if (!newline)
            return;
        p = newline + 1;
        if (--c->lines_left == 0)
            buf_append(&c->out, "+PONG\r\n", 7);
    }
}

static void answer(struct net *n, struct client *c)
{
    if (c->sending || c->out.size == 0 || c->gone)
        return;
    const struct buf spare = c->in_flight;
    c->in_flight = c->out;
    c->out = spare;
    c->out.size = 0;
    c->iov = (struct iovec){c->in_flight.data, c->in_flight.size};
    c->sending = true;
    net_send(n, &c->conn, &c->iov, 1);
}

static void drop(struct net *n, struct client *c)
{
    if (!c->gone)
        net_detach(n, &c->conn);
    c->gone = true;
}

static void attach(struct net *n, int fd)
{
    const int on = 1;
    if (fd < 0)
        return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    net_attach(n, &mem_new(struct client)->conn, fd);
}

static void handle(struct net *n, const struct net_event *event)
{
    struct client *c = (struct client *)event->conn;
    switch (event->kind) {
    case NET_ACCEPT:
        attach(n, event->fd);
        break;
    case NET_DATA:
        feed(c, event->data);
        answer(n, c);
        break;
    case NET_SENT:
        c->sending = false;
        if (event->error)
            drop(n, c);
        answer(n, c);
        break;
    case NET_EOF:
        drop(n, c);
        break;
    case NET_CLOSED:
        buf_release(&c->out);
        buf_release(&c->in_flight);
        mem_delete(c);
        break;
    case NET_WAKE:
        break;
    }
}

int main(int argc, char **argv)
{
    struct net_event events[EVENTS];
    if (argc != 3) {
        (void)fprintf(stderr, "usage: %s PORT uring|epoll\n", argv[0]);
        return 2;
    }
    struct net *n = net_new(strcmp(argv[2], "epoll") == 0 ? NET_EPOLL : NET_URING, 1000);
    if (!n) {
        perror("net_new");
        return 1;
    }
    (void)net_listen(n, listen_on(atoi(argv[1])), 0);
    for (;;) {
        const int count = net_wait(n, events, EVENTS, -1);
        for (int i = 0; i < count; i++)
            handle(n, &events[i]);
    }
}
