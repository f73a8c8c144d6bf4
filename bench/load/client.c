/* client.c — the loop of one thread: what is due goes out, what comes is judged and timed. */
#include "bench/load/client.h"

#include "core/base/clock.h"
#include "core/base/sched.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENT_RECV = 256 << 10,
    CLIENT_TAIL_RECV = 16 << 10,
    CLIENT_BATCH = 128 << 10, /* bytes rendered before a send */
    CLIENT_EVENTS = 256,
    CLIENT_NAP_NS = 20000000 /* the longest sleep between two looks at the phase */
};
static const int64_t CLIENT_DRAIN_NS = 10000000000; /* how long last answers are waited for */

int64_t client_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

static void client_watch(struct client *c, struct conn *conn, uint32_t events, int op)
{
    struct epoll_event e = {.events = events, .data.ptr = conn};
    epoll_ctl(c->epoll, op, conn->fd, &e);
}

static void client_lose(struct client *c, struct conn *conn)
{
    close(conn->fd);
    conn->fd = -1;
    c->outstanding -= conn->count;
    c->alive--;
    c->stats.lost_conns++;
}

/* Sends what it can; the rest waits in the connection for EPOLLOUT. */
static void client_send(struct client *c, struct conn *conn, const char *data, size_t size)
{
    size_t done = 0;
    c->stats.sent_bytes += c->measuring ? size : 0;
    while (conn->unsent.size == 0 && done < size) {
        const ssize_t n = send(conn->fd, data + done, size - done, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            client_lose(c, conn);
            return;
        }
        if (n < 0) {
            client_watch(c, conn, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            break;
        }
        done += (size_t)n;
    }
    buf_append(&conn->unsent, data + done, size - done);
}

static void client_flush(struct client *c, struct conn *conn)
{
    const ssize_t n = send(conn->fd, conn->unsent.data, conn->unsent.size, MSG_NOSIGNAL);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            client_lose(c, conn);
        return;
    }
    buf_consume(&conn->unsent, (size_t)n);
    if (conn->unsent.size == 0)
        client_watch(c, conn, EPOLLIN, EPOLL_CTL_MOD);
}

/* When request j of a connection is due: those of a burst at one moment. */
static int64_t client_due_ns(const struct client *c, const struct conn *conn, uint64_t j)
{
    const uint64_t k = j / c->burst * c->conn_count + (uint64_t)(conn - c->conns);
    return c->schedule_ns + (int64_t)((double)k * c->gap_ns);
}

/* Renders and sends n requests. */
static void client_issue(struct client *c, struct conn *conn, uint64_t n, int64_t now_ns)
{
    const struct mix *mix = c->phase->mix;
    while (n > 0 && conn->fd >= 0) {
        uint64_t chunk = CLIENT_BATCH / mix->largest + 1;
        chunk = chunk < n ? chunk : n;
        n -= chunk;
        char *const out = buf_reserve(&c->out, chunk * mix->largest);
        size_t size = 0;
        for (uint64_t i = 0; i < chunk; i++) {
            const struct image *image = mix->sequence[c->cursor++ & (MIX_SEQUENCE - 1)];
            struct inflight *f = &conn->ring[(conn->head + conn->count++) & conn->mask];
            f->command = image->command;
            f->key = mix_render(image, out + size, &c->keys);
            f->start_ns = c->gap_ns > 0 ? client_due_ns(c, conn, conn->issued++) : now_ns;
            size += image->size;
        }
        c->outstanding += chunk;
        if (c->quota != UINT64_MAX)
            c->quota -= chunk;
        client_send(c, conn, out, size);
    }
}

/* Gives a connection the requests it has room for. */
static void client_fill(struct client *c, struct conn *conn, int64_t now_ns)
{
    uint64_t n = 0;
    if (c->gap_ns > 0) {
        const uint64_t room = c->phase->pipeline - conn->count;
        n = conn->due - conn->issued;
        n = n < room ? n : room;
    } else if (conn->count == 0) {
        n = c->phase->pipeline;
    }
    n = n < c->quota ? n : c->quota;
    client_issue(c, conn, n, now_ns);
}

/* Everything that has become due by now. */
static void client_fill_due(struct client *c, int64_t now_ns)
{
    while (c->schedule_ns + (int64_t)((double)c->scheduled * c->gap_ns) <= now_ns) {
        struct conn *conn = &c->conns[c->scheduled++ % c->conn_count];
        conn->due += c->burst;
        if (!conn->touched) {
            conn->touched = true;
            c->touched[c->touched_count++] = conn;
        }
    }
    for (uint32_t i = 0; i < c->touched_count; i++) {
        c->touched[i]->touched = false;
        client_fill(c, c->touched[i], now_ns);
    }
    c->touched_count = 0;
}

/* What is not a plain good answer: errors, nils, values that are not their key's. */
static void client_judge(struct client *c, const struct reply *reply, const struct inflight *f)
{
    if (reply->kind == '-' || reply->kind == '!') {
        c->stats.errors++;
        stats_add_error(&c->stats, reply->text.data, reply->text.size, 1);
    } else if (reply->nil) {
        c->stats.misses++;
    } else if (c->phase->mix->commands[f->command].verify) {
        const struct mix_shape *shape = &c->phase->mix->shape;
        if (reply->kind != '$' || reply->text.size < shape->value_min ||
            reply->text.size > shape->value_max || !mix_value_matches(reply->text, f->key))
            c->stats.wrong++;
    }
}

/* Records n answers to one command that were sent together. */
static void client_record(struct client *c, uint32_t command, int64_t start_ns, int64_t now_ns,
                          uint64_t n)
{
    if (!c->measuring || start_ns < c->measured_from_ns)
        return;
    const uint64_t latency = (uint64_t)(now_ns > start_ns ? now_ns - start_ns : 0);
    hist_add(&c->stats.latency[command], latency, n);
    c->stats.replies += n;
    if (latency > atomic_load_explicit(&c->live_max_ns, memory_order_relaxed))
        atomic_store_explicit(&c->live_max_ns, latency, memory_order_relaxed);
}

/* Frames the replies in data; returns the bytes done with, or -1 if they make no sense. */
static int64_t client_parse(struct client *c, struct conn *conn, struct bytes data, int64_t now_ns)
{
    const char *at = data.data, *end = data.data + data.size;
    struct inflight run = {0};
    uint64_t run_size = 0;
    enum reply_result rc;
    struct reply reply;
    while ((rc = reply_next(&conn->parser, &at, end, &reply)) == REPLY_DONE) {
        if (LK_UNLIKELY(reply.kind == '>'))
            continue;
        if (conn->count == 0)
            return -1;
        const struct inflight *f = &conn->ring[conn->head++ & conn->mask];
        conn->count--;
        if (LK_UNLIKELY(f->command != run.command || f->start_ns != run.start_ns)) {
            client_record(c, run.command, run.start_ns, now_ns, run_size);
            run = *f;
            run_size = 0;
        }
        run_size++;
        c->outstanding--;
        if (c->measuring)
            client_judge(c, &reply, f);
    }
    client_record(c, run.command, run.start_ns, now_ns, run_size);
    return rc == REPLY_BAD ? -1 : at - data.data;
}

static void client_readable(struct client *c, struct conn *conn)
{
    const bool cut = conn->tail.size > 0;
    struct buf *in = cut ? &conn->tail : &c->in;
    const size_t room = cut ? CLIENT_TAIL_RECV + conn->tail.size : CLIENT_RECV;
    char *to = buf_reserve(in, room);
    const ssize_t n = recv(conn->fd, to, room, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        client_lose(c, conn);
        return;
    }
    const int64_t now_ns = clock_mono_ns();
    c->stats.received_bytes += c->measuring ? (size_t)n : 0;
    const struct bytes data = bytes_of(in->data, in->size + (size_t)n);
    const int64_t used = client_parse(c, conn, data, now_ns);
    if (used < 0) {
        client_lose(c, conn);
        return;
    }
    if (cut) {
        in->size += (size_t)n;
        if (used > 0)
            buf_consume(in, (size_t)used);
    } else {
        buf_append(&conn->tail, data.data + used, data.size - (size_t)used);
    }
    atomic_store_explicit(&c->live_replies, c->stats.replies, memory_order_relaxed);
    atomic_store_explicit(&c->live_errors, c->stats.errors + c->stats.wrong, memory_order_relaxed);
    client_fill(c, conn, now_ns);
}

static bool client_connect(struct client *c)
{
    const struct phase *p = c->phase;
    const uint32_t first = (uint32_t)((uint64_t)p->conns * c->index / p->threads);
    const uint32_t last = (uint32_t)((uint64_t)p->conns * (c->index + 1) / p->threads);
    c->conn_count = c->alive = last - first;
    c->conns = calloc(c->conn_count, sizeof *c->conns);
    c->touched = calloc(c->conn_count, sizeof(struct conn *));
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    LK_ASSERT(c->conns && c->touched && c->epoll >= 0);
    for (uint32_t i = 0; i < c->conn_count; i++)
        c->conns[i].fd = -1;
    for (uint32_t i = 0; i < c->conn_count; i++) {
        if (!conn_open(&c->conns[i], p->options, p->pipeline))
            return false;
        c->conns[i].parser.whole_bulks = p->mix->shape.verify;
        client_watch(c, &c->conns[i], EPOLLIN, EPOLL_CTL_ADD);
    }
    return true;
}

static void client_measure(struct client *c)
{
    c->measuring = true;
    c->measured_from_ns = clock_mono_ns();
    c->cpu_from_ns = client_cpu_ns();
    const struct phase *p = c->phase;
    if (p->requests > 0)
        c->quota = p->requests * (c->index + 1) / p->threads - p->requests * c->index / p->threads;
}

static void client_charge(struct client *c, uint32_t command, int64_t start_ns, int64_t now_ns)
{
    if (start_ns < c->measured_from_ns)
        return;
    const uint64_t age_ns = (uint64_t)(now_ns - start_ns);
    hist_add(&c->stats.latency[command], age_ns, 1);
    c->stats.unanswered++;
    if (age_ns > c->stats.oldest_ns)
        c->stats.oldest_ns = age_ns;
}

/* Requests that the server still owes at the end count with the age they have by then. */
static void client_charge_unanswered(struct client *c, int64_t now_ns)
{
    for (uint32_t i = 0; i < c->conn_count; i++) {
        const struct conn *conn = &c->conns[i];
        for (uint32_t j = 0; j < conn->count; j++) {
            const struct inflight *f = &conn->ring[(conn->head + j) & conn->mask];
            client_charge(c, f->command, f->start_ns, now_ns);
        }
        for (uint64_t j = conn->issued; j < conn->due; j++)
            client_charge(c, 0, client_due_ns(c, conn, j), now_ns);
    }
}

/*
 * At the end of a closed loop, what has been sent is waited for: a server would work on it anyway,
 * and that work would be counted among that on fewer requests.
 */
static bool client_drains(struct client *c)
{
    if (c->gap_ns > 0)
        return false;
    const int64_t now_ns = clock_mono_ns();
    if (c->quota > 0)
        c->drain_until_ns = now_ns + CLIENT_DRAIN_NS;
    c->quota = 0;
    return now_ns < c->drain_until_ns;
}

static void client_loop(struct client *c)
{
    struct epoll_event events[CLIENT_EVENTS];
    if (atomic_load_explicit(&c->phase->state, memory_order_acquire) == PHASE_MEASURE)
        client_measure(c);
    int64_t now_ns = clock_mono_ns();
    /* The threads' schedules interleave. */
    c->schedule_ns = now_ns + (int64_t)(c->gap_ns * c->index / c->phase->threads);
    for (uint32_t i = 0; i < c->conn_count && c->gap_ns == 0; i++)
        client_fill(c, &c->conns[i], now_ns);
    while (c->alive > 0) {
        const int state = atomic_load_explicit(&c->phase->state, memory_order_acquire);
        if (state == PHASE_STOP && !client_drains(c))
            break;
        if (state == PHASE_MEASURE && !c->measuring)
            client_measure(c);
        if (c->quota == 0 && c->outstanding == 0)
            break;
        int64_t nap_ns = CLIENT_NAP_NS;
        if (c->gap_ns > 0 && c->quota > 0) {
            now_ns = clock_mono_ns();
            client_fill_due(c, now_ns);
            const int64_t next_ns =
                c->schedule_ns + (int64_t)((double)c->scheduled * c->gap_ns) - now_ns;
            nap_ns = next_ns < nap_ns ? next_ns : nap_ns;
        }
        const struct timespec nap = {0, nap_ns};
        const int n = epoll_pwait2(c->epoll, events, CLIENT_EVENTS, &nap, NULL);
        for (int i = 0; i < n; i++) {
            struct conn *conn = events[i].data.ptr;
            if (events[i].events & EPOLLOUT && conn->fd >= 0)
                client_flush(c, conn);
            if (events[i].events & ~(uint32_t)EPOLLOUT && conn->fd >= 0)
                client_readable(c, conn);
        }
    }
    now_ns = clock_mono_ns();
    if (!c->measuring)
        return;
    c->stats.seconds = (double)(now_ns - c->measured_from_ns) / 1e9;
    c->stats.cpu_ns = client_cpu_ns() - c->cpu_from_ns;
    if (c->gap_ns > 0)
        client_charge_unanswered(c, now_ns);
}

/* Keeps thread i on the i-th CPU of a list like "1,3". */
static void client_pin(const char *cpus, uint32_t index)
{
    uint32_t count = 1;
    for (const char *p = cpus; *p; p++)
        count += *p == ',';
    const char *p = cpus;
    for (uint32_t skip = index % count; skip > 0; skip--)
        p = strchr(p, ',') + 1;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(strtoul(p, NULL, 10), &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

void *client_main(void *arg)
{
    struct client *c = arg;
    struct phase *p = c->phase;
    if (p->options->cpus)
        client_pin(p->options->cpus, c->index);
    if (p->rate > 0)
        sched_be_prompt(); /* what is measured is the server, not who else waits for a CPU here */
    keys_init(&c->keys, &p->keys, p->options->seed * 1000003 + c->index, c->index, p->threads);
    c->cursor = (uint32_t)rng_below(&c->keys.rng, MIX_SEQUENCE);
    c->quota = UINT64_MAX;
    c->burst = p->options->burst;
    c->gap_ns = p->rate > 0 ? 1e9 * p->threads * (double)c->burst / p->rate : 0;
    c->failed = !client_connect(c);
    pthread_barrier_wait(&p->connected);
    pthread_barrier_wait(&p->connected); /* the owner has seen whether all are there */
    if (!c->failed)
        client_loop(c);
    pthread_mutex_lock(&p->mutex);
    p->running--;
    pthread_cond_signal(&p->ended);
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

void client_release(struct client *c)
{
    for (uint32_t i = 0; i < c->conn_count; i++)
        conn_release(&c->conns[i]);
    close(c->epoll);
    free(c->conns);
    free(c->touched);
    keys_release(&c->keys);
    buf_release(&c->in);
    buf_release(&c->out);
}
