/*
 * master_link.c — the thread that follows a master, from the connection to its end.
 *
 *   connect --> handshake --> full sync (link_sync.c) --\
 *                         \--> partial ------------------> stream (link_stream.c) --> … again
 *
 * It waits for its socket outside the gate, in slices of a second at most, so that ACKs go out and
 * a change of role is seen.  A master that was there and goes is asked again at once, one that
 * cannot be had once a second.
 */
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/trace.h"
#include "core/cmd/command/version.h"
#include "core/cmd/engine/session_end.h"
#include "io/repl/role_priv.h"

#include <errno.h>

enum { SLICE_MS = 100, AGAIN_MS = 1000, AGAIN_MIN_MS = 20, IDLE_MS = 1000, RECEIVE = 16 * 1024 };

void master_link_init(struct master_link *l, struct role *r)
{
    struct engine *engine = r->parts.engine;
    l->role = r;
    l->socket.fd = -1;
    l->socket.waker = &l->waker;
    LK_ASSERT(link_waker_init(&l->waker) == 0);
    l->dispatcher = dispatcher_new(engine, SHARD_LINK);
    link_stream_init(l);
}

/* --- small things ---------------------------------------------------------------------------- */

static void master_link_set_text(struct buf *b, struct bytes text)
{
    b->size = 0;
    buf_append_bytes(b, text);
}

/* A state of the configuration lives while nobody leaves the gate. */
static void master_link_read_settings(struct master_link *l)
{
    struct link_settings *s = &l->settings;
    dispatch_enter(l->dispatcher);
    const struct config *c = config_current(l->role->parts.config);
    master_link_set_text(&s->user, c->masteruser);
    master_link_set_text(&s->password, c->masterauth);
    master_link_set_text(&s->announce_ip,
                         bytes_cstr(c->replica_announce_ip ? c->replica_announce_ip : ""));
    master_link_set_text(&s->source, bytes_cstr(c->bind_source_addr ? c->bind_source_addr : ""));
    buf_append_char(&s->source, '\0');
    s->tls = c->tls_replication;
    const int64_t own_port = s->tls && c->tls_port ? c->tls_port : c->port;
    s->port = (uint16_t)(c->replica_announce_port ? c->replica_announce_port : own_port);
    s->mark = (uint32_t)c->socket_mark_id;
    store_relaxed(&s->timeout_ms, c->repl_timeout_s * 1000);
    dispatch_leave(l->dispatcher);
}

/* --- one attempt ----------------------------------------------------------------------------- */

static bool master_link_secure(struct master_link *l)
{
    struct tls_channel *tls = tls_channel_new(l->role->parts.tls, TLS_CLIENT, TLS_AUTH_NO);
    if (tls && link_socket_secure(&l->socket, tls))
        return true;
    trace_line(TRACE_WARNING, "TLS with the MASTER cannot begin");
    return false;
}

static bool master_link_connect(struct master_link *l, const char *host, uint16_t port)
{
    const struct link_target target = {
        .host = host, .source = l->settings.source.data, .port = port, .mark = l->settings.mark};
    struct buf error = {0};
    trace_line(TRACE_NOTICE, "Connecting to MASTER %s:%u", host, port);
    link_set_state(l, LINK_CONNECTING);
    const int rc = link_socket_open(&l->socket, &target, &error);
    if (rc != 0)
        trace_line(TRACE_WARNING, "Unable to connect to MASTER: %.*s", (int)error.size, error.data);
    buf_release(&error);
    if (rc != 0)
        return false;
    trace_line(TRACE_NOTICE, "MASTER <-> REPLICA sync started");
    link_heard(l);
    while (!(link_socket_wait(&l->socket, LINK_WRITABLE, SLICE_MS) & LINK_WRITABLE)) {
        if (!master_link_is_current(l))
            return false;
        if (link_is_late(l)) {
            trace_line(TRACE_WARNING, "Timeout connecting to the MASTER...");
            return false;
        }
    }
    const int failed = link_socket_error(&l->socket);
    if (failed != 0) {
        trace_line(TRACE_WARNING, "Error condition on socket for SYNC: %s", strerror(failed));
        return false;
    }
    if (l->settings.tls && !master_link_secure(l))
        return false;
    trace_line(TRACE_NOTICE, "Non blocking connect for SYNC fired the event.");
    return true;
}

static void master_link_log_said(const struct handshake *h)
{
    for (uint32_t i = 0; i < h->said_count; i++)
        trace_line(h->said[i].warning ? TRACE_WARNING : TRACE_NOTICE, "%.*s",
                   (int)h->said[i].text.size, h->said[i].text.data);
}

static void master_link_give(struct master_link *l, struct handshake *h)
{
    buf_append_bytes(&l->socket.out, buf_bytes(&h->out));
    h->out.size = 0;
}

static enum handshake_outcome master_link_talk(struct master_link *l, struct handshake *h)
{
    enum handshake_outcome outcome = HANDSHAKE_MORE;
    size_t used = 0;
    while (outcome == HANDSHAKE_MORE) {
        master_link_give(l, h);
        if (used == 0 && (!link_wait_readable(
                              l, "Timeout connecting to the MASTER: no answer in the handshake") ||
                          !link_receive(l, RECEIVE)))
            return HANDSHAKE_FAILED;
        outcome = handshake_take(h, link_socket_bytes(&l->socket), &used);
        l->socket.used += used;
        master_link_log_said(h);
    }
    master_link_give(l, h);
    return outcome;
}

/* The stream goes on where it ended: under another id if the master has been promoted meanwhile. */
static bool master_link_resume(struct master_link *l, const struct handshake *h)
{
    struct role *r = l->role;
    struct gate *gate = &r->parts.engine->fixed.keyspace->gate;
    if (strcmp(r->upstream.id, h->replid) == 0)
        return master_link_is_current(l);
    gate_close(gate);
    const bool current = master_link_is_current(l);
    if (current) {
        role_history_continue(r, h->replid);
        pthread_mutex_lock(&r->lock);
        memcpy(r->upstream.id, h->replid, sizeof r->upstream.id);
        pthread_mutex_unlock(&r->lock);
    }
    gate_open(gate);
    return current;
}

static void master_link_wish(struct master_link *l, struct handshake_wish *w)
{
    const struct upstream *u = &l->role->upstream;
    *w = (struct handshake_wish){.user = buf_bytes(&l->settings.user),
                                 .password = buf_bytes(&l->settings.password),
                                 .announce_ip = buf_bytes(&l->settings.announce_ip),
                                 .version = bytes_cstr(REDIS_VERSION),
                                 .port = l->settings.port};
    if (u->known && u->has_db) {
        w->replid = u->id;
        w->next_offset = u->offset + 1;
        w->failover = l->role->handing;
    }
}

/* What the other one says to FAILOVER is the end of that, well or not. */
static void master_link_report(struct master_link *l, enum handshake_outcome outcome)
{
    struct role *r = l->role;
    const bool taken = outcome == HANDSHAKE_FULL || outcome == HANDSHAKE_CONTINUE;
    if (!taken && outcome != HANDSHAKE_REFUSED)
        return;
    dispatch_enter(l->dispatcher);
    const bool mine = master_link_is_current(l) && r->handing;
    if (mine)
        r->handing = false;
    dispatch_leave(l->dispatcher);
    if (mine && r->parts.handed_over)
        r->parts.handed_over(r->parts.engine, taken);
}

/* True if the stream has run: the master was there. */
static bool master_link_follow(struct master_link *l)
{
    struct handshake h;
    struct handshake_wish wish;
    link_set_state(l, LINK_HANDSHAKE);
    role_history_take(l->role, l->dispatcher);
    dispatch_enter(l->dispatcher); /* the upstream changes in the gate */
    master_link_wish(l, &wish);
    handshake_begin(&h, &wish);
    dispatch_leave(l->dispatcher);
    const enum handshake_outcome outcome = master_link_talk(l, &h);
    l->got_data = outcome == HANDSHAKE_FULL;
    bool well = false;
    if (wish.failover)
        master_link_report(l, outcome);
    if (outcome == HANDSHAKE_FULL)
        well = link_sync_run(l, &h);
    else if (outcome == HANDSHAKE_CONTINUE)
        well = master_link_resume(l, &h);
    if (well) {
        l->may_ack = outcome == HANDSHAKE_CONTINUE || h.offset >= 0;
        link_client_begin(l, outcome == HANDSHAKE_FULL);
        link_set_state(l, LINK_CONNECTED);
        link_heard(l);
        link_kept_begin(l);
        link_ack(l, true);
        link_stream_run(l);
    }
    handshake_end(&h);
    return well;
}

static bool master_link_try(struct master_link *l, const char *host, uint16_t port)
{
    l->got_data = false;
    master_link_read_settings(l);
    const bool ran = master_link_connect(l, host, port) && master_link_follow(l);
    link_socket_close(&l->socket);
    l->may_ack = false;
    dispatch_enter(l->dispatcher);
    link_stream_reset(l);
    dispatch_leave(l->dispatcher);
    if (ran)
        store_relaxed(&l->figures.down_ns, clock_mono_ns());
    link_set_state(l, LINK_CONNECT);
    return ran;
}

/* --- the thread ------------------------------------------------------------------------------ */

/* What is to be followed now; false: nobody is. */
static bool master_link_look(struct master_link *l, char host[ROLE_HOST_MAX + 1], uint16_t *port)
{
    struct role *r = l->role;
    pthread_mutex_lock(&r->lock);
    const bool replica = r->replica;
    memcpy(host, r->host, ROLE_HOST_MAX + 1);
    *port = r->port;
    l->generation = load_acquire(&r->generation);
    pthread_mutex_unlock(&r->lock);
    return replica;
}

/*
 * Behind an attempt that failed.  A full sync that broke off is tried again when as much time has
 * passed as it took: so no more than half of the time goes into such.
 */
static void master_link_rest(struct master_link *l, int64_t begun_ns)
{
    int64_t ms = AGAIN_MS;
    if (l->got_data) {
        ms = (clock_mono_ns() - begun_ns) / 1000000;
        ms = ms < AGAIN_MIN_MS ? AGAIN_MIN_MS : ms > AGAIN_MS ? AGAIN_MS : ms;
    }
    link_waker_sleep(&l->waker, (int)ms);
}

static void *master_link_main(void *arg)
{
    struct master_link *l = arg;
    struct role *r = l->role;
    char host[ROLE_HOST_MAX + 1];
    uint16_t port;
    while (!load_acquire(&r->stop)) {
        if (!master_link_look(l, host, &port)) {
            link_waker_sleep(&l->waker, IDLE_MS);
            continue;
        }
        const int64_t begun_ns = clock_mono_ns();
        const bool ran = master_link_try(l, host, port);
        if (!ran && master_link_is_current(l))
            master_link_rest(l, begun_ns);
    }
    return NULL;
}

void master_link_start(struct master_link *l)
{
    LK_ASSERT(pthread_create(&l->thread, NULL, master_link_main, l) == 0);
    l->running = true;
}

void master_link_end(struct master_link *l)
{
    if (l->running)
        pthread_join(l->thread, NULL);
    l->running = false;
    link_stream_release(l);
    buf_release(&l->settings.user);
    buf_release(&l->settings.password);
    buf_release(&l->settings.announce_ip);
    buf_release(&l->settings.source);
}
