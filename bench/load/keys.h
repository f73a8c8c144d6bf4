/*
 * keys.h — which key comes next.
 *
 * Uniform and sequential numbers are made as they are needed.  A zipf or gaussian sample costs
 * tens of nanoseconds of exp and log, so those are drawn beforehand: KEY_SAMPLES of them a thread,
 * walked round and round from a place of the thread's own.
 *
 * Source   rejection-inversion for zipf: Hörmann, Derflinger, "Rejection-inversion to generate
 *          variates from monotone discrete distributions" (1996); any theta > 0, no table
 * Shapes   keys are numbers 0 .. count-1; with zipf, key 0 is the most wanted
 * Threads  one owner
 */
#ifndef LK_BENCH_LOAD_KEYS_H
#define LK_BENCH_LOAD_KEYS_H

#include "core/base/rng.h"

#include <stdbool.h>
#include <stdint.h>

enum key_dist { KEYS_UNIFORM, KEYS_ZIPF, KEYS_GAUSSIAN, KEYS_SEQUENTIAL };
enum { KEY_SAMPLES = 1 << 20 };

struct key_shape {
    enum key_dist dist;
    uint64_t count;
    double theta;     /* zipf: the exponent */
    double deviation; /* gaussian: standard deviation as a share of count, the mean is count / 2 */
};

struct keys {
    struct key_shape shape;
    struct rng rng;
    uint64_t next, begin, end; /* sequential: this thread's part of all keys */
    uint64_t *samples;         /* zipf, gaussian */
    uint32_t cursor;
};

/* part 0 .. parts-1 of the threads; draws the samples of the costly distributions. */
void keys_init(struct keys *k, const struct key_shape *shape, uint64_t seed, uint32_t part,
               uint32_t parts);

void keys_release(struct keys *k);

/* The next key; cost: some ns whatever the distribution. */
uint64_t keys_next(struct keys *k);

#endif
