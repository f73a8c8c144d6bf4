/*
 * replica.c — a replica of ours: what it is sent, from its first word to its end.
 *
 *   NEW --PSYNC--> ONLINE                                        the backlog has what it lacks
 *        \-------> WAITS --cut--> WRITING --file--> SENDING --> ONLINE
 *                           \----------------------> SENDING --> LOADING --ACK--> ONLINE
 *
 * Behind data that end with a mark the stream begins only when the replica has acknowledged: it
 * compares the last bytes of what it has read with the mark.
 *
 * When the history changes nobody is kept.  Who is online gets the stream up to the marker of that
 * change, then the end of the stream (a half-closed socket), and closes; in LEAVE_MS at most.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/trace.h"
#include "core/store/shard.h"
#include "io/net/socket.h"
#include "io/repl/repl_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LEAVE_MS = 5000 };

static struct replica *replica_of_feed(struct conn_feed *f)
{
    return (struct replica *)(void *)((char *)f - offsetof(struct replica, feed));
}

const char *replica_state_name(enum replica_phase phase)
{
    static const char *const names[] = {
        [REPLICA_NEW] = "wait_bgsave",     [REPLICA_WAITS] = "wait_bgsave",
        [REPLICA_WRITING] = "wait_bgsave", [REPLICA_SENDING] = "send_bulk",
        [REPLICA_LOADING] = "online",      [REPLICA_ONLINE] = "online",
        [REPLICA_DONE] = "online",
    };
    return names[phase];
}

const char *replica_name(struct replica *p)
{
    mem_strfree(p->name);
    char text[320];
    const char *peer = p->session->registry.peer ? p->session->registry.peer : "?:0";
    const char *colon = strrchr(peer, ':');
    const int size = colon ? (int)(colon - peer) : (int)strlen(peer);
    if (p->port)
        snprintf(text, sizeof text, "%.*s:%lld", p->ip ? (int)strlen(p->ip) : size,
                 p->ip ? p->ip : peer, (long long)p->port);
    else
        snprintf(text, sizeof text, "client id #%llu", (unsigned long long)p->id);
    p->name = mem_strdup(text);
    return p->name;
}

void sync_file_drop(struct sync_file *f)
{
    if (!f || sub_fetch_acq_rel(&f->refs, 1) > 0)
        return;
    close(f->fd);
    mem_delete(f);
}

/* --- in repl.lock ---------------------------------------------------------------------------- */

void replica_wake(const struct replica *p)
{
    shard_tell_retry(UINT64_C(1) << p->worker);
}

void replica_dismiss(struct replica *p)
{
    p->dismissed = true;
    replica_wake(p);
}

void replica_let_go(struct replica *p)
{
    if (!p->dismissed && p->phase == REPLICA_ONLINE)
        p->leaves_until_ms = repl_now_ms() + LEAVE_MS;
    replica_dismiss(p);
}

/* At once, and with nothing more. */
static void replica_cut(struct replica *p)
{
    p->dismissed = true;
    p->leaves_until_ms = 0;
}

/* Is it let go, and has it time yet to take what was written before? */
static bool replica_leaves(const struct replica *p)
{
    return p->leaves_until_ms > repl_now_ms();
}

static void replica_unlist(struct replica *p)
{
    struct repl *r = p->repl;
    if (!p->listed)
        return;
    p->listed = false;
    p->member = false;
    if (p->prev)
        p->prev->next = p->next;
    else
        r->first = p->next;
    if (p->next)
        p->next->prev = p->prev;
    else
        r->last = p->prev;
    store_relaxed(&r->count, r->count - 1);
}

/* --- the feed: the connection's worker ------------------------------------------------------- */

static void replica_put_online(struct replica *p)
{
    p->phase = REPLICA_ONLINE;
    replica_heard(p);
    trace_line(TRACE_NOTICE, "Synchronization with replica %s succeeded", p->name);
}

/* In lock.  The data have been sent. */
static void replica_data_sent(struct replica *p)
{
    const bool marked = p->file == NULL;
    rdb_reader_leave(&p->reader);
    sync_file_drop(p->file);
    p->file = NULL;
    mem_free(p->piece, p->piece ? REPLICA_FILE_PIECE : 0);
    p->piece = NULL;
    replica_heard(p);
    if (p->rdb_only) {
        trace_line(TRACE_NOTICE,
                   "RDB transfer completed, rdb only replica (%s) should be disconnected asap",
                   p->name);
        p->phase = REPLICA_DONE;
        p->feed.ending = true;
        backlog_unpin(p->repl->backlog, &p->pin);
    } else if (marked) {
        p->phase = REPLICA_LOADING;
    } else {
        replica_put_online(p);
    }
}

static uint32_t replica_fill_file(struct replica *p, struct bytes *runs)
{
    const uint64_t left = p->file->size - p->file_at;
    if (left == 0)
        return 0;
    if (!p->piece)
        p->piece = mem_alloc(REPLICA_FILE_PIECE);
    const size_t want = left < REPLICA_FILE_PIECE ? (size_t)left : (size_t)REPLICA_FILE_PIECE;
    const ssize_t n = pread(p->file->fd, p->piece, want, (off_t)p->file_at);
    if (n <= 0) {
        trace_line(TRACE_WARNING, "Read error sending DB to replica: %s",
                   n < 0 ? strerror(errno) : "premature EOF");
        p->dismissed = true;
        return 0;
    }
    p->file_at += (uint64_t)n;
    runs[0] = bytes_of(p->piece, (size_t)n);
    return 1;
}

/* In lock. */
static uint32_t replica_fill_data(struct replica *p, struct bytes *runs)
{
    uint32_t n = 0;
    if (p->file) {
        n = replica_fill_file(p, runs);
        if (n == 0 && !p->dismissed)
            replica_data_sent(p);
    } else {
        switch (rdb_reader_read(&p->reader, runs, RDB_READER_RUNS, &n, p->worker)) {
        case RDB_READ_MORE:
            break;
        case RDB_READ_WHOLE:
            replica_data_sent(p);
            break;
        case RDB_READ_FAILED:
            p->dismissed = true;
            break;
        }
    }
    p->flight = n > 0 ? FLIGHT_DATA : FLIGHT_NONE;
    return n;
}

static uint32_t replica_fill_stream(struct replica *p, struct bytes *runs, uint32_t max)
{
    copies_given(p);
    const uint32_t n = backlog_read(p->repl->backlog, &p->pin, &p->hold, runs, max, p->worker);
    p->flight = n > 0 ? FLIGHT_STREAM : FLIGHT_NONE;
    return n;
}

/*
 * In lock.  Closed at once, with ACKs that nobody has read, the socket would throw away what it has
 * not sent yet.
 */
static void replica_end_stream(struct replica *p)
{
    if (!p->ended && shutdown(p->session->shown.fd, SHUT_WR) != 0)
        p->feed.ending = true;
    p->ended = true;
}

/* In lock.  What one that is let go is sent yet. */
static uint32_t replica_fill_rest(struct replica *p, struct bytes *runs, uint32_t max)
{
    const uint32_t n = p->ended ? 0 : replica_fill_stream(p, runs, max);
    if (n == 0 && backlog_pin_is_spent(p->repl->backlog, &p->pin))
        replica_end_stream(p);
    return n;
}

/* In lock. */
static uint32_t replica_fill_next(struct replica *p, struct bytes *runs, uint32_t max)
{
    if (p->dismissed && !replica_leaves(p)) {
        p->feed.ending = true;
        return 0;
    }
    if (p->head.size > 0) {
        p->flying = p->head;
        memset(&p->head, 0, sizeof p->head);
        runs[0] = buf_bytes(&p->flying);
        p->flight = FLIGHT_HEAD;
        return 1;
    }
    if (p->dismissed)
        return replica_fill_rest(p, runs, max);
    uint32_t n = p->phase == REPLICA_SENDING ? replica_fill_data(p, runs) : 0;
    if (n == 0 && p->phase == REPLICA_ONLINE)
        n = replica_fill_stream(p, runs, max);
    if (n == 0 && p->newline && p->phase < REPLICA_SENDING) {
        runs[0] = bytes_cstr("\n");
        p->flight = FLIGHT_NEWLINE;
        n = 1;
    }
    p->newline = false;
    if (p->dismissed)
        p->feed.ending = true;
    return n;
}

static uint32_t replica_fill(struct conn_feed *f, struct bytes *runs, uint32_t max)
{
    struct replica *p = replica_of_feed(f);
    LK_ASSERT(p->flight == FLIGHT_NONE);
    pthread_mutex_lock(&p->repl->lock);
    if (LK_UNLIKELY(load_acquire(&p->session->kill)))
        replica_cut(p); /* what was written since it was killed is not sent */
    const uint32_t n = replica_fill_next(p, runs, max < BACKLOG_RUNS ? max : BACKLOG_RUNS);
    pthread_mutex_unlock(&p->repl->lock);
    return n;
}

static void replica_sent(struct conn_feed *f, size_t bytes)
{
    struct replica *p = replica_of_feed(f);
    (void)bytes;
    switch (p->flight) {
    case FLIGHT_HEAD:
        buf_release(&p->flying);
        break;
    case FLIGHT_STREAM:
        backlog_drop(&p->hold);
        break;
    case FLIGHT_DATA:
        if (p->reader.window)
            rdb_reader_sent(&p->reader);
        replica_heard(p); /* it takes what it is sent */
        break;
    case FLIGHT_NEWLINE:
    case FLIGHT_NONE:
        break;
    }
    p->flight = FLIGHT_NONE;
}

static uint64_t replica_lag(struct conn_feed *f)
{
    struct replica *p = replica_of_feed(f);
    return backlog_pin_lag(p->repl->backlog, &p->pin);
}

/* In lock.  Is its time up, or has it broken off? */
static bool replica_is_over(const struct replica *p)
{
    if (p->dismissed)
        return !replica_leaves(p);
    return p->phase == REPLICA_ONLINE && backlog_pin_is_broken(p->repl->backlog, &p->pin);
}

/* In lock.  Has it been silent for too long?  Says so. */
static bool replica_is_late(const struct replica *p, const struct config *c)
{
    if (p->phase < REPLICA_SENDING || p->ack_ms == 0 ||
        repl_now_ms() - p->ack_ms <= c->repl_timeout_s * 1000)
        return false;
    trace_line(TRACE_WARNING, "Disconnecting timedout replica (%s sync): %s",
               p->phase == REPLICA_ONLINE ? "streaming" : "full", p->name);
    return true;
}

static bool replica_tick(struct conn_feed *f, int64_t now_ms)
{
    struct replica *p = replica_of_feed(f);
    const struct config *c = repl_config(p->repl);
    if (now_ms - p->newline_ms >= c->repl_ping_replica_period_s * 1000 || now_ms < p->newline_ms) {
        p->newline = p->newline_ms != 0;
        p->newline_ms = now_ms;
    }
    pthread_mutex_lock(&p->repl->lock);
    const bool stays = !replica_is_over(p) && !replica_is_late(p, c);
    pthread_mutex_unlock(&p->repl->lock);
    return stays;
}

/* What is in flight stays until the session goes. */
static void replica_closed(struct conn_feed *f)
{
    struct replica *p = replica_of_feed(f);
    pthread_mutex_lock(&p->repl->lock);
    const bool done = p->phase == REPLICA_DONE;
    replica_unlist(p);
    pthread_mutex_unlock(&p->repl->lock);
    backlog_unpin(p->repl->backlog, &p->pin);
    if (!done)
        trace_line(TRACE_NOTICE, "Connection with replica %s lost.", p->name);
    acks_changed(p->repl);
    copies_see_to_writes(p->repl, repl_config(p->repl));
}

static const struct conn_feed_ops replica_feed = {.fill = replica_fill,
                                                  .sent = replica_sent,
                                                  .lag = replica_lag,
                                                  .tick = replica_tick,
                                                  .closed = replica_closed};

/* --- beginning and end ----------------------------------------------------------------------- */

static void replica_end(struct session_peer *peer)
{
    struct replica *p = (struct replica *)peer;
    LK_ASSERT(!p->listed && !p->pin.on);
    rdb_reader_leave(&p->reader);
    backlog_drop(&p->hold);
    sync_file_drop(p->file);
    mem_free(p->piece, p->piece ? REPLICA_FILE_PIECE : 0);
    buf_release(&p->head);
    buf_release(&p->flying);
    mem_strfree(p->ip);
    mem_strfree(p->name);
    mem_delete(p);
}

struct replica *replica_of(struct repl *r, struct session *s)
{
    if (s->peer)
        return (struct replica *)s->peer;
    struct replica *p = mem_new(struct replica);
    p->peer.end = replica_end;
    p->feed.ops = &replica_feed;
    p->repl = r;
    p->session = s;
    p->id = s->id;
    p->worker = s->worker;
    s->peer = &p->peer;
    return p;
}

void replica_list(struct replica *p, enum replica_phase phase)
{
    struct repl *r = p->repl;
    if (!p->ip) {
        const char *peer = p->session->registry.peer, *colon = peer ? strrchr(peer, ':') : NULL;
        char ip[128] = "";
        if (colon)
            snprintf(ip, sizeof ip, "%.*s", (int)(colon - peer), peer);
        p->ip = mem_strdup(ip);
    }
    session_set(p->session, SESSION_REPLICA, true);
    if (repl_config(r)->repl_disable_tcp_nodelay && !session_has(p->session, SESSION_UNIX))
        socket_set_nodelay(p->session->shown.fd, false);
    pthread_mutex_lock(&r->lock);
    LK_ASSERT(!p->listed);
    p->listed = true;
    p->phase = phase;
    p->waits_since_ms = repl_now_ms();
    replica_heard(p);
    p->prev = r->last;
    if (r->last)
        r->last->next = p;
    else
        r->first = p;
    r->last = p;
    store_relaxed(&r->count, r->count + 1);
    pthread_mutex_unlock(&r->lock);
    conn_feed_begin(p->session, &p->feed);
}

void replica_acknowledge(struct replica *p, int64_t offset, int64_t fack)
{
    pthread_mutex_lock(&p->repl->lock);
    if (offset > p->ack)
        p->ack = offset;
    if (fack > p->fack)
        p->fack = fack;
    replica_heard(p);
    const bool joins = p->phase == REPLICA_LOADING;
    if (joins)
        replica_put_online(p);
    pthread_mutex_unlock(&p->repl->lock);
    acks_changed(p->repl);
    if (joins)
        copies_see_to_writes(p->repl, repl_config(p->repl));
    if (LK_UNLIKELY(load_acquire(&p->repl->failover.state)))
        p->repl->parts.ask_to_settle(p->repl->parts.ctx); /* it may be the one */
}
