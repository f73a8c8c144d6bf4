/*
 * wire.c — one socket: connected without waiting, words out, bytes in, with TLS or without.
 *
 * Replies come in the order of the requests, so a queue says what each is for.
 */
#include "io/sentinel/service_priv.h"

#include "core/base/mem.h"
#include "io/net/socket.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void wire_close(struct wire *w)
{
    if (w->fd >= 0 && w->state != WIRE_CLOSED)
        close(w->fd);
    w->fd = -1;
    w->state = WIRE_CLOSED;
    tls_channel_free(w->tls);
    w->tls = NULL;
    buf_release(&w->in);
    buf_release(&w->out);
    resp_reader_release(&w->reader);
    memset(&w->reader, 0, sizeof w->reader);
    mem_free(w->expects, w->expect_room * sizeof *w->expects);
    w->expects = NULL;
    w->expect_first = w->expect_count = w->expect_room = 0;
}

/* --- what is expected: a ring that grows ----------------------------------------------------- */

static struct expect *expect_at(const struct wire *w, uint32_t i)
{
    return &w->expects[(w->expect_first + i) & (w->expect_room - 1)];
}

static void expect_add(struct wire *w, struct expect e)
{
    if (w->expect_count == w->expect_room) {
        const uint32_t room = w->expect_room ? 2 * w->expect_room : 8;
        struct expect *wider = mem_alloc(room * sizeof *wider);
        for (uint32_t i = 0; i < w->expect_count; i++)
            wider[i] = *expect_at(w, i);
        mem_free(w->expects, w->expect_room * sizeof *w->expects);
        w->expects = wider;
        w->expect_first = 0;
        w->expect_room = room;
    }
    *expect_at(w, w->expect_count++) = e;
}

struct expect wire_expected(struct wire *w)
{
    LK_ASSERT(w->expect_count > 0);
    const struct expect e = *expect_at(w, 0);
    w->expect_first = (w->expect_first + 1) & (w->expect_room - 1);
    w->expect_count--;
    return e;
}

void wire_forget(struct wire *w, const struct sentinel_node *node)
{
    for (uint32_t i = 0; i < w->expect_count; i++)
        if (expect_at(w, i)->node == node)
            expect_at(w, i)->node = NULL;
}

/* --- words and bytes ------------------------------------------------------------------------- */

static void wire_word(struct buf *out, struct bytes word)
{
    buf_printf(out, "$%zu\r\n", word.size);
    buf_append_bytes(out, word);
    buf_append_cstr(out, "\r\n");
}

void wire_say(struct wire *w, struct expect what, const struct bytes *words, size_t n)
{
    struct buf text = {0};
    if (w->state != WIRE_UP || w->expect_count == LINK_QUEUE)
        return;
    buf_printf(&text, "*%zu\r\n", n);
    for (size_t i = 0; i < n; i++)
        wire_word(&text, words[i]);
    expect_add(w, what);
    if (!w->tls)
        buf_append_bytes(&w->out, buf_bytes(&text));
    else if (tls_channel_send(w->tls, buf_bytes(&text), &w->out) != 0)
        w->heard_ms = 0; /* it failed: found silent, and closed */
    buf_release(&text);
}

bool wire_dial(struct wire *w, int epoll_fd, const struct sentinel_addr *addr, int64_t now_ms)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *at = NULL;
    char port[8];
    w->tried_ms = now_ms;
    (void)snprintf(port, sizeof port, "%u", addr->port);
    if (getaddrinfo(addr->host, port, &hints, &at) != 0)
        return false;
    w->fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = w};
    const bool well = w->fd >= 0 &&
                      (connect(w->fd, at->ai_addr, at->ai_addrlen) == 0 || errno == EINPROGRESS) &&
                      epoll_ctl(epoll_fd, EPOLL_CTL_ADD, w->fd, &event) == 0;
    freeaddrinfo(at);
    if (!well && w->fd >= 0)
        close(w->fd);
    if (!well) {
        w->fd = -1;
        return false;
    }
    (void)socket_set_nodelay(w->fd, true);
    w->state = WIRE_CONNECTING;
    w->writes = true;
    w->since_ms = w->heard_ms = now_ms;
    return true;
}

bool wire_receive(struct wire *w)
{
    char bytes[16 * 1024];
    for (int i = 0; i < 16; i++) {
        const ssize_t n = recv(w->fd, bytes, sizeof bytes, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (n <= 0)
            return false;
        if (!w->tls)
            buf_append(&w->in, bytes, (size_t)n);
        else if (tls_channel_receive(w->tls, bytes_of(bytes, (size_t)n), &w->in, &w->out) != 0)
            return false;
        if ((size_t)n < sizeof bytes)
            return true; /* what comes behind it is told again */
    }
    return true;
}

/* Whether the socket takes more is asked only while something waits for that. */
static bool wire_watch(struct wire *w, int epoll_fd)
{
    const bool writes = w->out.size > 0;
    if (writes == w->writes)
        return true;
    struct epoll_event event = {.events = EPOLLIN | (writes ? EPOLLOUT : 0), .data.ptr = w};
    w->writes = writes;
    return epoll_ctl(epoll_fd, EPOLL_CTL_MOD, w->fd, &event) == 0;
}

bool wire_flush(struct wire *w, int epoll_fd)
{
    LK_ASSERT(w->state == WIRE_UP);
    while (w->out.size > 0) {
        const ssize_t n = send(w->fd, w->out.data, w->out.size, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n < 0)
            return false;
        buf_consume(&w->out, (size_t)n);
    }
    return wire_watch(w, epoll_fd);
}
