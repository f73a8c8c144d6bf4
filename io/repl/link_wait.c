/*
 * link_wait.c — what all phases of the link do: wait, receive, acknowledge, say where it stands.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/trace.h"
#include "core/store/log_ring.h"
#include "io/repl/role_priv.h"

#include <errno.h>

enum { SLICE_MS = 100, KEPT_LOOK_MS = 10, KEPT_PATIENCE_MS = 3000 };

void role_forget_upstream(struct role *r)
{
    pthread_mutex_lock(&r->lock);
    r->upstream.known = false;
    pthread_mutex_unlock(&r->lock);
}

#define SET_FIGURE(l, f, v) store_relaxed(&(l)->figures.f, v)

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
    const int64_t heard_ns = load_relaxed(&l->figures.heard_ns);
    return (clock_mono_ns() - heard_ns) / 1000000 > load_relaxed(&l->settings.timeout_ms);
}

static void link_lost(const char *what)
{
    if (errno == 0)
        trace_line(TRACE_NOTICE, "%s: the master has closed the connection", what);
    else
        trace_line(TRACE_WARNING, "%s: %s", what, strerror(errno));
}

/*
 * A master that was killed hears nothing more, but what it had sent is still to be read: the end
 * stands behind that.
 */
static bool link_reads_on(struct master_link *l)
{
    if (errno != EPIPE && errno != ECONNRESET)
        return false;
    l->socket.out.size = l->socket.sealed.size = 0;
    return true;
}

bool link_wait_readable(struct master_link *l, const char *timeout_text)
{
    while (master_link_goes_on(l)) {
        const unsigned what =
            LINK_READABLE | (link_socket_owes(&l->socket) ? (unsigned)LINK_WRITABLE : 0);
        const unsigned events =
            link_socket_wait(&l->socket, what, l->kept.asked < 0 ? SLICE_MS : KEPT_LOOK_MS);
        if (link_socket_flush(&l->socket) != 0 && !link_reads_on(l)) {
            link_lost("Connection with master lost while writing");
            return false;
        }
        if (events & LINK_READABLE)
            return true;
        link_ack(l, false);
        if (link_is_late(l)) {
            trace_line(TRACE_WARNING, "%s", timeout_text);
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

/* --- acknowledgements ------------------------------------------------------------------------ */

void link_kept_begin(struct master_link *l)
{
    l->kept = (struct link_kept){.offset = -1, .asked = -1};
}

/* What has been applied is in the log: so all of it is kept once the last ticket is durable. */
static void link_kept_watch(struct link_kept *k, const struct log_ring *log, int64_t at)
{
    if (!k->watched) {
        k->at = at;
        k->ticket = log_ring_last_ticket(log);
        k->watched = true;
    }
    if (log_ring_durable(log) < k->ticket)
        return;
    k->offset = k->at;
    k->watched = false;
}

/* What FACK says; -1: nothing. */
static int64_t link_kept_offset(struct master_link *l)
{
    const struct role *r = l->role;
    struct link_kept *k = &l->kept;
    if (!persistence_has_file(r->parts.persistence)) {
        link_kept_begin(l);
        return -1;
    }
    link_kept_watch(k, r->parts.engine->fixed.log, r->upstream.offset);
    if (!k->watched) /* that point is kept; perhaps so is this one */
        link_kept_watch(k, r->parts.engine->fixed.log, r->upstream.offset);
    return k->offset;
}

/* Is now kept what was not when the master asked? */
static bool link_kept_is_news(struct master_link *l)
{
    const int64_t now_ms = clock_mono_ns() / 1000000;
    if (LK_LIKELY(l->kept.asked < 0) || now_ms - l->kept.look_ms < KEPT_LOOK_MS)
        return false;
    l->kept.look_ms = now_ms;
    const int64_t asked = l->kept.asked;
    if (now_ms >= l->kept.until_ms)
        l->kept.asked = -1; /* the file is not synced by itself: the next ACKs say it */
    return link_kept_offset(l) >= asked;
}

static void link_put_number(struct buf *b, int64_t number)
{
    char digits[INT64_CHARS];
    const size_t n = int64_to_chars(number, digits);
    buf_printf(b, "$%zu\r\n%.*s\r\n", n, (int)n, digits);
}

void link_ack(struct master_link *l, bool now)
{
    const int64_t now_ms = clock_unix_ms();
    const bool due = now || now_ms >= l->ack_due_ms || now_ms + 1000 < l->ack_due_ms;
    if (!l->may_ack || (!due && !link_kept_is_news(l)))
        return;
    l->ack_due_ms = now_ms + 1000;
    struct buf *out = &l->socket.out;
    const size_t before = out->size;
    const int64_t offset = l->role->upstream.offset, kept = link_kept_offset(l);
    buf_printf(out, "*%d\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n", kept < 0 ? 3 : 5);
    link_put_number(out, offset);
    if (kept >= 0) {
        buf_append_cstr(out, "$4\r\nFACK\r\n");
        link_put_number(out, kept);
    }
    if (now) {
        l->kept.asked = offset;
        l->kept.until_ms = clock_mono_ns() / 1000000 + KEPT_PATIENCE_MS;
    }
    if (kept < 0 || kept >= l->kept.asked)
        l->kept.asked = -1;
    session_count(&l->session.bytes_out, out->size - before);
    link_socket_flush(&l->socket);
}

void link_distrust(struct master_link *l)
{
    dispatch_enter(l->dispatcher);
    if (master_link_is_current(l))
        role_forget_upstream(l->role);
    dispatch_leave(l->dispatcher);
}
