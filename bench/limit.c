/*
 * limit.c — bench-limit, a server that does the network's work and nothing else.
 *
 * It frames commands and answers each with a constant, so what it reaches is about the most that
 * any server can reach on this machine with this client.  A server's throughput is best read as a
 * share of it, and what a server costs beyond it is the cost of being a database.
 *
 *   GET...  a bulk of --value-bytes      INCR...  :1      PING  +PONG      all else  +OK
 *
 * Each thread owns a ring: multishot receive into provided buffers, one send in flight a
 * connection.  The main thread accepts and deals the sockets round robin through pipes, so that
 * every thread has its share, however few there are.
 *
 * Usage    bench-limit [--port N] [--threads N] [--value-bytes N]
 * Errors   the ring's set-up says what failed and exits; a broken command closes its connection
 */
#include "core/base/buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    RECV_BUFFERS = 1024, /* power of two */
    RECV_BUFFER_BYTES = 16 << 10,
    RECV_GROUP = 1,
    RING_ENTRIES = 1024,
    RING_COMPLETIONS = 8192,
    HEADER_MAX = 32,             /* "*1048576\r\n" and the like */
    UNREAD_MAX_BYTES = 64 << 20, /* replies that a client may leave unread */
    THREADS_MAX = 256
};

/* The kind of a completion, in the low bits of its user data. */
enum { OP_DEAL = 0, OP_RECV = 1, OP_SEND = 2, OP_MASK = 3 };

struct conn {
    int fd;
    bool receiving, sending, dirty, closing;
    /* Where the framing stands, as a command may arrive in any number of parts. */
    uint64_t args; /* bulks still to come */
    uint64_t skip; /* bytes of the bulk, its line end too, still to come */
    char name;     /* first letter of the command, 0 before it has come */
    char header[HEADER_MAX];
    uint32_t header_size;
    struct buf out, in_flight;
};

struct worker {
    pthread_t thread;
    int deal[2]; /* pipe: sockets from the main thread */
    int dealt;   /* the socket that the ring reads next */
    struct io_uring ring;
    struct io_uring_buf_ring *buffers;
    char *memory;
    struct conn **dirty;
    uint32_t dirty_count, dirty_capacity;
};

static struct buf value_reply;

static void fail(const char *what, int error)
{
    fprintf(stderr, "bench-limit: %s: %s\n", what, strerror(error));
    exit(1);
}

static void answer(struct conn *c)
{
    const char kind = (char)(c->name | 0x20);
    c->name = 0;
    if (kind == 'g')
        buf_append(&c->out, value_reply.data, value_reply.size);
    else if (kind == 'i')
        buf_append(&c->out, ":1\r\n", 4);
    else if (kind == 'p')
        buf_append(&c->out, "+PONG\r\n", 7);
    else
        buf_append(&c->out, "+OK\r\n", 5);
}

/* Takes one header line, "*N" or "$N"; false if it is neither. */
static bool take_header(struct conn *c, const char *line, const char *line_end)
{
    uint64_t n = 0;
    for (const char *p = line + 1; p < line_end - 1; p++) {
        if (*p < '0' || *p > '9' || n > UINT32_MAX)
            return false;
        n = n * 10 + (uint64_t)(*p - '0');
    }
    if (line_end - line < 3 || line_end[-1] != '\r')
        return false;
    if (*line == '*' && c->args == 0)
        c->args = n;
    else if (*line == '$' && c->args > 0)
        c->skip = n + 2;
    else
        return false;
    return true;
}

/* Keeps a header's front until its rest has come. */
static bool keep_front(struct conn *c, const char *p, size_t n)
{
    if (c->header_size + n > HEADER_MAX)
        return false;
    memcpy(c->header + c->header_size, p, n);
    c->header_size += (uint32_t)n;
    return true;
}

/* Frames what arrived and answers every command that ended in it; false if it is no RESP. */
static bool feed(struct conn *c, const char *p, size_t size)
{
    const char *const end = p + size;
    while (p < end) {
        if (c->skip > 0) {
            const uint64_t here = (uint64_t)(end - p), n = here < c->skip ? here : c->skip;
            if (c->name == 0)
                c->name = *p;
            p += n;
            c->skip -= n;
            if (c->skip == 0 && --c->args == 0)
                answer(c);
            continue;
        }
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        if (!newline)
            return keep_front(c, p, (size_t)(end - p));
        if (c->header_size > 0) {
            if (!keep_front(c, p, (size_t)(newline - p)) ||
                !take_header(c, c->header, c->header + c->header_size))
                return false;
            c->header_size = 0;
        } else if (!take_header(c, p, newline)) {
            return false;
        }
        p = newline + 1;
    }
    return true;
}

static struct io_uring_sqe *next_sqe(struct worker *w)
{
    struct io_uring_sqe *s;
    while (!(s = io_uring_get_sqe(&w->ring)))
        io_uring_submit(&w->ring);
    return s;
}

/* After the prep function, which clears it. */
static void tag_sqe(struct io_uring_sqe *s, struct conn *c, unsigned op)
{
    io_uring_sqe_set_data64(s, (uint64_t)(uintptr_t)c | op);
}

static void arm_recv(struct worker *w, struct conn *c)
{
    struct io_uring_sqe *s = next_sqe(w);
    io_uring_prep_recv_multishot(s, c->fd, NULL, 0, 0);
    s->flags |= IOSQE_BUFFER_SELECT;
    s->buf_group = RECV_GROUP;
    tag_sqe(s, c, OP_RECV);
    c->receiving = true;
}

static void arm_deal(struct worker *w)
{
    struct io_uring_sqe *s = next_sqe(w);
    io_uring_prep_read(s, w->deal[0], &w->dealt, sizeof w->dealt, 0);
    tag_sqe(s, NULL, OP_DEAL);
}

static void mark_dirty(struct worker *w, struct conn *c)
{
    if (c->dirty)
        return;
    if (w->dirty_count == w->dirty_capacity) {
        w->dirty_capacity = w->dirty_capacity ? w->dirty_capacity * 2 : 256;
        w->dirty = realloc(w->dirty, w->dirty_capacity * sizeof(struct conn *));
        LK_ASSERT(w->dirty);
    }
    c->dirty = true;
    w->dirty[w->dirty_count++] = c;
}

static void start_closing(struct conn *c)
{
    if (!c->closing)
        shutdown(c->fd, SHUT_RDWR); /* ends what the kernel still holds of it */
    c->closing = true;
}

static void on_deal(struct worker *w, int result)
{
    if (result != (int)sizeof w->dealt)
        fail("the pipe of new sockets", result < 0 ? -result : EPIPE);
    struct conn *c = calloc(1, sizeof *c);
    LK_ASSERT(c);
    const int on = 1;
    c->fd = w->dealt;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    arm_recv(w, c);
    arm_deal(w);
}

/* Returns true if a provided buffer was used up and is to be given back. */
static bool on_recv(struct worker *w, struct conn *c, const struct io_uring_cqe *cqe)
{
    const bool took = cqe->res > 0;
    c->receiving = (cqe->flags & IORING_CQE_F_MORE) != 0;
    if (took) {
        const uint32_t id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
        const char *data = w->memory + (size_t)id * RECV_BUFFER_BYTES;
        if (!c->closing && (!feed(c, data, (size_t)cqe->res) || c->out.size > UNREAD_MAX_BYTES))
            start_closing(c);
    } else if (cqe->res != -ENOBUFS) {
        start_closing(c);
    }
    if (!c->receiving && !c->closing)
        arm_recv(w, c);
    mark_dirty(w, c);
    return took;
}

static void on_send(struct worker *w, struct conn *c, int result)
{
    c->sending = false;
    if (result < 0 || (size_t)result < c->in_flight.size)
        start_closing(c);
    c->in_flight.size = 0;
    mark_dirty(w, c);
}

/* One send for all that a connection has to say, or its end when the kernel has let go of it. */
static void settle(struct worker *w, struct conn *c)
{
    c->dirty = false;
    if (c->closing) {
        if (c->receiving || c->sending)
            return;
        close(c->fd);
        buf_release(&c->out);
        buf_release(&c->in_flight);
        free(c);
        return;
    }
    if (c->sending || c->out.size == 0)
        return;
    const struct buf swap = c->in_flight;
    c->in_flight = c->out;
    c->out = swap;
    struct io_uring_sqe *s = next_sqe(w);
    io_uring_prep_send(s, c->fd, c->in_flight.data, c->in_flight.size, MSG_WAITALL | MSG_NOSIGNAL);
    tag_sqe(s, c, OP_SEND);
    c->sending = true;
}

static void give_buffer_back(struct worker *w, uint32_t id, int offset)
{
    io_uring_buf_ring_add(w->buffers, w->memory + (size_t)id * RECV_BUFFER_BYTES, RECV_BUFFER_BYTES,
                          (unsigned short)id, io_uring_buf_ring_mask(RECV_BUFFERS), offset);
}

/* A ring must be made by the thread that uses it (single issuer). */
static void set_up_ring(struct worker *w)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CQSIZE,
        .cq_entries = RING_COMPLETIONS,
    };
    int rc = io_uring_queue_init_params(RING_ENTRIES, &w->ring, &params);
    if (rc < 0)
        fail("io_uring", -rc);
    w->buffers = aligned_alloc(4096, RECV_BUFFERS * sizeof(struct io_uring_buf));
    w->memory = aligned_alloc(4096, (size_t)RECV_BUFFERS * RECV_BUFFER_BYTES);
    LK_ASSERT(w->buffers && w->memory);
    struct io_uring_buf_reg reg = {
        .ring_addr = (uint64_t)(uintptr_t)w->buffers,
        .ring_entries = RECV_BUFFERS,
        .bgid = RECV_GROUP,
    };
    rc = io_uring_register_buf_ring(&w->ring, &reg, 0);
    if (rc < 0)
        fail("provided buffers", -rc);
    io_uring_buf_ring_init(w->buffers);
    for (uint32_t i = 0; i < RECV_BUFFERS; i++)
        give_buffer_back(w, i, (int)i);
    io_uring_buf_ring_advance(w->buffers, RECV_BUFFERS);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    set_up_ring(w);
    arm_deal(w);
    for (;;) {
        io_uring_submit_and_wait(&w->ring, 1);
        struct io_uring_cqe *cqe;
        unsigned head, seen = 0;
        int used = 0;
        io_uring_for_each_cqe(&w->ring, head, cqe)
        {
            struct conn *c = (struct conn *)(uintptr_t)(cqe->user_data & ~(uint64_t)OP_MASK);
            const unsigned op = cqe->user_data & OP_MASK;
            seen++;
            if (op == OP_DEAL)
                on_deal(w, cqe->res);
            else if (op == OP_SEND)
                on_send(w, c, cqe->res);
            else if (on_recv(w, c, cqe))
                give_buffer_back(w, cqe->flags >> IORING_CQE_BUFFER_SHIFT, used++);
        }
        io_uring_buf_ring_advance(w->buffers, used);
        io_uring_cq_advance(&w->ring, seen);
        for (uint32_t i = 0; i < w->dirty_count; i++)
            settle(w, w->dirty[i]);
        w->dirty_count = 0;
    }
    return NULL;
}

static int listen_on(uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 1024) != 0)
        fail("listen", errno);
    return fd;
}

static void make_value_reply(int value_bytes)
{
    buf_printf(&value_reply, "$%d\r\n", value_bytes);
    memset(buf_reserve(&value_reply, (size_t)value_bytes), 'x', (size_t)value_bytes);
    value_reply.size += (size_t)value_bytes;
    buf_append(&value_reply, "\r\n", 2);
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"port", required_argument, NULL, 'p'},
        {"threads", required_argument, NULL, 't'},
        {"value-bytes", required_argument, NULL, 'v'},
        {0},
    };
    static struct worker workers[THREADS_MAX];
    int port = 6379, threads = 1, value_bytes = 32, opt;
    while ((opt = getopt_long(argc, argv, "p:t:v:", longs, NULL)) != -1) {
        if (opt == 'p')
            port = atoi(optarg);
        else if (opt == 't')
            threads = atoi(optarg);
        else if (opt == 'v')
            value_bytes = atoi(optarg);
        else
            return 2;
    }
    if (optind < argc || port < 1 || port > 65535 || threads < 1 || threads > THREADS_MAX ||
        value_bytes < 0) {
        fprintf(stderr, "bench-limit [--port N] [--threads N] [--value-bytes N]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    make_value_reply(value_bytes);
    const int listener = listen_on((uint16_t)port);
    for (int i = 0; i < threads; i++) {
        if (pipe(workers[i].deal) != 0)
            fail("pipe", errno);
        LK_ASSERT(pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) == 0);
    }
    for (int next = 0;; next = (next + 1) % threads) {
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
            fail("accept", errno);
        if (fd >= 0 && write(workers[next].deal[1], &fd, sizeof fd) != (ssize_t)sizeof fd)
            fail("the pipe of new sockets", errno);
    }
}
