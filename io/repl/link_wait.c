/*
 * link_wait.c — what all phases of the link do: wait, receive, acknowledge, say where it stands.
 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "io/repl/role_priv.h"

#include <errno.h>

enum { SLICE_MS = 100 };

void role_forget_upstream(struct role *r)
{
    pthread_mutex_lock(&r->lock);
    r->upstream.known = false;
    pthread_mutex_unlock(&r->lock);
}

#define SET_FIGURE(l, f, v) __atomic_store_n(&(l)->figures.f, v, __ATOMIC_RELAXED)

void link_set_state(struct master_link *l, enum link_state state)
{
    dispatch_enter(l->dispatcher); /* or a change of role might come between */
    if (master_link_is_current(l)) {
        SET_FIGURE(l, state, (uint32_t)state);
        engine_set_link_down(l->role->parts.engine, state != LINK_CONNECTED);
    }
    dispatch_leave(l->dispatcher);
}

void link_heard(struct master_link *l)
{
    SET_FIGURE(l, heard_ns, clock_mono_ns());
}

bool link_is_late(const struct master_link *l)
{
    const int64_t heard_ns = __atomic_load_n(&l->figures.heard_ns, __ATOMIC_RELAXED);
    return (clock_mono_ns() - heard_ns) / 1000000 >
           __atomic_load_n(&l->settings.timeout_ms, __ATOMIC_RELAXED);
}

static void link_lost(const char *what)
{
    if (errno == 0)
        log_line(LOG_NOTICE, "%s: the master has closed the connection", what);
    else
        log_line(LOG_WARNING, "%s: %s", what, strerror(errno));
}

bool link_wait_readable(struct master_link *l, const char *timeout_text)
{
    while (master_link_goes_on(l)) {
        const unsigned what =
            LINK_READABLE | (link_socket_owes(&l->socket) ? (unsigned)LINK_WRITABLE : 0);
        const unsigned events = link_socket_wait(&l->socket, what, SLICE_MS);
        if (link_socket_flush(&l->socket) != 0) {
            link_lost("Connection with master lost while writing");
            return false;
        }
        if (events & LINK_READABLE)
            return true;
        link_ack(l, false);
        if (link_is_late(l)) {
            log_line(LOG_WARNING, "%s", timeout_text);
            return false;
        }
    }
    return false;
}

bool link_receive(struct master_link *l, size_t max)
{
    const int64_t n = link_socket_receive(&l->socket, max);
    if (n < 0) {
        link_lost("Connection with master lost");
        return false;
    }
    if (n > 0) {
        link_heard(l);
        session_count(&l->session.bytes_in, (uint64_t)n);
    }
    return true;
}

void link_send_newline(struct master_link *l)
{
    const int64_t now_ms = clock_unix_ms();
    if (now_ms < l->ack_due_ms)
        return;
    l->ack_due_ms = now_ms + 1000;
    buf_append_char(&l->socket.out, '\n');
    link_socket_flush(&l->socket); /* an error shows at the next read */
}

void link_ack(struct master_link *l, bool now)
{
    char digits[INT64_CHARS];
    const int64_t now_ms = clock_unix_ms();
    if (!l->may_ack || (!now && now_ms < l->ack_due_ms && now_ms + 1000 >= l->ack_due_ms))
        return;
    l->ack_due_ms = now_ms + 1000;
    const size_t n = int64_to_chars(l->role->upstream.offset, digits), before = l->socket.out.size;
    buf_printf(&l->socket.out, "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$%zu\r\n%.*s\r\n", n, (int)n,
               digits);
    session_count(&l->session.bytes_out, l->socket.out.size - before);
    link_socket_flush(&l->socket);
}

void link_distrust(struct master_link *l)
{
    dispatch_enter(l->dispatcher);
    if (master_link_is_current(l))
        role_forget_upstream(l->role);
    dispatch_leave(l->dispatcher);
}
