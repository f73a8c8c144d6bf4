/*
 * conn_input.c — bytes that a connection has received, and what of them is kept.
 */
#include "core/base/atomic.h"
#include "core/base/trace.h"
#include "io/worker/worker_priv.h"

void conn_frame_in(struct conn *c)
{
    c->cur = bytes_of(c->in.data + c->in_pos, c->in.size - c->in_pos);
    c->cur_pos = c->frame_pos = 0;
    c->cur_in = true;
}

void conn_pause(struct worker *w, struct conn *c, enum conn_pause why)
{
    if (!c->paused)
        net_pause(w->net, &c->net);
    c->paused |= why;
}

void conn_resume(struct worker *w, struct conn *c, enum conn_pause why)
{
    if (!(c->paused & why))
        return;
    c->paused &= ~(uint32_t)why;
    if (!c->paused)
        net_resume(w->net, &c->net);
}

static void close_over_limit(struct worker *w, struct conn *c)
{
    trace_line(TRACE_WARNING,
               "Closing client that reached max query buffer length: id=%llu addr=%s",
               (unsigned long long)c->session.id, c->session.registry.peer);
    stats_add(&w->stats->query_limit_disconnections, 1);
    conn_close(w, c);
}

/*
 * Whole commands are not fetched far ahead of what runs, and never count against the limit: they
 * wait in the kernel, and so in their sender.  What is left of one that may run is the beginning of
 * a command; it has to be read on, and is what client-query-buffer-limit is for.
 */
void conn_bound_input(struct worker *w, struct conn *c)
{
    const size_t bytes = conn_input_bytes(c);
    const bool whole = c->ready || !conn_may_run(w, c);
    if (!session_has(&c->session, SESSION_AUTHENTICATED) && bytes > UNTRUSTED_INPUT)
        close_over_limit(w, c);
    else if (!whole && bytes > w->query_limit)
        close_over_limit(w, c);
    else if (whole && bytes > READ_AHEAD)
        conn_pause(w, c, PAUSED_BY_INPUT);
    else if (!whole || bytes <= READ_AHEAD / 2)
        conn_resume(w, c, PAUSED_BY_INPUT);
}

/*
 * Arguments that have come whole are shown as such, though they lie in the same buffer until the
 * last has come; the header of the one that comes now belongs to neither.
 */
static void conn_show_input(struct conn *c)
{
    size_t args = 0, header = 0;
    const size_t bytes = c->in.size - c->in_pos;
    if (c->progress.args > 0 && c->progress.args_left > 0 && c->progress.pos < bytes) {
        const char *at = c->in.data + c->in_pos + c->progress.pos;
        const char *end = memchr(at, '\n', bytes - c->progress.pos);
        args = c->progress.args_left < c->progress.args ? c->progress.pos : 0;
        header = (end ? (size_t)(end + 1 - at) : 0) + c->progress.pos - args;
    }
    store_relaxed(&c->session.shown.query_args, args);
    store_relaxed(&c->session.shown.query_size, bytes - args - header);
    store_relaxed(&c->session.shown.query_free, c->in.capacity - bytes + header);
}

/*
 * What it has begun will have more than a command may have.  Until the end of it has come: nobody
 * has looked at what stands behind.
 */
static bool command_is_too_large(const struct worker *w, const struct conn *c)
{
    return c->progress.missing > 0 && conn_input_bytes(c) + c->progress.missing > w->query_limit;
}

void conn_data(struct worker *w, struct conn *c, struct bytes data)
{
    if (c->closing || session_has(&c->session, SESSION_CLOSE_AFTER))
        return;
    if (LK_UNLIKELY(c->unnamed))
        conn_login(w, c);
    stats_add(&w->stats->net_in, data.size);
    session_count(&c->session.bytes_in, data.size);
    if (conn_is_pinned(w, c)) {
        buf_append_bytes(&c->in, data);
        return;
    }
    if (c->cur.size > 0)
        conn_keep_rest(w, c); /* a second piece within one loop */
    const bool large = command_is_too_large(w, c);
    if (c->in.size > 0) {
        if (c->progress.missing > data.size) /* the last step of growing is no longer than it is */
            buf_reserve_most(&c->in, data.size, c->in.size + c->progress.missing);
        buf_append_bytes(&c->in, data);
        conn_frame_in(c);
    } else {
        c->cur = data;
        c->cur_pos = c->frame_pos = 0;
        c->cur_in = false;
    }
    if (LK_UNLIKELY(large) && conn_input_bytes(c) > w->query_limit) {
        close_over_limit(w, c);
        return;
    }
    /* A large bulk comes in many pieces: do not look before it can be whole. */
    const bool whole = c->progress.missing <= data.size;
    c->progress.missing -= whole ? c->progress.missing : data.size;
    if (!whole && c->in.size > 0) {
        conn_show_input(c);
        if (LK_UNLIKELY(w->client_limit != 0))
            conn_count_memory(w, c);
        return;
    }
    if (LK_UNLIKELY(w->client_limit != 0) && c->cur_in) {
        conn_show_input(c);
        conn_count_memory(w, c);
    }
    conn_ready(w, c);
}

void conn_keep_rest(struct worker *w, struct conn *c)
{
    (void)w;
    const struct bytes rest = bytes_of(c->cur.data + c->cur_pos, c->cur.size - c->cur_pos);
    /* Commands that were framed and not run will be framed again. */
    if (c->frame_pos != c->cur_pos)
        memset(&c->progress, 0, sizeof c->progress);
    if (c->cur_in) {
        c->in_pos += c->cur_pos;
        if (rest.size == 0) {
            buf_release(&c->in);
            c->in_pos = 0;
        } else if (c->in_pos >= rest.size) {
            /* Not each time: a long pipeline may stop at every few of its commands. */
            buf_consume(&c->in, c->in_pos);
            c->in_pos = 0;
        }
    } else if (rest.size > 0) {
        buf_append_bytes(&c->in, rest);
    }
    c->cur = bytes_of(NULL, 0);
    c->cur_pos = c->frame_pos = 0;
    c->cur_in = false;
    conn_show_input(c);
}
