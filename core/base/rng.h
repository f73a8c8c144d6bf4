/*
 * rng.h — random numbers with a seed, one state an owner.
 *
 * Source   xoshiro256** (Blackman, Vigna), seeded by SplitMix64
 * Threads  one owner at a time
 */
#ifndef LK_BASE_RNG_H
#define LK_BASE_RNG_H

#include "core/base/attr.h"

#include <stddef.h>
#include <stdint.h>

LK_BEGIN

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t limit); /* 0 .. limit-1; limit > 0 */
double rng_unit(struct rng *r);                    /* [0, 1) */

/* Bytes from the system's generator; aborts if it has none. */
void rng_system(void *out, size_t size);

LK_END

#endif
