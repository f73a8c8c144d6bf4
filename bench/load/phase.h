/*
 * phase.h — runs all clients through one stretch of load, and keeps the time series.
 *
 *   connect all --> warm-up (not counted) --> measure --> stop, merge
 *
 * Threads  the caller owns the phase; the clients are its threads
 */
#ifndef LK_BENCH_LOAD_PHASE_H
#define LK_BENCH_LOAD_PHASE_H

#include "bench/load/client.h"

#include <signal.h>

/* Set by a signal: the measurement ends at the next look, and what was measured is reported. */
extern volatile sig_atomic_t phase_interrupted;

struct sample {
    double at_s; /* end of the interval, from the start of the measurement */
    uint64_t replies, errors;
    uint64_t max_ns;
};

struct samples {
    struct sample *v;
    uint32_t count, capacity;
};

/*
 * Runs the phase that the caller has described in *p (options, mix, keys, threads, conns,
 * pipeline, rate, requests) and merges what was seen into *total, which must be zeroed.
 * False if not all connections could be made.
 */
bool phase_run(struct phase *p, double warmup_s, struct stats *total, struct samples *series);

#endif
