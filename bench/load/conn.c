/* conn.c — dials and greets. */
#include "bench/load/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int conn_dial_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int conn_dial_tcp(const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    if (getaddrinfo(host, port, &hints, &list) != 0)
        return -1;
    int fd = -1;
    for (const struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    const int on = 1;
    if (fd >= 0)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* Sends one command and waits for its reply; false, and a word on stderr, if it is an error. */
static bool conn_ask(int fd, const struct bytes *words, int count)
{
    struct buf b = {0};
    struct reply_parser parser = {0};
    struct reply reply = {0};
    buf_printf(&b, "*%d\r\n", count);
    for (int i = 0; i < count; i++) {
        buf_printf(&b, "$%zu\r\n", words[i].size);
        buf_append_bytes(&b, words[i]);
        buf_append(&b, "\r\n", 2);
    }
    bool ok = send(fd, b.data, b.size, MSG_NOSIGNAL) == (ssize_t)b.size;
    b.size = 0;
    enum reply_result rc = REPLY_MORE;
    while (ok && rc == REPLY_MORE) {
        char *room = buf_reserve(&b, 4096);
        const ssize_t n = recv(fd, room, 4096, 0);
        ok = n > 0;
        b.size += ok ? (size_t)n : 0;
        const char *at = b.data;
        parser = (struct reply_parser){0};
        if (ok)
            rc = reply_next(&parser, &at, at + b.size, &reply);
    }
    ok = ok && rc == REPLY_DONE && reply.kind != '-';
    if (!ok)
        fprintf(stderr, "bench-load: %.*s: %.*s\n", (int)words[0].size, words[0].data,
                rc == REPLY_DONE ? (int)reply.text.size : 20,
                rc == REPLY_DONE ? reply.text.data : "no answer to follow");
    buf_release(&b);
    return ok;
}

static bool conn_greet(int fd, const struct options *o)
{
    bool ok = true;
    if (o->password) {
        const struct bytes auth[] = {bytes_cstr("AUTH"), bytes_cstr(o->password)};
        ok = conn_ask(fd, auth, 2);
    }
    if (ok && o->resp == 3) {
        const struct bytes hello[] = {bytes_cstr("HELLO"), bytes_cstr("3")};
        ok = conn_ask(fd, hello, 2);
    }
    if (ok && o->database > 0) {
        char number[16];
        snprintf(number, sizeof number, "%u", o->database);
        const struct bytes select[] = {bytes_cstr("SELECT"), bytes_cstr(number)};
        ok = conn_ask(fd, select, 2);
    }
    return ok;
}

bool conn_open(struct conn *c, const struct options *o, uint32_t pipeline)
{
    c->fd = o->unix_path ? conn_dial_unix(o->unix_path) : conn_dial_tcp(o->host, o->port);
    if (c->fd < 0) {
        fprintf(stderr, "bench-load: no connection to %s%s%s: %s\n",
                o->unix_path ? o->unix_path : o->host, o->unix_path ? "" : ":",
                o->unix_path ? "" : o->port, strerror(errno));
        return false;
    }
    if (!conn_greet(c->fd, o))
        return false;
    fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
    uint32_t size = 1;
    while (size < pipeline)
        size *= 2;
    c->mask = size - 1;
    c->ring = calloc(size, sizeof *c->ring);
    LK_ASSERT(c->ring);
    return true;
}

void conn_release(struct conn *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->ring);
    buf_release(&c->tail);
    buf_release(&c->unsent);
}
