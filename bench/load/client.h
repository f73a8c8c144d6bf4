/*
 * client.h — one thread of load.
 *
 * Without a rate the loop is closed: a connection sends its whole pipeline at once and again when
 * the last answer has come.  With a rate it is open: request k of the thread is due at
 * start + k * gap on connection k % conns, whether or not the server keeps up.  Its latency counts
 * from that moment, so a stalled server is charged for every request that it kept waiting, and not
 * only for the few that were in flight (no coordinated omission).
 *
 *   epoll_wait --> recv --> frame replies, record --> render the next requests --> send
 *
 * All connections share one receive and one send buffer, which therefore stay in the cache; a
 * connection has bytes of its own only while a reply or a request is cut in two.
 *
 * Threads  the client's own, but for the atomics, which the progress line reads
 */
#ifndef LK_BENCH_LOAD_CLIENT_H
#define LK_BENCH_LOAD_CLIENT_H

#include "bench/load/conn.h"
#include "bench/load/stats.h"

#include <pthread.h>
#include <stdatomic.h>

enum phase_state { PHASE_WARMUP, PHASE_MEASURE, PHASE_STOP };

/* What all clients of one phase share; written by the phase's owner. */
struct phase {
    const struct options *options;
    const struct mix *mix;
    struct key_shape keys;
    uint32_t threads, conns, pipeline;
    double rate;
    uint64_t requests;
    _Atomic int state; /* release by the owner, acquire by the clients */
    pthread_barrier_t connected;
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    uint32_t running; /* hold mutex */
};

struct client {
    struct phase *phase;
    uint32_t index;
    pthread_t thread;
    struct conn *conns;
    uint32_t conn_count, alive;
    int epoll;
    struct keys keys;
    uint32_t cursor; /* in the mix's sequence */
    struct buf in, out;

    bool measuring;
    int64_t measured_from_ns, cpu_from_ns;
    uint64_t quota; /* requests still to be issued; UINT64_MAX without a limit */
    uint64_t outstanding;
    int64_t drain_until_ns;

    uint64_t burst; /* requests that become due together */
    double gap_ns;  /* between two scheduled bursts; 0 without a rate */
    int64_t schedule_ns;
    uint64_t scheduled; /* bursts that have become due */
    struct conn **touched;
    uint32_t touched_count;

    bool failed;
    struct stats stats;
    _Atomic uint64_t live_replies, live_errors, live_max_ns; /* relaxed: for the eye only */
};

/* User and system time of the calling thread, ns. */
int64_t client_cpu_ns(void);

/* The body of a client's thread; arg is the client, with phase and index set. */
void *client_main(void *arg);

/* After its thread has ended. */
void client_release(struct client *c);

#endif
